/**
 * `expressions.golden`: SQL expressions with the tree they make (`=`), the column name it gets (`~`), or the error (`!`, with its
 * place in the text). `npm run bless` rewrites everything but the lines with `>` and `#`. `⏎` stands for a line break, `␀` for NUL.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MillraceError } from "../../packages/core/src/errors/index.ts";
import type { Expr } from "../../packages/core/src/expressions/expression.ts";
import { literalSql } from "../../packages/core/src/expressions/print-literal.ts";
import { printExpression } from "../../packages/core/src/expressions/print.ts";
import { parseNamedExpressions } from "../../packages/core/src/sql/index.ts";
import { sqlName } from "../../packages/core/src/types/type-names.ts";

const file = new URL("expressions.golden", import.meta.url);

function tree(expr: Expr): string {
  switch (expr.kind) {
    case "Literal":
      return `${literalSql(expr, (micros) => micros)}:${sqlName(expr.type)}`;
    case "UnresolvedAttribute":
      return expr.parts.map((part) => `\`${part}\``).join(".");
    case "UnresolvedStar":
      return [...expr.target, "*"].join(".");
    case "UnresolvedFunction": {
      const filter = expr.filter === undefined ? "" : ` filter ${tree(expr.filter)}`;
      return `(${expr.distinct ? "distinct " : ""}${[expr.name, ...expr.args.map(tree)].join(" ")}${filter})`;
    }
    case "UnresolvedExtractValue":
      return `(extract-value ${tree(expr.child)} ${tree(expr.extraction)})`;
    case "Alias":
      return `(alias ${tree(expr.child)} ${expr.name})`;
    case "Cast":
      return `(cast${expr.mode === undefined ? "" : `-${expr.mode}`} ${tree(expr.child)} ${sqlName(expr.type)})`;
    default:
      return expr.kind;
  }
}

function outcome(line: string): readonly string[] {
  const sql = line.replaceAll("⏎", "\n");
  try {
    const list = parseNamedExpressions(sql);
    return list.flatMap((expr) => [`= ${tree(expr)}`, `~ ${printExpression(expr)}`]);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const at = error.context?.sql;
    return [`! ${error.message.split("\n")[0]} @${at?.start}-${at?.stop}`];
  }
}

test("SQL expressions give the trees, names and errors of expressions.golden", () => {
  const golden = readFileSync(file, "utf8");
  const lines: string[] = [];
  for (const line of golden.split("\n")) {
    if (/^[=~!] /.test(line)) continue;
    lines.push(line);
    if (line.startsWith("> "))
      lines.push(...outcome(line.slice(2)).map((text) => text.replaceAll("\n", "⏎").replaceAll("\0", "␀")));
  }
  const actual = lines.join("\n");
  if (process.env["MILLRACE_BLESS"] === "1") writeFileSync(file, actual);
  else expect(actual).toBe(golden);
});
