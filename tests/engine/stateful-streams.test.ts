/**
 * Operators with state, alone and in chains: for any split of the rows into batches, and with the query started again after
 * each of them, the stream gives in the end what the batch query gives. No row is late here: what happens to late rows is in
 * the scripts of packages/testing/src/stateful-operators.test.ts.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { col, type DataFrame, expr, type Schema, sessionWindow, window, windowTime } from "millrace";
import { MemoryStream, parseDdl } from "millrace/engine";
import { stateProviders } from "../state-providers.ts";
import { simulatedSession, type SimulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
interface Row {
  readonly k: string | null;
  readonly at: string | null;
  readonly n: number | null;
}
const ddl = "k STRING, at TIMESTAMP, n INT";
const time = (seconds: number): string => new Date(1_700_000_000_000 + seconds * 1000).toISOString();
const row: fc.Arbitrary<Row> = fc.record({
  k: fc.constantFrom("a", "b", "c", null),
  at: fc.option(fc.integer({ min: 0, max: 300 }).map(time), { nil: null, freq: 8 }),
  n: fc.option(fc.integer({ min: 0, max: 4 }), { nil: null, freq: 5 }),
});
const splits = fc.array(fc.array(row, { maxLength: 7 }), { minLength: 1, maxLength: 4 });
/** Comes last: lets the watermark pass everything else. */
const farAhead: Row = { k: "end", at: time(1_000_000), n: 9 };

const shown = (rows: readonly unknown[]): string[] =>
  rows.map((each) => JSON.stringify(each, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v))).toSorted();

interface Case {
  readonly build: (events: Frame) => Frame;
  /** Default: append. */
  readonly mode?: "append" | "update" | "complete";
  /** The rows of a table that would give the result; default: all. */
  readonly batch?: (events: Frame) => Frame;
}
let checkpoints = 0;

async function expectSame(
  { build, mode = "append", batch = build }: Case,
  conf: Record<string, string> = {},
): Promise<void> {
  await using session: SimulatedSession = await simulatedSession(undefined, conf);
  await fc.assert(
    fc.asyncProperty(splits, async (parts) => {
      const all = [...parts, [farAhead]];
      const stream = new MemoryStream(parseDdl(ddl));
      const checkpoint = `/checkpoint/${checkpoints++}`;
      let rows: unknown[] = [];
      for (const part of all) {
        stream.add(part);
        const events = session.spark.readStream.from(stream, {}) as unknown as Frame;
        const query = await build(events)
          .writeStream.outputMode(mode)
          .option("checkpointLocation", checkpoint)
          .foreachBatch(async (result) => {
            const collected = await result.collect();
            rows = mode === "complete" ? [...collected] : [...rows, ...collected];
          })
          .start();
        await query.processAllAvailable();
        await query.stop();
      }
      const table = session.spark.createDataFrame(all.flat() as object[], ddl) as unknown as Frame;
      expect(shown(rows)).toEqual(shown(await batch(table).collect()));
    }),
    { numRuns: 8 },
  );
}

const marked = (events: Frame): Frame => events.withWatermark("at" as never, "10 minutes");
const minutes = (events: Frame): Frame =>
  marked(events).groupBy(window("at", "1 minute"), "k").count() as unknown as Frame;
const withoutLast = (events: Frame): Frame => events.filter("k IS NULL OR k <> 'end'");

const sessionAggregates = [
  "count(*)",
  "count(n)",
  "sum(n)",
  "min(n)",
  "max(at)",
  "avg(n)",
  "sort_array(collect_list(n))",
  "sort_array(collect_set(n))",
  "approx_count_distinct(n)",
].map((text, i) => expr(text).as(`a${i}`));
const changingGap = expr(
  "CASE WHEN n IS NULL THEN NULL WHEN n = 0 THEN '0 seconds' WHEN n = 1 THEN 'no gap' ELSE concat(n * 5, ' seconds') END",
);
const sessionsByWindow = (events: Frame): Frame =>
  (events.groupBy("k", sessionWindow("at", "20 seconds")).count() as unknown as Frame)
    .groupBy(window("session_window", "2 minutes"))
    .agg(expr("sum(count) AS s"), expr("count(*) AS c")) as unknown as Frame;

