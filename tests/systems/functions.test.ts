/** Spark's function registry: each name is a function here, a form of the grammar, or listed in docs/differences.md. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { functionRegistry } from "../../packages/core/src/functions/registry.ts";
import { useEngines } from "./spark/engines.ts";

const { Spark } = await useEngines();

/** Calls that the grammar or the analyzer knows, and the table function `range`, which is a method of the session here. */
const forms: readonly string[] = [
  "case",
  "cast",
  "grouping",
  "grouping_id",
  "input_file_block_length",
  "input_file_block_start",
  "input_file_name",
  "range",
  "session_window",
  "window_time",
];

/** The names and patterns (`hll_*`) that docs/differences.md says are left out. */
function leftOut(): readonly RegExp[] {
  const page = readFileSync(new URL("../../docs/differences.md", import.meta.url), "utf8");
  const points = page.split("\n- ").filter((point) => /^\*\*(?:Functions|Calendar intervals)/.test(point));
  const names = points.flatMap((point) => [...point.matchAll(/`([\w*]+)`/g)]).map(([, name]) => name!);
  return names.map((name) => new RegExp(`^${name.replaceAll("*", ".*")}$`));
}

test("every function of Spark is here or in the list of what is left out", async () => {
  const cases = [{ kind: "program", text: 'spark.sql("SHOW FUNCTIONS")', expected: [] }] as const;
  const [answer] = await Spark.slt({ settings: [], tables: [], cases });
  if (answer === undefined || "error" in answer) throw new Error(answer?.message);
  const names = answer.rows.map(([name]) => String(name)).filter((name) => /^\w+$/.test(name));
  expect(names.length).toBeGreaterThan(500);
  const isHere = (name: string): boolean =>
    forms.includes(name) ||
    [functionRegistry.scalar, functionRegistry.aggregate, functionRegistry.generator, functionRegistry.window].some(
      (find) => find(name) !== undefined,
    );
  const patterns = leftOut();
  expect(names.filter((name) => !isHere(name) && !patterns.some((pattern) => pattern.test(name)))).toEqual([]);
});
