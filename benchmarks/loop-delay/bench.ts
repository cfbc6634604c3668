/** How long the event loop of an embedding application waits while a query runs in threads. */
import { runChild } from "../child.ts";
import { type BenchOptions, type Measure, rounded } from "../measure.ts";
import { generateYsb } from "../ysb/generate.ts";

interface DelayResult {
  readonly delays: Readonly<Record<string, { readonly p50: number; readonly p99: number; readonly groups: number }>>;
  readonly peakRssMb: number;
}

const expectedGroups: Readonly<Record<string, number>> = { json: 1000, range: 100 };

export async function* loopDelay(options: BenchOptions): AsyncGenerator<Measure> {
  const input = generateYsb(options.smoke ? 80_000 : 4_000_000, { log: options.log });
  const parameters = [`${options.threads}`, `${options.runs}`, input.events, options.smoke ? "3000000" : "200000000"];
  const job = new URL("./job.ts", import.meta.url);
  const { delays, peakRssMb } = await runChild<DelayResult>(job, parameters, options.log);
  for (const [query, { p50, p99, groups }] of Object.entries(delays)) {
    if (groups !== expectedGroups[query]) throw new Error(`loop-delay, ${query}: ${groups} groups`);
    yield {
      work: `loop-delay, ${query}`,
      system: "millrace",
      threads: options.threads,
      ms_p50: rounded(p50, 2),
      ms_p99: rounded(p99, 2),
      peak_rss_mb: peakRssMb,
    };
  }
}