/** The rows of a key, numbered in the order in which they came over all batches. */
function remembered(events: Frame, outputMode: "append"): Frame {
  const rows = events as unknown as DataFrame<{ k: "string"; n: "int" }>;
  return rows
    .groupByKey((row) => row.k, "string")
    .flatMapGroupsWithState(
      function* (k, all, state) {
        let seen = state.getOption()?.seen ?? 0;
        for (const { n } of all) yield { k, n, place: ++seen };
        state.update({ seen });
      },
      { state: { seen: "int!" }, output: { k: "string", n: "int", place: "int" }, outputMode },
    ) as unknown as Frame;
}
/** With each row what all variables hold of its key. */
function processed(events: Frame): Frame {
  const rows = events as unknown as DataFrame<{ k: "string"; n: "int" }>;
  return rows
    .groupByKey((row) => row.k, "string")
    .transformWithState(
      (handle) => {
        const last = handle.getValueState("last", { n: "int" });
        const all = handle.getListState("all", { n: "int" });
        const counts = handle.getMapState("counts", "string!", "int!");
        return {
          *handleInputRows(k, group) {
            for (const { n } of group) {
              counts.updateValue(`${n}`, (counts.getValue(`${n}`) ?? 0) + 1);
              if (n === 4) counts.removeKey("0");
              if (n === 3) all.clear();
              const before = last.get()?.n ?? null;
              last.update({ n });
              all.appendValue({ n });
              yield { k, held: JSON.stringify([before, [...all.get()], [...counts.iterator()]]) };
            }
          },
        };
      },
      { output: { k: "string", held: "string" } },
    ) as unknown as Frame;
}

const cases: Readonly<Record<string, Case>> = {
  "dropDuplicates of a column": { build: (df) => df.dropDuplicates("k") },
  "dropDuplicates in update mode": { build: (df) => df.dropDuplicates("n", "k"), mode: "update" },
  "dropDuplicates of a watermarked column": { build: (df) => marked(df).dropDuplicates("at", "k") },
  "dropDuplicates beside a watermark": { build: (df) => marked(df).dropDuplicates("n") },
  "dropDuplicates of windows": {
    build: (df) => marked(df).withColumn("w", expr("date_trunc('minute', at)")).dropDuplicates("w", "n"),
  },
  distinct: { build: (df) => df.select("k", "n").distinct() as unknown as Frame },
  "distinct times": { build: (df) => marked(df).select("k", "at").distinct() as unknown as Frame },
  dropDuplicatesWithinWatermark: {
    build: (df) => marked(df.filter("at IS NOT NULL")).dropDuplicatesWithinWatermark("k"),
    batch: (df) => df.filter("at IS NOT NULL").dropDuplicates("k"),
  },
  "dropDuplicatesWithinWatermark of all columns": {
    build: (df) => marked(df.filter("at IS NOT NULL")).dropDuplicatesWithinWatermark(),
    batch: (df) => df.filter("at IS NOT NULL").distinct(),
  },
  "a running state of rows by key": {
    build: (df) => remembered(df, "append"),
  },
  "a processor of values, lists and maps": {
    build: (df) => processed(df),
  },
  limit: { build: (df) => df.limit(5) },
  "limit of a limit": { build: (df) => df.limit(9).filter("n > 0").limit(3) },
  "limit below an aggregation": {
    build: (df) => df.limit(6).groupBy("k").count() as unknown as Frame,
    mode: "complete",
  },
  "sorted limit of an aggregation": {
    build: (df) => df.groupBy("k").count().orderBy("k").limit(2) as unknown as Frame,
    mode: "complete",
  },
  "an aggregation of distinct rows": {
    build: (df) =>
      df.select("k", "n").distinct().groupBy("k").agg(expr("sum(n) AS s"), expr("count(*) AS c")) as unknown as Frame,
    mode: "complete",
  },
  "windows of distinct events": {
    build: (df) => marked(df).dropDuplicates("at", "n").groupBy(window("at", "1 minute")).count() as unknown as Frame,
    batch: (df) =>
      withoutLast(df).dropDuplicates("at", "n").groupBy(window("at", "1 minute")).count() as unknown as Frame,
  },
  "windows of windows": {
    build: (df) =>
      minutes(df)
        .groupBy(window("window", "5 minutes"))
        .agg(expr("sum(count) AS s"), expr("count(*) AS c")) as unknown as Frame,
    batch: (df) =>
      minutes(withoutLast(df))
        .groupBy(window("window", "5 minutes"))
        .agg(expr("sum(count) AS s"), expr("count(*) AS c")) as unknown as Frame,
  },
  "windows of the times of windows, by a computed key": {
    build: (df) =>
      minutes(df)
        .groupBy(window(windowTime("window"), "2 minutes", "1 minute"), col("count"))
        .agg(expr("max(k) AS k")) as unknown as Frame,
    batch: (df) =>
      minutes(withoutLast(df))
        .groupBy(window(windowTime("window"), "2 minutes", "1 minute"), col("count"))
        .agg(expr("max(k) AS k")) as unknown as Frame,
  },
  sessions: {
    build: (df) => marked(df).groupBy(sessionWindow("at", "20 seconds"), "k").count() as unknown as Frame,
    batch: (df) => withoutLast(df).groupBy(sessionWindow("at", "20 seconds"), "k").count() as unknown as Frame,
  },
  "a complete result of sessions with many aggregates": {
    build: (df) =>
      marked(df)
        .groupBy("k", sessionWindow("at", "15 seconds"), col("n").mod(2).as("odd"))
        .agg(...sessionAggregates) as unknown as Frame,
    mode: "complete",
  },
  "sessions without a watermark": {
    build: (df) => df.groupBy("k", sessionWindow("at", "15 seconds")).agg(expr("sum(n) AS s")) as unknown as Frame,
    mode: "complete",
  },
  "sessions whose gap is another for each row": {
    build: (df) =>
      marked(df)
        .groupBy(sessionWindow("at", changingGap), "k")
        .agg(...sessionAggregates) as unknown as Frame,
    batch: (df) =>
      withoutLast(df)
        .groupBy(sessionWindow("at", changingGap), "k")
        .agg(...sessionAggregates) as unknown as Frame,
  },
  "windows of sessions": {
    build: (df) => sessionsByWindow(marked(df)),
    batch: (df) => sessionsByWindow(withoutLast(df)),
  },
  "sessions of distinct events": {
    build: (df) =>
      marked(df).dropDuplicates("at", "k").groupBy("k", sessionWindow("at", "20 seconds")).count() as unknown as Frame,
    batch: (df) =>
      withoutLast(df)
        .dropDuplicates("at", "k")
        .groupBy("k", sessionWindow("at", "20 seconds"))
        .count() as unknown as Frame,
  },
  "three aggregations": {
    build: (df) =>
      minutes(df)
        .groupBy(window("window", "2 minutes"), "k")
        .agg(expr("sum(count) AS count"))
        .groupBy(window("window", "10 minutes"))
        .agg(expr("max(count) AS most")) as unknown as Frame,
    batch: (df) =>
      minutes(withoutLast(df))
        .groupBy(window("window", "2 minutes"), "k")
        .agg(expr("sum(count) AS count"))
        .groupBy(window("window", "10 minutes"))
        .agg(expr("max(count) AS most")) as unknown as Frame,
  },
  "distinct windows of an aggregation": {
    build: (df) => minutes(df).select("window").distinct() as unknown as Frame,
    batch: (df) => minutes(withoutLast(df)).select("window").distinct() as unknown as Frame,
  },
};

