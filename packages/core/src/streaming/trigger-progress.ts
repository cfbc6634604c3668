import type { StreamingQueryProgress } from "./contract.ts";
import { EventTimeAccumulator } from "./watermark-tracker.ts";
import { makeProgress } from "./progress.ts";
import type { CurrentBatch, QueryRun } from "./query-run.ts";
import type { BatchOutcome } from "./run-batch.ts";
import { watermarkProgress } from "./watermark-report.ts";

export interface TriggerTimes {
  readonly name: string | null;
  readonly startMs: number;
  readonly previousStartMs: number | null;
  readonly elapsedMs: number;
}

/**
 * Progress of the batch that just committed.
 * @param latest what each source could reach without limits
 */
export function triggerProgress(
  run: QueryRun,
  batch: CurrentBatch,
  outcome: BatchOutcome,
  latest: readonly (string | null)[],
  times: TriggerTimes,
): StreamingQueryProgress {
  const eventTime = new EventTimeAccumulator();
  for (const stats of outcome.eventTimes) if (stats !== null) eventTime.add(stats);
  return makeProgress({
    ...times,
    id: run.checkpoint.queryId,
    runId: run.runId,
    batchId: batch.batchId,
    durationMs: run.durations.finish(),
    eventTime: eventTime.stats,
    watermarkMs: outcome.eventTimes.length === 0 ? null : batch.entry.batchWatermarkMs,
    states: run.state.operators.map(({ operatorId, operatorName, partitions, recordedPartitions, stores }) => ({
      operatorName,
      metrics: outcome.metrics.stateOf(operatorId),
      commitTimeMs: outcome.stateCommitMs,
      shufflePartitions: recordedPartitions,
      storeInstances: partitions * stores.length,
      customMetrics: run.state.customMetrics(operatorId),
    })),
    sources: run.sources.map((source, i) => ({
      description: source.source.description,
      startOffset: outcome.ranges[i]!.start,
      endOffset: outcome.ranges[i]!.end,
      latestOffset: latest[i] ?? null,
      rows: outcome.ranges[i]!.rows,
      metrics: source.source.metrics?.(),
    })),
    sink: { description: run.sink.description, numOutputRows: outcome.numOutputRows },
    observed: outcome.observed,
    watermark: watermarkProgress(run, outcome.metrics),
  });
}
