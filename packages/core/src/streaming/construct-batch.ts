/** P0 to P4: decides what the next batch is, and writes it to the offset log while the batch already computes. */
import type { OffsetLogEntry } from "../checkpoint/offset-log.ts";
import { assertInvariant } from "../errors/index.ts";
import { abortable, QueryStopped } from "./abortable.ts";
import { batchTimestamp } from "./batch-timestamp.ts";
import { stillValid } from "./look-ahead.ts";
import type { QueryRun } from "./query-run.ts";
import { needsBatchWithoutData } from "./stateful-operators.ts";

/**
 * Constructs the next batch unless it is there already (after recovery) or there is nothing to do. Afterwards `run.batch`
 * is a batch, or null.
 * @returns whether sources have new data
 */
export async function constructBatch(run: QueryRun): Promise<boolean> {
  const batchId = run.nextBatchId;
  const { ahead } = run;
  run.ahead = null;
  const next = ahead === null ? null : await run.durations.time("latestOffset", () => ahead);
  const work = next === null ? null : await stillValid(next);
  const batchTimestampMs = next?.timestampMs ?? (await chooseInput(run, batchId));
  if (next !== null) for (const [i, source] of run.sources.entries()) source.end = next.ranges[i]!.end;
  const batchWatermarkMs = run.tracker.currentMs;
  const hasNewData = run.sources.some((source) => source.range.hasRows);
  run.setStatus(hasNewData ? "Processing new data" : "Waiting for data to arrive", hasNewData);
  const withoutData =
    run.noDataBatches &&
    run.trigger.kind !== "once" &&
    batchId > 0 &&
    needsBatchWithoutData(run.plan.physical, run.lastWatermarkMs, batchWatermarkMs, batchTimestampMs >= run.dueMs);
  if (!hasNewData && !withoutData) return false;
  if (!hasNewData) run.setStatus("No new data but cleaning up state", false);
  const entry: OffsetLogEntry = {
    batchWatermarkMs,
    batchTimestampMs,
    conf: run.loggedConf,
    offsets: loggedOffsets(run),
  };
  const logged = run.durations.time("walCommit", () => writeOffsets(run, batchId, entry));
  // Whoever runs the batch awaits it; a failure that comes first is no error of the process.
  logged.catch(() => undefined);
  run.batch = { batchId, entry, lateWatermarkMs: run.lastWatermarkMs, logged, work };
  run.lastTimestampMs = batchTimestampMs;
  run.lastWatermarkMs = batchWatermarkMs;
  run.nextBatchId = batchId + 1;
  return hasNewData;
}

/** P0 and P1. @returns the timestamp of the batch */
async function chooseInput(run: QueryRun, batchId: number): Promise<number> {
  await run.step("P0", batchId);
  const timestampMs = batchTimestamp(run);
  await run.step("P1", batchId);
  await run.durations.time("latestOffset", () => advanceSources(run));
  return timestampMs;
}

/** End offsets by slot. */
export function loggedOffsets(run: QueryRun): readonly (string | null)[] {
  const ends = new Map(run.removedOffsets);
  for (const source of run.sources) ends.set(source.slot, source.end);
  return Array.from({ length: run.slots }, (_, slot) => ends.get(slot) ?? null);
}

async function advanceSources(run: QueryRun): Promise<void> {
  for (const source of run.sources) {
    run.setStatus(`Getting offsets from ${source.source.description}`);
    const ignoreLimits = run.trigger.kind === "once";
    source.end = await abortable(run.input.runtime.clock, run.abort, () => source.endAfter(source.start, ignoreLimits));
  }
}

/** P2 and P3 are one file program: the temporary file, then the name that fixes the batch. */
export async function writeOffsets(run: QueryRun, batchId: number, entry: OffsetLogEntry): Promise<void> {
  assertInvariant(
    entry.batchWatermarkMs >= run.lastWatermarkMs && entry.batchTimestampMs >= run.lastTimestampMs,
    `watermark or timestamp of batch ${batchId} lies before that of the batch before`,
  );
  await run.step("P2", batchId);
  if (run.abort.aborted) throw new QueryStopped();
  await run.checkpoint.writeOffsets(batchId, entry);
  await run.step("P3", batchId);
}

/** P4: sources may forget what lies before this batch. Runs for a repeated batch too, since the first time may not have. */
export async function commitSources(run: QueryRun, batchId: number): Promise<void> {
  await run.step("P4", batchId);
  for (const { source, start } of run.sources) {
    if (start !== null && batchId > 0) await abortable(run.input.runtime.clock, run.abort, () => source.commit(start));
  }
}
