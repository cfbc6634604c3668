import { describe, expect, test } from "vitest";
import { isMillraceError } from "../../errors/index.ts";
import { functionRegistry } from "../../functions/registry.ts";
import { prettyText } from "../../functions/show-string.ts";
import { printPlan } from "../../logical-plan/print.ts";
import { printPhysicalPlan } from "../../physical-plan/print.ts";
import { outputOf } from "../../logical-plan/output.ts";
import { bigintType, field, intType, type SqlValue, stringType, structType } from "../../types/data-type.ts";
import { memoryOf } from "../execution.test-support.ts";
import { optimized, physical, relation, run, select, where } from "./window.test-support.ts";

const numbers = relation(structType([field("v", intType)]), [[10], [20], [20], [30]]);
const sales = relation(structType([field("g", stringType), field("v", intType), field("n", bigintType)]), [
  ["a", 3, 1n],
  ["b", 1, 2n],
  ["a", 1, 3n],
  ["a", null, 4n],
  ["b", 1, 5n],
  [null, 7, 6n],
]);

describe("documented examples of window functions", () => {
  const windows = functionRegistry.allFunctions().filter((fn) => fn.doc.group === "Window");
  test.each(windows.flatMap((fn) => fn.doc.examples))("$sql is $result", async ({ sql, result }) => {
    const plan = select(numbers, sql);
    const show = prettyText(outputOf(optimized(plan))[0]!.type, "UTC");
    const shown = (await run(plan)).map(([value]) => show(value!));
    expect(shown.join(", ")).toBe(result);
  });
});

describe.each([true, false])("with codegen %s", (codegen) => {
  test("numbers, sums and looks back in each partition, and keeps the input's columns", async () => {
    const plan = select(
      sales,
      "g, n, row_number() OVER (PARTITION BY g ORDER BY v, n), sum(v) OVER (PARTITION BY g ORDER BY v, n), lag(n, 1, n) OVER (PARTITION BY g ORDER BY n), count(*) OVER ()",
    );
    expect((await run(plan, codegen)).toSorted((x, y) => Number(x[1]) - Number(y[1]))).toEqual([
      ["a", 1n, 3, 4n, 1n, 6n],
      ["b", 2n, 1, 1n, 2n, 6n],
      ["a", 3n, 2, 1n, 1n, 6n],
      ["a", 4n, 1, null, 3n, 6n],
      ["b", 5n, 2, 2n, 2n, 6n],
      [null, 6n, 1, 7n, 6n, 6n],
    ]);
  });

  test("computes windows over windows", async () => {
    const plan = select(numbers, "sum(row_number() OVER (ORDER BY v)) OVER (ORDER BY v DESC)");
    expect((await run(plan, codegen)).flat().toSorted()).toEqual([10n, 4n, 9n, 9n]);
  });

  test("finds partitions that begin and end in any batch", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i): SqlValue[] => [i < 25_000 ? "big" : `g${i % 1000}`, i, 1n]);
    const table = relation(structType([field("g", stringType), field("v", intType), field("n", bigintType)]), rows);
    const plan = select(
      table,
      "g, row_number() OVER (PARTITION BY g ORDER BY v) AS r, count(*) OVER (PARTITION BY g) AS c",
    );
    const found = await run(plan, codegen);
    expect(found.length).toBe(30_000);
    expect(found.filter(([g, r]) => g === "big" && r === 25_000)).toEqual([["big", 25_000, 25_000n]]);
    expect(found.filter(([g, r]) => g !== "big" && r === 5).length).toBe(1000);
  });
});

test("keeps only the first rows of each group while it reads", async () => {
  const rows = Array.from({ length: 100_000 }, (_, i): SqlValue[] => [`g${i % 50}`, (i * 7919) % 100_003, BigInt(i)]);
  const table = relation(structType([field("g", stringType), field("v", intType), field("n", bigintType)]), rows);
  for (const rank of ["row_number", "rank", "dense_rank"]) {
    const ranked = select(table, `g, v, ${rank}() OVER (PARTITION BY g ORDER BY v DESC) AS r`);
    const best = where(ranked, "r <= 3 AND g < 'g2'");
    expect(printPhysicalPlan(physical(best))).toMatch(new RegExp(`GroupTopK ${rank} <= 3`));
    const expected = (await run(ranked)).filter((row) => (row[2] as number) <= 3 && (row[0] as string) < "g2");
    expect((await run(best)).toSorted()).toEqual(expected.toSorted());
  }
});

test("pushes filters on partition keys below the window, drops unused functions, and sorts once for windows that agree", () => {
  const pushed = printPlan(
    optimized(where(select(sales, "g, max(v) OVER (PARTITION BY g) AS m"), "g = 'a' AND m > 1")),
  );
  expect(pushed).toMatch(/Filter \(_we0 > 1\)[^]*Window[^]*Filter \(g = a\)/);
  const both = select(sales, "v, max(v) OVER (PARTITION BY g) AS m, rank() OVER (ORDER BY n) AS r");
  const pruned = printPlan(optimized(select(both, "v, m")));
  expect(pruned.match(/Window/g)).toHaveLength(1);
  expect(pruned).not.toContain("n#");
  const twice = select(sales, "sum(v) OVER (PARTITION BY g) AS s, rank() OVER (PARTITION BY g ORDER BY n) AS r");
  expect(printPhysicalPlan(physical(twice)).match(/Sort/g)).toHaveLength(1);
});

test("rows of a large partition go to disk, but for the columns that the functions read", async () => {
  const rows = Array.from({ length: 30_000 }, (_, i): SqlValue[] => [
    `payload ${i} `.repeat(20),
    i % 7 === 0 ? null : i,
    1n,
  ]);
  const table = relation(structType([field("g", stringType), field("v", intType), field("n", bigintType)]), rows);
  const plan = select(table, "g, n, sum(v) OVER (), lead(v) OVER (ORDER BY v NULLS LAST)");
  const memory = memoryOf(3_000_000);
  const found = await run(plan, true, { memory });
  expect(memory.spill.writtenBytes).toBeGreaterThan(5_000_000);
  expect(found).toEqual(await run(plan));
});

test("a partition beyond the memory of the query is an error", async () => {
  const rows = Array.from({ length: 40_000 }, (_, i): SqlValue[] => [i]);
  const table = relation(structType([field("v", intType)]), rows);
  const failed = await run(select(table, "sum(v) OVER ()"), true, { memory: memoryOf(1000) }).catch(
    (error: unknown) => error,
  );
  expect(isMillraceError(failed) ? failed.errorClass : failed).toMatch(/MEMORY/);
});

test.each([
  ["row_number() OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", "INVALID_WINDOW_FRAME"],
  ["lag(v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", "INVALID_WINDOW_FRAME"],
  ["lag(v, NULL) OVER (ORDER BY v)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"],
  ["sum(row_number() OVER (ORDER BY v))", "WINDOW_FUNCTION_INSIDE_AGGREGATE"],
  ["sum(v) OVER (GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)", "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER"],
  ["percent_rank() OVER (PARTITION BY v)", "WINDOW_FUNCTION_FRAME_NOT_ORDERED"],
])("%s is %s", (sql, errorClass) => {
  const failed = ((): unknown => {
    try {
      return optimized(select(numbers, sql));
    } catch (error) {
      return error;
    }
  })();
  expect(isMillraceError(failed) ? failed.errorClass : failed).toBe(errorClass);
});
