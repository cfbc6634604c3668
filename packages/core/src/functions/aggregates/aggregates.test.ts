import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bigintType,
  booleanType,
  type DataType,
  decimalType,
  doubleType,
  type Field,
  intType,
  type SqlValue,
  stringType,
  structType,
} from "../../types/data-type.ts";
import { batchFromValues, valuesOfBatch } from "../../columnar/batch-from-values.ts";
import { distinctAccumulators, distinctBuffer } from "../distinct-accumulators.ts";
import { testContext } from "../evaluate.test-support.ts";
import type { Accumulators, ArgumentInfo } from "../function.ts";
import { functionRegistry } from "../registry.ts";
import { orderText } from "./ordered.ts";
import { QuantileSummary } from "./quantile-summary.ts";

type Row = readonly SqlValue[];
type Maker = (() => Accumulators) & { readonly buffer: readonly Field[] };

function make(name: string, types: readonly DataType[], literals: readonly (SqlValue | undefined)[] = []): Maker {
  const fn = functionRegistry.aggregate(name)!;
  const infos: ArgumentInfo[] = types.map((type, i) => {
    const value = literals[i];
    return { type, nullable: true, ...(value === undefined ? {} : { literal: { value } }) };
  });
  const signature = fn.resolve(infos, { sql: name, ansi: true });
  const create = (): Accumulators => {
    const accumulators = fn.bind(signature, testContext, infos);
    accumulators.ensure(2);
    return accumulators;
  };
  return Object.assign(create, { buffer: fn.buffer(signature, infos) });
}
function over(create: () => Accumulators, rows: readonly Row[]): SqlValue {
  const accumulators = create();
  for (const row of rows) accumulators.update(1, row);
  return accumulators.evaluate(1);
}
/** Each part goes through accumulators of its own and their saved buffer, which goes through columns of its types. */
function merged(create: Maker, parts: readonly (readonly Row[])[]): SqlValue {
  const total = create();
  for (const part of parts) {
    const own = create();
    for (const row of part) own.update(0, row);
    const batch = batchFromValues(structType(create.buffer), [own.save(0)]);
    total.merge(1, valuesOfBatch(batch)[0]!);
  }
  return total.evaluate(1);
}

const ints = fc.option(fc.integer(), { freq: 5 });
const partsOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[][]> =>
  fc.array(fc.array(value, { maxLength: 20 }), { maxLength: 6 });

