/**
 * Many micro-batches in a row, each over one new file, with state: batch time must stay flat and the checkpoint bounded.
 * The input folder keeps the last thousand files, as a user's clean-up would.
 */
import { runChild } from "../child.ts";
import { type BenchOptions, type Measure, percentile, rounded } from "../measure.ts";

interface BatchesResult {
  readonly milliseconds: readonly number[];
  /** Processor seconds of all threads up to the end of each tenth of the batches. */
  readonly cpuSeconds: readonly number[];
  readonly checkpointFiles: number;
  readonly peakRssMb: number;
}

export async function* batches(options: BenchOptions): AsyncGenerator<Measure> {
  const count = options.smoke ? 200 : (options.count ?? 100_000);
  const job = new URL("./job.ts", import.meta.url);
  const result = await runChild<BatchesResult>(job, [`${count}`], options.log);
  const tenth = Math.floor(count / 10);
  for (const part of [1, 9]) {
    const sorted = result.milliseconds.slice(part * tenth, (part + 1) * tenth).toSorted((a, b) => a - b);
    yield {
      work: `batches ${part * tenth + 1}–${(part + 1) * tenth}`,
      system: "millrace",
      threads: 1,
      ms_p50: rounded(percentile(sorted, 0.5), 2),
      ms_p99: rounded(percentile(sorted, 0.99), 2),
      cpu_s: rounded(result.cpuSeconds[part]! - result.cpuSeconds[part - 1]!, 2),
      peak_rss_mb: result.peakRssMb,
      note: `${result.checkpointFiles} files in the checkpoint after ${count} batches`,
    };
  }
}
