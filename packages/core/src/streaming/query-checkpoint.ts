/** The checkpoint of a running query: its logs, its lease and the facts by which a restart is recognised as the same query. */
import { applyCheckpointProgram, type CheckpointFiles, sweepProgram } from "../checkpoint/checkpoint-files.ts";
import { openCommitLog } from "../checkpoint/commit-log.ts";
import {
  checkEngineFacts,
  encodeEngineFacts,
  checkSourceCount,
  type EngineFacts,
  readEngineFacts,
  writeEngineFactsProgram,
} from "../checkpoint/engine-files.ts";
import type { RecordedOperators } from "../checkpoint/match-operators.ts";
import { finishErasure } from "../checkpoint/erase/staged-erasure.ts";
import type { MatchedSources } from "../checkpoint/match-sources.ts";
import { acquireLease } from "../checkpoint/lease.ts";
import { openOffsetLog, type OffsetLogEntry } from "../checkpoint/offset-log.ts";
import { openQueryMetadata, readQueryId } from "../checkpoint/query-metadata.ts";
import type { Durability } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { readRepartitions, type RepartitionRecord, requireNoRepartition } from "../checkpoint/repartition-record.ts";
import { readOperatorMetadata } from "../state/operator-metadata.ts";
import { booleanSetting, textSetting } from "./pinned-settings.ts";
import type { StreamingQueryInput } from "./query-input.ts";

/** The parts of a checkpoint that the loop reads and writes. One step is one write. */
export interface QueryCheckpoint {
  readonly path: string;
  readonly queryId: string;
  readonly durability: "fsync" | "spark";
  latestOffsets(): Promise<{ readonly batchId: number; readonly entry: OffsetLogEntry } | null>;
  offsets(batchId: number): Promise<OffsetLogEntry | null>;
  latestCommit(): Promise<{ readonly batchId: number; readonly nextBatchWatermarkMs: number } | null>;
  /** Counts the runs of the checkpoint. */
  readonly epoch: number;
  /** @throws MillraceError CHECKPOINT_REPARTITION_UNFINISHED */
  requireNoRepartition(uncommitted: number | null): void;
  /** Batches that brought no rows, and of which no sink knows: state was dealt out in them. */
  readonly batchesWithoutSink: readonly number[];
  /** The operators with state that the query has had so far. Reads only. */
  recordedOperators(): Promise<RecordedOperators>;
  /**
   * Compares the query with the one that the checkpoint was started with (E2, E7). Reads only; what is not recorded yet is
   * written with the next batch.
   * @param loggedSources sources of the newest batch, when there is one: those of a checkpoint that records no facts, Spark's
   * @returns the slot of each source
   * @throws CHECKPOINT_SOURCE_COUNT_CHANGED, CHECKPOINT_SOURCE_CHANGED, CHECKPOINT_OUTPUT_MODE_CHANGED
   */
  checkFacts(facts: EngineFacts, loggedSources: number | null): Promise<MatchedSources>;
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
  /** Renews the lease now and then, so that another machine sees that this run lives. */
  keepLease(): Promise<void>;
  /** Gives the lease back. */
  release(): Promise<void>;
}

/** Three renewals in the time after which another machine takes a lease for abandoned. */
export const leaseRenewalMs = 20_000;

/** The id of the query that owns a checkpoint; null when there is none. */
export async function checkpointQueryId(runtime: Runtime, path: string): Promise<string | null> {
  return readQueryId(runtime.fs, path);
}

/** The operators that a checkpoint records; one of Spark's in its state directories only. */
export async function recordedOperators(fs: Runtime["fs"], path: string): Promise<RecordedOperators> {
  const facts = await readEngineFacts(fs, path);
  if (facts !== null) return facts.operators;
  const stored = await readOperatorMetadata(fs, path);
  const operators = stored.map(({ operatorId, operatorName: kind }) => ({ operatorId, kind, name: null }));
  return { operators, removed: [] };
}

/** Makes the names in directories durable, unless the query runs without fsync. */
export function syncDirectories(durability: Durability, paths: readonly string[]): FileOperation[] {
  return durability === "fsync" ? paths.map((path) => ({ op: "syncDirectory", path })) : [];
}

