import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryType, arbitraryValue } from "../../columnar/arbitraries.test-support.ts";
import { equalValues } from "../../columnar/compare.ts";
import type { Expr } from "../../expressions/expression.ts";
import type { JoinType } from "../../logical-plan/logical-plan.ts";
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import {
  booleanType,
  type DataType,
  field,
  intType,
  type SqlValue,
  stringType,
  type StructType,
  structType,
} from "../../types/data-type.ts";
import { call, column, memoryOf, newId, rowsOf, table, union } from "../execution.test-support.ts";

type Row = SqlValue[];
const types: readonly JoinType[] = ["inner", "leftOuter", "rightOuter", "fullOuter", "leftSemi", "leftAnti"];

/** The join as SQL defines it, pair by pair. */
function naive(type: JoinType, l: readonly Row[], r: readonly Row[], on: (a: Row, b: Row) => boolean): Row[] {
  const none: Row = [null, null, null];
  const pairs = l.flatMap((a) => r.filter((b) => on(a, b)).map((b) => [...a, ...b]));
  const leftOnly = l.filter((a) => !r.some((b) => on(a, b)));
  const rightOnly = r.filter((b) => !l.some((a) => on(a, b)));
  switch (type) {
    case "inner":
    case "cross":
      return pairs;
    case "leftOuter":
      return [...pairs, ...leftOnly.map((a) => [...a, ...none])];
    case "rightOuter":
      return [...pairs, ...rightOnly.map((b) => [...none, ...b])];
    case "fullOuter":
      return [...pairs, ...leftOnly.map((a) => [...a, ...none]), ...rightOnly.map((b) => [...none, ...b])];
    case "leftSemi":
      return l.filter((a) => r.some((b) => on(a, b)));
    case "leftAnti":
      return leftOnly;
  }
}
function text(value: SqlValue): string {
  return JSON.stringify(value, (_, v: unknown) => {
    if (typeof v === "bigint") return `${v}n`;
    if (typeof v === "number") return Object.is(v, -0) ? "-0" : String(v);
    return v;
  });
}
const sorted = (list: readonly Row[]): string[] => list.map((row) => text(row)).sort();

function shapeOf(types: readonly [DataType, DataType]): { readonly left: StructType; readonly right: StructType } {
  return {
    left: structType([field("k", types[0]), field("s", types[1]), field("a", intType)]),
    right: structType([field("k2", types[0]), field("s2", types[1]), field("b", intType)]),
  };
}
const schemaOf = (type: JoinType, left: StructType, right: StructType): StructType =>
  type === "leftSemi" || type === "leftAnti" ? left : structType([...left.fields, ...right.fields]);

const residual: Expr = call("<", booleanType, column(2, intType), column(5, intType));
const passes = (a: Row, b: Row): boolean => a[2] !== null && b[2] !== null && (a[2] as number) < (b[2] as number);
const memory = fc.constantFrom(1, 400, 3000, 2 ** 30);

/** Keys of any two types, few values of each, so that they meet. */
const keyed = fc
  .tuple(fc.oneof(fc.constant(intType), arbitraryType), fc.oneof(fc.constant(stringType), arbitraryType))
  .filter((pair) => pair.every((type) => !JSON.stringify(type).includes('"map"')))
  .chain((keyTypes) =>
    fc.record({
      keyTypes: fc.constant(keyTypes),
      pools: fc.tuple(
        ...keyTypes.map((type) => fc.array(arbitraryValue(type), { minLength: 1, maxLength: 4 })),
      ) as fc.Arbitrary<[SqlValue[], SqlValue[]]>,
    }),
  )
  .chain(({ keyTypes, pools }) => {
    const row = fc.tuple(
      fc.option(fc.constantFrom(...pools[0]), { freq: 6 }),
      fc.option(fc.constantFrom(...pools[1]), { freq: 6 }),
      fc.option(fc.integer({ min: 0, max: 9 })),
    ) as fc.Arbitrary<Row>;
    const rows = fc.array(row, { maxLength: 25 });
    return fc.record({
      keyTypes: fc.constant(keyTypes),
      l1: rows,
      l2: rows,
      r1: rows,
      r2: rows,
      nullSafe: fc.option(fc.tuple(fc.boolean(), fc.boolean()), { nil: undefined }),
    });
  });

