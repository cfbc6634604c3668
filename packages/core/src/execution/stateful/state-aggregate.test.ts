import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AggregateCall, Expr } from "../../expressions/expression.ts";
import { typeOf } from "../../expressions/typing.ts";
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import { partialSchema } from "../../physical-plan/partial-schema.ts";
import { bigintType, field, type SqlValue, stringType, structType, timestampType } from "../../types/data-type.ts";
import type { StateOperatorMetrics } from "../context.ts";
import { aggregate, column, final, CountingStore, newId, rowsOf, table } from "../execution.test-support.ts";

const window = structType([field("start", timestampType), field("end", timestampType)]);
const schema = structType([field("w", window), field("s", stringType), field("v", bigintType)]);
const keys: readonly Expr[] = [column(0, window), column(1, stringType)];
const aggregates: readonly AggregateCall[] = [
  aggregate("count", bigintType),
  aggregate("sum", bigintType, column(2, bigintType)),
  aggregate("max", stringType, column(1, stringType)),
  aggregate("first", bigintType, column(2, bigintType)),
];
const endOfWindow: Expr = {
  kind: "GetStructField",
  child: column(0, window),
  ordinal: 1,
  name: "end",
  type: timestampType,
  nullable: true,
};

type Mode = "append" | "update" | "complete";
class Stream {
  readonly stores: CountingStore[];
  readonly metrics: StateOperatorMetrics[] = [];
  readonly #mode: Mode;
  readonly #partitions: number;
  readonly #keyed: boolean;
  constructor(mode: Mode, partitions = 3, keyed = true) {
    this.#mode = mode;
    this.#partitions = partitions;
    this.#keyed = keyed;
    this.stores = Array.from({ length: partitions }, () => new CountingStore());
  }
  async batch(rows: readonly SqlValue[][], late = 0n, evict = 0n): Promise<SqlValue[][]> {
    this.metrics.length = 0;
    const grouping = this.#keyed ? keys : [];
    const keyFields = grouping.map((key, i) => field(`k${i}`, typeOf(key)));
    const between = partialSchema(keyFields, aggregates);
    const partial: PhysicalPlan = {
      kind: "PartialAggregate",
      id: newId(),
      schema: between,
      input: table(schema, rows),
      steps: [],
      keys: grouping,
      aggregates,
    };
    const exchange: PhysicalPlan = {
      kind: "Exchange",
      id: newId(),
      schema: between,
      input: partial,
      partitioning: this.#keyed ? { kind: "hash", keys: [0, 1], partitions: this.#partitions } : { kind: "single" },
    };
    const plan: PhysicalPlan = {
      kind: "StateAggregate",
      id: newId(),
      schema: structType([...keyFields, ...aggregates.map((a, i) => field(`a${i}`, a.type))]),
      input: exchange,
      keyCount: grouping.length,
      aggregates,
      outputMode: this.#mode,
      state: {
        operatorId: 0,
        operatorName: "stateStoreSave",
        partitions: this.#keyed ? this.#partitions : 1,
        recordedPartitions: this.#partitions,
        stores: [
          {
            name: "default",
            key: structType(keyFields),
            value: structType(between.fields.slice(keyFields.length)),
            prefixColumns: 0,
          },
        ],
        batchWithoutData: "whenWatermarkMoves",
        outputDelayMs: 0,
      },
      ...(this.#keyed ? { eventTime: endOfWindow } : {}),
    };
    return await rowsOf(plan, true, {
      openState: async (_, partition) => this.stores[partition]!,
      watermark: () => ({ late, evict }),
      metrics: { rows: () => {}, state: (_, metrics) => void this.metrics.push(metrics) },
    });
  }
  total(name: Exclude<keyof StateOperatorMetrics, "custom" | "leavesNextMicros" | "dueMs">): number {
    return this.metrics.reduce((sum, metrics) => sum + metrics[name], 0);
  }
}
const at = (end: bigint): SqlValue => [end - 10n, end];
const show = (rows: readonly SqlValue[][]): string[] => rows.map((row) => row.map((v) => String(v)).join("|")).sort();
const row = fc.tuple(
  fc.option(
    fc.bigInt({ min: 1n, max: 4n }).map((n) => at(n * 10n)),
    { nil: null, freq: 6 },
  ),
  fc.option(fc.constantFrom("a", "b"), { nil: null }),
  fc.option(fc.bigInt({ min: -9n, max: 9n }), { nil: null }),
) as fc.Arbitrary<SqlValue[]>;

test("complete: any split into batches gives the batch answer after each batch", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 6 }), async (batches) => {
      const stream = new Stream("complete");
      const all: SqlValue[][] = [];
      for (const batch of batches) {
        all.push(...batch);
        expect(show(await stream.batch(batch))).toEqual(
          show(await rowsOf(final(table(schema, all), keys, aggregates))),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test("update: the last output of each key is the batch answer, and only changed keys come out", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 6 }), async (batches) => {
      const stream = new Stream("update");
      const latest = new Map<string, SqlValue[]>();
      const all: SqlValue[][] = [];
      for (const batch of batches) {
        all.push(...batch);
        const output = await stream.batch(batch);
        const changed = new Set(batch.map((r) => `${r[0]}|${r[1]}`));
        expect(output.length).toBe(changed.size);
        for (const r of output) latest.set(`${r[0]}|${r[1]}`, r);
      }
      expect(show([...latest.values()])).toEqual(show(await rowsOf(final(table(schema, all), keys, aggregates))));
    }),
    { numRuns: 60 },
  );
});

