import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  bigintType,
  booleanType,
  decimalType,
  doubleType,
  field,
  floatType,
  intType,
  stringType,
  structType,
  tinyintType,
} from "../types/data-type.ts";
import { arbitraryBatch, arbitraryType } from "./arbitraries.test-support.ts";
import { batchFromValues } from "./batch-from-values.ts";
import { sliceBatch } from "./gather.ts";
import { orderRows, sortNumbers } from "./row-order.ts";
import { lexicographic, rowComparator, type SortDirection } from "./sort.ts";
import type { Vector } from "./vector.ts";

const direction: fc.Arbitrary<SortDirection> = fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean() });

function expected(columns: readonly Vector[], directions: readonly SortDirection[], length: number): number[] {
  const compare = lexicographic(columns.map((column, k) => rowComparator(column, directions[k]!)));
  return Array.from({ length }, (_, i) => i).sort(compare);
}

test("rows of any types come in the order of the comparators, stable", () => {
  fc.assert(
    fc.property(
      fc
        .array(arbitraryType, { minLength: 1, maxLength: 3 })
        .chain((types) =>
          fc.tuple(
            arbitraryBatch(structType(types.map((type, i) => field(`c${i}`, type))), 60),
            fc.array(direction, { minLength: types.length, maxLength: types.length }),
          ),
        ),
      fc.boolean(),
      ([batch, directions], always) => {
        const part = sliceBatch(batch, Math.min(1, batch.length), batch.length);
        const { order } = orderRows(part.columns, directions, part.length, always);
        expect([...order]).toEqual(expected(part.columns, directions, part.length));
      },
    ),
    { numRuns: 500 },
  );
});

// Few distinct values, many rows: ties, several stages, and both ends of every range.
const edges = {
  long: fc.constantFrom(null, -(2n ** 63n), -(2n ** 63n) + 1n, -1n, 0n, 1n, 2n ** 63n - 2n, 2n ** 63n - 1n),
  text: fc.constantFrom(
    null,
    "",
    "a",
    "a\0",
    "abcdefg",
    "abcdefgh",
    `${"abcdefg".repeat(12)}x`,
    "abcdefg".repeat(12),
    "é",
  ),
  double: fc.constantFrom(null, NaN, -NaN, 0, -0, Infinity, -Infinity, 1.5, -1.5, 5e-324, -5e-324),
  decimal: fc.constantFrom(null, 0n, -1n, 1n, 2n ** 64n, -(2n ** 64n), 2n ** 63n, 10n ** 38n - 1n, 1n - 10n ** 38n),
  int: fc.constantFrom(null, -(2 ** 31), -1, 0, 1, 2 ** 31 - 1),
  small: fc.constantFrom(null, -128, -1, 0, 127),
  flag: fc.constantFrom(null, true, false),
};
const schema = structType([
  field("l", bigintType),
  field("t", stringType),
  field("d", doubleType),
  field("n", decimalType(38, 0)),
  field("i", intType),
  field("s", tinyintType),
  field("b", booleanType),
  field("f", floatType),
  field("x", structType([field("a", intType), field("b", stringType)])),
]);
const row = fc.tuple(
  edges.long,
  edges.text,
  edges.double,
  edges.decimal,
  edges.int,
  edges.small,
  edges.flag,
  edges.double.map((v) => (v === null ? null : Math.fround(v))),
  fc.option(fc.tuple(edges.int, edges.text)),
);

test("many ties are broken by the columns that follow", () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 100, maxLength: 300 }),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 1, maxLength: 4 }),
      fc.array(direction, { minLength: 4, maxLength: 4 }),
      (rows, ordinals, directions) => {
        const batch = batchFromValues(schema, rows);
        const columns = ordinals.map((k) => batch.columns[k]!);
        const { order, keys } = orderRows(columns, directions, batch.length, true);
        expect([...order]).toEqual(expected(columns, directions, batch.length));
        const numbers = sortNumbers(columns, directions, batch.length);
        order.forEach((from, i) => {
          expect([keys[2 * i], keys[2 * i + 1]]).toEqual([numbers[2 * from], numbers[2 * from + 1]]);
        });
      },
    ),
    { numRuns: 60 },
  );
});

test("a hundred thousand random numbers are in order", () => {
  const values = new BigInt64Array(100_000);
  let state = 88_172_645_463_325_252n;
  for (let i = 0; i < values.length; i++) {
    state = BigInt.asUintN(64, state ^ (state << 13n));
    state ^= state >> 7n;
    state = BigInt.asUintN(64, state ^ (state << 17n));
    values[i] = state;
  }
  const vector: Vector = { kind: "i64", type: bigintType, length: values.length, validity: null, values };
  const { order } = orderRows([vector], [{ descending: false, nullsFirst: true }], values.length);
  const sorted = values.slice().sort();
  order.forEach((from, i) => {
    if (values[from] !== sorted[i]) expect(values[from]).toBe(sorted[i]);
  });
});
