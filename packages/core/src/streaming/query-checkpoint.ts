/** The checkpoint of a running query: its logs, its lease and the facts by which a restart is recognised as the same query. */
import { applyCheckpointProgram, type CheckpointFiles } from "../checkpoint/checkpoint-files.ts";
import { openCommitLog } from "../checkpoint/commit-log.ts";
import { openOffsetLog, type OffsetLogEntry } from "../checkpoint/offset-log.ts";
import { openQueryMetadata, readQueryId } from "../checkpoint/query-metadata.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { textSetting } from "./pinned-settings.ts";
import type { StreamingQueryInput } from "./query-input.ts";

/** The parts of a checkpoint that the loop reads and writes. One step is one write. */
export interface QueryCheckpoint {
  readonly path: string;
  readonly queryId: string;
  readonly durability: "fsync" | "spark";
  latestOffsets(): Promise<{ readonly batchId: number; readonly entry: OffsetLogEntry } | null>;
  offsets(batchId: number): Promise<OffsetLogEntry | null>;
  latestCommit(): Promise<{ readonly batchId: number; readonly nextBatchWatermarkMs: number } | null>;
  /**
   * P2 and P3: makes `offsets/N` visible and durable, together with the query's facts when they are not there yet.
   * @throws CONCURRENT_STREAM_LOG_UPDATE when another run was first, CONCURRENT_QUERY.OTHER_PROCESS when the lease is lost
   */
  writeOffsets(batchId: number, entry: OffsetLogEntry): Promise<void>;
  /** P10. Throws as {@link writeOffsets}. */
  writeCommit(batchId: number, nextBatchWatermarkMs: number): Promise<void>;
  /** Writes of a batch that are not log entries (P7). */
  apply(program: readonly FileOperation[]): Promise<void>;
  /** Removes the log files of batches below `batchId`. */
  purge(belowBatchId: number): Promise<void>;
  /** Gives the lease back. */
  release(): Promise<void>;
}

/** The id of the query that owns a checkpoint; null when there is none. */
export async function checkpointQueryId(runtime: Runtime, path: string): Promise<string | null> {
  return readQueryId(runtime.fs, path);
}

/** Opens the checkpoint of a query, or makes it, and takes its lease. What an earlier run left unfinished is swept. */
export async function openCheckpoint(input: StreamingQueryInput): Promise<QueryCheckpoint> {
  const { runtime } = input;
  const { fs, random, process } = runtime;
  const durability = textSetting((key) => input.conf(key), "millrace.streaming.durability", "fsync", ["fsync", "spark"]);
  const path = input.checkpointPath ?? `${process.temporaryDirectory}/temporary-${random.uuid()}`;
  const files: CheckpointFiles = { fs, random, durability };
  const queryId = await openQueryMetadata(files, path);
  const offsets = openOffsetLog(files, path);
  const commits = openCommitLog(files, path);
  await applyCheckpointProgram(fs, [...(await offsets.prepareProgram()), ...(await commits.prepareProgram())]);
  return {
    path,
    queryId,
    durability,
    latestOffsets: () => offsets.latest(),
    offsets: (batchId) => offsets.get(batchId),
    latestCommit: async () => {
      const latest = await commits.latest();
      return latest === null ? null : { batchId: latest.batchId, ...latest.entry };
    },
    async writeOffsets(batchId, entry) {
      await applyCheckpointProgram(fs, offsets.addProgram(batchId, entry));
      offsets.added(batchId);
    },
    async writeCommit(batchId, nextBatchWatermarkMs) {
      await applyCheckpointProgram(fs, commits.addProgram(batchId, { nextBatchWatermarkMs }));
      commits.added(batchId);
    },
    apply: (program) => applyCheckpointProgram(fs, program),
    async purge(belowBatchId) {
      const program = [...(await offsets.purgeProgram(belowBatchId)), ...(await commits.purgeProgram(belowBatchId))];
      if (program.length > 0) await fs.apply(program);
    },
    async release() {},
  };
}
