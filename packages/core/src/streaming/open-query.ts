/**
 * Opens everything a query needs, in an order in which each mismatch with the checkpoint is found before anything of the
 * next batch is written: position, pinned settings, plan, state schemas, sources, sink.
 */
import { checkSinkPosition } from "../checkpoint/engine-files.ts";
import { type MatchedSources, requireDistinctNames, type SourceFact, sourceText } from "../checkpoint/match-sources.ts";
import { checkStateSettings } from "../checkpoint/offset-log.ts";
import { MillraceError } from "../errors/index.ts";
import type { Read } from "../logical-plan/logical-plan.ts";
import type { CommittedBatches } from "./committed-batches.ts";
import type { StreamSink } from "../sinks/contract.ts";
import { parseBytes } from "../types/quantities.ts";
import { settleWithinGrace } from "./abortable.ts";
import { DurationRecorder } from "./progress.ts";
import { booleanSetting, countSetting, millisSetting, resolvePinnedSettings } from "./pinned-settings.ts";
import { KnownOperators } from "./known-operators.ts";
import type { QueryPlan, QueryResources, StreamingQueryInput } from "./query-input.ts";
import type { QueryCheckpoint } from "./query-checkpoint.ts";
import type { QueryRun } from "./query-run.ts";
import { QueryState } from "./query-state.ts";
import { recoverPosition, type RecoveredPosition } from "./recover.ts";
import { statefulOperatorsOf, streamingScansOf, watermarkNodesOf } from "./stateful-operators.ts";
import { scanRequestOf, StreamingSource } from "./streaming-source.ts";
import { WatermarkTracker } from "./watermark-tracker.ts";

/** What the loop holds of a query that it opens. */
export interface QueryControl {
  readonly runId: string;
  readonly committed: CommittedBatches;
  readonly abort: AbortSignal;
  readonly stop: AbortSignal;
  setStatus(message: string, isDataAvailable?: boolean): void;
}

/** Closes what is open, the last opened first; what a close throws is only logged. */
export async function closeQuery(
  input: StreamingQueryInput,
  sources: readonly StreamingSource[],
  sink: StreamSink | null,
): Promise<void> {
  const closing = [
    ...sources.map(
      ({ source }) =>
        () =>
          source.close(),
    ),
    ...(sink === null ? [] : [() => sink.close()]),
  ];
  for (const close of closing.reverse()) {
    try {
      await settleWithinGrace(input.runtime.clock, close);
    } catch (error) {
      input.runtime.process.log("WARN", `Closing a part of the streaming query failed: ${String(error)}`);
    }
  }
}

export async function openQuery(
  input: StreamingQueryInput,
  checkpoint: QueryCheckpoint,
  control: QueryControl,
): Promise<QueryRun> {
  const { runtime } = input;
  control.setStatus("Initializing sources");
  const position = await recoverPosition(checkpoint);
  checkpoint.requireNoRepartition(position.replay?.batchId ?? null);
  const warn = (message: string): void => runtime.process.log("WARN", message);
  const { settings, watermarkPolicy, logged } = resolvePinnedSettings(
    (key) => input.conf(key),
    position.newest?.conf ?? null,
    checkpoint.path,
    warn,
  );
  const facts = input.sources.map(sourceFact);
  requireDistinctNames(facts);
  const recorded = await checkpoint.recordedOperators();
  const known = new KnownOperators(recorded);
  const plan = await input.plan(settings, known.idsOf);
  const minBatchesToRetain = countSetting(settings.conf, "spark.sql.streaming.minBatchesToRetain", 100, 1);
  const operators = statefulOperatorsOf(plan.physical);
  const provider = operators.length === 0 ? undefined : await input.stateProvider?.();
  const bytesOf = (key: string): number | undefined => parseBytes(settings.conf(key) ?? "") ?? undefined;
  const state = new QueryState(runtime, operators, {
    checkpointPath: checkpoint.path,
    durability: checkpoint.durability,
    minBatchesToRetain,
    minDeltasForSnapshot: countSetting(settings.conf, "spark.sql.streaming.stateStore.minDeltasForSnapshot", 10, 1),
    maxBytes: bytesOf("millrace.state.maxBytes") ?? Infinity,
    ...(provider === undefined ? {} : { provider }),
    local: {
      directory:
        settings.conf("millrace.state.localDirectory") ??
        settings.conf("spark.local.dir") ??
        runtime.process.temporaryDirectory,
      queryId: checkpoint.queryId,
      epoch: checkpoint.epoch,
      cacheBytes: bytesOf("millrace.state.cacheBytes") ?? 256 << 20,
    },
  });
  const matched = await checkpoint.checkFacts(
    {
      sources: facts,
      outputMode: input.outputMode,
      operators: known.now(operators),
      sink: input.sink,
    },
    position.newest?.offsets.length ?? null,
  );
  checkReplayedSources(checkpoint.path, position, matched);
  if (state.operators.length > 0) checkStateSettings(checkpoint.path, logged);
  await state.checkMetadata(position.committedBatchId + 1, new Set(known.now(operators).removed));
  const sources: StreamingSource[] = [];
  let sink: StreamSink | null = null;
  try {
    for (const [index, slot] of matched.slots.entries()) {
      sources.push(await openSource(input, checkpoint, control, plan, index, slot));
    }
    sink = await input.openSink(resourcesOf(checkpoint, control));
    if (input.trigger.kind === "realTime") requireRealTime(sources, sink);
    checkSinkPosition(checkpoint.path, position.committedBatchId, (await sink.lastCommittedBatch?.()) ?? null);
    for (const source of sources) {
      source.start = position.committed?.[source.slot] ?? (await source.source.initialOffset());
      source.end =
        position.replay === null ? source.start : (position.replay.entry.offsets[source.slot] ?? source.start);
    }
    if (input.trigger.kind === "availableNow") for (const source of sources) await source.prepareForAvailableNow();
  } catch (error) {
    await closeQuery(input, sources, sink);
    throw error;
  }
  const noDataBatches = booleanSetting(settings.conf, "spark.sql.streaming.noDataMicroBatches.enabled", true);
  const hasTimers = statefulOperatorsOf(plan.physical).some((operator) => operator.batchWithoutData === "whenDue");
  return {
    input,
    runId: control.runId,
    checkpoint,
    settings,
    loggedConf: logged,
    plan,
    sources,
    sink,
    state,
    committed: control.committed,
    trigger: input.trigger,
    minBatchesToRetain,
    noDataBatches,
    abort: control.abort,
    stop: control.stop,
    tracker: new WatermarkTracker(
      watermarkPolicy,
      watermarkNodesOf(plan.physical).map((node) => node.delayMicros),
      position.watermarkMs,
      millisSetting(settings.conf, "millrace.streaming.idleSourceTimeout", Infinity),
    ),
    lateRows: new Map(),
    dueMs: hasTimers && noDataBatches && position.nextBatchId > 0 ? -Infinity : Infinity,
    slots: matched.facts.length,
    removedOffsets: new Map(matched.removed.map((slot) => [slot, position.newest?.offsets[slot] ?? null])),
    durations: new DurationRecorder(() => runtime.clock.monotonicMs()),
    batch: batchToReplay(position),
    ahead: null,
    tablesAreWatched: false,
    nextBatchId: position.nextBatchId,
    committedBatchId: position.committedBatchId < 0 ? null : position.committedBatchId,
    lastTimestampMs: position.lastTimestampMs,
    lastWatermarkMs: position.newest?.batchWatermarkMs ?? 0,
    setStatus: (message, isDataAvailable) => control.setStatus(message, isDataAvailable),
    step: async (name, batchId) => {
      if (input.onStep !== undefined) await input.onStep(name, batchId);
    },
  };
}