describe("any split merges to the same answer", () => {
  const cases: readonly [name: string, types: readonly DataType[], value: fc.Arbitrary<SqlValue>][] = [
    ["count", [intType], ints],
    ["sum", [bigintType], fc.option(fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n }))],
    ["sum", [decimalType(10, 2)], fc.option(fc.bigInt({ min: -9999999999n, max: 9999999999n }))],
    ["avg", [decimalType(10, 2)], fc.option(fc.bigInt({ min: -9999999999n, max: 9999999999n }))],
    ["avg", [doubleType], ints],
    ["min", [doubleType], fc.option(fc.double())],
    ["max", [stringType], fc.option(fc.string())],
    ["first", [intType], ints],
    ["last", [intType], ints],
    ["collect_list", [intType], ints],
    ["collect_set", [doubleType], fc.option(fc.double())],
    ["bool_or", [booleanType], fc.option(fc.boolean())],
    ["percentile", [doubleType, doubleType], ints],
    ["approx_count_distinct", [stringType], fc.option(fc.string())],
    ["bit_and", [intType], ints],
    ["bit_or", [bigintType], fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))],
    ["bit_xor", [intType], ints],
    ["bitmap_construct_agg", [bigintType], fc.option(fc.bigInt({ min: 0n, max: 32_767n }))],
    ["mode", [stringType], fc.option(fc.constantFrom("a", "b", "c"))],
    ["median", [doubleType], ints],
    ["listagg", [stringType], fc.option(fc.string())],
    ["max_by", [intType, doubleType], ints],
    ["regr_count", [doubleType, doubleType], ints],
  ];
  test.each(cases)("%s of %j", (name, types, value) => {
    const create = make(name, types, name === "percentile" ? [undefined, 0.5] : []);
    fc.assert(
      fc.property(partsOf(value), (parts) => {
        // Functions of two columns get the same value twice.
        const rows = parts.map((part) => part.map((v) => (types.length > 1 ? [v, v] : [v])));
        expect(merged(create, rows)).toEqual(over(create, rows.flat()));
      }),
    );
  });
  const close: readonly [name: string, columns: 1 | 2][] = [
    ["var_samp", 1],
    ["skewness", 1],
    ["kurtosis", 1],
    ["corr", 2],
    ["covar_pop", 2],
    ["covar_samp", 2],
    ["regr_slope", 2],
    ["regr_intercept", 2],
    ["regr_r2", 2],
    ["regr_sxy", 2],
    ["regr_sxx", 2],
    ["regr_avgy", 2],
  ];
  test.each(close)("%s over %i columns of small numbers, but for rounding", (name, columns) => {
    const create = make(name, new Array<DataType>(columns).fill(doubleType));
    const number = fc.option(fc.integer({ min: -50, max: 50 }), { freq: 8 });
    fc.assert(
      fc.property(partsOf(fc.tuple(number, number)), (parts) => {
        const rows = parts.map((part) => part.map((row) => row.slice(0, columns)));
        const [a, b] = [merged(create, rows), over(create, rows.flat())];
        // What is zero in one order can be a rounding error in another: ratios of those are left out.
        if (a === null || b === null || !Number.isFinite(a) || !Number.isFinite(b)) return;
        expect(a).toBeCloseTo(b as number, 5);
      }),
    );
  });
  test("listagg in an order of its own", () => {
    const types = [stringType, stringType, stringType, intType];
    const create = make("listagg", types, [undefined, ",", orderText([{ direction: "descending", nulls: "last" }])]);
    const keyed = fc.tuple(fc.option(fc.constantFrom("a", "b")), fc.option(fc.integer({ min: 0, max: 9 })));
    fc.assert(
      fc.property(partsOf(keyed), (parts) => {
        const rows = parts.map((part) => part.map(([text, key]) => [text, ",", "", key]));
        const kept = rows.flat().filter(([text]) => text !== null);
        const sorted = kept.toSorted((a, b) => Number(b[3] ?? -1) - Number(a[3] ?? -1));
        const wanted = kept.length === 0 ? null : sorted.map(([text]) => text).join(",");
        expect(merged(create, rows)).toBe(wanted);
      }),
    );
  });
});

describe("Spark's rules", () => {
  test("sum of nothing is NULL, count of nothing 0", () => {
    expect(over(make("sum", [bigintType]), [[null]])).toBeNull();
    expect(over(make("count", [bigintType]), [[null]])).toBe(0n);
    expect(over(make("avg", [doubleType]), [])).toBeNull();
  });
  test("sum overflows in ANSI mode and is NULL for try_sum", () => {
    const rows = [[2n ** 63n - 1n], [1n]];
    expect(() => over(make("sum", [bigintType]), rows)).toThrow(
      expect.objectContaining({ errorClass: "ARITHMETIC_OVERFLOW" }),
    );
    expect(over(make("try_sum", [bigintType]), rows)).toBeNull();
  });
  test("avg of decimals has four more digits", () => {
    expect(over(make("avg", [decimalType(5, 2)]), [[100n], [200n], [200n]])).toBe(1666667n);
  });
  test("first with ignoreNulls", () => {
    expect(
      over(make("first", [intType, booleanType], [undefined, true]), [
        [null, true],
        [3, true],
      ]),
    ).toBe(3);
    expect(over(make("first", [intType]), [[null], [3]])).toBeNull();
  });
  test("NaN is the greatest value", () => {
    expect(over(make("max", [doubleType]), [[1], [NaN], [2]])).toBeNaN();
  });
  test("reset empties one slot", () => {
    const sum = make("sum", [bigintType])();
    sum.update(0, [1n]);
    sum.update(1, [2n]);
    sum.reset(0);
    expect([sum.evaluate(0), sum.evaluate(1)]).toEqual([null, 2n]);
  });
});

