/** Writes batches to the bytes of a Parquet file and reads them back, without a file system; not part of the built package. */
import { valuesOfBatch } from "../columnar/batch-from-values.ts";
import { returnMemory } from "../columnar/batch-memory.ts";
import { sliceBatch } from "../columnar/gather.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { ReadHandle } from "../runtime/file-system.ts";
import { createNodeRuntime } from "../runtime/node/index.ts";
import type { SqlValue, StructType } from "../types/data-type.ts";
import { ByteBuffer } from "../columnar/byte-buffer.ts";
import { readFooter } from "./file-footer.ts";
import { ParquetFileWriter, type ParquetWriteOptions } from "./file-writer.ts";
import { ReadPlanner } from "./read-plan.ts";
import { openGroup, type RowFilter, RowGroupReader, type RowRange } from "./row-group-reader.ts";
import { ValueMemory } from "./value-memory.ts";

const { compression } = createNodeRuntime();

export const plainOptions: ParquetWriteOptions = {
  codec: "snappy",
  timestamps: "micros",
  groupBytes: 1 << 20,
  pageBytes: 1 << 20,
};

/** @param piece rows per write, as the sinks hand them over */
export async function toParquet(
  schema: StructType,
  batches: readonly RecordBatch[],
  options: Partial<ParquetWriteOptions> = {},
  piece = 1024,
): Promise<Uint8Array> {
  const out = new ByteBuffer();
  const writer = new ParquetFileWriter(schema, { ...plainOptions, ...options }, compression, (bytes) => out.all(bytes));
  for (const batch of batches) {
    for (let from = 0; from < batch.length; from += piece) {
      writer.write(batch, from, Math.min(batch.length, from + piece));
      await writer.settle();
    }
  }
  await writer.end();
  return out.take();
}

export function handleOf(bytes: Uint8Array): ReadHandle {
  return {
    stat: () => Promise.reject(new Error("not asked for")),
    read(target, offset, length, position) {
      const part = bytes.subarray(position, position + length);
      target.set(part, offset);
      return Promise.resolve(part.length);
    },
    close: () => Promise.resolve(),
  };
}

/** The batches of a file for the columns of a schema. */
export async function* readBatches(
  bytes: Uint8Array,
  schema: StructType,
  filters: readonly RowFilter[] = [],
  ranges?: readonly RowRange[],
): AsyncGenerator<RecordBatch, void, void> {
  const handle = handleOf(bytes);
  const { metadata, root } = await readFooter(handle, bytes.length);
  const plan = new ReadPlanner("test.parquet", false).plan(root, schema);
  const memory = new ValueMemory();
  for (const group of metadata.rowGroups) {
    const input = await openGroup(handle, bytes.length, group, plan);
    const reader = new RowGroupReader(handle, input, schema, filters, compression, memory);
    yield* reader.read(ranges ?? [{ from: 0, to: group.rows }], new AbortController().signal);
  }
}

export async function fromParquet(
  bytes: Uint8Array,
  schema: StructType,
  filters: readonly RowFilter[] = [],
  ranges?: readonly RowRange[],
): Promise<SqlValue[][]> {
  const rows: SqlValue[][] = [];
  for await (const batch of readBatches(bytes, schema, filters, ranges)) {
    rows.push(...valuesOfBatch(sliceBatch(batch, 0, batch.length)));
    returnMemory(batch);
  }
  return rows;
}
