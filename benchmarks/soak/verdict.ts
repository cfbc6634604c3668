/** What a soak says of a process: whether its memory is flat and its checkpoint bounded once it is warm. */

/** One line of the soak, of the time since the one before. */
export interface Sample {
  readonly minute: number;
  readonly rowsPerSecond: number;
  /** Most resident memory, MB. */
  readonly rssMb: number;
  /** Least of the JavaScript heap in use, MB: what is left after it was collected. */
  readonly heapMb: number;
  /** Most memory outside of the heap: columns, and the arenas of the state. MB. */
  readonly buffersMb: number;
  readonly stateRows: number;
  readonly checkpointMb: number;
  readonly checkpointFiles: number;
  readonly sessionsClosed: number;
  /** Processor time of all threads, as a share of one core. */
  readonly cores: number;
  readonly batchMsP50: number;
  readonly batchMsMax: number;
}

/** The figures that must not grow, and by how much of themselves they may over the time that counts. */
const figures = {
  rssMb: 0.1,
  heapMb: 0.1,
  buffersMb: 0.1,
  stateRows: 0.05,
  checkpointMb: 0.05,
  checkpointFiles: 0.05,
} as const satisfies Partial<Record<keyof Sample, number>>;

export interface Growth {
  readonly figure: keyof typeof figures;
  readonly median: number;
  readonly perMinute: number;
  /** Of the median, over the time that counts. */
  readonly share: number;
  readonly flat: boolean;
}

/** The samples that count: the process is warm and the checkpoint keeps its 100 batches after five minutes. */
export function afterWarmUp(samples: readonly Sample[]): readonly Sample[] {
  return samples.slice(Math.min(5, Math.floor(samples.length / 3)));
}

/** How each figure grew after the warm-up: the median of the slopes between any two samples, so that one bad minute says nothing. */
export function growthOf(samples: readonly Sample[]): readonly Growth[] {
  const counted = afterWarmUp(samples);
  const minutes = counted.at(-1)!.minute - counted[0]!.minute;
  return Object.entries(figures).map(([name, most]): Growth => {
    const figure = name as keyof typeof figures;
    const slopes = counted.flatMap((a, i) =>
      counted.slice(i + 1).map((b) => (b[figure] - a[figure]) / (b.minute - a.minute)),
    );
    const middle = medianOf(counted.map((sample) => sample[figure]));
    const perMinute = slopes.length === 0 ? 0 : medianOf(slopes);
    const share = middle === 0 ? 0 : (perMinute * minutes) / middle;
    return { figure, median: middle, perMinute, share, flat: share <= most };
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
