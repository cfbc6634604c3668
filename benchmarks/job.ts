/** What the jobs of Millrace have in common: `millrace-job.ts THREADS RUNS PARAMETER …`, in a process of its own. */
import { SparkSession } from "millrace";
import { peakRssMb, report } from "./child.ts";

export interface JobResult {
  readonly seconds: readonly number[];
  /** Processor time of all threads in each run, which other programs on the machine disturb less. */
  readonly cpuSeconds: readonly number[];
  readonly peakRssMb: number;
  /** Rows of the answer as text, values separated by `|`. */
  readonly answer: readonly string[];
}

/** The last run counts. After this many seconds a system is warm, however few runs it has had (two at least). */
const warmAfterSeconds = 60;

export interface JobArguments {
  readonly threads: number;
  readonly runs: number;
  readonly parameters: readonly string[];
}

export function jobArguments(): JobArguments {
  const [threads, runs, ...parameters] = process.argv.slice(2);
  return { threads: Number(threads), runs: Number(runs), parameters };
}

export async function openSession(threads: number): Promise<SparkSession> {
  const spark = await SparkSession.builder
    .appName("benchmark")
    .master(`local[${threads}]`)
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate();
  spark.sparkContext.setLogLevel("ERROR");
  return spark as SparkSession;
}

/** Runs the work as often as it was asked for, and reports times, peak memory and the last answer. */
export async function measureRuns(runs: number, work: () => Promise<readonly string[]>): Promise<void> {
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let answer: readonly string[] = [];
  let total = 0;
  for (let run = 0; run < runs; run++) {
    if (run > 1 && total > warmAfterSeconds) break;
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    answer = await work();
    seconds.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuSeconds.push((user + system) / 1e6);
    total += seconds.at(-1)!;
  }
  report({ seconds, cpuSeconds, peakRssMb: peakRssMb(), answer } satisfies JobResult);
}
