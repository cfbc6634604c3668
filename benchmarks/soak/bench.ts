/**
 * 50,000 events a second into session windows, 500 sessions opening and 500 closing every second, for half an hour
 * (`--minutes N`): memory must be flat and the checkpoint bounded. A line a minute, and a verdict.
 */
import { type BenchOptions, type Measure, rounded } from "../measure.ts";
import { runChild } from "../child.ts";
import { afterWarmUp, growthOf, type Sample } from "./verdict.ts";

export interface SoakResult {
  readonly samples: readonly Sample[];
  readonly peakRssMb: number;
}

export async function* soak(options: BenchOptions): AsyncGenerator<Measure> {
  const rate = options.smoke ? 5000 : 50_000;
  const seconds = options.smoke ? 6 : options.minutes * 60;
  const parameters = [`${rate}`, `${seconds}`, options.smoke ? "2" : "60"];
  const { samples, peakRssMb } = await runChild<SoakResult>(
    new URL("./job.ts", import.meta.url),
    parameters,
    (line) => {
      if (options.json) process.stdout.write(`${line}\n`);
      else options.log(shown(line));
    },
  );
  // A few seconds say nothing of growth.
  const growth = options.smoke ? [] : growthOf(samples);
  for (const { figure, median, perMinute, share, flat } of growth) {
    const change = `${perMinute < 0 ? "" : "+"}${rounded(perMinute, 3)} a minute, ${rounded(100 * share)} % in all`;
    options.log(`${flat ? "flat   " : "GROWING"} ${figure.padEnd(15)} ${rounded(median)}, ${change}`);
  }
  const counted = afterWarmUp(samples);
  const mean = (of: (sample: Sample) => number): number =>
    counted.reduce((sum, sample) => sum + of(sample), 0) / counted.length;
  yield {
    work: `soak, sessions, ${rounded(seconds / 60)} min`,
    system: "millrace",
    threads: 1,
    records_per_s: Math.round(mean(({ rowsPerSecond }) => rowsPerSecond)),
    ms_p50: Math.round(mean(({ batchMsP50 }) => batchMsP50)),
    peak_rss_mb: peakRssMb,
    note: `${rounded(
      mean(({ cores }) => cores),
      2,
    )} cores`,
  };
  const growing = growth.filter(({ flat }) => !flat).map(({ figure }) => figure);
  if (growing.length > 0) throw new Error(`soak: ${growing.join(", ")} grew`);
  if (!options.smoke && mean(({ rowsPerSecond }) => rowsPerSecond) < 0.95 * rate)
    throw new Error("soak: it fell behind");
}

function shown(line: string): string {
  if (!line.startsWith("{")) return line;
  const sample = JSON.parse(line) as Sample;
  return [
    `${sample.minute} min`,
    `${Math.round(sample.rowsPerSecond)} rows/s`,
    `rss ${sample.rssMb} MB`,
    `heap ${sample.heapMb} MB`,
    `buffers ${sample.buffersMb} MB`,
    `state ${sample.stateRows} rows`,
    `checkpoint ${sample.checkpointMb} MB in ${sample.checkpointFiles} files`,
    `${sample.sessionsClosed} sessions closed`,
    `${sample.cores} cores`,
    `batch p50 ${sample.batchMsP50} ms, max ${sample.batchMsMax} ms`,
  ].join("  ");
}
