import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Expr } from "../../expressions/expression.ts";
import type { JoinType } from "../../logical-plan/logical-plan.ts";
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import { booleanType, field, intType, type SqlValue, stringType, structType } from "../../types/data-type.ts";
import { call, column, newId, rowsOf, table, union } from "../execution.test-support.ts";

const left = structType([field("k", intType), field("s", stringType), field("a", intType)]);
const right = structType([field("k2", intType), field("s2", stringType), field("b", intType)]);
type Row = SqlValue[];
const row: fc.Arbitrary<Row> = fc.tuple(
  fc.option(fc.integer({ min: 0, max: 4 })),
  fc.option(fc.constantFrom("x", "yy")),
  fc.option(fc.integer({ min: 0, max: 9 })),
) as fc.Arbitrary<Row>;
const rows = fc.array(row, { maxLength: 25 });

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
const sorted = (list: readonly Row[]): string[] => list.map((r) => JSON.stringify(r)).sort();
const types: readonly JoinType[] = ["inner", "leftOuter", "rightOuter", "fullOuter", "leftSemi", "leftAnti"];
const residual: Expr = call("<", booleanType, column(2, intType), column(5, intType));

function schemaOf(type: JoinType): typeof left {
  return type === "leftSemi" || type === "leftAnti" ? left : structType([...left.fields, ...right.fields]);
}

test("a hash join is the naive join, either side built, with and without a condition", async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      rows,
      rows,
      fc.constantFrom(...types),
      fc.constantFrom("left" as const, "right" as const),
      fc.boolean(),
      fc.boolean(),
      async (l1, l2, r, joinType, buildSide, conditional, codegen) => {
        const plan: PhysicalPlan = {
          kind: "HashJoin",
          id: newId(),
          schema: schemaOf(joinType),
          left: union(table(left, l1), table(left, l2)),
          right: table(right, r),
          joinType,
          leftKeys: [column(0, intType), column(1, stringType)],
          rightKeys: [column(0, intType), column(1, stringType)],
          ...(conditional ? { condition: residual } : {}),
          buildSide,
        };
        const on = (a: Row, b: Row): boolean =>
          a[0] !== null &&
          a[1] !== null &&
          a[0] === b[0] &&
          a[1] === b[1] &&
          (!conditional || (a[2] !== null && b[2] !== null && (a[2] as number) < (b[2] as number)));
        expect(sorted(await rowsOf(plan, codegen))).toEqual(sorted(naive(joinType, [...l1, ...l2], r, on)));
      },
    ),
    { numRuns: 150 },
  );
});

test("a nested-loop join is the naive join", async () => {
  await fc.assert(
    fc.asyncProperty(rows, rows, fc.constantFrom(...types, "cross" as const), async (l, r, joinType) => {
      const conditional = joinType !== "cross";
      const plan: PhysicalPlan = {
        kind: "NestedLoopJoin",
        id: newId(),
        schema: schemaOf(joinType),
        left: table(left, l),
        right: table(right, r),
        joinType,
        ...(conditional ? { condition: residual } : {}),
      };
      const on = (a: Row, b: Row): boolean =>
        !conditional || (a[2] !== null && b[2] !== null && (a[2] as number) < (b[2] as number));
      expect(sorted(await rowsOf(plan))).toEqual(sorted(naive(joinType, l, r, on)));
    }),
    { numRuns: 100 },
  );
});

test("more matches than one batch holds come out in several", async () => {
  const many = (n: number): Row[] => Array.from({ length: n }, (_, i) => [1, "x", i]);
  const plan: PhysicalPlan = {
    kind: "HashJoin",
    id: newId(),
    schema: schemaOf("inner"),
    left: table(left, many(150)),
    right: table(right, many(200)),
    joinType: "inner",
    leftKeys: [column(0, intType)],
    rightKeys: [column(0, intType)],
    buildSide: "right",
  };
  const result = await rowsOf(plan);
  expect(result.length).toBe(30_000);
  expect(new Set(result.map((r) => `${r[2]} ${r[5]}`)).size).toBe(30_000);
});
