import * as fc from "fast-check";
import { expect, test } from "vitest";
import { valuesOfBatch } from "../columnar/batch-from-values.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import {
  bigintType,
  booleanType,
  type DataType,
  type SqlValue,
  stringType,
  structType,
  timestampType,
} from "../types/data-type.ts";
import { IndexedKey } from "./indexed-key.ts";
import { encodeRow, encodeRows } from "./unsafe-row.ts";
import { RowColumns } from "./unsafe-row-columns.ts";

const window: DataType = structType([
  { name: "start", type: timestampType, nullable: true },
  { name: "end", type: timestampType, nullable: true },
]);
const wide: DataType = { kind: "decimal", precision: 30, scale: 2 };
const values: Readonly<Record<string, readonly [DataType, fc.Arbitrary<SqlValue>]>> = {
  boolean: [booleanType, fc.boolean()],
  tinyint: [{ kind: "tinyint" }, fc.integer({ min: -128, max: 127 })],
  smallint: [{ kind: "smallint" }, fc.integer({ min: -32768, max: 32767 })],
  int: [{ kind: "int" }, fc.integer()],
  bigint: [bigintType, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  float: [{ kind: "float" }, fc.float({ noNaN: true })],
  double: [{ kind: "double" }, fc.double({ noNaN: true })],
  string: [stringType, fc.string({ maxLength: 80 })],
  window: [window, fc.tuple(fc.bigInt({ min: 0n, max: 9n }), fc.bigInt({ min: 0n, max: 9n }))],
  decimal: [wide, fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n })],
};
const rowsOfTypes = fc.array(fc.constantFrom(...Object.keys(values)), { minLength: 1, maxLength: 70 }).chain((names) =>
  fc.record({
    types: fc.constant(names.map((name) => values[name]![0])),
    rows: fc.array(fc.tuple(...names.map((name) => fc.option(values[name]![1], { nil: null, freq: 4 }))), {
      minLength: 1,
      maxLength: 5,
    }),
  }),
);

test("columns of rows are the columns that the rows were made of", () => {
  fc.assert(
    fc.property(rowsOfTypes, ({ types, rows }) => {
      const columns = types.map((type, k) => {
        const builder = createBuilder(type, rows.length);
        for (const row of rows) builder.append(row[k]!);
        return builder.finish();
      });
      const ranges = { ...encodeRows(columns, rows.length), count: rows.length };
      const reader = new RowColumns(types);
      reader.check(ranges);
      const schema = structType(types.map((type, k) => ({ name: `c${k}`, type, nullable: true })));
      const read = types.map((_, k) => reader.column(ranges, k));
      expect(valuesOfBatch({ schema, length: rows.length, columns: read })).toEqual(
        valuesOfBatch({ schema, length: rows.length, columns }),
      );
    }),
    { numRuns: 100 },
  );
});

test("a key with a number is the row of the key's fields and the number", () => {
  fc.assert(
    fc.property(rowsOfTypes, fc.nat(2 ** 31 - 1), ({ types, rows }, index) => {
      const indexed = new IndexedKey(types);
      for (const row of rows) {
        const key = encodeRow(types, row);
        const words = new Int32Array(key.buffer, key.byteOffset, key.length >> 2);
        const length = indexed.write(words, 0, words.length, 7);
        indexed.renumber(index);
        expect(indexed.bytes.slice(0, length)).toEqual(encodeRow([...types, bigintType], [...row, BigInt(index)]));
      }
    }),
    { numRuns: 100 },
  );
});

test("damaged rows are an error", () => {
  const reader = new RowColumns([stringType]);
  const bytes = encodeRow([stringType], ["abc"]);
  const ranges = (end: number) => ({ bytes, starts: Int32Array.of(0), ends: Int32Array.of(end), count: 1 });
  expect(() => reader.check(ranges(8))).toThrow("STATE_STORE_INVALID_ROW");
  expect(() => reader.column(ranges(16), 0)).toThrow("STATE_STORE_INVALID_ROW");
});
