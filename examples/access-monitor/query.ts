import {
  coalesce,
  count,
  countIf,
  type DataFrame,
  lit,
  max,
  percentileApprox,
  type SparkSession,
  udf,
  window,
} from "millrace";
import { parseCommonLog, routeOf } from "./common-log.ts";
import type { JsonLogFormat, LogFormat } from "./log-format.ts";

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
  // One look at the line finds all its parts; with regexpExtract it would be one for each.
  return lines.map(({ value }) => parseCommonLog(value), {
    at: "timestamp",
    route: "string",
    status: "int",
    ms: "double",
    line: "string",
  });
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
      route: routeOfPath(c(quoted(format.route)).cast("string")),
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

const routeOfPath = udf((path: string | null) => (path === null ? null : routeOf(path)), "string");

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
