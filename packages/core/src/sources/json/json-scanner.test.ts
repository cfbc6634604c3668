import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchMemory } from "../../columnar/batch-memory.ts";
import { valueAt } from "../../columnar/value-at.ts";
import { encodeUtf8 } from "../../columnar/utf8.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  doubleType,
  stringType,
  structType,
  field,
  type DataType,
  type SqlValue,
} from "../../types/data-type.ts";
import { castTextValues } from "../files/text-values.ts";
import { jsonColumn } from "./json-columns.ts";
import { JsonKernel } from "./json-kernel.ts";
import { JsonScanner } from "./json-scanner.ts";
import { defaultJsonSyntax, type JsonSyntax } from "./json-token.ts";
import { JsonValueReaders } from "./json-value-reader.ts";

const strict: JsonSyntax = { ...defaultJsonSyntax, singleQuotes: false, nonNumericNumbers: false };

interface Scanned {
  readonly rows: SqlValue[][];
  readonly malformed: ReadonlyMap<number, string>;
  readonly failures: ReadonlyMap<number, string>;
}

/** What is found in the text: by the scanner's own loop and by the kernel, which must not differ. */
function scanText(
  text: string | Uint8Array,
  fields: readonly (readonly [string, DataType])[],
  syntax = defaultJsonSyntax,
): Scanned {
  const bytes = typeof text === "string" ? encodeUtf8(text) : text;
  const plain = scanBytes(bytes, bytes.length, fields, syntax, null);
  const kernel = JsonKernel.acquire(
    fields.map(([name]) => name),
    4096 * Math.ceil((bytes.length + 1) / 4096),
  )!;
  const buffer = kernel.takeBuffer()!;
  // What follows the end must not matter.
  buffer.fill(bytes.length % 3 === 0 ? 34 : 0xff);
  buffer.set(bytes);
  expect(scanBytes(buffer, bytes.length, fields, syntax, kernel)).toEqual(plain);
  kernel.release();
  return plain;
}

function scanBytes(
  bytes: Uint8Array,
  end: number,
  fields: readonly (readonly [string, DataType])[],
  syntax: JsonSyntax,
  kernel: JsonKernel | null,
): Scanned {
  const scanner = new JsonScanner(
    fields.map(([name]) => name),
    { syntax, maxRows: 7 },
  );
  scanner.useKernel(kernel);
  const readers = new JsonValueReaders(syntax, castTextValues("UTC"));
  const rows: SqlValue[][] = [];
  const malformed = new Map<number, string>();
  const failures = new Map<number, string>();
  for (let p = 0; p < end;) {
    p = scanner.scan(bytes, p, end);
    expect(scanner.kernel === kernel || scanner.rows > 7).toBe(true);
    const all = Int32Array.from({ length: scanner.rows }, (_, i) => i);
    for (const [row, reason] of scanner.malformed) malformed.set(rows.length + row, reason);
    const failed = new Map<number, string>();
    const columns = fields.map(([, type], i) => {
      const column = jsonColumn(scanner, i, type, readers);
      const values = column.convert(all, scanner.rows, failed, new BatchMemory());
      const odd = all.filter((row) => row % 2 === 1);
      for (const rows of [all, odd]) {
        const view = column.view?.(rows, rows.length, new BatchMemory()) ?? null;
        if (view === null) continue;
        expect(Array.from(rows, (_, r) => valueAt(view, r))).toEqual(Array.from(rows, (row) => valueAt(values, row)));
      }
      return values;
    });
    for (const [row, reason] of failed) failures.set(rows.length + row, reason);
    for (let r = 0; r < scanner.rows; r++) rows.push(columns.map((column) => valueAt(column, r)));
  }
  return { rows, malformed, failures };
}

const names = [
  "s",
  "n",
  "d",
  "b",
  "nested",
  "list",
  "",
  'quo"te',
  "back\\slash",
  "ключ",
  "__proto__",
  "sixteen bytes ok",
  "sixteen bytes ok, and more",
  "sixteen bytes on",
  "nul",
  "nul\0",
  "a very long key indeed, longer than four words of bytes",
];
const key = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 6, unit: "grapheme" }));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.maxSafeInteger(),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.array(fc.tuple(key, tie("value")), { maxLength: 7 }),
}));
type Pairs = readonly (readonly [string, unknown])[];

