/** Sort, join and group-by of many rows: in memory, and with so little of it that most rows go to disk. */
import { runChild } from "../child.ts";
import type { BenchOptions, Measure } from "../measure.ts";

const works = { sort: 50_000_000, join: 20_000_000, group: 10_000_000 };

export async function* large(options: BenchOptions): AsyncGenerator<Measure> {
  const job = new URL("./job.ts", import.meta.url);
  for (const [work, full] of Object.entries(works)) {
    const rows = options.smoke ? full / 100 : full;
    for (const limit of options.smoke ? ["8g", "2m"] : ["8g", "128m"]) {
      const result = await runChild<{ readonly seconds: number; readonly peakRssMb: number }>(
        job,
        [work, `${rows}`, limit],
        options.log,
      );
      yield {
        work: `${work} ${rows} rows, ${limit}`,
        system: "millrace",
        threads: 1,
        records_per_s: Math.round(rows / result.seconds),
        peak_rss_mb: result.peakRssMb,
      };
    }
  }
}
