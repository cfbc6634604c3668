/** How sinks take the rows of a batch: all partitions, one after another, to their end. */
import { compactBatch } from "../columnar/compact.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { SinkBatch } from "./contract.ts";

/**
 * Hands every non-empty batch of rows to `take` and resolves to the number of rows. The rows may lie in buffers that are
 * reused for the next ones: what `take` keeps it must copy. Rejects with the signal's reason when it is aborted.
 */
export async function pullRows(
  partitions: readonly AsyncIterable<RecordBatch>[],
  signal: AbortSignal,
  take: (rows: RecordBatch, partition: number) => void,
): Promise<number> {
  let count = 0;
  for (const [index, partition] of partitions.entries()) {
    for await (const rows of partition) {
      signal.throwIfAborted();
      if (rows.length === 0) continue;
      count += rows.length;
      take(rows, index);
    }
  }
  return count;
}

/** The rows of a batch, copied, by partition. */
export async function keepRows(
  batch: Pick<SinkBatch, "partitions" | "signal">,
): Promise<{ readonly count: number; readonly partitions: readonly (readonly RecordBatch[])[] }> {
  const partitions: RecordBatch[][] = batch.partitions.map(() => []);
  const count = await pullRows(batch.partitions, batch.signal, (rows, index) => {
    partitions[index]!.push(compactBatch(rows));
  });
  return { count, partitions };
}

/** What a sink that holds nothing outside its memory does when a batch fails. */
export async function forget(): Promise<void> {}
