import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StateDeduplicateExec } from "../../physical-plan/stateful.ts";
import {
  bigintType,
  field,
  nullType,
  type SqlValue,
  stringType,
  structType,
  timestampType,
} from "../../types/data-type.ts";
import type { StateOperatorMetrics } from "../context.ts";
import { column, CountingStore, newId, rowsOf, table } from "../execution.test-support.ts";

const schema = structType([field("k", stringType), field("at", timestampType), field("n", bigintType)]);
const delay = 10n;
type Row = readonly [k: string | null, at: bigint | null, n: bigint];
type Forgets = StateDeduplicateExec["forgets"]["kind"];

/** Batches of rows under watermarks: what comes out, and what is counted. */
class Stream {
  readonly stores: readonly CountingStore[];
  metrics: StateOperatorMetrics[] = [];
  readonly #forgets: Forgets;
  constructor(forgets: Forgets, partitions = 3) {
    this.#forgets = forgets;
    this.stores = Array.from({ length: partitions }, () => new CountingStore());
  }
  async batch(rows: readonly Row[], late: bigint, evict: bigint): Promise<SqlValue[][]> {
    this.metrics = [];
    const keys = this.#forgets === "byKey" ? [1, 0] : [0];
    const partitions = this.stores.length;
    const plan: StateDeduplicateExec = {
      kind: "StateDeduplicate",
      id: newId(),
      schema,
      input: {
        kind: "Exchange",
        id: newId(),
        schema,
        input: table(schema, rows),
        partitioning: partitions === 1 ? { kind: "single" } : { kind: "hash", keys, partitions },
      },
      state: {
        operatorId: 0,
        operatorName: "dedupe",
        partitions,
        recordedPartitions: partitions,
        stores: [
          {
            name: "default",
            key: structType(keys.map((k) => schema.fields[k]!)),
            value: structType([field("value", this.#forgets === "afterFirst" ? bigintType : nullType)]),
            prefixColumns: 0,
          },
        ],
        batchWithoutData: "whenWatermarkMoves",
        outputDelayMs: 0,
      },
      keys,
      eventTime: 1,
      forgets:
        this.#forgets === "byKey"
          ? { kind: "byKey", eventTime: column(0, timestampType) }
          : this.#forgets === "afterFirst"
            ? { kind: "afterFirst", delayMicros: delay }
            : { kind: "never" },
    };
    return rowsOf(plan, true, {
      openState: async (_, partition) => this.stores[partition]!,
      watermark: () => ({ late, evict }),
      metrics: { rows: () => {}, state: (_, metrics) => void this.metrics.push(metrics) },
    });
  }
  total(name: Exclude<keyof StateOperatorMetrics, "custom" | "leavesNextMicros" | "dueMs">): number {
    return this.metrics.reduce((sum, metrics) => sum + metrics[name], 0);
  }
  custom(name: string): number {
    return this.metrics.reduce((sum, metrics) => sum + (metrics.custom[name] ?? 0), 0);
  }
}

/** The rules in plain words: keys with the time until which they are remembered. */
class Model {
  readonly seen = new Map<string, bigint | null>();
  readonly #forgets: Forgets;
  constructor(forgets: Forgets) {
    this.#forgets = forgets;
  }
  batch(rows: readonly Row[], late: bigint, evict: bigint): { out: Row[]; dropped: number; duplicates: number } {
    const onTime = rows.filter(([, at]) => at === null || at > late);
    const out: Row[] = [];
    for (const row of onTime) {
      const [k, at] = row;
      const key = this.#forgets === "byKey" ? `${k} ${at}` : String(k);
      if (this.seen.has(key)) continue;
      const until = this.#forgets === "never" ? null : this.#forgets === "byKey" ? at : (at ?? 0n) + delay;
      this.seen.set(key, until);
      out.push(row);
    }
    for (const [key, until] of this.seen) if (until !== null && until <= evict) this.seen.delete(key);
    return { out, dropped: rows.length - onTime.length, duplicates: onTime.length - out.length };
  }
}

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.option(fc.constantFrom("a", "b", "c", "dd"), { nil: null, freq: 5 }),
  fc.option(fc.bigInt({ min: 1n, max: 60n }), { nil: null, freq: 6 }),
  fc.bigInt({ min: 0n, max: 9n }),
);
const batches = fc.array(
  fc.record({ rows: fc.array(row, { maxLength: 10 }), step: fc.bigInt({ min: 0n, max: 15n }) }),
  {
    maxLength: 8,
  },
);
const show = (rows: readonly (readonly SqlValue[])[]): string[] => rows.map((r) => r.map(String).join("|")).sort();

describe.each(["never", "byKey", "afterFirst"] as const)("keys that leave %s", (forgets) => {
  test.each([1, 3])("give out what the model says, in %i partitions", async (partitions) => {
    await fc.assert(
      fc.asyncProperty(batches, async (steps) => {
        const stream = new Stream(forgets, partitions);
        const model = new Model(forgets);
        let late = 0n;
        for (const { rows, step } of steps) {
          const evict = late + step;
          const wanted = model.batch(rows, late, evict);
          expect(show(await stream.batch(rows, late, evict))).toEqual(show(wanted.out));
          expect(stream.total("numRowsTotal")).toBe(model.seen.size);
          expect(stream.total("numRowsUpdated")).toBe(wanted.out.length);
          expect(stream.total("numRowsDroppedByWatermark")).toBe(wanted.dropped);
          expect(stream.custom("numDroppedDuplicateRows")).toBe(wanted.duplicates);
          late = evict;
        }
      }),
      { numRuns: 100 },
    );
  });

  test("any split into batches gives the same rows while nothing is late or forgotten", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), fc.array(fc.nat(30)), async (rows, cuts) => {
        const whole = await new Stream(forgets, 1).batch(rows, 0n, 0n);
        const stream = new Stream(forgets, 1);
        const parts = [0, ...cuts.filter((cut) => cut <= rows.length).sort((a, b) => a - b), rows.length];
        const split: SqlValue[][] = [];
        for (const [i, from] of parts.slice(0, -1).entries()) {
          split.push(...(await stream.batch(rows.slice(from, parts[i + 1]), 0n, 0n)));
        }
        expect(split).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});

test("of the state only what leaves is read", async () => {
  const stream = new Stream("byKey", 1);
  await stream.batch(
    [
      ["a", 5n, 1n],
      ["b", 50n, 1n],
    ],
    0n,
    0n,
  );
  expect(stream.custom("numRowsReadDuringEviction")).toBe(0);
  await stream.batch([], 0n, 10n);
  expect(stream.custom("numRowsReadDuringEviction")).toBe(1);
  expect(stream.total("numRowsRemoved")).toBe(1);
  await stream.batch([["c", 60n, 1n]], 10n, 10n);
  expect(stream.custom("numRowsReadDuringEviction")).toBe(0);
});
