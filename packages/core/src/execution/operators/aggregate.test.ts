import { expect, test } from "vitest";
import { isMillraceError } from "../../errors/index.ts";
import { arrayType, bigintType, field, intType, type SqlValue, stringType, structType } from "../../types/data-type.ts";
import { aggregate, column, final, memoryOf, rowsOf, table, union } from "../execution.test-support.ts";

const schema = structType([field("k", stringType), field("v", bigintType)]);
const count = 24_000;
const rowsOfPart = (part: number): SqlValue[][] =>
  Array.from({ length: count }, (_, i) => {
    const key = (i * 7919 + part * 13) % 20_000;
    return [key === 7 ? null : `key ${key}`, BigInt(i % 100)];
  });

test("groups that do not fit are merged in parts on disk, with the same values", async () => {
  const parts = [0, 1, 2].map(rowsOfPart);
  const expected = new Map<string, { rows: number; sum: bigint; first: bigint }>();
  for (const [key, value] of parts.flat()) {
    const known = expected.get(String(key));
    if (known === undefined) expected.set(String(key), { rows: 1, sum: value as bigint, first: value as bigint });
    else {
      known.rows++;
      known.sum += value as bigint;
    }
  }
  for (const codegen of [true, false]) {
    const plan = final(
      union(...parts.map((rows) => table(schema, rows))),
      [column(0, stringType)],
      [
        aggregate("count", bigintType, column(1, bigintType)),
        aggregate("sum", bigintType, column(1, bigintType)),
        aggregate("first", bigintType, column(1, bigintType)),
        aggregate("collect_list", arrayType(bigintType, false), column(1, bigintType)),
      ],
    );
    const plenty = memoryOf(2 ** 30);
    await rowsOf(plan, codegen, { memory: plenty });
    expect(plenty.budget.peakBytes).toBeGreaterThan(2_000_000);
    const memory = memoryOf(1_100_000);
    const result = await rowsOf(plan, codegen, { memory });
    expect(result.length).toBe(expected.size);
    for (const [key, rows, sum, first, list] of result) {
      const known = expected.get(String(key))!;
      expect([rows, sum, first]).toEqual([BigInt(known.rows), known.sum, known.first]);
      expect((list as bigint[]).length).toBe(known.rows);
    }
    expect(memory.budget.peakBytes).toBeLessThan(1_300_000);
    expect(memory.budget.usedBytes).toBe(0);
  }
});

test("a single group that does not fit is an error of the query", async () => {
  const rows = Array.from({ length: 300_000 }, (_, i) => [1, BigInt(i)]);
  const plan = final(
    table(structType([field("k", intType), field("v", bigintType)]), rows),
    [column(0, intType)],
    [aggregate("collect_list", arrayType(bigintType, false), column(1, bigintType))],
  );
  const error: unknown = await rowsOf(plan, true, { memory: memoryOf(1_200_000) }).catch((failure: unknown) => failure);
  expect(isMillraceError(error, "UNABLE_TO_ACQUIRE_MEMORY")).toBe(true);
});
