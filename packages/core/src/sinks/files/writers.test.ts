import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryBatch } from "../../columnar/arbitraries.test-support.ts";
import { batchFromValues, valuesOfBatch } from "../../columnar/batch-from-values.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  field,
  floatType,
  intType,
  mapType,
  nullType,
  type SqlValue,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  yearMonthIntervalType,
} from "../../types/data-type.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { contextOf, testWorld } from "../sinks.test-support.ts";
import { ByteWriter } from "./byte-writer.ts";
import { csvRows, jsonRows, textRows } from "./formats.ts";
import type { RowFormat } from "./row-format.ts";
import { javaDecimalText } from "./value-writers.ts";

const { runtime } = testWorld(structType([]));

function written(
  format: RowFormat,
  batch: RecordBatch,
  options: Record<string, string> = {},
  timeZone = "UTC",
): string {
  const context = contextOf(runtime, batch.schema, options, { timeZone });
  const out = new ByteWriter(1);
  const writer = format.open(context, new OptionReader(format.name, context.options))(out);
  writer.begin();
  writer.write(batch, 0, batch.length);
  return new TextDecoder().decode(out.take());
}

function column(type: DataType, ...values: SqlValue[]): RecordBatch {
  return batchFromValues(
    structType([field("v", type)]),
    values.map((v) => [v]),
  );
}
const json = (type: DataType, value: SqlValue, options: Record<string, string> = {}, zone = "UTC"): string =>
  written(jsonRows, column(type, value), options, zone).trimEnd();

