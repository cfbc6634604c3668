import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryBatch, arbitraryType } from "../../columnar/arbitraries.test-support.ts";
import { valuesOfBatch } from "../../columnar/batch-from-values.ts";
import { lexicographic, rowComparator } from "../../columnar/sort.ts";
import { concatBatches } from "../../columnar/concat.ts";
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import { bigintType, field, structType } from "../../types/data-type.ts";
import { call, column, local, memoryOf, newId, rowsOf, table, union } from "../execution.test-support.ts";

const order = fc.record({
  direction: fc.constantFrom("ascending" as const, "descending" as const),
  nulls: fc.constantFrom("first" as const, "last" as const),
});

test("rows of any types are sorted stably in any memory, with and without a limit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryType, { minLength: 1, maxLength: 3 }).chain((types) => {
        const schema = structType(types.map((type, i) => field(`c${i}`, type)));
        return fc.tuple(
          fc.array(arbitraryBatch(schema, 20), { minLength: 1, maxLength: 8 }),
          fc.array(order, { minLength: types.length, maxLength: types.length }),
        );
      }),
      fc.constantFrom(1, 300, 3000, 2 ** 30),
      fc.option(fc.nat(80), { nil: undefined }),
      fc.boolean(),
      async ([batches, orders], memory, limit, codegen) => {
        const schema = batches[0]!.schema;
        const plan: PhysicalPlan = {
          kind: "Sort",
          id: newId(),
          schema,
          input: union(...batches.map(local)),
          order: orders.map((o, k) => ({ kind: "SortOrder", child: column(k, schema.fields[k]!.type), ...o })),
          ...(limit === undefined ? {} : { limit }),
        };
        const rows = concatBatches(schema, batches);
        const compare = lexicographic(
          orders.map((o, k) =>
            rowComparator(rows.columns[k]!, {
              descending: o.direction === "descending",
              nullsFirst: o.nulls === "first",
            }),
          ),
        );
        const values = valuesOfBatch(rows);
        const expected = values.map((_, i) => i).sort(compare);
        const result = await rowsOf(plan, codegen, { memory: memoryOf(memory) });
        expect(result).toEqual(expected.slice(0, limit).map((i) => values[i]));
      },
    ),
    { numRuns: 150 },
  );
});

const numbers = structType([field("a", bigintType, false), field("b", bigintType, false)]);

test("an order by a computed value goes to disk and back, in many runs, and leaves no file", async () => {
  const count = 40_000;
  const rows = Array.from({ length: count }, (_, i) => [BigInt((i * 7919) % count), BigInt(i)]);
  const memory = memoryOf(20_000);
  const plan: PhysicalPlan = {
    kind: "Sort",
    id: newId(),
    schema: numbers,
    input: union(...Array.from({ length: 80 }, (_, i) => table(numbers, rows.slice(i * 500, i * 500 + 500)))),
    order: [
      {
        kind: "SortOrder",
        child: call("negative", bigintType, column(0, bigintType)),
        direction: "ascending",
        nulls: "first",
      },
    ],
  };
  const result = await rowsOf(plan, true, { memory });
  expect(result.map((r) => r[0])).toEqual(Array.from({ length: count }, (_, i) => BigInt(count - 1 - i)));
  expect(memory.spill.writtenBytes).toBeGreaterThan(count * 16);
  expect(memory.budget.usedBytes).toBe(0);
});

test("a limit beyond what is kept in memory takes the first rows of all runs", async () => {
  const rows = Array.from({ length: 150_000 }, (_, i) => [BigInt((i * 7919) % 150_000), 0n]);
  const plan: PhysicalPlan = {
    kind: "Sort",
    id: newId(),
    schema: numbers,
    input: table(numbers, rows),
    order: [{ kind: "SortOrder", child: column(0, bigintType), direction: "ascending", nulls: "first" }],
    limit: 100_000,
  };
  const result = await rowsOf(plan, true, { memory: memoryOf(1_000_000) });
  expect(result.length).toBe(100_000);
  expect(result.every((r, i) => r[0] === BigInt(i))).toBe(true);
});
