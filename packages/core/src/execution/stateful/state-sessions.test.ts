import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sessionWindowKey, watermarkDelayKey } from "../../analyzer/watermark-columns.ts";
import type { Attribute, Expr } from "../../expressions/expression.ts";
import { attributeOf } from "../../expressions/typing.ts";
import { schemaOfAttributes } from "../../logical-plan/output.ts";
import { partialSchema } from "../../physical-plan/partial-schema.ts";
import { planStateSessions } from "../../physical-plan/plan-stateful.ts";
import { keyPrefix } from "../../state/key-prefix.ts";
import { bigintType, field, type SqlValue, stringType, structType, timestampType } from "../../types/data-type.ts";
import type { StateOperatorMetrics } from "../context.ts";
import { aggregate, column, CountingStore, newId, rowsOf, table } from "../execution.test-support.ts";

const session = structType([field("start", timestampType), field("end", timestampType)]);
const schema = structType([field("session_window", session), field("k", stringType), field("v", bigintType)]);
const attribute = (i: number, metadata?: Attribute["metadata"]): Attribute =>
  attributeOf({
    kind: "Attribute",
    id: i as Attribute["id"],
    name: schema.fields[i]!.name,
    type: schema.fields[i]!.type,
    nullable: true,
    ...(metadata === undefined ? {} : { metadata }),
  });
const grouping = [attribute(0, { [watermarkDelayKey]: 0, [sessionWindowKey]: true }), attribute(1)];
const aggregates = [
  aggregate("count", bigintType),
  aggregate("sum", bigintType, column(2, bigintType)),
  aggregate("first", bigintType, column(2, bigintType)),
];
const keys: readonly Expr[] = [column(0, session), column(1, stringType)];

type Row = readonly [k: string | null, start: bigint, gap: bigint, v: bigint];
type Mode = "append" | "complete";

class Stream {
  readonly stores: readonly CountingStore[];
  metrics: StateOperatorMetrics[] = [];
  readonly #mode: Mode;
  readonly #plan: ReturnType<typeof planStateSessions>;
  constructor(mode: Mode, partitions: number) {
    this.#mode = mode;
    this.#plan = this.#planOf([], partitions);
    const { key, prefixColumns } = this.#plan.state.stores[0]!;
    this.stores = Array.from({ length: partitions }, () => new CountingStore(keyPrefix(key, prefixColumns)));
  }
  #planOf(rows: readonly Row[], partitions: number): ReturnType<typeof planStateSessions> {
    const values = rows.map(([k, start, gap, v]): SqlValue[] => [[start, start + gap], k, v]);
    return planStateSessions(
      {
        kind: "PartialAggregate",
        id: newId(),
        schema: partialSchema(schema.fields.slice(0, 2), aggregates),
        input: table(schema, values),
        steps: [],
        keys,
        aggregates,
      },
      {
        grouping,
        sessions: [0],
        aggregates,
        schema: structType([
          ...schemaOfAttributes(grouping).fields,
          ...aggregates.map((a, i) => field(`a${i}`, a.type)),
        ]),
      },
      0,
      { newId, statePartitions: partitions, outputMode: this.#mode },
    );
  }
  async batch(rows: readonly Row[], late = 0n, evict = 0n): Promise<SqlValue[][]> {
    this.metrics = [];
    return await rowsOf(this.#planOf(rows, this.stores.length), true, {
      openState: async (_, partition) => this.stores[partition]!,
      watermark: () => ({ late, evict }),
      metrics: { rows: () => {}, state: (_, metrics) => void this.metrics.push(metrics) },
    });
  }
  total(name: Exclude<keyof StateOperatorMetrics, "custom" | "leavesNextMicros" | "dueMs">): number {
    return this.metrics.reduce((sum, metrics) => sum + metrics[name], 0);
  }
}

interface Session {
  readonly k: string | null;
  start: bigint;
  end: bigint;
  rows: { readonly v: bigint }[];
}

