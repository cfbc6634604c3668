import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toStructType } from "../types/schema-conversion.ts";
import { array, map, struct } from "../types/schema-literal.ts";
import { RowCodec } from "./row-codec.ts";
import { createRowDecoder } from "./unsafe-row-reader.ts";
import { encodeRow, RowBuffer } from "./unsafe-row.ts";

const literal = {
  b: "boolean",
  t: "tinyint",
  s: "smallint",
  i: "int",
  l: "bigint",
  f: "float",
  d: "double",
  text: "string",
  at: "timestamp",
  day: "date",
  wide: "decimal(30,2)",
  list: array("string"),
  inner: struct({ x: "int", y: "string" }),
  map: map("string", "int"),
} as const;
const schema = toStructType(literal);
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 4 });
const text = fc.string({ unit: "binary", maxLength: 12 });
const row = fc.record({
  b: optional(fc.boolean()),
  t: optional(fc.integer({ min: -128, max: 127 })),
  s: optional(fc.integer({ min: -32_768, max: 32_767 })),
  i: optional(fc.integer()),
  l: optional(fc.maxSafeInteger()),
  f: optional(fc.float({ noNaN: true })),
  d: optional(fc.double()),
  text: optional(text),
  at: optional(fc.date({ noInvalidDate: true })),
  day: optional(fc.constantFrom("2024-02-29", "1969-12-31")),
  wide: optional(fc.constantFrom("-12345678901234567890.12", "0.01")),
  list: optional(fc.array(optional(text), { maxLength: 3 })),
  inner: optional(fc.record({ x: optional(fc.integer()), y: optional(text) })),
  map: optional(
    fc.dictionary(text, fc.integer(), { maxKeys: 3, noNullPrototype: true }).map((o) => new Map(Object.entries(o))),
  ),
});
const context = { timeZone: "UTC", ansi: true, nowMicros: 0n, seed: 0n };
const plainOptions = { timeZone: "UTC" };
/** The loops over the fields as generated code. */
const generated = { timeZone: "UTC", code: { timeZone: "UTC", codegen: true, bigint: false, context } };
const plain = (value: unknown): unknown => structuredClone(value);

test.each([plainOptions, generated])(
  "a value comes back as it was, also behind others in one buffer, in Spark's form of a row",
  (options) => {
    const codec = new RowCodec(schema, false, "the state", options);
    const decoder = createRowDecoder(schema.fields.map((f) => f.type));
    fc.assert(
      fc.property(row, fc.nat({ max: 4 }), (value, before) => {
        const buffer = new RowBuffer();
        buffer.reserve(8 * before);
        codec.write(value, buffer);
        const read = codec.read(buffer.bytes, 8 * before, buffer.end) as object;
        expect(plain({ ...read })).toEqual(plain(value));
        const bytes = buffer.bytes.slice(8 * before, buffer.end);
        const types = schema.fields.map((f) => f.type);
        expect(encodeRow(types, decoder.decode(bytes))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  },
);

test.each([plainOptions, generated])("a row of fewer fields is read with NULL for those that were added", (options) => {
  fc.assert(
    fc.property(row, fc.integer({ min: 1, max: 13 }), (value, kept) => {
      const old = { ...schema, fields: schema.fields.slice(0, kept) };
      const buffer = new RowBuffer();
      new RowCodec(old, false, "the state", options).write(value, buffer);
      const read = new RowCodec(schema, false, "the state", options).read(buffer.bytes, 0, buffer.end);
      const expected = schema.fields.map(({ name }, k) => [name, k < kept ? value[name as keyof typeof value] : null]);
      expect(plain({ ...(read as object) })).toEqual(plain(Object.fromEntries(expected)));
    }),
    { numRuns: 300 },
  );
});
