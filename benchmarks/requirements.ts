/** What each work must reach, and whether a measure does. Ratios are those of one run on a calm machine with two cores. */
import type { Measure } from "./measure.ts";

export interface Requirement {
  /** How many times as fast as a system Millrace must be; under `millrace`, as fast as its own other run. */
  readonly ratios?: Readonly<Record<string, number>>;
  readonly records_per_s?: number;
  readonly peak_rss_mb?: number;
  readonly ms_p50?: number;
  readonly ms_p99?: number;
}

const variant: Requirement = { ratios: { millrace: 0.75 }, peak_rss_mb: 400 };
const flatMemory: Requirement = { peak_rss_mb: 400 };

export const requirements: Readonly<Record<string, Requirement>> = {
  ysb: { ratios: { spark: 8, duckdb: 1.3 }, peak_rss_mb: 400 },
  "ysb, fields shuffled": variant,
  "ysb, escapes": variant,
  "ysb, nested objects": variant,
  "ysb, another filter": variant,
  "ysb, threads": { ratios: { millrace: 1.7 } },
  "ysb, 4 M events": flatMemory,
  "ysb, 40 M events": flatMemory,
  wordcount: { ratios: { spark: 4, duckdb: 1 } },
  range: { ratios: { spark: 1.5, duckdb: 1 } },
  "tpch q1": { ratios: { spark: 1 } },
  "tpch q3": { ratios: { spark: 1 } },
  "tpch q6": { ratios: { spark: 1 } },
  "groupby-keys": { ratios: { spark: 1 }, peak_rss_mb: 2048 },
  sort: { ratios: { spark: 1 } },
  closures: { ratios: { "by hand": 2 } },
  deduplication: { ratios: { spark: 6 } },
  "transform-with-state": { records_per_s: 1_000_000 },
  "transform-with-state, few users": { ratios: { spark: 3 } },
  "stream-join": { ratios: { spark: 10 } },
  "many-keys, restart": { ms_p50: 10_000 },
  "many-keys, commit": { ms_p50: 50 },
  "loop-delay, json": { ms_p99: 20 },
  "loop-delay, range": { ms_p99: 20 },
  "latency, rate → state → noop": { ms_p50: 5, ms_p99: 25 },
  "latency, file → file": { ms_p50: 10, ms_p99: 25 },
  "startup to first row (and exit)": { ms_p50: 300 },
  "10 M keys in memory: commit of 1,000 of them": { ms_p50: 50 },
  "10 M keys in memory: restart": { ms_p50: 10_000 },
  "10 M keys on disk: commit of 1,000 of them": { ms_p50: 50 },
  "10 M keys on disk: restart": { ms_p50: 10_000 },
  "50 M keys on disk: load": { peak_rss_mb: 8192 },
};

export interface Verdict {
  /** What is asked for, as text; empty when nothing is. */
  readonly asked: string;
  readonly holds: boolean;
}

/** Judges a measure of Millrace together with those of the other systems for the same work. Systems that did not run do not count. */
export function judge(ours: Measure, others: readonly Measure[]): Verdict {
  const { ratios = {}, records_per_s, ...limits } = requirements[ours.work] ?? {};
  const asked: string[] = [];
  let holds = true;
  const ask = (text: string, reached: boolean): void => {
    asked.push(text);
    holds &&= reached;
  };
  for (const [system, ratio] of Object.entries(ratios)) {
    const reached = system === "millrace" ? ours.ratio : others.find((other) => other.system === system)?.ratio;
    if (reached !== undefined)
      ask(`≥ ${ratio} × ${system === "millrace" ? "the other run" : system}`, reached >= ratio);
  }
  if (records_per_s !== undefined && ours.records_per_s !== undefined) {
    ask(`≥ ${records_per_s / 1e6} M records/s`, ours.records_per_s >= records_per_s);
  }
  for (const [name, unit] of [
    ["peak_rss_mb", "MB"],
    ["ms_p50", "ms (p50)"],
    ["ms_p99", "ms (p99)"],
  ] as const) {
    const [limit, reached] = [limits[name], ours[name]];
    if (limit !== undefined && reached !== undefined) ask(`≤ ${limit} ${unit}`, reached <= limit);
  }
  return { asked: asked.join(", "), holds };
}
