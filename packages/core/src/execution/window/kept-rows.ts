/**
 * The rows of a partition until its end is known. When they do not fit into the memory of the query they go to disk, and
 * only the columns that the window functions read stay in memory.
 */
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { sliceBatch, sliceVector } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import type { Vector } from "../../columnar/vector.ts";
import type { StructType } from "../../types/data-type.ts";
import type { MemoryReservation } from "../memory/memory-budget.ts";
import type { OperatorMemory } from "../memory/operator-memory.ts";
import type { SpillFile } from "../memory/spill.ts";

export class KeptRows {
  readonly #schema: StructType;
  /** Whether the functions read the column. */
  readonly #read: readonly boolean[];
  readonly #memory: OperatorMemory;
  readonly #reservation: MemoryReservation;
  #batches: RecordBatch[] = [];
  #file: SpillFile | undefined;

  constructor(schema: StructType, read: ReadonlySet<number>, memory: OperatorMemory) {
    this.#schema = schema;
    this.#read = schema.fields.map((_, ordinal) => read.has(ordinal));
    this.#memory = memory;
    this.#reservation = memory.budget.reserve("the partition of a window function");
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** @throws MillraceError UNABLE_TO_ACQUIRE_MEMORY when even the columns that are read do not fit */
  async add(batch: RecordBatch): Promise<void> {
    const reservation = this.#reservation;
    if (this.#file === undefined) {
      if (reservation.tryResize(reservation.bytes + batchMemorySize(batch))) {
        this.#batches.push(batch);
        return;
      }
      this.#file = this.#memory.spill.create(this.#schema);
      for (const kept of this.#batches) await this.#file.write(kept);
      this.#batches = this.#batches.map((kept) => this.#narrow(kept));
      reservation.hold(this.#batches.reduce((sum, kept) => sum + batchMemorySize(kept), 0));
    }
    await this.#file.write(batch);
    const narrow = this.#narrow(batch);
    reservation.require(reservation.bytes + batchMemorySize(narrow));
    this.#batches.push(narrow);
  }

  /** All rows with the columns that `compute` makes of them; nothing is kept afterwards. */
  async *take(
    schema: StructType,
    compute: (rows: RecordBatch) => readonly Vector[],
  ): AsyncGenerator<RecordBatch, void, undefined> {
    const rows = concatBatches(this.#schema, this.#batches);
    const file = this.#file;
    this.#batches = [];
    this.#file = undefined;
    const columns = compute(rows);
    if (file === undefined) {
      const whole: RecordBatch = { schema, length: rows.length, columns: [...rows.columns, ...columns] };
      for (let from = 0; from < whole.length; from += targetBatchRows) {
        yield sliceBatch(whole, from, Math.min(from + targetBatchRows, whole.length));
      }
    } else {
      let at = 0;
      for await (const batch of file.read()) {
        const from = at;
        at += batch.length;
        const computed = columns.map((column) => sliceVector(column, from, at));
        yield { schema, length: batch.length, columns: [...batch.columns, ...computed] };
      }
      await file.remove();
    }
    this.#reservation.release();
  }

  async close(): Promise<void> {
    this.#reservation.release();
    await this.#file?.remove();
  }

  /** The batch with nothing in place of the columns that nobody reads. */
  #narrow(batch: RecordBatch): RecordBatch {
    const columns = batch.columns.map((column, ordinal): Vector => {
      if (this.#read[ordinal] === true) return column;
      return { kind: "null", type: column.type, length: column.length, validity: null };
    });
    return compactBatch({ ...batch, columns });
  }
}
