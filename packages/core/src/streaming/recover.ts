/**
 * Where a query goes on. The newest `offsets/L` decides: when `commits/L` is there, the next batch is L + 1 and starts at the
 * offsets of L; when it is not, batch L is run again with its logged offsets, timestamp, watermark and settings.
 *
 * Nothing is written here, so that a crash during recovery changes nothing.
 */
import type { OffsetLogEntry } from "../checkpoint/offset-log.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { QueryCheckpoint } from "./query-checkpoint.ts";

/** The parts of a checkpoint that say where it stands. */
export type CheckpointLogs = Pick<QueryCheckpoint, "path" | "latestOffsets" | "offsets" | "latestCommit">;

export interface RecoveredPosition {
  /** The batch to run again, or null. */
  readonly replay: { readonly batchId: number; readonly entry: OffsetLogEntry } | null;
  readonly nextBatchId: number;
  /** End offsets of the last committed batch, by source; null: the query has committed none. */
  readonly committed: readonly (string | null)[] | null;
  /** Watermark for the next new batch. */
  readonly watermarkMs: number;
  /** Watermark of the batch before the one to replay, or else of the newest batch. */
  readonly lastWatermarkMs: number;
  readonly lastTimestampMs: number;
  /** Newest committed batch, −1 when there is none. */
  readonly committedBatchId: number;
  /** The newest entry of the offset log. */
  readonly newest: OffsetLogEntry | null;
}

export async function recoverPosition(checkpoint: CheckpointLogs): Promise<RecoveredPosition> {
  const latest = await checkpoint.latestOffsets();
  const commit = await checkpoint.latestCommit();
  const committedBatchId = commit?.batchId ?? -1;
  if (latest === null) {
    if (commit !== null) throw missing(checkpoint, "offsets", committedBatchId, committedBatchId);
    return {
      replay: null,
      nextBatchId: 0,
      committed: null,
      watermarkMs: 0,
      lastWatermarkMs: 0,
      lastTimestampMs: -1,
      committedBatchId,
      newest: null,
    };
  }
  const { batchId, entry } = latest;
  const before = batchId === 0 ? null : await checkpoint.offsets(batchId - 1);
  if (batchId > 0 && before === null) throw missing(checkpoint, "offsets", batchId - 1, batchId);
  if (committedBatchId > batchId) throw missing(checkpoint, "offsets", committedBatchId, committedBatchId);
  if (committedBatchId < batchId - 1) throw missing(checkpoint, "commits", batchId - 1, batchId);
  if (before !== null) {
    assertInvariant(
      entry.batchWatermarkMs >= before.batchWatermarkMs,
      `the watermark of batch ${batchId} in the checkpoint ${checkpoint.path} lies before that of batch ${batchId - 1}`,
    );
  }
  const done = committedBatchId === batchId;
  return {
    replay: done ? null : { batchId, entry },
    nextBatchId: batchId + 1,
    committed: done ? entry.offsets : (before?.offsets ?? null),
    watermarkMs: done ? Math.max(entry.batchWatermarkMs, commit?.nextBatchWatermarkMs ?? 0) : entry.batchWatermarkMs,
    lastWatermarkMs: done ? entry.batchWatermarkMs : (before?.batchWatermarkMs ?? 0),
    lastTimestampMs: entry.batchTimestampMs,
    committedBatchId,
    newest: entry,
  };
}

function missing(
  checkpoint: CheckpointLogs,
  log: "offsets" | "commits",
  batchId: number,
  latest: number,
): MillraceError {
  return new MillraceError("CHECKPOINT_BATCHES_MISSING", {
    path: `${checkpoint.path}/${log}`,
    batchIds: String(batchId),
    latestBatchId: String(latest),
  });
}
