/**
 * `_engine/repartitions`: the batches in which state was dealt out to another number of partitions, and the one in which that
 * has begun and not ended. A query must not go on in between: its state is half here, half there.
 */
import type { FileOperation } from "../runtime/file-system.ts";
import { MillraceError } from "../errors/index.ts";
import { type CheckpointFiles, corruptedLog, readText, writeTextProgram } from "./checkpoint-files.ts";

export interface Repartition {
  readonly batchId: number;
  readonly partitions: number;
}
export interface RepartitionRecord {
  /** Batches that brought no rows to the sink. */
  readonly done: readonly Repartition[];
  readonly begun: Repartition | null;
}

function recordPath(checkpoint: string): string {
  return `${checkpoint}/_engine/repartitions`;
}

function repartitionOf(json: unknown): Repartition | null {
  if (typeof json !== "object" || json === null || !("batchId" in json) || !("partitions" in json)) return null;
  const { batchId, partitions } = json;
  return Number.isSafeInteger(batchId) && Number.isSafeInteger(partitions)
    ? { batchId: batchId as number, partitions: partitions as number }
    : null;
}

/** @throws MillraceError CHECKPOINT_LOG_CORRUPTED */
export async function readRepartitions(fs: CheckpointFiles["fs"], checkpoint: string): Promise<RepartitionRecord> {
  const path = recordPath(checkpoint);
  const text = await readText(fs, path);
  if (text === null) return { done: [], begun: null };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw corruptedLog(path, "it is not JSON");
  }
  const members = new Map<string, unknown>(typeof json === "object" && json !== null ? Object.entries(json) : []);
  const done = members.get("done");
  const begun = members.get("begun") ?? null;
  const batches = Array.isArray(done) ? done.map(repartitionOf) : [null];
  const running = repartitionOf(begun);
  if (!batches.every((batch) => batch !== null) || (begun !== null && running === null)) {
    throw corruptedLog(path, "a field is missing");
  }
  return { done: batches, begun: running };
}

export function writeRepartitionsProgram(
  files: CheckpointFiles,
  checkpoint: string,
  { done, begun }: RepartitionRecord,
): FileOperation[] {
  return [
    { op: "makeDirectory", path: `${checkpoint}/_engine`, mode: 0o700 },
    ...writeTextProgram(files, recordPath(checkpoint), JSON.stringify({ version: 1, done, begun }), "replace"),
  ];
}

/** The one that is to be finished: begun, or done with a batch that is in the offset log and is not committed (any more). */
export function unfinishedRepartition(
  { begun, done }: RepartitionRecord,
  uncommitted: number | null,
): Repartition | null {
  return begun ?? done.findLast(({ batchId }) => batchId === uncommitted) ?? null;
}

/**
 * @param uncommitted the batch that would be run again; null: none
 * @throws MillraceError CHECKPOINT_REPARTITION_UNFINISHED
 */
export function requireNoRepartition(checkpoint: string, record: RepartitionRecord, uncommitted: number | null): void {
  const unfinished = unfinishedRepartition(record, uncommitted);
  if (unfinished === null) return;
  throw new MillraceError("CHECKPOINT_REPARTITION_UNFINISHED", {
    path: checkpoint,
    partitions: String(unfinished.partitions),
  });
}
