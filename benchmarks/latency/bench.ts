/**
 * Time from a row's arrival at the source to the commit of its batch in the sink, every batch fsynced, 1,000 rows/s; with the
 * trigger realTime to its arrival in the sink.
 */
import { runChild } from "../child.ts";
import { type BenchOptions, type Measure, percentile, rounded } from "../measure.ts";

export interface LatencyResult {
  readonly milliseconds: readonly number[];
  readonly peakRssMb: number;
}

export async function* latency(options: BenchOptions): AsyncGenerator<Measure> {
  const seconds = options.smoke ? "3" : "40";
  for (const [work, file] of [
    ["latency, rate → state → noop", "./rate-job.ts"],
    ["latency, file → file", "./file-job.ts"],
    ["latency, rate → realTime → noop", "./real-time-job.ts"],
  ] as const) {
    const result = await runChild<LatencyResult>(new URL(file, import.meta.url), [seconds], options.log);
    const sorted = result.milliseconds.toSorted((a, b) => a - b);
    yield {
      work,
      system: "millrace",
      threads: 1,
      ms_p50: rounded(percentile(sorted, 0.5), 2),
      ms_p99: rounded(percentile(sorted, 0.99), 2),
      peak_rss_mb: result.peakRssMb,
      note: `${sorted.length} ${file === "./real-time-job.ts" ? "rows" : "batches"}`,
    };
  }
}