describe.each(Object.entries(stateProviders))("a stream with state in %s gives what the batch gives", (_, provider) => {
  test.each(Object.keys(cases))("%s", async (name) => {
    await expectSame(cases[name]!, provider);
  });

  // Each start reads the state from files: from deltas above, from a snapshot of every version here.
  test.each(["dropDuplicates of a column", "limit", "windows of windows"])("%s, from snapshots", async (name) => {
    await expectSame(cases[name]!, { ...provider, "spark.sql.streaming.stateStore.minDeltasForSnapshot": "1" });
  });

  test("in one partition", async () => {
    await expectSame(cases["windows of distinct events"]!, { ...provider, "spark.sql.shuffle.partitions": "1" });
  });
});

test("a limit of a complete result takes nothing away from the state, however many partitions there are", async () => {
  await using session = await simulatedSession(undefined, { "spark.sql.shuffle.partitions": "7" });
  const stream = new MemoryStream(parseDdl(ddl));
  const events = session.spark.readStream.from(stream, {}) as unknown as Frame;
  const totals: number[] = [];
  const query = await events
    .groupBy("n")
    .count()
    .limit(2)
    .writeStream.outputMode("complete")
    .foreachBatch((_batch, batchId) => void totals.push(batchId))
    .start();
  for (let batch = 0; batch < 2; batch++) {
    stream.add(Array.from({ length: 40 }, (_, n) => ({ k: "a", at: null, n })));
    await query.processAllAvailable();
  }
  expect(query.lastProgress?.stateOperators[0]).toMatchObject({ numRowsTotal: 40, numRowsUpdated: 40 });
  await query.stop();
});
