/** One work in Millrace and in its peers: the same input, equal answers, times of warm processes, peak memory. */
import { runChild } from "./child.ts";
import type { JobResult } from "./job.ts";
import { type BenchOptions, type Measure, median, peerThreads, rounded } from "./measure.ts";
import { type Peer, runPeer } from "./peers/peers.ts";

export interface Work {
  readonly name: string;
  /** What `records_per_s` counts. */
  readonly records: number;
  /** Runs it in Millrace; reports a {@link JobResult}. */
  readonly job: URL;
  /** Of the job and of the peers' file. */
  readonly parameters: readonly string[];
  /** The peers' file and who of them can do it. */
  readonly peers?: { readonly script: URL; readonly systems: readonly Peer[] };
  /** The right answer, computed in plain TypeScript. */
  readonly oracle?: () => Promise<readonly string[]> | readonly string[];
  /** Whether Millrace runs it in one thread, whatever is asked for. */
  readonly singleThread?: boolean;
}

/** Runs of a system in one process; the last counts. */
const runsPerProcess = 5;

export async function* compare(options: BenchOptions, work: Work): AsyncGenerator<Measure> {
  const runs = options.smoke ? 1 : runsPerProcess;
  const peers = (work.peers?.systems ?? []).filter((peer) => options.against.has(peer));
  const threads = work.singleThread === true ? 1 : options.threads;
  const ours: JobResult[] = [];
  const theirs = new Map<Peer, JobResult[]>(peers.map((peer) => [peer, []]));
  for (let round = 0; round < options.rounds; round++) {
    const job = await runChild<JobResult>(work.job, [`${threads}`, `${runs}`, ...work.parameters], options.log);
    if (round === 0 && work.oracle !== undefined) {
      assertEqual(work.name, "the oracle", job.answer, (await work.oracle()).toSorted());
    }
    ours.push(job);
    for (const peer of peers) {
      const result = await runPeer(peer, work.peers!.script, peerThreads, runs, work.parameters, options.log);
      assertEqual(work.name, peer, job.answer, result.answer);
      theirs.get(peer)!.push(result);
    }
  }
  const seconds = warmSeconds(ours);
  yield measureOf(work, "millrace", threads, ours);
  for (const peer of peers) {
    const ratio = rounded(warmSeconds(theirs.get(peer)!) / seconds, 2);
    yield { ...measureOf(work, peer, peerThreads, theirs.get(peer)!), ratio, note: "equal answers" };
  }
}

/** The median over the rounds of each process's last run. */
function warmSeconds(results: readonly JobResult[]): number {
  return median(results.map((result) => result.seconds.at(-1)!));
}

function measureOf(work: Work, system: string, threads: number, results: readonly JobResult[]): Measure {
  return {
    work: work.name,
    system,
    threads,
    records_per_s: Math.round(work.records / warmSeconds(results)),
    peak_rss_mb: Math.max(...results.map((result) => result.peakRssMb)),
  };
}

/**
 * Answers are equal as sets of lines; numbers may have different numbers of digits, since an average is a decimal in one
 * system and a double in another.
 */
export function assertEqual(work: string, other: string, ours: readonly string[], theirs: readonly string[]): void {
  const [here, there] = [ours.toSorted(), theirs.toSorted()];
  const at = Array.from({ length: Math.max(here.length, there.length) }).findIndex((_, i) => !same(here[i], there[i]));
  if (at < 0) return;
  throw new Error(`${work}: Millrace answers ${here[at] ?? "nothing more"}, ${other} ${there[at] ?? "nothing more"}`);
}

function same(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const [left, right] = [a.split("|"), b.split("|")];
  return (
    left.length === right.length &&
    left.every((x, i) => x === right[i] || Math.abs(Number(x) - Number(right[i])) <= 1e-5)
  );
}
