/** What a benchmark reports, and how: one line per measure, or a table. */
export interface Measure {
  readonly work: string;
  readonly system: string;
  readonly threads: number;
  readonly records_per_s?: number;
  readonly peak_rss_mb?: number;
  readonly ms_p50?: number;
  readonly ms_p99?: number;
  /** Shown in the table only. */
  readonly note?: string;
}

export interface BenchOptions {
  readonly threads: number;
  /** Peers to run beside, such as `spark`. */
  readonly against: ReadonlySet<string>;
  /** A small run that only shows that the benchmark works. */
  readonly smoke: boolean;
  readonly log: (line: string) => void;
}

export type Benchmark = (options: BenchOptions) => AsyncIterable<Measure>;

/** The value below which `share` of the sorted values lie. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function rounded(value: number, digits = 1): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
