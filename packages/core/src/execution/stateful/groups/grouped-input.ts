/** The rows of a partition of a batch, by key. */
import { compactBatch } from "../../../columnar/compact.ts";
import { concatBatches } from "../../../columnar/concat.ts";
import { externalReader } from "../../../columnar/external-values.ts";
import { batchMemorySize } from "../../../columnar/memory-size.ts";
import type { RecordBatch } from "../../../columnar/record-batch.ts";
import type { StructType } from "../../../types/data-type.ts";
import type { RowCodecOptions } from "../../../state/row-codec.ts";
import type { MemoryReservation } from "../../memory/memory-budget.ts";
import type { Partition } from "../../operators/operator.ts";
import type { StatePartition } from "../state-partition.ts";
import { KeyGroups } from "./key-groups.ts";

/** Rows of one key are an array up to so many, and read one at a time beyond. */
const mostRowsInArray = 1024;

type RowsOfBatch = (batch: RecordBatch) => (row: number) => unknown;

export class GroupedInput {
  readonly groups: KeyGroups;
  readonly #key: (row: number) => unknown;
  readonly #row: (row: number) => unknown;

  private constructor(batch: RecordBatch, rowsOf: RowsOfBatch, options: RowCodecOptions, expected: number) {
    const keys = batch.columns.at(-1)!;
    const key = batch.schema.fields.at(-1)!;
    this.groups = new KeyGroups(keys, batch.length, Math.min(expected, batch.length));
    this.#key = externalReader(key.type, options, "the key")(keys);
    this.#row = rowsOf(batch);
  }

  /**
   * Reads a partition to its end. Rows of one key must be given together, so all of them are kept, within the budget.
   * @param rowsOf reads the columns before the key, which is the last
   * @param lasting the partition's batches do not point into memory that is used again
   * @param expected about how many keys there will be
   */
  static async of(
    partition: Partition,
    schema: StructType,
    rowsOf: RowsOfBatch,
    options: RowCodecOptions,
    state: StatePartition,
    eventTime: number | undefined,
    memory: MemoryReservation,
    lasting: boolean,
    expected: number,
  ): Promise<GroupedInput> {
    const batches: RecordBatch[] = [];
    for await (const rows of partition) {
      const onTime = eventTime === undefined ? rows : state.onTime(rows, eventTime);
      if (onTime.length === 0) continue;
      const kept = lasting ? onTime : compactBatch(onTime);
      batches.push(kept);
      memory.require(memory.bytes + batchMemorySize(kept));
    }
    return new GroupedInput(concatBatches(schema, batches), rowsOf, options, expected);
  }

  /** The key of a group as users see it. */
  key(group: number): unknown {
    return this.#key(this.groups.order[this.groups.offsets[group]!]!);
  }

  rows(group: number): Iterable<unknown> {
    const from = this.groups.offsets[group]!;
    const to = this.groups.offsets[group + 1]!;
    if (to - from > mostRowsInArray) return this.#oneByOne(from, to);
    const { order } = this.groups;
    const rows = new Array<unknown>(to - from);
    for (let i = from; i < to; i++) rows[i - from] = this.#row(order[i]!);
    return rows;
  }
  *#oneByOne(from: number, to: number): Generator<unknown, void, undefined> {
    for (let i = from; i < to; i++) yield this.#row(this.groups.order[i]!);
  }
}
