/**
 * A batch of the trigger `realTime`. It lasts as long as the trigger says. As often as a source has rows, they go through the
 * plan to the sink, at once; where the reading has come is written to the offset log when the batch is over, then the batch is
 * committed. So a crash in between costs no row, and brings all rows since the last batch again.
 *
 * `P0 → (P1 → P6)* → P2 → P3 → P8 → P9 → P10 → P4`, the steps of docs/reliability.md in the order of this trigger.
 */
import type { OffsetLogEntry } from "../checkpoint/offset-log.ts";
import type { OffsetJson } from "../sources/contract.ts";
import { abortable, QueryStopped } from "./abortable.ts";
import { batchTimestamp } from "./batch-timestamp.ts";
import { loggedOffsets, writeOffsets } from "./construct-batch.ts";
import { millisSetting } from "./pinned-settings.ts";
import { leaseRenewalMs } from "./query-checkpoint.ts";
import type { CurrentBatch, QueryRun } from "./query-run.ts";
import { RealTimeRows } from "./real-time-rows.ts";
import { type BatchOutcome, writeCommit } from "./run-batch.ts";
import type { StreamingSource } from "./streaming-source.ts";
import type { WakeUp } from "./wake-up.ts";

/** What a batch needs of the loop. */
export interface RealTimeHost {
  /** Woken by sources and by whoever waits for the batch. */
  readonly wakeUp: WakeUp;
  /** Asked before each look at the sources; true: the batch ends with what is there now. */
  ending(): boolean;
}

export interface RealTimeResult {
  readonly batch: CurrentBatch;
  readonly outcome: BatchOutcome;
}

/** Runs the next batch to its end, or again the one that is in the offset log; null: no row came, and nothing was written. */
export async function runRealTimeBatch(run: QueryRun, host: RealTimeHost): Promise<RealTimeResult | null> {
  const { clock } = run.input.runtime;
  const logged = run.batch;
  const begun = logged ?? begin(run);
  const { batchId, entry } = begun;
  await run.step("P0", batchId);
  run.batch = begun;
  const rows = new RealTimeRows(run, begun);
  const startedAt = clock.monotonicMs();
  try {
    if (logged === null) await readWhileItLasts(run, rows, host, batchId);
    else await rows.read(run.sources.map(({ start }) => start));
    run.durations.add("addBatch", clock.monotonicMs() - startedAt);
    if (logged === null && !run.sources.some(({ range }) => range.hasRows)) {
      run.batch = null;
      await rows.abort(null);
      return null;
    }
    const batch = logged ?? (await logBatch(run, begun));
    await run.step("P8", batchId);
    await abortable(clock, run.abort, () => rows.end());
    await run.step("P9", batchId);
    run.tracker.update(rows.eventTimes, entry.batchTimestampMs);
    await run.durations.time("commitOffsets", () => writeCommit(run, batchId));
    await run.step("P4", batchId);
    for (const source of run.sources) {
      const { end } = source;
      if (end !== null) await abortable(clock, run.abort, () => source.source.commit(end));
      source.start = end;
    }
    return { batch, outcome: rows.outcome };
  } catch (error) {
    await rows.abort(error);
    throw error;
  } finally {
    await rows.close();
  }
}

/** The batch that begins now. Its offsets are those of its start until it is over. */
function begin(run: QueryRun): CurrentBatch {
  const entry: OffsetLogEntry = {
    batchWatermarkMs: run.tracker.currentMs,
    batchTimestampMs: batchTimestamp(run),
    conf: run.loggedConf,
    offsets: loggedOffsets(run),
  };
  return {
    batchId: run.nextBatchId,
    entry,
    lateWatermarkMs: run.lastWatermarkMs,
    logged: Promise.resolve(),
    work: null,
  };
}

/** P2 and P3, at the end: where the reading has come. */
async function logBatch(run: QueryRun, begun: CurrentBatch): Promise<CurrentBatch> {
  const entry: OffsetLogEntry = { ...begun.entry, offsets: loggedOffsets(run) };
  const batch: CurrentBatch = { ...begun, entry };
  run.batch = batch;
  await run.durations.time("walCommit", () => writeOffsets(run, batch.batchId, entry));
  run.lastTimestampMs = entry.batchTimestampMs;
  run.lastWatermarkMs = entry.batchWatermarkMs;
  run.nextBatchId = batch.batchId + 1;
  return batch;
}

/** Reads rows as they come until the batch is over, and then on to where every source stands at an offset. */
async function readWhileItLasts(run: QueryRun, rows: RealTimeRows, host: RealTimeHost, batchId: number): Promise<void> {
  const { clock } = run.input.runtime;
  const durationMs = run.trigger.kind === "realTime" ? run.trigger.durationMs : 0;
  const endAt = clock.monotonicMs() + durationMs;
  for (;;) {
    host.wakeUp.clear();
    const last = host.ending() || run.stop.aborted || clock.monotonicMs() >= endAt;
    const moved = await look(run, rows, batchId, () => undefined);
    if (last) break;
    if (!moved) {
      run.setStatus("Waiting for data to arrive", false);
      await host.wakeUp.sleep(
        Math.min(
          endAt - clock.monotonicMs(),
          restMs(run, () => undefined),
        ),
        run.stop,
      );
    }
  }
  const ends = run.sources.map(({ source, end }) =>
    end === null ? null : (source.realTime?.nextOffset?.(end) ?? end),
  );
  const upTo = (source: StreamingSource): OffsetJson | undefined => ends[run.sources.indexOf(source)] ?? undefined;
  while (run.sources.some((source, i) => source.end !== ends[i])) {
    if (!(await look(run, rows, batchId, upTo))) await clock.sleep(restMs(run, upTo), run.abort);
  }
}

type UpTo = (source: StreamingSource) => OffsetJson | undefined;

/** P1 and P6: asks the sources how far they can be read, and reads it. @returns whether there was anything */
async function look(run: QueryRun, rows: RealTimeRows, batchId: number, upTo: UpTo): Promise<boolean> {
  const { clock } = run.input.runtime;
  if (run.abort.aborted) throw new QueryStopped();
  await run.checkpoint.keepLease();
  await run.step("P1", batchId);
  const before = run.sources.map(({ end }) => end);
  await run.durations.time("latestOffset", async () => {
    for (const source of run.sources) {
      const to = upTo(source);
      if (to !== undefined && source.end === to) continue;
      source.end = await abortable(clock, run.abort, () => source.source.realTime!.latest(source.end, to));
    }
  });
  if (run.sources.every(({ end }, i) => end === before[i])) return false;
  run.setStatus("Processing new data", true);
  await run.step("P6", batchId);
  await rows.read(before);
  return true;
}

/** How long nothing can come, for all that is known: until the next look. */
function restMs(run: QueryRun, upTo: UpTo): number {
  const nowMs = run.input.runtime.clock.nowMs();
  const pollingMs = millisSetting(run.settings.conf, "spark.sql.streaming.pollingDelay", 10);
  const rests = run.sources.map((source) => {
    const { realTime, onAvailable } = source.source;
    if (realTime?.dueMs !== undefined) return Math.max(0, realTime.dueMs(source.end, upTo(source)) - nowMs);
    return onAvailable === undefined ? pollingMs : leaseRenewalMs;
  });
  return Math.min(leaseRenewalMs, ...rests);
}
