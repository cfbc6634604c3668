import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { comparatorOf } from "../../columnar/compare.ts";
import type { UserFunction } from "../../expressions/expression.ts";
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import type { PushedFilter } from "../../sources/contract.ts";
import {
  bigintType,
  booleanType,
  doubleType,
  field,
  intType,
  type SqlValue,
  stringType,
  structType,
  timestampType,
} from "../../types/data-type.ts";
import { compilePlan } from "../compile-plan.ts";
import type { EventTimeStats } from "../context.ts";
import { call, column, context, literal, newId, rowsOf, table, union } from "../execution.test-support.ts";

const schema = structType([field("a", intType), field("d", doubleType), field("i", intType)]);
const numbers = structType([field("n", intType)]);
const fn = (name: string, closure: (...args: never[]) => unknown): UserFunction => ({
  name,
  closure,
  deterministic: true,
});
const options = { timeZone: "UTC", ansi: true, codegen: true, bigint: false };

test("sorting is stable and puts nulls where asked, with and without a limit", async () => {
  const row = fc.tuple(fc.option(fc.integer({ min: 0, max: 5 })), fc.option(fc.constantFrom(1, Number.NaN, -0, 0)));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 60 }),
      fc.boolean(),
      fc.boolean(),
      fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
      async (pairs, descending, nullsFirst, limit) => {
        const rows = pairs.map(([a, d], i): SqlValue[] => [a, d, i]);
        const half = rows.length >> 1;
        const plan: PhysicalPlan = {
          kind: "Sort",
          id: newId(),
          schema,
          input: union(table(schema, rows.slice(0, half)), table(schema, rows.slice(half))),
          order: [
            {
              kind: "SortOrder",
              child: column(0, intType),
              direction: descending ? "descending" : "ascending",
              nulls: nullsFirst ? "first" : "last",
            },
            { kind: "SortOrder", child: column(1, doubleType), direction: "ascending", nulls: "first" },
          ],
          ...(limit === undefined ? {} : { limit }),
        };
        const compareA = comparatorOf(intType, descending ? !nullsFirst : nullsFirst);
        const compareD = comparatorOf(doubleType);
        const expected = rows.toSorted(
          (x, y) => (descending ? compareA(y[0]!, x[0]!) : compareA(x[0]!, y[0]!)) || compareD(x[1]!, y[1]!),
        );
        expect(await rowsOf(plan)).toEqual(expected.slice(0, limit ?? rows.length));
      },
    ),
  );
});

test("a limit stops pulling and closes what it pulled from", async () => {
  let pulled = 0;
  let closed = false;
  const scan: PhysicalPlan = {
    kind: "Scan",
    id: newId(),
    schema: numbers,
    read: { kind: "Read", format: "x", options: new Map(), paths: [], streaming: false },
    tableSchema: numbers,
    filters: [],
    sourceIndex: -1,
  };
  async function* endless() {
    try {
      for (;;) {
        pulled++;
        yield batchFromValues(numbers, [[1], [2], [3]]);
      }
    } finally {
      closed = true;
    }
  }
  const plan: PhysicalPlan = { kind: "Limit", id: newId(), schema: numbers, input: scan, limit: 5 };
  const openScan = async () => ({ splits: [{ description: "", data: 0 }], filtered: false, read: endless });
  expect(await rowsOf(plan, true, { openScan })).toEqual([[1], [2], [3], [1], [2]]);
  expect(pulled).toBe(2);
  expect(closed).toBe(true);
});

describe.each([true, false])("a scan whose source filters: %s", (filtered) => {
  test("hands the predicate over, and applies it itself when the source did not", async () => {
    const scan: PhysicalPlan = {
      kind: "Scan",
      id: newId(),
      schema: structType([field("s", stringType), field("n", intType)]),
      read: { kind: "Read", format: "x", options: new Map(), paths: [], streaming: false },
      tableSchema: numbers,
      filters: [
        call(">", booleanType, column(1, intType), literal(1, intType)),
        call("=", booleanType, column(1, intType), literal(2, intType)),
      ],
      sourceIndex: -1,
    };
    let given: PushedFilter | undefined;
    async function* read() {
      yield batchFromValues(scan.schema, [
        ["a", 1],
        ["b", 2],
        ["c", null],
        ["d", 3],
      ]);
    }
    const result = await rowsOf(scan, true, {
      openScan: async (_, filter) => {
        given = filter;
        return { splits: [{ description: "", data: 0 }], filtered, read };
      },
    });
    expect(given!.columns).toEqual([1]);
    expect(
      given!.select(
        batchFromValues(scan.schema, [
          ["x", 2],
          ["y", 5],
        ]),
        new Int32Array(2),
      ),
    ).toBe(1);
    expect(result.length).toBe(filtered ? 4 : 1);
  });
});

test("a range is cut into partitions and counts in both directions", async () => {
  const ids = structType([field("id", bigintType, false)]);
  const range = (start: bigint, end: bigint, step: bigint, numPartitions: number): PhysicalPlan => ({
    kind: "Range",
    id: newId(),
    schema: ids,
    start,
    end,
    step,
    numPartitions,
  });
  expect(await rowsOf(range(0n, 7n, 2n, 3))).toEqual([[0n], [2n], [4n], [6n]]);
  expect(await rowsOf(range(5n, 0n, -2n, 2))).toEqual([[5n], [3n], [1n]]);
  expect(await rowsOf(range(5n, 0n, 1n, 2))).toEqual([]);
  expect((await rowsOf(range(0n, 20_000n, 1n, 1))).length).toBe(20_000);
});