test("append: a window comes out once, when the watermark reaches its end, and leaves the state", async () => {
  const stream = new Stream("append");
  expect(
    await stream.batch([
      [at(10n), "a", 1n],
      [at(20n), "b", 2n],
      [null, "n", 1n],
    ]),
  ).toEqual([]);
  expect(stream.total("numRowsTotal")).toBe(3);
  // The watermark of this batch reaches the end of the first window; its late rows still count.
  expect(await stream.batch([[at(10n), "a", 5n]], 0n, 10n)).toEqual([[at(10n), "a", 2n, 6n, "a", 1n]]);
  expect(stream.total("numRowsRemoved")).toBe(1);
  // From the next batch on rows of that window are late.
  expect(
    await stream.batch(
      [
        [at(10n), "a", 7n],
        [at(20n), "b", 1n],
      ],
      10n,
      10n,
    ),
  ).toEqual([]);
  expect(stream.total("numRowsDroppedByWatermark")).toBe(1);
  expect(stream.total("numRowsUpdated")).toBe(1);
  expect(await stream.batch([], 10n, 25n)).toEqual([[at(20n), "b", 2n, 3n, "b", 2n]]);
  // A key without event time stays.
  expect(stream.total("numRowsTotal")).toBe(1);
});

test("update: expired keys leave after they were shown", async () => {
  const stream = new Stream("update");
  await stream.batch([
    [at(10n), "a", 1n],
    [at(30n), "b", 1n],
  ]);
  expect(await stream.batch([[at(10n), "a", 2n]], 0n, 10n)).toEqual([[at(10n), "a", 2n, 3n, "a", 1n]]);
  expect(stream.total("numRowsRemoved")).toBe(1);
  expect(stream.total("numRowsTotal")).toBe(1);
});

test("groups without new rows are not written again", async () => {
  const stream = new Stream("update", 1);
  await stream.batch(Array.from({ length: 100 }, (_, i): SqlValue[] => [at(10n), `k${i}`, 1n]));
  const before = stream.stores[0]!.puts;
  await stream.batch([[at(10n), "k7", 1n]]);
  expect(stream.stores[0]!.puts - before).toBe(1);
});

test("without keys there is one group, also before any row", async () => {
  const stream = new Stream("complete", 1, false);
  expect(await stream.batch([])).toEqual([[0n, null, null, null]]);
  expect(await stream.batch([[at(10n), "a", 4n]])).toEqual([[1n, 4n, "a", 4n]]);
  expect(await stream.batch([[at(10n), "b", 5n]])).toEqual([[2n, 9n, "b", 4n]]);
  expect(await stream.batch([])).toEqual([[2n, 9n, "b", 4n]]);
});
