/** TPC-H's queries 1, 3 and 6 over Parquet files of scale 1 that DuckDB wrote, warm figures. */
import { fileURLToPath } from "node:url";
import { duckdbPython } from "../../scripts/duckdb-environment.ts";
import { sparkPython } from "../../scripts/spark-environment.ts";
import { cacheDirectory } from "../cache.ts";
import { runChild, runProgram } from "../child.ts";
import { type BenchOptions, type Measure, percentile, rounded } from "../measure.ts";
import { generateTpch } from "./generate.ts";

interface JobResult {
  readonly seconds: readonly number[];
  readonly peakRssMb: number;
  readonly answer: readonly string[];
}

/** Rows of lineitem at scale 1, about; every query reads all of them. */
const lineitemRows = 6_001_215;
const peers = { spark: sparkPython, duckdb: duckdbPython };

export async function* tpch(options: BenchOptions): AsyncGenerator<Measure> {
  const scale = options.smoke ? 0.01 : 1;
  options.log(`TPC-H at scale ${scale}`);
  const directory = options.smoke ? await smallInput(options) : generateTpch(scale, options.log);
  const runs = options.smoke ? 1 : 5;
  for (const query of ["q1", "q3", "q6"]) {
    const job = new URL("./millrace-job.ts", import.meta.url);
    const ours = await runChild<JobResult>(job, [directory, query, `${options.threads}`, `${runs}`], options.log);
    yield measure(query, "millrace", options.threads, scale, ours);
    for (const [peer, python] of Object.entries(peers)) {
      if (!options.against.has(peer)) continue;
      const script = fileURLToPath(new URL(`./${peer}_job.py`, import.meta.url));
      const threads = peer === "spark" ? 2 : options.threads;
      const parameters = [script, directory, query, `${threads}`, `${runs}`];
      const theirs = await runProgram<JobResult>(python(options.log), parameters, {}, options.log);
      const difference = differing(ours.answer, theirs.answer);
      if (difference !== undefined) throw new Error(`${query}: ${peer} answers differently: ${difference}`);
      const ratio = rounded(warm(theirs) / warm(ours), 2);
      yield {
        ...measure(query, peer, threads, scale, theirs),
        note: `equal answers; Millrace is ${ratio} × as fast`,
      };
    }
  }
}

async function smallInput(options: BenchOptions): Promise<string> {
  const directory = `${cacheDirectory}/tpch-small`;
  await runChild(new URL("./small-input.ts", import.meta.url), [directory], options.log);
  return directory;
}

/** The median of the runs after the first. */
function warm(result: JobResult): number {
  const later = result.seconds.length > 1 ? result.seconds.slice(1) : result.seconds;
  return percentile(
    [...later].sort((a, b) => a - b),
    0.5,
  );
}

/** Values may have different numbers of digits: averages are decimals here and doubles there. */
function differing(ours: readonly string[], theirs: readonly string[]): string | undefined {
  const same = (a: string | undefined, b: string | undefined): boolean => {
    if (a === undefined || b === undefined) return false;
    const [left, right] = [a.split("|"), b.split("|")];
    return (
      left.length === right.length &&
      left.every((x, i) => x === right[i] || Math.abs(Number(x) - Number(right[i])) <= 1e-5)
    );
  };
  const at = [...ours, ...theirs].findIndex(
    (_, i) => (i < ours.length || i < theirs.length) && !same(ours[i], theirs[i]),
  );
  return at < 0 ? undefined : `${ours[at]} here, ${theirs[at]} there`;
}

function measure(query: string, system: string, threads: number, scale: number, result: JobResult): Measure {
  return {
    work: `tpch ${query}, scale ${scale}`,
    system,
    threads,
    records_per_s: Math.round((lineitemRows * scale) / warm(result)),
    ms_p50: Math.round(warm(result) * 1000),
    peak_rss_mb: result.peakRssMb,
  };
}