test("approx_count_distinct stays within four deviations", () => {
  for (const n of [10, 300, 1000, 20_000]) {
    const rows = Array.from({ length: n * 2 }, (_, i) => [`user-${i % n}`]);
    const estimate = Number(over(make("approx_count_distinct", [stringType]), rows));
    expect(Math.abs(estimate - n) / n).toBeLessThan(0.2);
  }
});

describe("distinct", () => {
  test("count(DISTINCT a, b) counts each row without NULL once", () => {
    const types = [intType, stringType];
    const create = Object.assign(
      (): Accumulators => {
        const accumulators = distinctAccumulators(make("count", types)(), types);
        accumulators.ensure(2);
        return accumulators;
      },
      { buffer: distinctBuffer(types) },
    );
    const rows = [
      [1, "a"],
      [1, "a"],
      [1, "b"],
      [null, "a"],
      [2, null],
    ];
    expect(over(create, rows)).toBe(2n);
    expect(merged(create, [rows, rows, [[1, "c"]]])).toBe(3n);
  });
  test("equal doubles meet", () => {
    const create = (): Accumulators => {
      const accumulators = distinctAccumulators(make("count", [doubleType])(), [doubleType]);
      accumulators.ensure(2);
      return accumulators;
    };
    expect(over(create, [[0], [-0], [NaN], [NaN]])).toBe(2n);
  });
});

describe("quantile digest", () => {
  const rankError = (sorted: readonly number[], value: number, p: number): number => {
    const low = sorted.findIndex((v) => v >= value);
    const high = sorted.findLastIndex((v) => v <= value) + 1;
    const wanted = p * sorted.length;
    return Math.max(0, low - wanted, wanted - high);
  };
  test("ranks are right within the error, for any split", () => {
    fc.assert(
      fc.property(partsOf(fc.integer({ min: -500, max: 500 })), fc.constantFrom(0, 0.1, 0.5, 0.95, 1), (parts, p) => {
        const values = parts.flat();
        const total = new QuantileSummary(0.01);
        for (const part of parts) {
          const own = new QuantileSummary(0.01);
          for (const v of part) own.insert(v);
          total.merge(QuantileSummary.deserialize(own.serialize()));
        }
        const found = total.query([p]);
        expect(found === undefined).toBe(values.length === 0);
        if (found === undefined) return;
        expect(values).toContain(found[0]);
        expect(
          rankError(
            values.toSorted((a, b) => a - b),
            found[0]!,
            p,
          ),
        ).toBeLessThanOrEqual(0.02 * values.length + 1);
      }),
    );
  });
  test("a large stream stays small and right", () => {
    const summary = new QuantileSummary(0.001);
    const n = 200_000;
    for (let i = 0; i < n; i++) summary.insert((i * 7919) % n);
    const [p50, p99] = summary.query([0.5, 0.99])!;
    expect(Math.abs(p50! - n * 0.5)).toBeLessThan(n * 0.002);
    expect(Math.abs(p99! - n * 0.99)).toBeLessThan(n * 0.002);
    expect(summary.serialize().length).toBeLessThan(60_000);
  });
  test("the serialized form is Spark's", () => {
    const summary = new QuantileSummary(0.01);
    summary.insert(2.5);
    expect(Buffer.from(summary.serialize()).toString("hex")).toBe(
      "00002710" +
        "3f847ae147ae147b" +
        "0000000000000001" +
        "00000001" +
        "4004000000000000" +
        "0000000000000001" +
        "0000000000000000",
    );
  });
});