describe("JSON lines", () => {
  test.each<[DataType, SqlValue, string]>([
    [booleanType, true, '{"v":true}'],
    [bigintType, -9223372036854775808n, '{"v":-9223372036854775808}'],
    [bigintType, 9007199254740991n, '{"v":9007199254740991}'],
    [intType, 0, '{"v":0}'],
    [intType, -2147483648, '{"v":-2147483648}'],
    [doubleType, 1, '{"v":1.0}'],
    [doubleType, -0, '{"v":-0.0}'],
    [doubleType, 0.001, '{"v":0.001}'],
    [doubleType, 1e7, '{"v":1.0E7}'],
    [doubleType, 12345.678, '{"v":12345.678}'],
    [doubleType, Number.NaN, '{"v":"NaN"}'],
    [doubleType, -Infinity, '{"v":"-Infinity"}'],
    [floatType, Math.fround(0.1), '{"v":0.1}'],
    [decimalType(10, 2), -1205n, '{"v":-12.05}'],
    [decimalType(38, 18), 0n, '{"v":0E-18}'],
    [stringType, 'a"\\\n\u0001\u001f/ü😀', '{"v":"a\\"\\\\\\n\\u0001\\u001F/ü😀"}'],
    [binaryType, new Uint8Array([0, 255, 16, 3]), '{"v":"AP8QAw=="}'],
    [dateType, 19782, '{"v":"2024-02-29"}'],
    [timestampType, 1_709_208_000_123_999n, '{"v":"2024-02-29T12:00:00.123Z"}'],
    [timestampType, -1n, '{"v":"1969-12-31T23:59:59.999Z"}'],
    [timestampNtzType, 0n, '{"v":"1970-01-01T00:00:00.000"}'],
    [yearMonthIntervalType, 14, '{"v":"INTERVAL \'1-2\' YEAR TO MONTH"}'],
    [arrayType(intType), [1, null, 3], '{"v":[1,null,3]}'],
    [mapType(stringType, intType), { keys: ["a", "b"], values: [1, null] }, '{"v":{"a":1,"b":null}}'],
    [mapType(dateType, intType), { keys: [3], values: [1] }, '{"v":{"3":1}}'],
    [structType([field("a", intType), field("b", stringType)]), [null, "x"], '{"v":{"b":"x"}}'],
    [nullType, null, "{}"],
    [intType, null, "{}"],
  ])("%j", (type, value, expected) => {
    expect(json(type, value)).toBe(expected);
  });

  test("ignoreNullFields, formats, zones, line separators", () => {
    expect(json(structType([field("a", intType)]), [null], { ignorenullfields: "false" })).toBe('{"v":{"a":null}}');
    expect(json(timestampType, 0n, {}, "Asia/Kolkata")).toBe('{"v":"1970-01-01T05:30:00.000+05:30"}');
    expect(json(timestampType, 1_709_208_000_000_000n, {}, "America/New_York")).toBe(
      '{"v":"2024-02-29T07:00:00.000-05:00"}',
    );
    expect(json(timestampType, 0n, { timestampformat: "yyyy \"'q'\" HH" })).toBe('{"v":"1970 \\"q\\" 00"}');
    expect(json(dateType, 0, { dateformat: "dd/MM/yyyy" })).toBe('{"v":"01/01/1970"}');
    expect(written(jsonRows, column(intType, 1, 2), { linesep: "\r\n" })).toBe('{"v":1}\r\n{"v":2}\r\n');
  });

  test("hostile names and bytes that are not UTF-8 still give JSON", () => {
    const schema = structType([field('__proto__"\n', intType)]);
    expect(JSON.parse(written(jsonRows, batchFromValues(schema, [[1]])))).toStrictEqual({ '__proto__"\n': 1 });
    const batch = column(stringType, "abc");
    for (const vector of batch.columns) if (vector.kind === "bytes") vector.bytes.set([0x22, 0xff]);
    expect(JSON.parse(written(jsonRows, batch))).toEqual({ v: '"\ufffdc' });
  });

  test("any batch of any schema is one JSON object a line, with the values of JSON.parse", () => {
    fc.assert(
      fc.property(arbitraryBatch(), (batch) => {
        const lines = written(jsonRows, batch, { ignorenullfields: "false" }).split("\n");
        expect(lines.pop()).toBe("");
        const rows = valuesOfBatch(batch);
        expect(lines.length).toBe(rows.length);
        for (const [i, line] of lines.entries()) {
          const entries = new Map(Object.entries(JSON.parse(line) as object));
          for (const [k, f] of batch.schema.fields.entries()) {
            // Of two fields with one name JSON.parse keeps the later one.
            if (batch.schema.fields.findLastIndex((g) => g.name === f.name) !== k || f.name === "__proto__") continue;
            const value = rows[i]![k]!;
            if (value === null) expect(entries.get(f.name)).toBe(null);
            else if (f.type.kind === "string") expect(entries.get(f.name)).toBe((value as string).toWellFormed());
            else if (f.type.kind === "int" || f.type.kind === "boolean") expect(entries.get(f.name)).toBe(value);
            else if (f.type.kind === "double" && Number.isFinite(value)) expect(entries.get(f.name)).toBe(value);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

test("decimals as BigDecimal.toString", () => {
  expect(javaDecimalText(123n, 3)).toBe("0.123");
  expect(javaDecimalText(1n, 6)).toBe("0.000001");
  expect(javaDecimalText(1n, 7)).toBe("1E-7");
  expect(javaDecimalText(-123n, 10)).toBe("-1.23E-8");
  expect(javaDecimalText(5n, 0)).toBe("5");
});

describe("CSV", () => {
  const csv = (values: readonly (string | null)[], options: Record<string, string> = {}): string =>
    written(csvRows, batchFromValues(structType(values.map((_, i) => field(`c${i}`, stringType))), [values]), options);

  test.each<[string, readonly (string | null)[], Record<string, string>, string]>([
    ["plain", ["a", "b"], {}, "a,b\n"],
    ["null is nothing, empty is quotes", [null, "", "x"], {}, ',"",x\n'],
    ["nullValue and emptyValue", [null, ""], { nullvalue: "NULL", emptyvalue: "EMPTY" }, "NULL,EMPTY\n"],
    ["separator", ["a,b", "c"], {}, '"a,b",c\n'],
    ["quote", ['say "hi"', "c"], {}, '"say \\"hi\\"",c\n'],
    ["escape alone stays", ["a\\b", "c"], {}, "a\\b,c\n"],
    ["escape within quotes is escaped", ["a\\,b", "c"], {}, '"a\\\\,b",c\n'],
    ["line breaks", ["a\nb", "c\rd"], {}, '"a\nb","c\rd"\n'],
    ["white space around is cut", ["  a b ", "   "], {}, 'a b,""\n'],
    [
      "white space around is kept",
      [" a ", " "],
      { ignoreleadingwhitespace: "false", ignoretrailingwhitespace: "false" },
      " a , \n",
    ],
    ["quoteAll", ["a", null, ""], { quoteall: "true" }, '"a","",""\n'],
    ["escapeQuotes false", ['a"b', '"c'], { escapequotes: "false" }, 'a"b,"\\"c"\n'],
    ["doubled quotes", ['a"b\\', "c"], { escape: '"' }, '"a""b\\",c\n'],
    ["other separators", ["a;b", "c\td"], { sep: ";" }, '"a;b";c\td\n'],
    ["tab", ["a", "b\tc"], { sep: "\\t" }, 'a\t"b\tc"\n'],
    ["long separators", ["a|b", "a||b"], { sep: "||" }, 'a|b||"a||b"\n'],
    ["header", ["a", "b"], { header: "true", linesep: "\r\n" }, "c0,c1\r\na,b\r\n"],
  ])("%s", (_, values, options, expected) => {
    expect(csv(values, options)).toBe(expected);
  });

  test("types", () => {
    const schema = structType([
      field("b", booleanType),
      field("d", doubleType),
      field("m", decimalType(10, 2)),
      field("t", timestampType),
      field("n", timestampNtzType),
      field("day", dateType),
    ]);
    const batch = batchFromValues(schema, [
      [true, 1e10, 150n, 0n, 0n, 0],
      [null, Number.NaN, null, null, null, null],
    ]);
    expect(written(csvRows, batch)).toBe(
      "true,1.0E10,1.50,1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.000,1970-01-01\n,NaN,,,,\n",
    );
  });

  test("refuses what CSV cannot hold, and options that make no sense", () => {
    expect(() => written(csvRows, column(arrayType(intType), [1]))).toThrow(
      /UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE.*ARRAY<INT>/,
    );
    expect(() => csv(["a"], { quote: "''" })).toThrow(/INVALID_OPTION/);
  });

  test("whatever the strings hold, a reader of the format gets them back", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\\", "\n", "\r", " ", "ü") });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        const options = { ignoreleadingwhitespace: "false", ignoretrailingwhitespace: "false", quoteall: "true" };
        expect(readQuoted(csv(cells, options))).toEqual(cells);
      }),
    );
  });
});

/** Reads one line of quoted fields, with `\` as escape. */
function readQuoted(line: string): string[] {
  const cells: string[] = [];
  for (const match of line.slice(0, -1).matchAll(/"((?:\\[\s\S]|[^"\\])*)"(?:,|$)/g)) {
    cells.push(match[1]!.replaceAll(/\\([\s\S])/g, "$1"));
  }
  return cells;
}

test("text: one column of strings", () => {
  expect(written(textRows, column(stringType, "a", null, 'b,"'))).toBe('a\n\nb,"\n');
  expect(() => written(textRows, column(intType, 1))).toThrow(/UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE/);
  const two = structType([field("a", stringType), field("b", stringType)]);
  expect(() => written(textRows, batchFromValues(two, []))).toThrow(/_LEGACY_ERROR_TEMP_1290/);
});

test("the byte writer prints whole numbers as JavaScript does", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      const out = new ByteWriter(1);
      out.integer(n);
      expect(new TextDecoder().decode(out.take())).toBe(String(n));
    }),
  );
});
