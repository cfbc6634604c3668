import {
  coalesce,
  type Column,
  count,
  countIf,
  type DataFrame,
  lit,
  max,
  percentileApprox,
  regexpExtract,
  regexpReplace,
  type SparkSession,
  tryToTimestamp,
  window,
} from "millrace";
import { commonLogLine, type JsonLogFormat, type LogFormat } from "./log-format.ts";

/** One line of a log. What could not be read is NULL; `line` is then the text, where it is known. */
export type Requests = DataFrame<{ at: "timestamp"; route: "string"; status: "int"; ms: "double"; line: "string" }>;

/** Follows the files of the paths as they grow and are rotated. */
export function readRequests(spark: SparkSession, paths: readonly string[], format: LogFormat): Requests {
  return format.kind === "json" ? readJson(spark, paths, format) : readCommonLog(spark, paths);
}

function readCommonLog(spark: SparkSession, paths: readonly string[]): Requests {
  const lines = spark.readStream
    .format("tail")
    .schema({ value: "string" })
    .load(...paths);
  return lines
    .select((c) => ({
      time: regexpExtract(c.value, commonLogLine, 1),
      path: regexpExtract(c.value, commonLogLine, 2),
      status: regexpExtract(c.value, commonLogLine, 3),
      seconds: regexpExtract(c.value, commonLogLine, 4),
      line: c.value,
    }))
    .select((c) => ({
      at: tryToTimestamp(c.time, "dd/MMM/yyyy:HH:mm:ss Z"),
      route: routeOf(c.path),
      status: c.status.tryCast("int"),
      ms: c.seconds.tryCast("double").times(1000),
      line: c.line,
    }));
}

function readJson(spark: SparkSession, paths: readonly string[], format: JsonLogFormat): Requests {
  const fields = [format.time, format.route, format.status, format.latency].filter((path) => path !== undefined);
  // The names are known only now, so the schema is a text, and the compiler takes the columns' types from the casts.
  const lines = spark.readStream
    .format("tail")
    .option("format", "json")
    .option("columnNameOfCorruptRecord", "_line")
    .schema(`${schemaOf(fields)}, _line STRING`)
    .load(...paths);
  return lines.select((c) => {
    const time = c(quoted(format.time));
    const seconds = time.tryCast("double").divide(format.timeUnit === "ms" ? 1000 : 1);
    const latency = format.latency === undefined ? lit(null) : c(quoted(format.latency));
    return {
      at: format.timeUnit === "iso" ? time.tryCast("timestamp") : seconds.cast("timestamp"),
      route: routeOf(regexpExtract(c(quoted(format.route)).cast("string"), "^[^?]*", 0)),
      status: (format.status === undefined ? lit(null) : c(quoted(format.status))).tryCast("int"),
      ms: latency.tryCast("double").times(format.latencyUnit === "s" ? 1000 : 1),
      line: c("_line").cast("string"),
    };
  });
}

/** DDL of columns for paths such as `req.url`: text throughout, since a field may hold numbers in one line and text in the next. */
function schemaOf(paths: readonly string[]): string {
  const groups = Map.groupBy(new Set(paths), (path) => path.split(".", 1)[0] ?? path);
  return [...groups]
    .map(([name, inside]) => {
      const rest = inside.filter((path) => path !== name).map((path) => path.slice(name.length + 1));
      return `\`${name}\` ${rest.length === 0 ? "STRING" : `STRUCT<${schemaOf(rest)}>`}`;
    })
    .join(", ");
}

function quoted(path: string): string {
  return path
    .split(".")
    .map((name) => `\`${name}\``)
    .join(".");
}

/** `/products/17` and `/products/42` are one route, `/products/:id`. */
function routeOf(path: Column<"string">): Column<"string"> {
  const id = "/(?:[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,})(/|$)";
  return regexpReplace(regexpReplace(path, id, "/:id$1"), id, "/:id$1");
}

export interface Lateness {
  /** Length of the windows, such as `10 seconds`. */
  readonly window: string;
  /** How late a line may come and still be counted. */
  readonly late: string;
}

/** Per route and window: how many requests, how many failed, and how long they took. */
export function trafficByRoute(requests: Requests, { window: length, late }: Lateness) {
  return requests
    .filter((c) => c.at.isNotNull().and(c.route.neq("")))
    .withWatermark("at", late)
    .groupBy(window("at", length), "route")
    .agg((c) => ({
      requests: count(),
      errors: countIf(c.status.geq(500)),
      // One digest answers all three; 1000 keeps it small, and each within a thousandth of its rank.
      ms: percentileApprox(c.ms, [0.5, 0.95, 0.99], 1000),
      latest: max(c.at),
    }));
}
export type TrafficRow = ReturnType<typeof trafficByRoute>["rowType"];

/** The lines that are no requests, with their texts where they are known. */
export function unreadableLines(requests: Requests) {
  return requests
    .filter((c) => c.at.isNull().or(c.route.isNull()).or(c.route.eq("")))
    .select((c) => ({ line: coalesce(c.line, lit("(JSON without a time or a path)")) }));
}
