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
  readonly peers?: {
    readonly script: URL;
    readonly systems: readonly Peer[];
    /** Spark's Python workers need Arrow for it. */
    readonly arrow?: boolean;
  };
  /** The same work written by hand in TypeScript, with the same arguments. */
  readonly byHand?: URL;
  /** The right answer, computed in plain TypeScript. */
  readonly oracle?: () => Promise<readonly string[]> | readonly string[];
}

interface Contestant {
  readonly system: string;
  readonly threads: number;
  readonly results: JobResult[];
  run(): Promise<JobResult>;
}

export async function* compare(options: BenchOptions, work: Work): AsyncGenerator<Measure> {
  const { runs } = options;
  const runJob = (job: URL, threads: number): Promise<JobResult> =>
    runChild<JobResult>(job, [`${threads}`, `${runs}`, ...work.parameters], options.log);
  const others: Contestant[] = [];
  const { byHand, peers } = work;
  if (byHand !== undefined) {
    others.push({ system: "by hand", threads: 1, results: [], run: () => runJob(byHand, 1) });
  }
  for (const peer of peers?.systems ?? []) {
    if (!options.against.has(peer)) continue;
    const run = (): Promise<JobResult> =>
      runPeer(peer, { ...peers!, parameters: work.parameters }, peerThreads, runs, options.log);
    others.push({ system: peer, threads: peerThreads, results: [], run });
  }
  const { threads } = options;
  const ours: Contestant = { system: "millrace", threads, results: [], run: () => runJob(work.job, threads) };
  for (let round = 0; round < options.rounds; round++) {
    const job = await ours.run();
    ours.results.push(job);
    if (round === 0 && work.oracle !== undefined) assertEqual(work.name, "the oracle", job.answer, await work.oracle());
    for (const other of others) {
      const result = await other.run();
      assertEqual(work.name, other.system, job.answer, result.answer);
      other.results.push(result);
    }
  }
  yield measureOf(work, ours);
  for (const other of others) {
    const ratio = rounded(warmSeconds(other) / warmSeconds(ours), 2);
    yield { ...measureOf(work, other), ratio, note: "equal answers" };
  }
}

/** The median over the rounds of each process's last run. */
function warmSeconds({ results }: Contestant): number {
  return median(results.map((result) => result.seconds.at(-1)!));
}

function measureOf(work: Work, contestant: Contestant): Measure {
  return {
    work: work.name,
    system: contestant.system,
    threads: contestant.threads,
    records_per_s: Math.round(work.records / warmSeconds(contestant)),
    cpu_s: rounded(median(contestant.results.map((result) => result.cpuSeconds.at(-1)!)), 2),
    peak_rss_mb: Math.max(...contestant.results.map((result) => result.peakRssMb)),
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
