/** Sorted rows of whole partitions, and where partitions and groups of equal rows begin and end in them. */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import {
  ascending,
  lexicographic,
  type RowComparator,
  rowComparator,
  type SortDirection,
} from "../../columnar/sort.ts";
import type { Vector } from "../../columnar/vector.ts";

/** Whether row `i` of one batch and row `j` of another have the same keys. */
export function sameKeys(left: readonly Vector[], right: readonly Vector[]): RowComparator {
  return lexicographic(left.map((column, k) => rowComparator(column, ascending, right[k]!)));
}

/** First row of each run of equal keys, and the number of rows at the end. */
export function runStarts(keys: readonly Vector[], rows: number, within: Int32Array | undefined): Int32Array {
  const compare = sameKeys(keys, keys);
  const starts = new Int32Array(rows + 1);
  let count = 0;
  let next = 0;
  for (let i = 0; i < rows; i++) {
    const begins = within !== undefined && within[next] === i;
    if (begins) next++;
    if (i === 0 || begins || compare(i - 1, i) !== 0) starts[count++] = i;
  }
  starts[count++] = rows;
  return starts.subarray(0, count);
}

export class WindowRows {
  readonly batch: RecordBatch;
  readonly rows: number;
  /** First row of each partition, and `rows` at the end. */
  readonly partitions: Int32Array;
  readonly directions: readonly SortDirection[];
  readonly #order: readonly Vector[];
  #peers: Int32Array | undefined;
  #groupOfRow: Int32Array | undefined;
  #firstGroups: Int32Array | undefined;

  constructor(
    batch: RecordBatch,
    partitions: Int32Array,
    order: readonly Vector[],
    directions: readonly SortDirection[],
  ) {
    this.batch = batch;
    this.rows = batch.length;
    this.partitions = partitions;
    this.directions = directions;
    this.#order = order;
  }

  /** First row of each group of rows that are equal in the order and of one partition, and `rows` at the end. */
  get peers(): Int32Array {
    return (this.#peers ??= runStarts(this.#order, this.rows, this.partitions));
  }

  /** Number of the group of each row. */
  get groupOfRow(): Int32Array {
    return (this.#groupOfRow ??= numbersOf(this.peers, this.rows));
  }

  /** Number of the first group of each partition, and the number of groups at the end. */
  get firstGroups(): Int32Array {
    if (this.#firstGroups === undefined) {
      const first = new Int32Array(this.partitions.length);
      const groups = this.groupOfRow;
      for (let p = 0; p + 1 < first.length; p++) first[p] = groups[this.partitions[p]!]!;
      first[first.length - 1] = this.peers.length - 1;
      this.#firstGroups = first;
    }
    return this.#firstGroups;
  }
}

function numbersOf(starts: Int32Array, rows: number): Int32Array {
  const numbers = new Int32Array(rows);
  for (let g = 0; g + 1 < starts.length; g++) numbers.fill(g, starts[g]!, starts[g + 1]!);
  return numbers;
}