/** Prints pairs as an object, with blanks, escapes and number forms drawn from `draw`. */
function print(value: unknown, draw: () => number, pairs: boolean): string {
  const blank = (): string => ["", "", "", " ", "\t", "  "][draw() % 6]!;
  if (
    Array.isArray(value) &&
    (pairs || (value.length > 0 && value.every((v) => Array.isArray(v) && v.length === 2 && typeof v[0] === "string")))
  ) {
    const entries = (value as Pairs).map(
      ([k, v]) => `${blank()}${quote(k, draw)}${blank()}:${blank()}${print(v, draw, false)}${blank()}`,
    );
    return `{${entries.join(",") || blank()}}`;
  }
  if (Array.isArray(value))
    return `[${value.map((v) => `${blank()}${print(v, draw, false)}${blank()}`).join(",") || blank()}]`;
  if (typeof value === "string") return quote(value, draw);
  if (typeof value === "number") {
    const text = String(value);
    return draw() % 4 === 0 && /^-?\d+$/.test(text) ? `${text}${["e0", ".0", "E+00", ".50e1"][draw() % 3]}` : text;
  }
  return String(value);
}

function quote(text: string, draw: () => number): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    const unit = text.charCodeAt(i);
    const escaped = `\\u${unit.toString(16).padStart(4, "0")}`;
    if (unit < 32) out += draw() % 2 === 0 ? JSON.stringify(c).slice(1, -1) : escaped;
    else if (c === '"' || c === "\\") out += draw() % 2 === 0 ? `\\${c}` : escaped;
    else if (c === "/" && draw() % 2 === 0) out += "\\/";
    else if (draw() % 9 === 0 || (unit >= 0xd800 && unit <= 0xdfff))
      out +=
        unit >= 0xd800 && unit <= 0xdfff
          ? escaped
          : draw() % 2 === 0
            ? escaped
            : escaped.toUpperCase().replace("\\U", "\\u");
    else out += c;
  }
  return `${out}"`;
}

const fields = names.map((name) => [name, stringType] as const);

/** What a STRING column has of a parsed record; numbers, objects and arrays are compared as parsed values. */
function expectField(actual: SqlValue, record: object, name: string): void {
  const value: unknown = Object.hasOwn(record, name) ? (record as Record<string, unknown>)[name] : null;
  if (value === null) expect(actual).toBeNull();
  else if (typeof value === "string") expect(actual).toBe(value.toWellFormed());
  else {
    expect(JSON.parse(actual as string)).toEqual(value);
  }
}

/** The record that a line begins with, which is all that is looked at; undefined when there is none. */
function firstRecord(line: string): object | undefined {
  for (let end = line.indexOf("}"); end >= 0; end = line.indexOf("}", end + 1)) {
    try {
      const value: unknown = JSON.parse(line.slice(0, end + 1));
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    } catch {
      // Not yet, or never.
    }
  }
  return undefined;
}

