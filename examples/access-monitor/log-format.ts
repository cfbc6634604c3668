import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseCommonLog } from "./common-log.ts";

/** What stands where in a log. */
export type LogFormat = CommonLogFormat | JsonLogFormat;

/** Common or Combined Log Format, as Apache, nginx and most others write it. */
export interface CommonLogFormat {
  readonly kind: "common";
  /** Whether each line ends with the time that the request took, in seconds. */
  readonly hasLatency: boolean;
}

/** One JSON object a line, with the paths of the fields that matter, such as `req.url`. */
export interface JsonLogFormat {
  readonly kind: "json";
  readonly time: string;
  /** How the time is written: as ISO 8601 text, or as seconds or milliseconds since 1970. */
  readonly timeUnit: "iso" | "s" | "ms";
  readonly route: string;
  readonly status: string | undefined;
  readonly latency: string | undefined;
  readonly latencyUnit: "s" | "ms";
}

/** What the user said about the fields of JSON lines; what is missing is guessed from the first line. */
export interface FieldOptions {
  readonly time?: string | undefined;
  readonly route?: string | undefined;
  readonly status?: string | undefined;
  readonly latency?: string | undefined;
  readonly latencyUnit?: "s" | "ms" | undefined;
}

const timeNames = ["time", "timestamp", "@timestamp", "ts", "at", "date", "datetime", "time_iso8601", "start_time"];
const routeNames = ["route", "path", "url", "uri", "request_uri", "req.url", "request.url", "request.uri", "http.path"];
const statusNames = [
  "status",
  "statusCode",
  "status_code",
  "res.statusCode",
  "response.status",
  "http.status_code",
  "code",
];
const latencyNames: Readonly<Record<"ms" | "s", readonly string[]>> = {
  ms: [
    "ms",
    "duration_ms",
    "durationMs",
    "latency_ms",
    "latencyMs",
    "responseTime",
    "response_time",
    "elapsed",
    "duration",
    "latency",
  ],
  s: ["request_time", "duration_s", "seconds", "took"],
};

/** Looks at the first line. @throws Error that says what to do, when it is in no known format */
export function detectFormat(line: string, given: FieldOptions): LogFormat {
  if (line.trimStart().startsWith("{")) return detectJson(line, given);
  const { at, ms } = parseCommonLog(line);
  if (at === null) {
    throw new Error(
      `This line is neither in the Common or Combined Log Format nor a JSON object:\n  ${line.slice(0, 200)}`,
    );
  }
  return { kind: "common", hasLatency: ms !== null };
}

function detectJson(line: string, given: FieldOptions): JsonLogFormat {
  const first = parseJson(line);
  const found = (names: readonly string[]): string | undefined =>
    names.find((name) => valueAt(first, name) !== undefined);
  const time = given.time ?? found(timeNames);
  const route = given.route ?? found(routeNames);
  if (time === undefined)
    throw new Error(
      `No field of the first line looks like a time; name it with --time-field:\n  ${line.slice(0, 200)}`,
    );
  if (route === undefined)
    throw new Error(
      `No field of the first line looks like a path; name it with --route-field:\n  ${line.slice(0, 200)}`,
    );
  const latency = given.latency ?? found([...latencyNames.ms, ...latencyNames.s]);
  const guessedUnit = latency !== undefined && latencyNames.s.includes(latency) ? "s" : "ms";
  return {
    kind: "json",
    time,
    timeUnit: unitOfTime(valueAt(first, time)),
    route,
    status: given.status ?? found(statusNames),
    latency,
    latencyUnit: given.latencyUnit ?? guessedUnit,
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(
      `The first line is no JSON object, so the fields cannot be told from it:\n  ${line.slice(0, 200)}`,
      {
        cause: error,
      },
    );
  }
}

/** Numbers since 1970: a time of our days has 10 digits in seconds and 13 in milliseconds. */
function unitOfTime(value: unknown): JsonLogFormat["timeUnit"] {
  const number = typeof value === "number" ? value : Number.NaN;
  return number >= 1e11 ? "ms" : number > 0 ? "s" : "iso";
}

function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === name)?.[1];
  }
  return value;
}

/** The first line of the first file with one; undefined when there is none yet. @throws Error for a path that is not there */
export function firstLine(paths: readonly string[]): string | undefined {
  for (const file of paths.flatMap(filesAt)) {
    const line = linesAtStart(file).find((text) => text.trim() !== "");
    if (line !== undefined) return line;
  }
  return undefined;
}

function filesAt(path: string): readonly string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`There is no file or directory ${path}.`);
  if (!stats.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^[._]/.test(entry.name))
    .map((entry) => join(path, entry.name))
    .toSorted();
}

function linesAtStart(file: string): readonly string[] {
  const start = Buffer.alloc(64 << 10);
  const descriptor = openSync(file, "r");
  try {
    return start.toString("utf8", 0, readSync(descriptor, start)).split(/\r?\n/);
  } finally {
    closeSync(descriptor);
  }
}
