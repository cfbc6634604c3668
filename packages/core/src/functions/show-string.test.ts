import { expect, test } from "vitest";
import { batchFromValues } from "../columnar/batch-from-values.ts";
import type { SqlValue, StructType } from "../types/data-type.ts";
import { parseDdl } from "../types/ddl.ts";
import { showString, type ShowFormat } from "./show-string.ts";

const table: ShowFormat = { rows: 20, truncate: 20, vertical: false, timeZone: "UTC" };
function show(ddl: string, rows: readonly (readonly SqlValue[])[], format: Partial<ShowFormat> = {}): string {
  const schema: StructType = parseDdl(ddl);
  return showString(schema, [batchFromValues(schema, rows)], { ...table, ...format });
}

// The expected texts are what PySpark prints for the same rows.
test("cells are flush right, at least three wide, and cut to 20 characters", () => {
  expect(
    show("a INT, text STRING", [
      [1, "short"],
      [null, "a text of more than twenty characters"],
    ]),
  ).toBe(
    [
      "+----+--------------------+",
      "|   a|                text|",
      "+----+--------------------+",
      "|   1|               short|",
      "|NULL|a text of more th...|",
      "+----+--------------------+",
      "",
    ].join("\n"),
  );
});
test("without truncation cells are flush left", () => {
  expect(show("a INT, b STRING", [[1, "a text of more than twenty characters"]], { truncate: 0 })).toBe(
    [
      "+---+-------------------------------------+",
      "|a  |b                                    |",
      "+---+-------------------------------------+",
      "|1  |a text of more than twenty characters|",
      "+---+-------------------------------------+",
      "",
    ].join("\n"),
  );
});
test("a limit below four cuts without dots", () => {
  expect(show("a STRING", [["abcdef"]], { truncate: 3 })).toContain("|abc|");
});
test("more rows than shown", () => {
  expect(show("a INT", [[1], [2]], { rows: 1 })).toMatch(/\nonly showing top 1 row\n$/);
  expect(show("a INT", [[1], [2], [3]], { rows: 2 })).toMatch(/\|\n\+---\+\nonly showing top 2 rows\n$/);
  expect(show("a INT", [[1]], { rows: 0 })).toBe("+---+\n|  a|\n+---+\n+---+\nonly showing top 0 rows\n");
});
test("no rows and no columns", () => {
  expect(show("a INT", [])).toBe("+---+\n|  a|\n+---+\n+---+\n");
  expect(show("", [])).toBe("++\n||\n++\n++\n");
});
test("wide characters take two places", () => {
  expect(show("名 STRING", [["日本"], ["ab"]])).toBe(
    ["+----+", "|  名|", "+----+", "|日本|", "|  ab|", "+----+", ""].join("\n"),
  );
});
test("vertical", () => {
  expect(
    show(
      "a INT, longName STRING",
      [
        [1, "x"],
        [2, null],
      ],
      { vertical: true },
    ),
  ).toBe(
    [
      "-RECORD 0--------",
      " a        | 1    ",
      " longName | x    ",
      "-RECORD 1--------",
      " a        | 2    ",
      " longName | NULL ",
      "",
    ].join("\n"),
  );
  expect(show("a INT", [], { vertical: true })).toBe("(0 rows)\n");
});
test("nested values, binary and control characters", () => {
  const row: SqlValue[] = [
    [1, null],
    { keys: ["k"], values: [2.5] },
    ["x", null],
    Uint8Array.of(0x41, 0xff),
    "a\tb\nc",
    1_000_001n,
  ];
  const ddl = "l ARRAY<INT>, m MAP<STRING, DOUBLE>, s STRUCT<a: STRING, b: INT>, b BINARY, t STRING, at TIMESTAMP";
  const [, , , line] = show(ddl, [row], { truncate: 0, timeZone: "Asia/Tokyo" }).split("\n");
  expect(line).toBe("|[1, NULL]|{k -> 2.5}|{x, NULL}|[41 FF]|a\\tb\\nc|1970-01-01 09:00:01.000001|");
});
