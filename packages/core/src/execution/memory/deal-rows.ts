/** Deals rows out to files by a hash of their keys: rows of equal keys meet in one file, which needs less memory. */
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { StructType } from "../../types/data-type.ts";
import type { SpillFile, SpillManager } from "./spill.ts";

/** Writes a hash of each row's keys. */
export type RowHash = (batch: RecordBatch, hashes: Int32Array) => void;

/** Files that rows are dealt out to at a time. */
export const partCount = 32;
/** How often rows are dealt out again: depths 0, 1 and 2. */
export const mostDepth = 3;

/** Rows are dealt out in units of this size, so that the parts get batches worth writing. */
const unitBytes = 4 << 20;
/** One odd factor per depth: parts of parts are dealt by other bits. */
const factors: readonly number[] = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];

/** One file per part, rows in their order. */
export async function dealToFiles(
  rows: AsyncIterable<RecordBatch>,
  schema: StructType,
  hash: RowHash,
  depth: number,
  spill: SpillManager,
): Promise<SpillFile[]> {
  const files = Array.from({ length: partCount }, () => spill.create(schema));
  let pending: RecordBatch[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await dealBatch(concatBatches(schema, pending), hash, depth, files);
    pending = [];
    bytes = 0;
  };
  for await (const batch of rows) {
    if (batch.length === 0) continue;
    pending.push(compactBatch(batch));
    bytes += batchMemorySize(batch);
    if (bytes >= unitBytes) await flush();
  }
  await flush();
  return files;
}

/** Adds the rows of one batch to the files of their parts. */
export async function dealBatch(
  batch: RecordBatch,
  hash: RowHash,
  depth: number,
  files: readonly SpillFile[],
): Promise<void> {
  const parts = new Int32Array(batch.length);
  hash(batch, parts);
  const sizes = new Int32Array(partCount);
  const factor = factors[depth]!;
  for (let i = 0; i < batch.length; i++) {
    const h = parts[i]!;
    const part = Math.imul(h ^ (h >>> 15), factor) >>> 27;
    parts[i] = part;
    sizes[part]!++;
  }
  const rows = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  for (let i = 0; i < batch.length; i++) {
    const part = parts[i]!;
    rows[part]![sizes[part]!++] = i;
  }
  for (const [part, indices] of rows.entries()) {
    if (indices.length > 0) await files[part]!.write(gatherBatch(batch, indices, indices.length));
  }
}
