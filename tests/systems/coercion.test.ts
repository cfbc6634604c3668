/** Which types meet: each operator over each pair of types, in ANSI mode and outside of it, against Spark: result type or error class. */
import { expect, test } from "vitest";
import { listedUnder } from "./differences.ts";
import { useEngines } from "./spark/engines.ts";

/** One column of each type; the names are what the table of differences calls them. */
const columns: readonly (readonly [name: string, sql: string])[] = [
  ["nothing", "NULL"],
  ["flag", "true"],
  ["tiny", "1Y"],
  ["whole", "1"],
  ["long", "1L"],
  ["exact", "1.50BD"],
  ["single", "1.5F"],
  ["real", "1.5D"],
  ["words", "'1'"],
  ["bytes", "X'31'"],
  ["day", "DATE'2024-01-02'"],
  ["moment", "TIMESTAMP'2024-01-02 03:04:05'"],
  ["local", "TIMESTAMP_NTZ'2024-01-02 03:04:05'"],
  ["days", "INTERVAL '1' DAY"],
  ["years", "INTERVAL '1' YEAR"],
  ["list", "array(1)"],
  ["pairs", "map('k', 1)"],
  ["record", "struct(1)"],
];
const names = columns.map(([name]) => name);
const pairs = [
  "a = b",
  "a + b",
  "a - b",
  "a * b",
  "a / b",
  "a || b",
  "a & b",
  "a AND b",
  "coalesce(a, b)",
  "array(a, b)",
];
const singles = (
  "sum(a); abs(a); -a; NOT a; length(a); upper(a); year(a); round(a, 1); concat_ws(',', a); date_add(day, a); cast(a AS INT); " +
  "cast(a AS TIMESTAMP); cast(a AS BOOLEAN); cast(a AS DATE); cast(a AS BINARY); if(a, 1, 2); a IN (1, 'x'); a BETWEEN 0 AND '5'; " +
  "greatest(a, 1); CASE WHEN flag THEN a ELSE 'x' END; nullif(a, 1); a % 2; a div 2; a <=> 'x'; pairs[a]; map(1, a, 'k', 2); " +
  "struct(a) = struct('x'); array(a) = array('x'); date_format(a, 'y'); unix_timestamp(a); trim(a); md5(a); " +
  "array_union(list, array(a)); array_remove(list, a); concat(list, array(a)); coalesce(pairs, map(1, a)); a LIKE '1%'; a = true; a < 2.5"
).split("; ");
const replaced = (text: string, a: string, b = a): string => text.replace(/\ba\b/g, a).replace(/\bb\b/g, b);
const expressions: readonly string[] = [
  ...pairs.flatMap((text) => names.flatMap((a) => names.map((b) => replaced(text, a, b)))),
  ...singles.flatMap((text) => names.map((a) => replaced(text, a))),
];

const engines = await useEngines();

test.each([true, false])(
  "with ANSI mode %s",
  async (ansi) => {
    const selected = columns.map(([name, sql]) => `${sql} AS ${name}`);
    const ours = await engines.Millrace.types(selected, expressions, ansi);
    const failing = [...ours.keys()].filter((i) => ours[i]!.startsWith("! "));
    const theirs = await engines.Spark.types(selected, { expressions, failing }, ansi);
    const listed = listedUnder("Types");
    const differing = expressions.filter((_, i) => theirs[i] !== ours[i]);
    const unexplained = differing
      .filter((text) => !listed.has(text))
      .map(
        (text) => `${text}: Spark ${theirs[expressions.indexOf(text)]}, Millrace ${ours[expressions.indexOf(text)]}`,
      );
    expect(unexplained).toEqual([]);
  },
  900_000,
);