test("a hash exchange keeps every row, equal keys together, in order", async () => {
  const rows = Array.from({ length: 500 }, (_, i): SqlValue[] => [i % 37, null, i]);
  const plan: PhysicalPlan = {
    kind: "Exchange",
    id: newId(),
    schema,
    input: union(table(schema, rows.slice(0, 200)), table(schema, rows.slice(200))),
    partitioning: { kind: "hash", keys: [0], partitions: 4 },
  };
  const partitions = await compilePlan(plan, options).execute(context());
  expect(partitions.length).toBe(4);
  expect((await rowsOf(plan)).toSorted((x, y) => (x[2] as number) - (y[2] as number))).toEqual(rows);
});

describe("closures over rows", () => {
  const input = (): PhysicalPlan => table(numbers, [[1], [2], [null]]);
  const userRows = (
    how: "map" | "flatMap" | "filter" | "mapPartitions",
    closure: (...args: never[]) => unknown,
  ): PhysicalPlan => {
    const below = input();
    return {
      kind: "UserRows",
      id: newId(),
      schema: numbers,
      input: below,
      plan: {
        kind: "UserRows",
        input: { kind: "Range", start: 0n, end: 0n, step: 1n },
        how,
        fn: fn("twice", closure),
        schema: numbers,
      },
    };
  };
  test("map, flatMap, filter and mapPartitions, plain and asynchronous", async () => {
    expect(await rowsOf(userRows("map", (r: { n: number | null }) => ({ n: (r.n ?? 0) * 2 })))).toEqual([
      [2],
      [4],
      [0],
    ]);
    expect(await rowsOf(userRows("map", async (r: { n: number | null }) => ({ n: r.n })))).toEqual([[1], [2], [null]]);
    expect(await rowsOf(userRows("flatMap", (r: { n: number }) => [{ n: r.n }, { n: 9 }]))).toEqual([
      [1],
      [9],
      [2],
      [9],
      [null],
      [9],
    ]);
    expect(
      await rowsOf(
        userRows("flatMap", async function* (r: { n: number }) {
          yield { n: r.n };
        }),
      ),
    ).toEqual([[1], [2], [null]]);
    expect(await rowsOf(userRows("filter", (r: { n: number | null }) => r.n === 2))).toEqual([[2]]);
    expect(
      await rowsOf(userRows("mapPartitions", (rows: Iterable<{ n: number }>) => [{ n: [...rows].length }])),
    ).toEqual([[3]]);
  });
  test("a throwing function is named", async () => {
    const fail = (): never => {
      throw new RangeError("no");
    };
    for (const how of ["map", "flatMap", "filter", "mapPartitions"] as const) {
      await expect(rowsOf(userRows(how, fail))).rejects.toMatchObject({
        errorClass: "FAILED_EXECUTE_UDF",
        parameters: { functionName: "`twice`", reason: "RangeError: no" },
      });
    }
    await expect(rowsOf(userRows("map", async () => fail()))).rejects.toMatchObject({
      errorClass: "FAILED_EXECUTE_UDF",
    });
  });
  test("a promise that never resolves does not outlive the query", async () => {
    const abort = new AbortController();
    for (const how of ["map", "flatMap", "filter", "mapPartitions"] as const) {
      const running = rowsOf(
        userRows(how, () => new Promise(() => {})),
        true,
        { signal: abort.signal },
      );
      setTimeout(() => abort.abort(new Error("stopped")), 10);
      await expect(running).rejects.toThrow("stopped");
    }
  });
});

test("groups by a closure's key", async () => {
  const grouped = (
    how: "reduce" | "mapGroups" | "flatMapGroups",
    closure: (...args: never[]) => unknown,
  ): PhysicalPlan => {
    const result =
      how === "reduce"
        ? structType([field("key", stringType), field("value", numbers)])
        : structType([field("k", stringType), field("n", intType)]);
    return {
      kind: "KeyedGroups",
      id: newId(),
      schema: result,
      input: union(table(numbers, [[1], [2]]), table(numbers, [[3]])),
      plan: {
        kind: "KeyedGroups",
        input: { kind: "Range", start: 0n, end: 0n, step: 1n },
        key: fn("parity", (r: { n: number }) => (r.n % 2 === 0 ? "even" : "odd")),
        keyType: stringType,
        how,
        fn: fn("combine", closure),
        ...(how === "reduce" ? {} : { schema: result }),
      },
    };
  };
  expect(await rowsOf(grouped("reduce", (a: { n: number }, b: { n: number }) => ({ n: a.n + b.n })))).toEqual([
    ["odd", [4]],
    ["even", [2]],
  ]);
  expect(await rowsOf(grouped("mapGroups", (k: string, rows: { n: number }[]) => ({ k, n: rows.length })))).toEqual([
    ["odd", 2],
    ["even", 1],
  ]);
  expect(
    await rowsOf(grouped("flatMapGroups", (k: string, rows: { n: number }[]) => rows.map((r) => ({ k, n: r.n })))),
  ).toEqual([
    ["odd", 1],
    ["odd", 3],
    ["even", 2],
  ]);
});

test("event times are recorded per partition; NULL counts as the epoch", async () => {
  const at = structType([field("at", timestampType)]);
  const seen: EventTimeStats[] = [];
  const plan: PhysicalPlan = {
    kind: "EventTimeWatermark",
    id: newId(),
    schema: at,
    input: union(table(at, [[5_000n], [null], [9_500n]]), table(at, [])),
    ordinal: 0,
    delayMicros: 0n,
    node: 3,
  };
  expect(
    await rowsOf(plan, true, { recordEventTime: (node, stats) => void (node === 3 && seen.push(stats)) }),
  ).toHaveLength(3);
  expect(seen).toEqual([
    { count: 3, minMicros: 0n, maxMicros: 9_500n, sumMillis: 14 },
    { count: 0, minMicros: 0n, maxMicros: 0n, sumMillis: 0 },
  ]);
});
