/**
 * Merges sorted runs. Each run is read batch by batch; a heap over the runs compares the numbers of their next rows
 * (`columnar/sort-prefix.ts`), and the rows themselves only where numbers are equal. Of equal rows those of the earlier
 * run come first, so that the whole is stable.
 */
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch, sliceBatch } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { sortNumbers } from "../../columnar/row-order.ts";
import { lexicographic, type RowComparator, rowComparator, type SortDirection } from "../../columnar/sort.ts";
import type { StructType } from "../../types/data-type.ts";

/** A batch of a sorted run; `keys` are its rows' numbers if they are known. */
export interface SortedBatch {
  readonly batch: RecordBatch;
  readonly keys?: Uint32Array;
}

export interface SortOrderOf {
  readonly ordinals: readonly number[];
  readonly directions: readonly SortDirection[];
}

/** Turns unsigned order of 32 bits into signed order, whose numbers V8 keeps without a box. */
const signBit = 0x8000_0000 | 0;

class Run {
  readonly index: number;
  readonly #batches: AsyncIterator<SortedBatch>;
  readonly #order: SortOrderOf;
  batch!: RecordBatch;
  keys!: Uint32Array;
  /** Next row of `batch`. */
  row = 0;
  /** The halves of its number, as signed numbers of the same order. */
  low = 0;
  high = 0;
  /** Changes with each batch: comparators of two runs are made anew then. */
  generation = 0;
  /** Where the rows begin that are in the block being made, and which of its slices they are; -1 when none is. */
  from = 0;
  slice = -1;

  constructor(index: number, batches: AsyncIterator<SortedBatch>, order: SortOrderOf) {
    this.index = index;
    this.#batches = batches;
    this.#order = order;
  }
  /** Goes to the next batch; false at the end. */
  async load(): Promise<boolean> {
    for (;;) {
      const next = await this.#batches.next();
      if (next.done === true) return false;
      const { batch, keys } = next.value;
      if (batch.length === 0) continue;
      const { ordinals, directions } = this.#order;
      this.batch = batch;
      this.keys =
        keys ??
        sortNumbers(
          ordinals.map((k) => batch.columns[k]!),
          directions,
          batch.length,
        );
      this.row = 0;
      this.from = 0;
      this.generation++;
      this.look();
      return true;
    }
  }
  look(): void {
    this.low = this.keys[2 * this.row]! ^ signBit;
    this.high = this.keys[2 * this.row + 1]! ^ signBit;
  }
  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}

