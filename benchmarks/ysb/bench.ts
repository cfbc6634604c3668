/** Yahoo Streaming Benchmark over JSON files, one file a micro-batch, with a real checkpoint; and variants of its events. */
import { runChild } from "../child.ts";
import { compare, type Work } from "../compare.ts";
import type { JobResult } from "../job.ts";
import { type BenchOptions, type Measure, rounded } from "../measure.ts";
import { generateYsb, type YsbShape } from "./generate.ts";
import { countEvents } from "./oracle.ts";

const job = new URL("./millrace-job.ts", import.meta.url);
const peers = {
  script: new URL("./peers.py", import.meta.url),
  systems: ["spark", "duckdb", "polars", "datafusion"],
} as const;
const views = ["event_type", "view"];

const events = (options: BenchOptions): number => (options.smoke ? 80_000 : 4_000_000);

function ysbWork(name: string, options: BenchOptions, shape: YsbShape, filter: readonly string[]): Work {
  const total = events(options);
  const input = generateYsb(total, { shape, log: options.log });
  return {
    name,
    records: total,
    job,
    parameters: [input.events, input.campaigns, ...filter],
    peers,
    ...(options.smoke && { oracle: () => countEvents(input, filter[0]!, filter.slice(1)) }),
  };
}

export async function* ysb(options: BenchOptions): AsyncGenerator<Measure> {
  const work = ysbWork("ysb", options, "plain", views);
  yield* compare(options, work);
  if (options.smoke) return;
  const once = await runChild<JobResult>(job, [`${options.threads}`, "1", ...work.parameters], options.log);
  yield measure("ysb, first run", options.threads, work.records, once);
}

/** Other events and another filter, each against the plain one: none may cost much more. */
export async function* ysbVariants(options: BenchOptions): AsyncGenerator<Measure> {
  const variants = [
    ysbWork("ysb", options, "plain", views),
    ysbWork("ysb, fields shuffled", options, "shuffled", views),
    ysbWork("ysb, escapes", options, "escaped", views),
    ysbWork("ysb, nested objects", options, "nested", views),
    ysbWork("ysb, another filter", options, "plain", ["ad_type", "banner", "mail"]),
  ];
  let plain: Measure | undefined;
  for (const variant of variants) {
    for await (const each of compare(options, variant)) {
      if (each.system !== "millrace") {
        yield each;
        continue;
      }
      plain ??= each;
      const ratio = rounded(each.records_per_s! / plain.records_per_s!, 2);
      yield each === plain ? each : { ...each, ratio, note: `${ratio} × the plain one` };
    }
  }
}

/** Two threads against one. */
export async function* threads(options: BenchOptions): AsyncGenerator<Measure> {
  const work = ysbWork("ysb, threads", options, "plain", views);
  let one: Measure | undefined;
  for (const count of [1, 2]) {
    for await (const each of compare({ ...options, threads: count, against: new Set() }, work)) {
      one ??= each;
      const ratio = rounded(each.records_per_s! / one.records_per_s!, 2);
      yield each === one ? each : { ...each, ratio, note: `${ratio} × one thread` };
    }
  }
}

/** Memory over ten times the events: the peak must not grow with the input. */
export async function* ysbMemory(options: BenchOptions): AsyncGenerator<Measure> {
  for (const total of options.smoke ? [80_000] : [4_000_000, 40_000_000]) {
    const input = generateYsb(total, { files: total / (options.smoke ? 10_000 : 500_000), log: options.log });
    const parameters = [`${options.threads}`, "1", input.events, input.campaigns, ...views];
    const result = await runChild<JobResult>(job, parameters, options.log);
    yield measure(`ysb, ${total / 1_000_000} M events`, options.threads, total, result);
  }
}

function measure(work: string, threadCount: number, total: number, result: JobResult): Measure {
  return {
    work,
    system: "millrace",
    threads: threadCount,
    records_per_s: Math.round(total / result.seconds.at(-1)!),
    peak_rss_mb: result.peakRssMb,
  };
}
