/** Yahoo Streaming Benchmark over JSON files, one file a micro-batch, real checkpoint, warm figures. */
import { runChild, runProgram } from "../child.ts";
import { type BenchOptions, type Measure, rounded } from "../measure.ts";
import { sparkPython } from "../../scripts/spark-environment.ts";
import { generateYsb } from "./generate.ts";

interface JobResult {
  readonly seconds: readonly number[];
  readonly rows: number;
  readonly peakRssMb: number;
  readonly counts: readonly string[];
}

const warmRuns = 5;

export async function* ysb(options: BenchOptions): AsyncGenerator<Measure> {
  const total = options.smoke ? 80_000 : 4_000_000;
  options.log(`generating ${total} events`);
  const input = generateYsb(total);
  const parameters = [input.events, input.campaigns];
  const job = new URL("./millrace-job.ts", import.meta.url);
  const runs = options.smoke ? 2 : warmRuns;
  const ours = await runChild<JobResult>(job, [...parameters, `${options.threads}`, `${runs}`], options.log);
  if (ours.rows !== total) throw new Error(`${ours.rows} of ${total} events were read`);
  yield measure("ysb", "millrace", options.threads, total, ours);
  if (!options.smoke) {
    const once = await runChild<JobResult>(job, [...parameters, `${options.threads}`, "1"], options.log);
    yield measure("ysb, first run", "millrace", options.threads, total, once);
  }
  if (!options.against.has("spark")) return;
  const script = new URL("./spark_job.py", import.meta.url).pathname;
  const threads = 2;
  const spark = await runProgram<JobResult>(
    sparkPython(options.log),
    [script, ...parameters, `${threads}`, `${runs}`],
    {},
    options.log,
  );
  if (spark.counts.join("\n") !== ours.counts.join("\n")) throw new Error("the counts differ from Spark's");
  const ratio = rounded(spark.seconds.at(-1)! / ours.seconds.at(-1)!);
  yield { ...measure("ysb", "spark", threads, total, spark), note: `equal counts; Millrace is ${ratio} × as fast` };
}

/** Memory over ten times the events: the peak must not grow with the input. */
export async function* ysbMemory(options: BenchOptions): AsyncGenerator<Measure> {
  const job = new URL("./millrace-job.ts", import.meta.url);
  for (const total of options.smoke ? [80_000] : [4_000_000, 40_000_000]) {
    const input = generateYsb(total, total / (options.smoke ? 10_000 : 500_000));
    const result = await runChild<JobResult>(
      job,
      [input.events, input.campaigns, `${options.threads}`, "1"],
      options.log,
    );
    yield measure(`ysb, ${total / 1_000_000} M events`, "millrace", options.threads, total, result);
  }
}

/** Throughput over all events of the input, however many of them a system counts as read. */
function measure(work: string, system: string, threads: number, total: number, result: JobResult): Measure {
  return {
    work,
    system,
    threads,
    records_per_s: Math.round(total / result.seconds.at(-1)!),
    peak_rss_mb: result.peakRssMb,
  };
}
