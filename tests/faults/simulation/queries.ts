/**
 * The queries of the simulation. To have another operator simulated, add a query here: how it is built over a stream with the
 * columns `k STRING, at TIMESTAMP, n INT`, and what it comes to in the end.
 */
import { expr, sessionWindow, window } from "millrace";
import {
  lateForDistinct,
  endOfMinute,
  lateFor,
  modelOfDistinct,
  modelOfDistinctWithin,
  modelOfPairs,
  modelOfSessions,
  modelOfWindowedCount,
} from "./late-row-models.ts";
import { type ModelBatch, never } from "./history.ts";
import { delayMs, type Frame, frame, impatient, minutesOf, modelled, type SimulatedQuery } from "./simulated-query.ts";
import { userStateQueries } from "./user-state-queries.ts";

const anySource = ["memory", "files", "tail"] as const;
const withoutLast = (events: Frame): Frame => events.filter("k IS NULL OR k <> 'end'");
/** Rows of at most 300 seconds are never late behind this delay. */
const patient = (events: Frame): Frame => events.withWatermark("at" as never, "10 minutes");
const slower = (events: Frame): Frame => events.withWatermark("at" as never, `${(2 * delayMs) / 1000} seconds`);
/** How long after a row of one stream its partners come. */
const reachMs = 30_000;
const minutes = (events: Frame): Frame => frame(events.groupBy(window("at", "1 minute"), "k").count());
const flat = (windows: Frame): Frame => frame(windows.selectExpr("window.start AS start", "k", "count"));

function query(
  name: string,
  schema: string,
  build: (events: Frame) => Frame,
  options: Partial<Pick<SimulatedQuery, "mode" | "keys" | "sources">> & {
    readonly batch?: (events: Frame) => Frame;
  } = {},
): SimulatedQuery {
  const { batch = build, mode = "append", sources = anySource, keys } = options;
  return {
    name,
    schema,
    build,
    mode,
    streams: 1,
    sources,
    oracle: { kind: "batch", build: batch },
    ...(keys === undefined ? {} : { keys }),
  };
}

export const simulatedQueries: readonly SimulatedQuery[] = [
  query("filter and projection", "k STRING, n INT", (df) => frame(df.filter("n > 1").selectExpr("k", "n + 1 AS n"))),
  query("windowed counts", "start TIMESTAMP, k STRING, count BIGINT", (df) => flat(minutes(patient(df))), {
    batch: (df) => flat(minutes(withoutLast(df))),
  }),
  query(
    "sliding sums, minima and averages",
    "start TIMESTAMP, s BIGINT, least INT, mean DOUBLE",
    (df) => slidingSums(patient(df)),
    { batch: (df) => slidingSums(withoutLast(df)) },
  ),
  query(
    "counts in update mode",
    "k STRING, c BIGINT, s BIGINT",
    (df) => frame(df.groupBy("k").agg(expr("count(*) AS c"), expr("sum(n) AS s"))),
    { mode: "update", keys: ["k"] },
  ),
  query(
    "counts in complete mode",
    "k STRING, c BIGINT, most INT",
    (df) => frame(df.groupBy("k").agg(expr("count(n) AS c"), expr("max(n) AS most"))),
    { mode: "complete" },
  ),
  query("distinct rows", "k STRING, n INT", (df) => frame(df.select("k", "n").distinct())),
  query(
    "distinct times",
    "at TIMESTAMP, k STRING",
    (df) => frame(patient(df).select("at", "k").dropDuplicates("at", "k")),
    {
      batch: (df) => frame(df.select("at", "k").distinct()),
    },
  ),
  query(
    "distinct within the watermark",
    "k STRING, n INT",
    (df) => frame(patient(df.filter("at IS NOT NULL")).dropDuplicatesWithinWatermark("k", "n").select("k", "n")),
    { batch: (df) => frame(df.filter("at IS NOT NULL").select("k", "n").distinct()) },
  ),
  query("limit", "k STRING, n INT", (df) => frame(df.select("k", "n").limit(5)), { sources: ["memory"] }),
  query("a limit that is not reached, of distinct rows", "n INT", (df) => frame(df.select("n").distinct().limit(100))),
  query("windows of distinct rows", "start TIMESTAMP, count BIGINT", (df) => windowsOfDistinct(patient(df)), {
    batch: (df) => windowsOfDistinct(withoutLast(df)),
  }),
  query("windows of windows", "start TIMESTAMP, s BIGINT, c BIGINT", (df) => windowsOfWindows(patient(df)), {
    batch: (df) => windowsOfWindows(withoutLast(df)),
  }),
  query("sessions", "start TIMESTAMP, k STRING, count BIGINT", (df) => sessions(patient(df)), {
    batch: (df) => sessions(withoutLast(df)),
  }),
  query("a stream joined with itself", "k STRING, ln INT, rn INT", (df) => pairs(patient(df), "inner"), {
    batch: (df) => pairs(df, "inner"),
  }),
  query("rows with and without a later one", "k STRING, ln INT, rn INT", (df) => pairs(patient(df), "left"), {
    batch: (df) => pairs(df, "left"),
  }),
  modelled("windowed counts with late rows", "start TIMESTAMP, k STRING, count BIGINT", {
    build: (df) => minutesOf(impatient(df)),
    rows: (batches) => modelOfWindowedCount(batches, 60_000),
    late: { columns: ["k", "at", "n"], rows: (batches) => lateFor(batches, endOfMinute) },
  }),
  modelled("sessions with late rows", "start TIMESTAMP, k STRING, count BIGINT", {
    build: (df) => sessions(impatient(df)),
    rows: (batches) => modelOfSessions(batches, 20_000),
    late: { columns: ["k", "at", "n"], rows: (batches) => lateFor(batches, (at) => at + 20_000) },
  }),
  modelled("distinct rows with late rows", "at TIMESTAMP, k STRING", {
    build: (df) => frame(impatient(df).select("at", "k").dropDuplicates("at", "k")),
    rows: modelOfDistinct,
    late: { columns: ["at", "k"], rows: lateForDistinct },
  }),
  modelled("windows of rows that are distinct within the watermark", "start TIMESTAMP, k STRING, count BIGINT", {
    build: (df) => minutesOf(impatient(df.filter("at IS NOT NULL")).dropDuplicatesWithinWatermark("k", "n")),
    rows: (batches) => {
      const rows = modelOfDistinctWithin(batches, delayMs);
      return modelOfWindowedCount(
        batches.map((batch, i) => ({ ...batch, rows: rows[i]! })),
        60_000,
      );
    },
  }),
  ...(["min", "max"] as const).map((policy) =>
    modelled(
      `windowed counts of two streams, the ${policy} of their watermarks`,
      "start TIMESTAMP, k STRING, count BIGINT",
      {
        build: (df, others) => minutesOf(impatient(df).union(slower(others) as never) as never),
        watermarks: { delays: [delayMs, 2 * delayMs], policy },
        conf: { "spark.sql.streaming.multipleWatermarkPolicy": policy },
        rows: (batches) => modelOfWindowedCount(batches, 60_000),
      },
    ),
  ),
  modelled("rows of a stream with those of another, or alone", "k STRING, ln INT, rn INT", {
    build: (df, others) => frame(pairsOf(df, others).select("k" as never, "ln" as never, "rn" as never)),
    watermarks: { delays: [delayMs, 2 * delayMs], policy: "min" },
    rows: (batches) => modelOfPairs(batches, reachMs).map((pairs) => pairs.map(({ k, ln, rn }) => ({ k, ln, rn }))),
  }),
  modelled("windows of rows of a stream with those of another, or alone", "start TIMESTAMP, k STRING, count BIGINT", {
    build: (df, others) => minutesOf(frame(pairsOf(df, others).select("k" as never, "at" as never))),
    watermarks: { delays: [delayMs, 2 * delayMs], policy: "min" },
    rows: modelOfWindowsOfPairs,
  }),
  ...userStateQueries,
];