test("a hash join is the naive join: any keys, either side built, any condition, any memory", async () => {
  await fc.assert(
    fc.asyncProperty(
      keyed,
      fc.constantFrom(...types),
      fc.constantFrom("left" as const, "right" as const),
      fc.boolean(),
      fc.boolean(),
      memory,
      async ({ keyTypes, l1, l2, r1, r2, nullSafe }, joinType, buildSide, conditional, codegen, limit) => {
        const { left, right } = shapeOf(keyTypes);
        const keys = [column(0, keyTypes[0]), column(1, keyTypes[1])];
        const plan: PhysicalPlan = {
          kind: "HashJoin",
          id: newId(),
          schema: schemaOf(joinType, left, right),
          left: union(table(left, l1), table(left, l2)),
          right: union(table(right, r1), table(right, r2)),
          joinType,
          leftKeys: keys,
          rightKeys: keys,
          ...(nullSafe === undefined ? {} : { nullSafe }),
          ...(conditional ? { condition: residual } : {}),
          buildSide,
        };
        const on = (a: Row, b: Row): boolean =>
          keyTypes.every(
            (type, k) =>
              (nullSafe?.[k] === true || (a[k] !== null && b[k] !== null)) && equalValues(type, a[k]!, b[k]!),
          ) &&
          (!conditional || passes(a, b));
        const store = memoryOf(limit);
        const result = await rowsOf(plan, codegen, { memory: store });
        expect(sorted(result)).toEqual(sorted(naive(joinType, [...l1, ...l2], [...r1, ...r2], on)));
        expect(store.budget.usedBytes).toBe(0);
      },
    ),
    { numRuns: 400 },
  );
});

const plainRow = fc.tuple(
  fc.option(fc.integer({ min: 0, max: 4 })),
  fc.option(fc.constantFrom("x", "yy")),
  fc.option(fc.integer({ min: 0, max: 9 })),
) as fc.Arbitrary<Row>;
const plainRows = fc.array(plainRow, { maxLength: 25 });
const { left, right } = shapeOf([intType, stringType]);

test("a nested-loop join is the naive join in any memory", async () => {
  await fc.assert(
    fc.asyncProperty(
      plainRows,
      plainRows,
      plainRows,
      fc.constantFrom(...types, "cross" as const),
      fc.boolean(),
      fc.constantFrom("left" as const, "right" as const),
      memory,
      async (l1, l2, r, joinType, conditional, buildSide, limit) => {
        const plan: PhysicalPlan = {
          kind: "NestedLoopJoin",
          id: newId(),
          schema: schemaOf(joinType, left, right),
          left: union(table(left, l1), table(left, l2)),
          right: table(right, r),
          joinType,
          buildSide,
          ...(conditional ? { condition: residual } : {}),
        };
        const on = (a: Row, b: Row): boolean => !conditional || passes(a, b);
        const result = await rowsOf(plan, true, { memory: memoryOf(limit) });
        expect(sorted(result)).toEqual(sorted(naive(joinType, [...l1, ...l2], r, on)));
      },
    ),
    { numRuns: 200 },
  );
});

const many = (n: number, key: (i: number) => number): Row[] =>
  Array.from({ length: n }, (_, i) => [key(i), `text ${i % 1000}`, i]);

function bigJoin(l: readonly Row[], r: readonly Row[], joinType: JoinType): PhysicalPlan {
  return {
    kind: "HashJoin",
    id: newId(),
    schema: schemaOf(joinType, left, right),
    left: table(left, l),
    right: table(right, r),
    joinType,
    leftKeys: [column(0, intType)],
    rightKeys: [column(0, intType)],
    buildSide: "right",
  };
}

test("more matches than one batch holds come out in several", async () => {
  const result = await rowsOf(
    bigJoin(
      many(150, () => 1),
      many(200, () => 1),
      "inner",
    ),
  );
  expect(result.length).toBe(30_000);
  expect(new Set(result.map((r) => `${r[2]} ${r[5]}`)).size).toBe(30_000);
});

test("a build side that does not fit is dealt out on disk; its files are gone afterwards", async () => {
  const store = memoryOf(200_000);
  const rows = many(30_000, (i) => i).map((row) => [row[0]!, "wide".repeat(120), row[2]!]);
  const result = await rowsOf(
    bigJoin(
      many(40_000, (i) => i),
      rows,
      "fullOuter",
    ),
    true,
    { memory: store },
  );
  expect(result.length).toBe(40_000);
  expect(result.filter((r) => r[5] === null).length).toBe(10_000);
  expect(result.every((r) => r[5] === null || r[2] === r[5])).toBe(true);
  expect(store.spill.writtenBytes).toBeGreaterThan(1_000_000);
  expect(store.budget.usedBytes).toBe(0);
});

test("a build side of one key that does not fit meets the probe rows piece by piece", async () => {
  const store = memoryOf(100_000);
  const anti = await rowsOf(
    bigJoin(
      many(20, (i) => i % 2),
      many(20_000, () => 1),
      "leftAnti",
    ),
    true,
    { memory: store },
  );
  expect(anti.map((r) => r[2])).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  const outer = await rowsOf(
    bigJoin(
      many(4, (i) => i % 2),
      many(20_000, () => 1),
      "leftOuter",
    ),
    true,
    {
      memory: memoryOf(100_000),
    },
  );
  expect(outer.length).toBe(2 * 20_000 + 2);
});
