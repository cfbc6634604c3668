import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import {
  bigintType,
  booleanType,
  doubleType,
  field,
  intType,
  type SqlValue,
  stringType,
  structType,
} from "../types/data-type.ts";
import { aggregate, call, column, final, literal, newId, rowsOf, table, union } from "./execution.test-support.ts";

const events = structType([
  field("user", stringType),
  field("n", bigintType),
  field("x", doubleType),
  field("f", booleanType),
]);

describe.each([true, false])("with codegen %s", (codegen) => {
  test("filters and projects", async () => {
    const input = table(events, [
      ["a", 1n, 1.5, true],
      ["b", 5n, null, false],
      [null, 7n, 2.5, null],
    ]);
    const schema = structType([field("u", stringType), field("m", bigintType), field("c", stringType)]);
    const plan: PhysicalPlan = {
      kind: "Pipeline",
      id: newId(),
      schema,
      input,
      steps: [
        { kind: "filter", condition: call(">", booleanType, column(1, bigintType), literal(2n, bigintType)) },
        {
          kind: "project",
          schema,
          expressions: [
            column(0, stringType),
            call("+", bigintType, column(1, bigintType), literal(1n, bigintType)),
            call(
              "when",
              stringType,
              call("=", booleanType, column(1, bigintType), literal(5n, bigintType)),
              literal("five", stringType),
            ),
          ],
        },
      ],
    };
    expect(await rowsOf(plan, codegen)).toEqual([
      ["b", 6n, "five"],
      [null, 8n, null],
    ]);
  });

  test("groups by two keys over several partitions", async () => {
    const a = table(events, [
      ["a", 1n, 1, true],
      ["b", 2n, Number.NaN, true],
      ["a", 3n, 4, true],
      [null, 4n, -0, null],
    ]);
    const b = table(events, [
      ["a", 10n, 0, true],
      [null, null, null, null],
      ["b", 1n, 8, true],
    ]);
    const plan = final(
      union(a, b),
      [column(0, stringType), column(3, booleanType)],
      [
        aggregate("count", bigintType),
        aggregate("sum", bigintType, column(1, bigintType)),
        aggregate("avg", doubleType, column(2, doubleType)),
        aggregate("min", bigintType, column(1, bigintType)),
        aggregate("max", doubleType, column(2, doubleType)),
        aggregate("max", stringType, column(0, stringType)),
      ],
    );
    expect(await rowsOf(plan, codegen)).toEqual([
      ["a", true, 3n, 14n, 5 / 3, 1n, 4, "a"],
      ["b", true, 2n, 3n, Number.NaN, 1n, Number.NaN, "b"],
      [null, null, 2n, 4n, 0, 4n, -0, null],
    ]);
  });

  test("an aggregation without keys has one row for no input", async () => {
    const plan = final(
      table(events, []),
      [],
      [aggregate("count", bigintType), aggregate("sum", bigintType, column(1, bigintType))],
    );
    expect(await rowsOf(plan, codegen)).toEqual([[0n, null]]);
  });

  test("an overflowing sum is an error", async () => {
    const max = 2n ** 63n - 1n;
    const input = table(events, [
      ["a", max, 1, true],
      ["a", 1n, 1, true],
    ]);
    const plan = final(input, [column(0, stringType)], [aggregate("sum", bigintType, column(1, bigintType))]);
    await expect(rowsOf(plan, codegen)).rejects.toMatchObject({ errorClass: "ARITHMETIC_OVERFLOW" });
  });

  test("the table of groups grows", async () => {
    const rows = Array.from({ length: 5000 }, (_, i): SqlValue[] => [
      i % 3 === 0 ? null : `user ${i % 2500}`,
      BigInt(i % 2500),
      i,
      null,
    ]);
    const plan = final(
      union(table(events, rows), table(events, rows)),
      [column(1, bigintType), column(0, stringType)],
      [
        aggregate("count", bigintType),
        aggregate("sum", bigintType, column(1, bigintType)),
        aggregate("max", stringType, column(0, stringType)),
      ],
    );
    const result = await rowsOf(plan, codegen);
    const keys = new Set(rows.map(([user, n]) => `${n} ${user}`));
    expect(result.length).toBe(keys.size);
    expect(result.reduce((sum, row) => sum + (row[2] as bigint), 0n)).toBe(10_000n);
    for (const [n, user, count, sum, max] of result) {
      expect(sum).toBe((n as bigint) * (count as bigint));
      expect(max).toBe(user);
    }
  });

  test("DISTINCT and FILTER", async () => {
    const input = table(events, [
      ["a", 1n, 1, true],
      ["a", 1n, 1, false],
      ["a", 2n, 1, true],
      ["b", null, 1, true],
    ]);
    const plan = final(
      input,
      [column(0, stringType)],
      [
        { ...aggregate("count", bigintType, column(1, bigintType)), distinct: true },
        { ...aggregate("count", bigintType), filter: column(3, booleanType) },
      ],
    );
    expect(await rowsOf(plan, codegen)).toEqual([
      ["a", 2n, 2n],
      ["b", 0n, 1n],
    ]);
  });

  test("many groups of several types equal a naive aggregation", async () => {
    const schema = structType([
      field("i", intType),
      field("s", stringType),
      field("d", doubleType),
      field("v", bigintType),
    ]);
    const row = fc.tuple(
      fc.option(fc.integer({ min: -3, max: 300 })),
      fc.option(fc.string({ maxLength: 3 })),
      fc.option(fc.constantFrom(0, -0, Number.NaN, 1.5, Number.POSITIVE_INFINITY)),
      fc.option(fc.bigInt({ min: -1000n, max: 1000n })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 200 }), async (rows) => {
        const plan = final(
          table(schema, rows),
          [column(0, intType), column(1, stringType), column(2, doubleType)],
          [
            aggregate("count", bigintType),
            aggregate("sum", bigintType, column(3, bigintType)),
            aggregate("max", bigintType, column(3, bigintType)),
          ],
        );
        const expected = new Map<string, SqlValue[]>();
        for (const [i, s, d, v] of rows) {
          const key = JSON.stringify([i, s, d === null ? null : String(d + 0)]);
          const found = expected.get(key) ?? [i, s, d === null ? null : d + 0, 0n, null, null];
          found[3] = (found[3] as bigint) + 1n;
          if (v !== null) {
            found[4] = ((found[4] as bigint | null) ?? 0n) + v;
            found[5] = found[5] === null || v > (found[5] as bigint) ? v : found[5]!;
          }
          expected.set(key, found);
        }
        expect(await rowsOf(plan, codegen)).toEqual([...expected.values()]);
      }),
      { numRuns: 60 },
    );
  });
});