function resourcesOf(checkpoint: QueryCheckpoint, control: QueryControl): QueryResources {
  const { queryId, epoch, durability, batchesWithoutSink } = checkpoint;
  return { queryId, runId: control.runId, epoch, durability, batchesWithoutSink, signal: control.abort };
}

/** @throws MillraceError STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED, .SINK_NOT_SUPPORTED */
function requireRealTime(sources: readonly StreamingSource[], sink: StreamSink): void {
  for (const { source } of sources) {
    if (source.realTime === undefined) {
      throw new MillraceError("STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED", { className: source.description });
    }
  }
  if (sink.beginRealTime === undefined) {
    throw new MillraceError("STREAMING_REAL_TIME_MODE.SINK_NOT_SUPPORTED", { className: sink.description });
  }
}

/** Options such as rate limits may change; where the rows come from may not. */
export function sourceFact(read: Read): SourceFact {
  return { name: read.name ?? null, reads: `${read.format.toLowerCase()}:${read.paths.join(",")}` };
}

/** A batch that is run again needs the sources whose rows it has. @throws MillraceError CHECKPOINT_SOURCE_REMOVED_IN_BATCH */
export function checkReplayedSources(
  checkpoint: string,
  { replay, committed }: RecoveredPosition,
  { removed, facts }: MatchedSources,
): void {
  const needed = removed.find((slot) => (replay?.entry.offsets[slot] ?? null) !== (committed?.[slot] ?? null));
  if (replay === null || needed === undefined) return;
  throw new MillraceError("CHECKPOINT_SOURCE_REMOVED_IN_BATCH", {
    path: checkpoint,
    source: sourceText(facts[needed]!),
    batchId: String(replay.batchId),
  });
}

function batchToReplay(position: RecoveredPosition): QueryRun["batch"] {
  if (position.replay === null) return null;
  return { ...position.replay, lateWatermarkMs: position.lastWatermarkMs, logged: Promise.resolve(), work: null };
}

async function openSource(
  input: StreamingQueryInput,
  checkpoint: QueryCheckpoint,
  control: QueryControl,
  plan: QueryPlan,
  index: number,
  slot: number,
): Promise<StreamingSource> {
  const scans = streamingScansOf(plan.physical).filter((scan) => scan.sourceIndex === index);
  const { request, filter } = scanRequestOf(scans);
  const source = await input.openSource(input.sources[index]!, request, {
    ...resourcesOf(checkpoint, control),
    metadataPath: `${checkpoint.path}/sources/${slot}`,
  });
  return new StreamingSource(slot, source, request.columns, filter);
}