/** The rows of a stream, each with those of another that come at most 30 seconds after it. */
function pairsOf(events: Frame, others: Frame): Frame {
  const left = impatient(events.filter("at IS NOT NULL")).selectExpr("k", "at", "n AS ln");
  const right = slower(others.filter("at IS NOT NULL")).selectExpr("k AS rk", "at AS rat", "n AS rn");
  return frame(
    left.join(right, expr(`k = rk AND rat >= at AND rat <= at + INTERVAL ${reachMs / 1000} SECONDS`), "left"),
  );
}

/** A join gives out rows that lie so far behind its own watermark, and so does what follows go behind it. */
function modelOfWindowsOfPairs(batches: readonly ModelBatch[]): object[][] {
  const pairs = modelOfPairs(batches, reachMs);
  const behind = (mark: number): number => Math.max(never, mark - reachMs - 1);
  return modelOfWindowedCount(
    batches.map(({ late, evict }, i) => ({ late: behind(late), evict: behind(evict), rows: pairs[i]! })),
    60_000,
  );
}

function slidingSums(events: Frame): Frame {
  return frame(
    events
      .groupBy(window("at", "2 minutes", "1 minute"))
      .agg(expr("sum(n) AS s"), expr("min(n) AS least"), expr("avg(n) AS mean"))
      .selectExpr("window.start AS start", "s", "least", "mean"),
  );
}

function windowsOfDistinct(events: Frame): Frame {
  return frame(
    events
      .dropDuplicates("at", "n")
      .groupBy(window("at", "1 minute"))
      .count()
      .selectExpr("window.start AS start", "count"),
  );
}

function windowsOfWindows(events: Frame): Frame {
  return frame(
    minutes(events)
      .groupBy(window("window", "5 minutes"))
      .agg(expr("sum(count) AS s"), expr("count(*) AS c"))
      .selectExpr("window.start AS start", "s", "c"),
  );
}

function sessions(events: Frame): Frame {
  return frame(
    events
      .groupBy(sessionWindow("at", "20 seconds"), "k")
      .count()
      .selectExpr("session_window.start AS start", "k", "count"),
  );
}

/** The larger rows, each with the smaller ones of its key that come at most 30 seconds after it. */
function pairs(events: Frame, how: "inner" | "left"): Frame {
  const timed = events.filter("at IS NOT NULL");
  const left = timed.filter("n >= 2").selectExpr("k", "at AS lat", "n AS ln");
  const right = timed.filter("n <= 2").selectExpr("k AS rk", "at AS rat", "n AS rn");
  const within = expr("k = rk AND rat >= lat AND rat <= lat + INTERVAL 30 SECONDS");
  return frame(left.join(right, within, how).select("k" as never, "ln" as never, "rn" as never));
}
