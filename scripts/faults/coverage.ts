/** What the tests counted, against the table of faults. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { faultGroups, type Fault, faultTable } from "../../tests/faults/fault-table.ts";

/** How often each test file saw each row come true. */
export type FaultCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A line of a count, as `fired` in packages/core/src/runtime/simulated/fault-count.test-support.ts writes it. */
interface FiredFault {
  readonly row: string;
  readonly times: number;
  /** Absolute path of the test file. */
  readonly test: string;
}

/** Reads what the test processes wrote down. */
export function readCounts(directory: string, root: string): FaultCounts {
  const counts = new Map<string, Map<string, number>>();
  for (const name of readdirSync(directory)) {
    for (const line of readFileSync(join(directory, name), "utf8").split("\n")) {
      if (line === "") continue;
      const { row, times, test } = JSON.parse(line) as FiredFault;
      const ofRow = counts.get(row) ?? new Map<string, number>();
      const file = relative(root, test);
      ofRow.set(file, (ofRow.get(file) ?? 0) + times);
      counts.set(row, ofRow);
    }
  }
  return counts;
}

export function timesFired(counts: FaultCounts, id: string): number {
  return [...(counts.get(id)?.values() ?? [])].reduce((sum, times) => sum + times, 0);
}

/** Rows without a test, tests of a row in which it never came true, and counts of rows that are not in the table. */
export function gaps(counts: FaultCounts, table: readonly Fault[] = faultTable): string[] {
  const ids = new Set(table.map(({ id }) => id));
  const found = [...counts.keys()]
    .filter((id) => !ids.has(id))
    .map((id) => `${id} was counted and is not in the table`);
  for (const { id, fault, tests, absent } of table) {
    if (tests.length === 0 && absent === undefined) found.push(`${id} (${fault}) has no test`);
    for (const test of tests) {
      if ((counts.get(id)?.get(test) ?? 0) === 0) found.push(`${id} (${fault}) never came true in ${test}`);
    }
  }
  return found;
}

/** The table as Markdown. */
export function coverageTable(fired: (id: string) => string, table: readonly Fault[] = faultTable): string {
  const rows = table.flatMap(({ id, fault, outcome, tests, absent }, i) => {
    const group = id[0]!;
    const heading = table[i - 1]?.id[0] === group ? [] : [`| **${group}** | **${faultGroups[group]!}** | | | |`];
    const names = tests.map((test) => `\`${test.slice(test.lastIndexOf("/") + 1).replace(/\.test\.ts$/, "")}\``);
    const shown = absent === undefined ? [names.join(", "), fired(id)] : [`nothing to inject: ${absent}`, ""];
    return [...heading, `| ${id} | ${fault} | ${outcome} | ${shown.join(" | ")} |`];
  });
  return ["| row | fault | outcome | tests | fired |", "|---|---|---|---|---|", ...rows].join("\n");
}

const [begin, end] = ["<!-- faults -->", "<!-- end of faults -->"];

/** The numbers of the last column of the table in a document, by row. */
export function firedInDocument(document: string): ReadonlyMap<string, string> {
  return new Map([...document.matchAll(/^\| ([A-G]\d+) \|.*\| (\d*) \|$/gm)].map(([, id, times]) => [id!, times!]));
}

/** The document with the table between its marks. */
export function withTable(document: string, table: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`the document has no ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n${table}\n${document.slice(to)}`;
}
