import type {
  AggregateFunction,
  GeneratorFunction,
  ScalarFunction,
  WindowFunction,
} from "../../packages/core/src/functions/function.ts";
import { functionRegistry } from "../../packages/core/src/functions/registry.ts";

type AnyFunction = ScalarFunction | AggregateFunction | GeneratorFunction | WindowFunction;

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function row({ doc, aliases }: AnyFunction): string {
  const also =
    aliases === undefined || aliases.length === 0 ? "" : ` Also: ${aliases.map((a) => code(cell(a))).join(", ")}.`;
  const examples = doc.examples.map((e) => `${code(cell(e.sql))} → ${code(cell(e.result))}`).join("<br>");
  return `| ${code(cell(doc.usage))} | ${cell(doc.summary)}${also} | ${examples} |`;
}

/** What is to be said of a whole group. */
const notes: Readonly<Record<string, string>> = {
  Window:
    "Every aggregate is a window function too: `sum(v) OVER (PARTITION BY g ORDER BY v ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)`.\nThe examples are over four rows in which `v` is 10, 20, 20 and 30.",
};

/** The page of all functions that users call, by group, sorted by name. */
export function functionsPage(): string {
  const groups = new Map<string, AnyFunction[]>();
  for (const fn of functionRegistry.allFunctions()) {
    if (fn.doc.group === "Internal") continue;
    const group = groups.get(fn.doc.group);
    if (group === undefined) groups.set(fn.doc.group, [fn]);
    else group.push(fn);
  }
  const count = [...groups.values()].reduce((n, group) => n + group.length, 0);
  const sections = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, functions]) => {
      const sorted = functions.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const note = notes[name] === undefined ? "" : `${notes[name]}\n\n`;
      return `## ${name}\n\n${note}| call | result | example |\n| --- | --- | --- |\n${sorted.map(row).join("\n")}\n`;
    });
  return `# Functions

${count} functions, with Spark 4's names and meaning in ANSI mode. A NULL argument gives NULL unless
the description says otherwise. This page is made from the function registry by \`npm run docs:functions\`; each example is
executed by a test.

${sections.join("\n")}`;
}