describe("the scanner agrees with JSON.parse", () => {
  const source = fc.array(fc.nat(1000), { minLength: 20, maxLength: 200 });
  const drawFrom = (numbers: readonly number[]): (() => number) => {
    let i = 0;
    return () => numbers[i++ % numbers.length]!;
  };

  test("on random records with random order, blanks and escapes", () => {
    fc.assert(
      fc.property(
        fc.array(json.object as fc.Arbitrary<Pairs>, { minLength: 1, maxLength: 12 }),
        source,
        (records, numbers) => {
          const draw = drawFrom(numbers);
          const lines = records.map((record) => print(record, draw, true));
          const { rows, malformed } = scanText(
            lines.map((line) => line + ["\n", "\r\n", "\n\n"][draw() % 3]!).join(""),
            fields,
            strict,
          );
          expect([...malformed]).toEqual([]);
          expect(rows.length).toBe(lines.length);
          lines.forEach((line, i) => {
            const record = JSON.parse(line) as object;
            names.forEach((name, k) => expectField(rows[i]![k]!, record, name));
          });
        },
      ),
      { numRuns: 400 },
    );
  });

  test("on which damaged records are well-formed, and on their values", () => {
    const damage = fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom("", '"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", " ", "\u0001", "t", "u"),
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(json.object as fc.Arbitrary<Pairs>, source, damage, (record, numbers, edits) => {
        let line = print(record, drawFrom(numbers), true);
        for (const [at, text] of edits) {
          const p = 1 + (at % Math.max(1, line.length - 1));
          line = line.slice(0, p) + text + line.slice(p + (at % 2));
        }
        const expected = firstRecord(line.toWellFormed());
        const { rows, malformed } = scanText(`${line}\n{"s":"next"}\n`, fields, strict);
        expect(rows.length).toBe(2);
        expect(rows[1]![0]).toBe("next");
        expect(malformed.has(0)).toBe(expected === undefined);
        if (expected !== undefined) names.forEach((name, k) => expectField(rows[0]![k]!, expected, name));
      }),
      { numRuns: 1500 },
    );
  });

  test("the kernel with the scanner's own loop on any bytes, across the parts that it looks at ahead", () => {
    const filler = fc.tuple(fc.nat(9000), fc.constantFrom("x", "\\\\", '\\"', "ключ", " "));
    const edit = fc.tuple(
      fc.nat(),
      fc.oneof(fc.constantFrom(34, 92, 10, 13, 9, 32, 123, 125, 91, 93, 44, 58), fc.nat(255)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(json.object as fc.Arbitrary<Pairs>, filler), { minLength: 1, maxLength: 8 }),
        source,
        fc.array(edit, { maxLength: 6 }),
        fc.nat(),
        (records, numbers, edits, cut) => {
          const draw = drawFrom(numbers);
          const lines = records.map(([record, [length, text]]) => {
            const long = text.repeat(length / text.length);
            // Long strings, long runs of blanks, long numbers: as a value, within one, before the record's end.
            const blanks = " ".repeat(draw() % 3 === 0 ? length : draw() % 70);
            const value = [
              `"${long}"`,
              `[{"${long}":[${"7".repeat(length % 300)}1]}]`,
              `${"8".repeat(1 + (length % 99))}.5`,
            ];
            const printed = print(record, draw, true);
            const first = `"filler"${blanks}:${value[draw() % 3]!}`;
            return /^\{[ \t]*\}$/.test(printed) ? `{${first}}` : `{${first},${blanks}${printed.slice(1)}`;
          });
          const bytes = encodeUtf8(`${lines.join("\n")}\n`);
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          scanText(cut % 4 === 0 ? bytes.slice(0, cut % bytes.length) : bytes, fields, strict);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("with many fields, of which no two may share a place in the table of names", () => {
    const many = Array.from({ length: 400 }, (_, i) => [`field number ${i}`, bigintType] as const);
    const line = (step: number): string =>
      `{${many.map((_, i) => `"field number ${(i * step) % 401}": ${i}`).join(", ")}}\n`;
    const { rows } = scanText(line(1) + line(7) + line(400), many);
    for (const [r, step] of [1, 7, 400].entries()) {
      const record = JSON.parse(line(step)) as Record<string, number>;
      const expected = many.map(([name]) => record[name]);
      expect(rows[r]).toEqual(expected.map((value) => (value === undefined ? null : BigInt(value))));
    }
  });

  test("on nested columns", () => {
    const type = arrayType(structType([field("x", bigintType), field("y", arrayType(stringType))]));
    const { rows, failures } = scanText(
      '{"nested":[{"x":1,"y":["a","\\u0062",null]},{"y":[]},null,{"x":2,"z":{"deep":[1,{}]}}]}\n{"nested":[]}\n{"nested":[{"x":"no"}]}\n{"nested":7}\n',
      [["nested", type]],
    );
    expect(rows).toEqual([[[[1n, ["a", "b", null]], [null, []], null, [2n, null]]], [[]], [[[null, null]]], [null]]);
    expect([...failures.keys()]).toEqual([2, 3]);
  });
});

describe("records as Spark reads them", () => {
  const columns = [
    ["a", bigintType],
    ["b", doubleType],
    ["c", booleanType],
    ["d", stringType],
  ] as const;

  test("types do not turn into each other, but anything is a string", () => {
    const { rows, failures } = scanText(
      [
        '{"a":"1","b":"2.5","c":"true","d":1.50}',
        '{"a":1.0,"b":3,"c":1,"d":true}',
        '{"a":9223372036854775807,"b":"NaN","c":true,"d":{"x": [1, 2]}}',
        '{"a":9223372036854775808,"b":-Infinity,"c":false,"d":[ 1 ]}',
        '{"a":-9223372036854775808,"b":1e400,"c":null,"d":null}',
        '{"a":9007199254740993,"b":0.1e-5,"d":"x"}',
      ].join("\n"),
      columns,
    );
    expect(rows).toEqual([
      [null, null, null, "1.50"],
      [null, 3, null, "true"],
      [9223372036854775807n, Number.NaN, true, '{"x": [1, 2]}'],
      [null, -Infinity, false, "[ 1 ]"],
      [-9223372036854775808n, Infinity, null, null],
      [9007199254740993n, 0.1e-5, null, "x"],
    ]);
    expect([...failures.keys()].sort()).toEqual([0, 1, 3]);
  });

  test("the last of equal keys wins, also with null; escaped keys are keys", () => {
    const { rows } = scanText('{"a":1,"a":2}\n{"a":1,"a":null}\n{"\\u0061":3}\n{\'d\':\'it\\\'s\'}\n', columns);
    expect(rows).toEqual([
      [2n, null, null, null],
      [null, null, null, null],
      [3n, null, null, null],
      [null, null, null, "it's"],
    ]);
  });

  test("blank lines are none, an array is a row each, what follows a record is ignored", () => {
    const { rows, malformed } = scanText(
      '\n  \n[{"a":1}, {"a":2}]\n[]\n{"a":3} {"a":4}\r{"a":5}\r\n \t{"a":6}',
      columns,
    );
    expect(rows.map((row) => row[0])).toEqual([1n, 2n, 3n, 5n, 6n]);
    expect(malformed.size).toBe(0);
  });

  test.each([
    ['{"a":1', "inside"],
    ['{"a":1,}', "field name"],
    ['{"a" 1}', "colon"],
    ['{"a":01}', "zeros"],
    ['{"a":1.}', "decimal point"],
    ['{"a":-}', "minus"],
    ['{"a":"x', "no end"],
    ['{"a":"\\q"}', "escape"],
    ['{"a":"\\u12g4"}', "hexadecimal"],
    ['{"a":"\u0000"}', "control"],
    ["17", "not an object"],
    ["nonsense", "value is expected"],
    [`{"a":${"[".repeat(600)}${"]".repeat(600)}}`, "nesting"],
    ['[{"a":1}, 2]', "not an object"],
  ])("%s is malformed", (line, reason) => {
    const { rows, malformed } = scanText(`${line}\n{"a":8}\n`, columns);
    expect(rows).toEqual([
      [null, null, null, null],
      [8n, null, null, null],
    ]);
    expect(malformed.get(0)).toContain(reason);
  });

  test("deep nesting within the limit is read", () => {
    const deep = `${"[".repeat(500)}${"]".repeat(500)}`;
    expect(scanText(`{"d":${deep},"a":1}`, columns).rows).toEqual([[1n, null, null, deep]]);
  });

  test("bytes that are not UTF-8 become U+FFFD, wherever they stand", () => {
    const text = encodeUtf8('{"d":"a?b"}\n{"d":"\\n?"}\n');
    const damaged = text.map((byte) => (byte === 63 ? 0xff : byte));
    expect(scanText(damaged, columns).rows.map((row) => row[3])).toEqual(["a\ufffdb", "\n\ufffd"]);
  });

  test("lone surrogates become U+FFFD, pairs one character", () => {
    expect(scanText('{"d":"\\ud83d\\ude00 \\ud83d \\ude00\\ud83dx"}', columns).rows[0]![3]).toBe(
      "😀 \ufffd \ufffd\ufffdx",
    );
  });

  test("a range of a larger buffer is read without touching what follows", () => {
    const bytes = encodeUtf8('garbage{"a":1}"more');
    const scanner = new JsonScanner(["a"]);
    expect(scanner.scan(bytes, 7, 14)).toBe(14);
    expect(scanner.rows).toBe(1);
    expect(new TextDecoder().decode(bytes)).toBe('garbage{"a":1}"more');
  });
});
