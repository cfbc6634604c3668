/**
 * Sorts any number of rows in bounded memory: rows are collected up to a part of the budget and sorted to a run
 * (`columnar/row-order.ts`); runs stay in memory while the budget lasts, else they go to disk; the runs are merged. What
 * fits into one run is never merged. Stable.
 */
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { orderRows } from "../../columnar/row-order.ts";
import type { StructType } from "../../types/data-type.ts";
import { keptBatch } from "../memory/kept-rows.ts";
import type { MemoryReservation } from "../memory/memory-budget.ts";
import type { OperatorMemory } from "../memory/operator-memory.ts";
import type { SpillFile } from "../memory/spill.ts";
import { mergeRuns, type SortedBatch, type SortOrderOf } from "./merge-runs.ts";

export interface ExternalSortOptions {
  readonly schema: StructType;
  readonly order: SortOrderOf;
  readonly memory: OperatorMemory;
  /** Only the first rows are wanted. */
  readonly limit?: number;
  /** As error messages name it. */
  readonly consumer?: string;
}

/** Rows of this many bytes are sorted at a time at most: merging more runs costs no more than sorting larger ones, and less memory. */
const largestRunBytes = 256 << 20;
const largestRunRows = 1 << 21;
/** More runs on disk are merged to one, so that few files are open at a time. */
const mostFiles = 64;
/** Per row: number and position, twice while sorting. */
const sortBytesPerRow = 24;

type Run =
  | { readonly kind: "memory"; readonly batches: readonly SortedBatch[] }
  | { readonly kind: "file"; readonly file: SpillFile };

export class ExternalSorter {
  readonly #options: ExternalSortOptions;
  readonly #limit: number;
  readonly #reservation: MemoryReservation;
  #pending: RecordBatch[] = [];
  #pendingBytes = 0;
  #pendingRows = 0;
  #runs: Run[] = [];
  /** What runs in memory hold. */
  #keptBytes = 0;
  #spilling = false;

  constructor(options: ExternalSortOptions) {
    this.#options = options;
    this.#limit = options.limit ?? Number.POSITIVE_INFINITY;
    this.#reservation = options.memory.budget.reserve(options.consumer ?? "a sort");
  }

  async add(batch: RecordBatch): Promise<void> {
    if (batch.length === 0) return;
    const kept = keptBatch(batch);
    this.#pending.push(kept);
    this.#pendingBytes += batchMemorySize(kept);
    this.#pendingRows += kept.length;
    const full = this.#pendingBytes >= largestRunBytes || this.#pendingRows >= largestRunRows;
    const fits = this.#reservation.tryResize(this.#workingBytes());
    if (fits && !full) return;
    if (!fits) {
      this.#spilling = true;
      await this.#spillRuns();
    }
    await this.#finishRun();
  }

  /** Sorting copies the rows twice: end to end, and in order. */
  #workingBytes(): number {
    return this.#keptBytes + 3 * this.#pendingBytes + sortBytesPerRow * this.#pendingRows;
  }

  *#sortPending(): Generator<SortedBatch, void, undefined> {
    const { schema, order } = this.#options;
    const rows = concatBatches(schema, this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#pendingRows = 0;
    const columns = order.ordinals.map((k) => rows.columns[k]!);
    const sorted = orderRows(columns, order.directions, rows.length, true);
    const length = Math.min(rows.length, this.#limit);
    for (let from = 0; from < length; from += targetBatchRows) {
      const to = Math.min(from + targetBatchRows, length);
      const part = sorted.order.subarray(from, to);
      yield { batch: gatherBatch(rows, part, part.length), keys: sorted.keys.subarray(2 * from, 2 * to) };
    }
  }

  async #finishRun(): Promise<void> {
    if (this.#pendingRows === 0) return;
    const { memory, schema } = this.#options;
    if (this.#spilling) {
      const file = memory.spill.create(schema);
      this.#runs.push({ kind: "file", file });
      for (const { batch } of this.#sortPending()) await file.write(batch);
      await this.#mergeFiles();
    } else {
      const batches: SortedBatch[] = [];
      for (const sorted of this.#sortPending()) {
        // Strings of a run would share the bytes of all its rows: that is what is kept anyway.
        batches.push({ batch: sorted.batch, keys: sorted.keys! });
        this.#keptBytes += batchMemorySize(sorted.batch) + 8 * sorted.batch.length;
      }
      this.#runs.push({ kind: "memory", batches });
    }
    this.#reservation.hold(this.#keptBytes);
  }

  async #spillRuns(): Promise<void> {
    const { memory, schema } = this.#options;
    for (let i = 0; i < this.#runs.length; i++) {
      const run = this.#runs[i]!;
      if (run.kind === "file") continue;
      const file = memory.spill.create(schema);
      for (const { batch } of run.batches) await file.write(batch);
      this.#runs[i] = { kind: "file", file };
    }
    this.#keptBytes = 0;
    this.#reservation.hold(3 * this.#pendingBytes + sortBytesPerRow * this.#pendingRows);
  }

  async #mergeFiles(): Promise<void> {
    if (this.#runs.length < mostFiles) return;
    const { memory, schema, order } = this.#options;
    const file = memory.spill.create(schema);
    for await (const batch of mergeRuns(schema, this.#runs.map(readRun), order, this.#limit)) await file.write(batch);
    await this.#removeFiles();
    this.#runs = [{ kind: "file", file }];
  }

  async #removeFiles(): Promise<void> {
    for (const run of this.#runs) if (run.kind === "file") await run.file.remove();
  }

  /** All rows in order. No row may be added any more; what was kept is given up when the iteration ends. */
  async *sorted(): AsyncGenerator<RecordBatch, void, undefined> {
    const { schema, order } = this.#options;
    try {
      if (this.#runs.length === 0) {
        for (const { batch } of this.#sortPending()) yield batch;
        return;
      }
      await this.#finishRun();
      yield* mergeRuns(schema, this.#runs.map(readRun), order, this.#limit);
    } finally {
      await this.close();
    }
  }

  /** Gives up all rows. */
  async close(): Promise<void> {
    this.#pending = [];
    await this.#removeFiles();
    this.#runs = [];
    this.#reservation.release();
  }
}

async function* readRun(run: Run): AsyncGenerator<SortedBatch, void, undefined> {
  if (run.kind === "memory") yield* run.batches;
  else for await (const batch of run.file.read()) yield { batch };
}
