/** What a benchmark reports, and how: one line per measure, or a table. */
import type { Peer } from "./peers/peers.ts";

export interface Measure {
  readonly work: string;
  readonly system: string;
  readonly threads: number;
  readonly records_per_s?: number;
  readonly peak_rss_mb?: number;
  readonly ms_p50?: number;
  readonly ms_p99?: number;
  /**
   * How many times as fast Millrace is as this system, in the same run and with equal answers; for a measure of Millrace
   * itself, how many times as fast it is as the run that the note names. Shown in tables only.
   */
  readonly ratio?: number;
  /** Processor seconds of a run, of all threads. Shown in tables only. */
  readonly cpu_s?: number;
  /** Shown in tables only. */
  readonly note?: string;
}

export interface BenchOptions {
  /** Threads of Millrace. Peers have {@link peerThreads}. */
  readonly threads: number;
  /** Peers to run beside, such as `spark`. */
  readonly against: ReadonlySet<Peer>;
  /** How often each system runs, in turns and each time in a fresh process; the median counts. */
  readonly rounds: number;
  /** Runs of a system in one process; the last counts. */
  readonly runs: number;
  /** Batches of `batches`, keys of `state`; undefined: as many as the benchmark takes by itself. */
  readonly count: number | undefined;
  /** Length of `soak`. */
  readonly minutes: number;
  /** Lines for machines. */
  readonly json: boolean;
  /** A small run that only shows that the benchmark works and that its answer is right. */
  readonly smoke: boolean;
  readonly log: (line: string) => void;
}

export type Benchmark = (options: BenchOptions) => AsyncIterable<Measure>;

/** Threads of every peer. */
export const peerThreads = 2;

/** The value below which `share` of the sorted values lie. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

export function rounded(value: number, digits = 1): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
