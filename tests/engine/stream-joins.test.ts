/**
 * Joins of two streams: for any split of both into batches, in any order, and with the query started again after each of
 * them, the stream gives in the end what the batch query gives. No row is late here: what happens to late rows is in the scripts of
 * packages/testing/src/stream-joins.test.ts.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DataFrame, expr, type Schema, window } from "millrace";
import { MemoryStream, parseDdl } from "millrace/engine";
import { stateProviders } from "../state-providers.ts";
import { simulatedSession, type SimulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
interface Row {
  readonly k: string | null;
  readonly at: string | null;
  readonly n: number | null;
  /** Tells rows apart that are otherwise the same. */
  readonly id: number;
}
const ddl = "k STRING, at TIMESTAMP, n INT, id INT";
const time = (seconds: number): string => new Date(1_700_000_000_000 + seconds * 1000).toISOString();
const someTime = fc.integer({ min: 0, max: 40 }).map(time);
const rowWith = (at: fc.Arbitrary<string | null>): fc.Arbitrary<Row> =>
  fc.record({
    k: fc.constantFrom("a", "b", "a longer key than the others", null),
    at,
    n: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null, freq: 5 }),
    id: fc.integer({ min: 0, max: 1_000_000 }),
  });
const splitsOf = (row: fc.Arbitrary<Row>) =>
  fc.array(fc.record({ left: fc.array(row, { maxLength: 7 }), right: fc.array(row, { maxLength: 7 }) }), {
    minLength: 1,
    maxLength: 5,
  });
/** Comes last: lets the watermark pass everything else. */
const farAhead: Row = { k: "end", at: time(1_000_000), n: 2, id: -1 };

const shown = (rows: readonly unknown[]): string[] =>
  rows.map((each) => JSON.stringify(each, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v))).toSorted();

type How = "inner" | "left" | "right" | "full" | "leftSemi";
interface Case {
  readonly on: string | readonly string[];
  /** What is done with the sides before; with `batch`, the rows of tables. */
  readonly side?: (events: Frame) => Frame;
  readonly nullTimes?: boolean;
  readonly hows?: readonly How[];
}
let checkpoints = 0;

const marked = (events: Frame): Frame => events.withWatermark("at" as never, "1 minute");

/** The joined rows under names of their own: both sides have columns of the same name. */
async function build({ on, side = (events) => events }: Case, how: How, left: Frame, right: Frame): Promise<Frame> {
  const [l, r] = [side(marked(left)).alias("l"), side(marked(right)).alias("r")];
  const joined = typeof on === "string" ? l.join(r, expr(on), how) : l.join(r, on as never, how);
  const names = (await joined.columns()).map((_, i) => `c${i}`);
  return joined.toDF(...(names as never[])) as unknown as Frame;
}
/** Only the rows that come last have this number. */
const isEnd = (row: unknown): boolean => JSON.stringify(row).includes(":-1");

async function expectSame(which: Case, how: How, conf: Record<string, string> = {}): Promise<void> {
  await using session: SimulatedSession = await simulatedSession(undefined, conf);
  const rows = rowWith(which.nullTimes === true ? fc.option(someTime, { nil: null, freq: 6 }) : someTime);
  await fc.assert(
    fc.asyncProperty(splitsOf(rows), async (parts) => {
      const all = [...parts, { left: [farAhead], right: [farAhead] }];
      const streams = { left: new MemoryStream(parseDdl(ddl)), right: new MemoryStream(parseDdl(ddl)) };
      const checkpoint = `/checkpoint/${checkpoints++}`;
      const result: unknown[] = [];
      for (const part of all) {
        streams.left.add(part.left);
        streams.right.add(part.right);
        const left = session.spark.readStream.from(streams.left, {}) as unknown as Frame;
        const right = session.spark.readStream.from(streams.right, {}) as unknown as Frame;
        const joined = await build(which, how, left, right);
        const query = await joined.writeStream
          .option("checkpointLocation", checkpoint)
          .foreachBatch(async (batch) => void result.push(...(await batch.collect())))
          .start();
        await query.processAllAvailable();
        await query.stop();
      }
      const table = (side: "left" | "right"): Frame =>
        session.spark.createDataFrame(all.flatMap((part) => part[side]) as object[], ddl) as unknown as Frame;
      const batch = await build(which, how, table("left"), table("right"));
      expect(shown(result.filter((row) => !isEnd(row)))).toEqual(
        shown((await batch.collect()).filter((row) => !isEnd(row))),
      );
    }),
    { numRuns: 6 },
  );
}

const all: readonly How[] = ["inner", "left", "right", "full", "leftSemi"];
const range = "l.at >= r.at - INTERVAL 3 SECONDS AND l.at <= r.at + INTERVAL 5 SECONDS";
const cases: Readonly<Record<string, Case>> = {
  "a key and a range of times": { on: `l.k = r.k AND ${range}` },
  "a range written as differences of seconds": {
    on: "l.k = r.k AND CAST(l.at AS DOUBLE) - CAST(r.at AS DOUBLE) > -3 AND CAST(r.at AS BIGINT) + 4 > CAST(l.at AS BIGINT)",
  },
  "a range and more": { on: `l.k = r.k AND ${range} AND l.n <= r.n + 1 AND r.n > 0 AND l.n < 3` },
  "NULL as a key": { on: `l.k <=> r.k AND ${range}` },
  "computed keys": { on: `upper(l.k) = upper(r.k) AND l.n + 1 = CAST(r.n AS BIGINT) AND ${range}` },
  "the time as key": { on: ["at", "n"], side: (events) => events.withColumn("at2", expr("k")) },
  "a window as key": {
    on: "l.w = r.w AND l.k = r.k",
    side: (events) => events.select(window("at", "10 seconds").alias("w"), "k", "n", "id") as unknown as Frame,
  },
  "no times at all": { on: "l.k = r.k AND l.n <> r.n", hows: ["inner"], nullTimes: true },
  "a range of which times may be NULL": { on: `l.k = r.k AND ${range}`, hows: ["inner"], nullTimes: true },
  "a range by a computed time": {
    on: "l.k = r.k AND l.at BETWEEN date_trunc('minute', r.at) AND timestampadd(SECOND, r.n, r.at)",
    hows: ["inner"],
  },
};

describe.each(Object.entries(stateProviders))("a join of streams in %s gives what the batch gives", (_, provider) => {
  for (const [name, which] of Object.entries(cases)) {
    test.each(which.hows ?? all)(`${name}, %s`, async (how) => {
      await expectSame(which, how, provider);
    });
  }
  test("from snapshots", async () => {
    await expectSame(cases["a key and a range of times"]!, "full", {
      ...provider,
      "spark.sql.streaming.stateStore.minDeltasForSnapshot": "1",
    });
  });
  test("in one partition, without generated code", async () => {
    await expectSame(cases["a range and more"]!, "full", {
      ...provider,
      "spark.sql.shuffle.partitions": "1",
      "millrace.codegen.enabled": "false",
    });
  });
});