/** The rules in plain words: a row joins all sessions of its key that it touches. */
class Model {
  sessions: Session[] = [];
  removed = 0;
  dropped = 0;
  add(rows: readonly Row[], late: bigint): void {
    const before = this.sessions.map((each) => ({ k: each.k, start: each.start }));
    const tooLate = new Set<string>();
    for (const [k, start, gap, v] of rows) {
      const row: Session = { k, start, end: start + gap, rows: [{ v }] };
      if (row.end <= late) {
        tooLate.add(`${k} ${start} ${gap}`);
        continue;
      }
      const touches = (other: Session): boolean => other.k === k && other.start <= row.end && row.start <= other.end;
      for (const other of this.sessions.filter(touches)) {
        row.start = other.start < row.start ? other.start : row.start;
        row.end = other.end > row.end ? other.end : row.end;
        row.rows.push(...other.rows);
      }
      this.sessions = [...this.sessions.filter((other) => !touches(other)), row];
    }
    const stays = (key: { k: string | null; start: bigint }): boolean =>
      this.sessions.some(({ k, start }) => k === key.k && start === key.start);
    this.removed = before.filter((key) => !stays(key)).length;
    this.dropped = tooLate.size;
  }
  end(evict: bigint): Session[] {
    const ended = this.sessions.filter((each) => each.end <= evict);
    this.sessions = this.sessions.filter((each) => each.end > evict);
    return ended;
  }
}

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.option(fc.constantFrom("a", "b", "a longer key"), { nil: null, freq: 5 }),
  fc.bigInt({ min: 1n, max: 80n }),
  fc.bigInt({ min: 1n, max: 6n }),
  fc.bigInt({ min: -9n, max: 9n }),
);
const batches = fc.array(
  fc.record({ rows: fc.array(row, { maxLength: 12 }), step: fc.bigInt({ min: 0n, max: 12n }) }),
  { maxLength: 8 },
);
const shown = (rows: readonly SqlValue[][]): string[] =>
  rows.map(([window, k, count, sum]) => `${String(k)} ${String(window)} ${count} ${sum}`).sort();
const expected = (sessions: readonly Session[]): string[] =>
  sessions
    .map(({ k, start, end, rows }) => `${k} ${start},${end} ${rows.length} ${rows.reduce((sum, { v }) => sum + v, 0n)}`)
    .sort();

describe.each(["append", "complete"] as const)("%s", (mode) => {
  test.each([1, 3])("gives out what the model says, in %i partitions", async (partitions) => {
    await fc.assert(
      fc.asyncProperty(batches, async (steps) => {
        const stream = new Stream(mode, partitions);
        const model = new Model();
        let late = 0n;
        for (const { rows, step } of steps) {
          const evict = late + step;
          model.add(rows, late);
          const ended = mode === "append" ? model.end(evict) : [];
          const out = await stream.batch(rows, late, evict);
          expect(shown(out)).toEqual(expected(mode === "append" ? ended : model.sessions));
          expect(stream.total("numRowsTotal")).toBe(model.sessions.length);
          expect(stream.total("numRowsRemoved")).toBe(model.removed + ended.length);
          expect(stream.total("numRowsDroppedByWatermark")).toBe(model.dropped);
          const next = stream.metrics.map(({ leavesNextMicros }) => leavesNextMicros ?? Infinity);
          const ends = model.sessions.map(({ end }) => Number(end));
          if (mode === "append" && evict > late) expect(Math.min(...next)).toBe(Math.min(...ends));
          late = evict;
        }
      }),
      { numRuns: 40 },
    );
  });
});

test("merges a session with those that it comes to touch, in the order of their starts; writes no other", async () => {
  const stream = new Stream("append", 1);
  await stream.batch([
    ["a", 100n, 10n, 1n],
    ["a", 120n, 10n, 2n],
    ["a", 200n, 10n, 3n],
    ["b", 100n, 10n, 4n],
  ]);
  const puts = stream.stores[0]!.puts;
  await stream.batch([["a", 110n, 10n, 5n]]);
  expect(stream.stores[0]!.puts - puts).toBe(1);
  // As Spark counts: both sessions of `a`; the one from 120 went into the one from 100.
  expect(stream.total("numRowsUpdated")).toBe(2);
  expect(stream.total("numRowsRemoved")).toBe(1);
  expect(await stream.batch([], 0n, 130n)).toEqual([
    [[100n, 130n], "a", 3n, 8n, 1n],
    [[100n, 110n], "b", 1n, 4n, 4n],
  ]);
  expect(stream.total("numRowsTotal")).toBe(1);
});

test("a late row does not prolong a session that it would have touched", async () => {
  const stream = new Stream("append", 1);
  await stream.batch([["a", 10n, 10n, 1n]], 0n, 15n);
  await stream.batch([["a", 5n, 10n, 2n]], 15n, 15n);
  expect(stream.total("numRowsDroppedByWatermark")).toBe(1);
  expect(await stream.batch([["a", 6n, 10n, 3n]], 15n, 20n)).toEqual([[[6n, 20n], "a", 2n, 4n, 3n]]);
});
