import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { FieldOptions } from "./log-format.ts";

export const usage = `Shows what a web service does: requests, errors and latencies per route and window.

  npm start                              a small shop with invented visitors
  npm start -- PATH [PATH …]             your own access logs: files, directories or globs, growing or not, in the
                                         Common or Combined Log Format or as JSON lines

  --seconds N                            ends after N seconds
  --once                                 ends when everything is read (only with PATH)
  --window "10 seconds"                  length of the windows
  --late "10 seconds"                    how late a line may come and still be counted
  --checkpoint DIR                       goes on where the last run with DIR stopped
  --time-field, --route-field, --status-field, --latency-field NAME
                                         fields of JSON lines, such as req.url, where the guess is wrong
  --latency-unit ms|s                    unit of the latency field
`;

export interface Options {
  readonly paths: readonly string[];
  readonly help: boolean;
  readonly once: boolean;
  readonly seconds: number | undefined;
  readonly window: string;
  readonly late: string;
  readonly checkpoint: string | undefined;
  readonly fields: FieldOptions;
}

/** @throws Error for an option that does not exist or has no sense */
export function readOptions(args: readonly string[], from: string): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      once: { type: "boolean", default: false },
      seconds: { type: "string" },
      window: { type: "string", default: "10 seconds" },
      late: { type: "string", default: "10 seconds" },
      checkpoint: { type: "string" },
      "time-field": { type: "string" },
      "route-field": { type: "string" },
      "status-field": { type: "string" },
      "latency-field": { type: "string" },
      "latency-unit": { type: "string" },
    },
  });
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) throw new Error("--seconds takes a number greater than 0.");
  if (values.once && positionals.length === 0) throw new Error("--once needs a PATH: invented traffic has no end.");
  const unit = values["latency-unit"];
  if (unit !== undefined && unit !== "ms" && unit !== "s") throw new Error("--latency-unit is ms or s.");
  return {
    // npm runs scripts in the folder of the package; the user means paths from where they are.
    paths: positionals.map((path) => resolve(from, path)),
    help: values.help,
    once: values.once,
    seconds,
    window: values.window,
    late: values.late,
    checkpoint: values.checkpoint === undefined ? undefined : resolve(from, values.checkpoint),
    fields: {
      time: values["time-field"],
      route: values["route-field"],
      status: values["status-field"],
      latency: values["latency-field"],
      latencyUnit: unit,
    },
  };
}