/** All rows of the runs in order, the first `limit` of them. */
export async function* mergeRuns(
  schema: StructType,
  sources: readonly AsyncIterable<SortedBatch>[],
  order: SortOrderOf,
  limit: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<RecordBatch, void, undefined> {
  const runs = sources.map((source, i) => new Run(i, source[Symbol.asyncIterator](), order));
  try {
    const open: Run[] = [];
    for (const run of runs) if (await run.load()) open.push(run);
    yield* new Merge(schema, open, order).rows(limit);
  } finally {
    for (const run of runs) await run.close();
  }
}

class Merge {
  readonly #schema: StructType;
  readonly #order: SortOrderOf;
  /** Binary heap, the next row's run first. */
  readonly #heap: Run[];
  readonly #comparators = new Map<
    number,
    { readonly a: number; readonly b: number; readonly compare: RowComparator }
  >();
  #size: number;

  constructor(schema: StructType, runs: readonly Run[], order: SortOrderOf) {
    this.#schema = schema;
    this.#order = order;
    this.#heap = [...runs];
    this.#size = runs.length;
    for (let i = (this.#size >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  async *rows(limit: number): AsyncGenerator<RecordBatch, void, undefined> {
    const from = new Int32Array(targetBatchRows);
    let left = limit;
    while (this.#size > 0 && left > 0) {
      const wanted = Math.min(targetBatchRows, left);
      let count = 0;
      /** Rows of the block, each a slice of a run; `from[i]` is the slice of row i. */
      const slices: RecordBatch[] = [];
      const inBlock: Run[] = [];
      const closeSlice = (run: Run): void => {
        if (run.slice < 0) return;
        slices[run.slice] = sliceBatch(run.batch, run.from, run.row);
        run.slice = -1;
      };
      while (count < wanted && this.#size > 0) {
        const run = this.#heap[0]!;
        if (run.slice < 0) {
          run.slice = slices.push(run.batch) - 1;
          inBlock.push(run);
          run.from = run.row;
        }
        // As long as the run stays first, its rows follow one another.
        const { row, slice } = run;
        const end = this.#stretchEnd(run, wanted - count);
        for (let i = row; i < end; i++) from[count++] = slice;
        run.row = end;
        if (end < run.batch.length) run.look();
        else {
          closeSlice(run);
          if (!(await run.load())) {
            this.#heap[0] = this.#heap[--this.#size]!;
            this.#heap.length = this.#size;
          }
        }
        if (this.#size > 1) this.#sink(0);
      }
      for (const run of inBlock) closeSlice(run);
      left -= count;
      yield this.#block(slices, from, count);
    }
  }

  /** The row behind those of the first run that come before all other rows, `most` of them at most. */
  #stretchEnd(run: Run, most: number): number {
    const { keys } = run;
    const end = Math.min(run.row + most, run.batch.length);
    const second = this.#second();
    if (second === undefined) return end;
    const { low, high } = second;
    let row = run.row + 1;
    for (; row < end; row++) {
      const rowHigh = keys[2 * row + 1]! ^ signBit;
      if (rowHigh < high) continue;
      if (rowHigh > high) break;
      const rowLow = keys[2 * row]! ^ signBit;
      if (rowLow < low) continue;
      if (rowLow > low) break;
      run.row = row;
      if (!this.#wins(run, second)) break;
    }
    return row;
  }

  #block(slices: readonly RecordBatch[], from: Int32Array, count: number): RecordBatch {
    if (slices.length === 1) return slices[0]!;
    const next = new Int32Array(slices.length);
    for (let s = 1; s < slices.length; s++) next[s] = next[s - 1]! + slices[s - 1]!.length;
    const positions = new Int32Array(count);
    for (let i = 0; i < count; i++) positions[i] = next[from[i]!]!++;
    return gatherBatch(concatBatches(this.#schema, slices), positions, count);
  }

  #second(): Run | undefined {
    const a = this.#heap[1];
    const b = this.#heap[2];
    return a === undefined || this.#size < 2
      ? undefined
      : b === undefined || this.#size < 3 || this.#before(a, b)
        ? a
        : b;
  }

  #sink(start: number): void {
    const heap = this.#heap;
    const run = heap[start]!;
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, run)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = run;
  }

  #before(a: Run, b: Run): boolean {
    if (a.high !== b.high) return a.high < b.high;
    if (a.low !== b.low) return a.low < b.low;
    return this.#wins(a, b);
  }

  /** Whether the next row of `a` comes before that of `b`, whose number is the same. */
  #wins(a: Run, b: Run): boolean {
    const order = this.#compare(a, b);
    return order === 0 ? a.index < b.index : order < 0;
  }

  #compare(a: Run, b: Run): number {
    const pair = a.index * 0x1_0000 + b.index;
    let known = this.#comparators.get(pair);
    if (known === undefined || known.a !== a.generation || known.b !== b.generation) {
      const { ordinals, directions } = this.#order;
      const compare = lexicographic(
        ordinals.map((k, i) => rowComparator(a.batch.columns[k]!, directions[i]!, b.batch.columns[k]!)),
      );
      known = { a: a.generation, b: b.generation, compare };
      this.#comparators.set(pair, known);
    }
    return known.compare(a.row, b.row);
  }
}
