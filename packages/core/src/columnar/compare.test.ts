import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrayType, doubleType, intType, mapType, stringType } from "../types/data-type.ts";
import { arbitraryBatch, arbitraryType, arbitraryValue } from "./arbitraries.test-support.ts";
import { valuesOfBatch } from "./batch-from-values.ts";
import { compareValues, comparatorOf, equalValues } from "./compare.ts";
import { gatherBatch } from "./gather.ts";
import { sortIndices } from "./row-order.ts";
import { compareStrings, encodeUtf8, compareByteRanges } from "./utf8.ts";

describe("the order of values", () => {
  test("is a total order for every type", () => {
    const triple = arbitraryType.chain((type) => {
      const value = fc.option(arbitraryValue(type), { nil: null });
      return fc.tuple(fc.constant(type), value, value, value);
    });
    fc.assert(
      fc.property(triple, ([type, a, b, c]) => {
        const compare = comparatorOf(type);
        expect(compare(a, a)).toBe(0);
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("puts NaN last, makes −0 equal to 0, and NULL first or last", () => {
    expect(compareValues(doubleType, Number.NaN, Number.POSITIVE_INFINITY)).toBe(1);
    expect(equalValues(doubleType, Number.NaN, Number.NaN)).toBe(true);
    expect(equalValues(doubleType, -0, 0)).toBe(true);
    expect(comparatorOf(intType, true)(null, 1)).toBeLessThan(0);
    expect(comparatorOf(intType, false)(null, 1)).toBeGreaterThan(0);
    expect(compareValues(arrayType(intType), [1, null], [1, 0])).toBeLessThan(0);
    expect(compareValues(arrayType(intType), [1], [1, null])).toBeLessThan(0);
  });

  test("of strings is that of their UTF-8 bytes", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "\uffee", "💧", "\ud7ff", "z"), maxLength: 4 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const x = encodeUtf8(a);
        const y = encodeUtf8(b);
        expect(Math.sign(compareStrings(a, b))).toBe(Math.sign(compareByteRanges(x, 0, x.length, y, 0, y.length)));
      }),
    );
  });

  test("of maps ignores the order of entries", () => {
    const type = mapType(stringType, intType);
    expect(equalValues(type, { keys: ["a", "b"], values: [1, 2] }, { keys: ["b", "a"], values: [2, 1] })).toBe(true);
  });
});

test("sorting rows is a stable sort by the given columns, directions and null places", () => {
  const direction = fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean() });
  const input = arbitraryBatch(undefined, 60).chain((batch) =>
    fc.tuple(fc.constant(batch), fc.tuple(...batch.columns.map(() => direction))),
  );
  fc.assert(
    fc.property(input, ([batch, directions]) => {
      const compare = batch.schema.fields.map((f, k) => {
        const { descending, nullsFirst } = directions[k]!;
        const ascending = comparatorOf(f.type, descending ? !nullsFirst : nullsFirst);
        return (a: never, b: never): number => (descending ? ascending(b, a) : ascending(a, b));
      });
      const expected = valuesOfBatch(batch).sort((a, b) => {
        for (let k = 0; k < compare.length; k++) {
          const order = compare[k]!(a[k] as never, b[k] as never);
          if (order !== 0) return order;
        }
        return 0;
      });
      const indices = sortIndices(batch.columns, directions);
      expect(valuesOfBatch(gatherBatch(batch, indices, indices.length))).toEqual(expected);
    }),
  );
});
