/**
 * The first rows of an order, in memory for a few times as many. Once that many rows are known, the last of them is a
 * bound: rows whose number (`columnar/sort-prefix.ts`) lies behind the bound's are dropped without a further look.
 */
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch, sliceBatch } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { orderRows, sortNumbers } from "../../columnar/row-order.ts";
import type { StructType } from "../../types/data-type.ts";
import { keptBatch } from "../memory/kept-rows.ts";
import type { SortOrderOf } from "./merge-runs.ts";

export class TopRows {
  readonly #schema: StructType;
  readonly #order: SortOrderOf;
  readonly #limit: number;
  readonly #mostRows: number;
  #kept: RecordBatch[] = [];
  #rows = 0;
  #bound: { readonly low: number; readonly high: number } | undefined;

  constructor(schema: StructType, order: SortOrderOf, limit: number) {
    this.#schema = schema;
    this.#order = order;
    this.#limit = limit;
    this.#mostRows = Math.max(2 * limit, limit + targetBatchRows);
  }

  add(batch: RecordBatch): void {
    const rows = this.#withinBound(batch);
    if (rows.length === 0) return;
    this.#kept.push(keptBatch(rows));
    this.#rows += rows.length;
    if (this.#rows > this.#mostRows) this.#cut();
  }

  #withinBound(batch: RecordBatch): RecordBatch {
    if (this.#bound === undefined) return batch;
    const { low, high } = this.#bound;
    const { ordinals, directions } = this.#order;
    const columns = ordinals.map((k) => batch.columns[k]!);
    const numbers = sortNumbers(columns, directions, batch.length);
    const selection = new Int32Array(batch.length);
    let count = 0;
    for (let i = 0; i < batch.length; i++) {
      const rowHigh = numbers[2 * i + 1]!;
      if (rowHigh < high || (rowHigh === high && numbers[2 * i]! <= low)) selection[count++] = i;
    }
    return count === batch.length ? batch : gatherBatch(batch, selection, count);
  }

  #cut(): void {
    const { ordinals, directions } = this.#order;
    const rows = concatBatches(this.#schema, this.#kept);
    const columns = ordinals.map((k) => rows.columns[k]!);
    const { order, keys } = orderRows(columns, directions, rows.length, true);
    const length = Math.min(rows.length, this.#limit);
    this.#kept = length === 0 ? [] : [compactBatch(gatherBatch(rows, order, length))];
    this.#rows = length;
    if (length === this.#limit) this.#bound = { low: keys[2 * length - 2]!, high: keys[2 * length - 1]! };
  }

  /** The rows in order. */
  *sorted(): Generator<RecordBatch, void, undefined> {
    this.#cut();
    const rows = concatBatches(this.#schema, this.#kept);
    for (let from = 0; from < rows.length; from += targetBatchRows) {
      yield sliceBatch(rows, from, Math.min(from + targetBatchRows, rows.length));
    }
  }
}
