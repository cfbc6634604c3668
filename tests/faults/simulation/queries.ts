/**
 * The queries of the simulation. To have another operator simulated, add a query here: how it is built over a stream with the
 * columns `k STRING, at TIMESTAMP, n INT`, and what it comes to in the end.
 */
import { type DataFrame, expr, type OutputMode, type Schema, sessionWindow, window } from "millrace";
import { delaySeconds, modelOfDistinct, modelOfWindowedCount, type RowsOfBatches } from "./late-row-models.ts";
import type { Script } from "./script.ts";

export type Frame = DataFrame<Schema>;

export type Oracle =
  /** The same engine over all rows in one batch, without its stateful operators. No row of the stream is late. */
  | { readonly kind: "batch"; readonly build: (events: Frame) => Frame }
  /** A naive program that is told which rows each batch had, and gives the rows of each batch. */
  | { readonly kind: "model"; readonly rows: (batches: RowsOfBatches) => readonly (readonly object[])[] };

export interface SimulatedQuery {
  readonly name: string;
  readonly mode: OutputMode;
  readonly build: (events: Frame) => Frame;
  readonly oracle: Oracle;
  /** Update mode: the columns by which the last row counts. */
  readonly keys?: readonly string[];
  /** Sources under which the result is defined: that of a limit depends on the order of rows. */
  readonly sources: readonly Script["source"][];
  /** DDL of the result, to read it from files. */
  readonly schema: string;
}

const anySource = ["memory", "files", "tail"] as const;
const frame = (any: unknown): Frame => any as Frame;
const withoutLast = (events: Frame): Frame => events.filter("k IS NULL OR k <> 'end'");
/** Rows of at most 300 seconds are never late behind this delay. */
const patient = (events: Frame): Frame => events.withWatermark("at" as never, "10 minutes");
const impatient = (events: Frame): Frame => events.withWatermark("at" as never, `${delaySeconds} seconds`);
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
  {
    name: "windowed counts with late rows",
    mode: "append",
    build: (df) => flat(minutes(impatient(df))),
    schema: "start TIMESTAMP, k STRING, count BIGINT",
    sources: ["memory"],
    oracle: { kind: "model", rows: (batches) => modelOfWindowedCount(batches, delaySeconds, 60) },
  },
  {
    name: "distinct rows with late rows",
    mode: "append",
    build: (df) => frame(impatient(df).select("at", "k").dropDuplicates("at", "k")),
    schema: "at TIMESTAMP, k STRING",
    sources: ["memory"],
    oracle: { kind: "model", rows: (batches) => modelOfDistinct(batches, delaySeconds) },
  },
];

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
