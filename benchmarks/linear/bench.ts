/** Costs over 1 M, 10 M and 100 M rows, which must grow as the rows do; draws docs/linear.svg. */
import { writeFileSync } from "node:fs";
import { runChild } from "../child.ts";
import type { JobResult } from "../job.ts";
import { type BenchOptions, type Measure, median, rounded } from "../measure.ts";
import { drawChart, type Line } from "./chart.ts";

const works = [
  ["aggregate", "filter, 100 groups, sum"],
  ["keys", "group by string, a key for ten rows"],
  ["join", "join with 1 M rows"],
  ["sort", "sort of longs with payload"],
] as const;

export async function* linear(options: BenchOptions): AsyncGenerator<Measure> {
  const job = new URL("./job.ts", import.meta.url);
  const sizes = options.smoke ? [10_000, 100_000] : [1_000_000, 10_000_000, 100_000_000];
  const lines: Line[] = [];
  for (const [work, title] of works) {
    const points: { readonly rows: number; readonly seconds: number }[] = [];
    for (const rows of sizes) {
      const parameters = [`${options.threads}`, `${options.runs}`, work, `${rows}`];
      const results: JobResult[] = [];
      for (let round = 0; round < options.rounds; round++) {
        results.push(await runChild<JobResult>(job, parameters, options.log));
      }
      const seconds = median(results.map((result) => result.seconds.at(-1)!));
      points.push({ rows, seconds });
      const [first] = points;
      const growth = rounded(seconds / first!.seconds, 1);
      yield {
        work: `linear, ${work}, ${rows / 1_000_000} M rows`,
        system: "millrace",
        threads: options.threads,
        records_per_s: Math.round(rows / seconds),
        peak_rss_mb: Math.max(...results.map((result) => result.peakRssMb)),
        note: rows === first!.rows ? title : `${rows / first!.rows} × the rows take ${growth} × the time`,
      };
    }
    lines.push({ title, points });
  }
  const chart = drawChart(lines);
  if (!options.smoke) writeFileSync(new URL("../../docs/linear.svg", import.meta.url), chart);
}