/** Opens the checkpoint of a query, or makes it, and takes its lease. What an earlier run left unfinished is swept. */
export async function openCheckpoint(input: StreamingQueryInput): Promise<QueryCheckpoint> {
  const { runtime } = input;
  const { fs, random, process } = runtime;
  const durability = textSetting((key) => input.conf(key), "millrace.streaming.durability", "fsync", [
    "fsync",
    "spark",
  ]);
  const path = input.checkpointPath ?? `${process.temporaryDirectory}/temporary-${random.uuid()}`;
  const files: CheckpointFiles = { fs, random, durability };
  const queryId = await openQueryMetadata(files, path);
  const offsets = openOffsetLog(files, path);
  const commits = openCommitLog(files, path);
  const lease = await acquireLease(files, runtime, path);
  let renewedAt = runtime.clock.monotonicMs();
  let unwrittenFacts: EngineFacts | null = null;
  let repartitions: RepartitionRecord;
  try {
    await finishErasure(files, path);
    repartitions = await readRepartitions(fs, path);
    await applyCheckpointProgram(fs, [
      ...(await sweepProgram(fs, [path, `${path}/_engine`])),
      ...(await offsets.prepareProgram()),
      ...(await commits.prepareProgram()),
      // A run that died between a name and the sync of its directory left entries that are seen but not durable. This run
      // builds on them, so they must not vanish with a later loss of power.
      ...syncDirectories(durability, [path, `${path}/offsets`, `${path}/commits`]),
    ]);
  } catch (error) {
    await lease.release().catch(() => undefined);
    throw error;
  }
  return {
    path,
    queryId,
    durability,
    epoch: lease.epoch,
    requireNoRepartition: (uncommitted) => requireNoRepartition(path, repartitions, uncommitted),
    batchesWithoutSink: repartitions.done.map(({ batchId }) => batchId),
    recordedOperators: () => recordedOperators(fs, path),
    async checkFacts(facts, loggedSources) {
      const stored = await readEngineFacts(fs, path);
      if (stored === null) {
        if (loggedSources !== null) checkSourceCount(loggedSources, facts.sources.length);
        unwrittenFacts = facts;
        return { slots: [...facts.sources.keys()], facts: facts.sources, removed: [] };
      }
      const allowOutputModeChange = booleanSetting(
        (key) => input.conf(key),
        "millrace.streaming.allowOutputModeChange",
        false,
      );
      const matched = checkEngineFacts(path, stored, facts, { allowOutputModeChange });
      const now = { ...facts, sources: matched.facts };
      if (encodeEngineFacts(now) !== encodeEngineFacts(stored)) unwrittenFacts = now;
      return matched;
    },
    latestOffsets: () => offsets.latest(),
    offsets: (batchId) => offsets.get(batchId),
    latestCommit: async () => {
      const latest = await commits.latest();
      return latest === null ? null : { batchId: latest.batchId, ...latest.entry };
    },
    async writeOffsets(batchId, entry) {
      const facts = unwrittenFacts === null ? [] : writeEngineFactsProgram(files, path, unwrittenFacts);
      await lease.apply([...facts, ...offsets.addProgram(batchId, entry)]);
      unwrittenFacts = null;
      offsets.added(batchId);
    },
    async writeCommit(batchId, nextBatchWatermarkMs) {
      await lease.apply(commits.addProgram(batchId, { nextBatchWatermarkMs }));
      commits.added(batchId);
    },
    apply: (program) => applyCheckpointProgram(fs, program),
    async purge(belowBatchId) {
      const program = [...(await commits.purgeProgram(belowBatchId)), ...(await offsets.purgeProgram(belowBatchId))];
      if (program.length > 0) await fs.apply(program);
      commits.purged(belowBatchId);
      offsets.purged(belowBatchId);
    },
    async keepLease() {
      const now = runtime.clock.monotonicMs();
      if (now - renewedAt < leaseRenewalMs) return;
      renewedAt = now;
      await lease.apply(lease.renewProgram());
    },
    release: () => lease.release(),
  };
}
