/**
 * Overlaps two batches of a backlog: while one runs, the input of the next is chosen, and threads that have nothing more to
 * do for this one begin with what depends on that input and on tables alone. Nothing of it is in the offset log before the
 * batch before is in the commit log, so that a crash finds what it would find without: at most one batch that is not
 * committed.
 */
import { abortable, settleWithinGrace } from "./abortable.ts";
import { BatchWork } from "./batch-work.ts";
import { batchTimestamp } from "./batch-timestamp.ts";
import type { QueryRun } from "./query-run.ts";
import { SourceRange } from "./streaming-source.ts";

/** The next batch, chosen before its turn. */
export interface NextBatch {
  readonly timestampMs: number;
  /** By source. */
  readonly ranges: readonly SourceRange[];
  /** What was begun; null when that failed. */
  readonly work: BatchWork | null;
  /** The running batch's output was not out yet, and may have changed tables that the next one reads. */
  readonly isBeforeOutput: boolean;
}

/**
 * Chooses the next batch if it is sure to come: a limit left rows behind, and the trigger starts it at once.
 * @param isBeforeOutput whether the running batch's output is not out yet
 */
export function lookAhead(run: QueryRun, isBeforeOutput: boolean): void {
  const { trigger } = run;
  const isNextAtOnce =
    trigger.kind === "availableNow" || (trigger.kind === "processingTime" && trigger.intervalMs <= 0);
  if (!isNextAtOnce || run.stop.aborted || !run.sources.some(({ source }) => source.hasBacklog === true)) return;
  run.ahead = chooseNext(run, isBeforeOutput);
  // Whoever constructs the batch gets the error.
  run.ahead.catch(() => undefined);
}

async function chooseNext(run: QueryRun, isBeforeOutput: boolean): Promise<NextBatch | null> {
  const { clock } = run.input.runtime;
  const batchId = run.nextBatchId;
  await run.step("P0", batchId);
  const timestampMs = batchTimestamp(run);
  await run.step("P1", batchId);
  const ranges: SourceRange[] = [];
  for (const source of run.sources) {
    const end = await abortable(clock, run.abort, () => source.endAfter(source.end, false));
    ranges.push(new SourceRange(source.end, end));
  }
  if (!ranges.some((range) => range.hasRows)) return null;
  return { timestampMs, ranges, work: await begunWork(run, batchId, timestampMs, ranges), isBeforeOutput };
}

/** What fails now may be well when the batch before is over; if not, the batch says so when its turn has come. */
async function begunWork(
  run: QueryRun,
  batchId: number,
  timestampMs: number,
  ranges: readonly SourceRange[],
): Promise<BatchWork | null> {
  const work = new BatchWork(run, batchId, timestampMs, ranges);
  try {
    await work.readAhead();
    return work;
  } catch {
    await work.close();
    return null;
  }
}

/**
 * The work of the next batch, if it may go on: a batch sees its tables as the output of the one before left them.
 * @returns null when the batch must begin anew
 */
export async function stillValid({ work, isBeforeOutput }: NextBatch): Promise<BatchWork | null> {
  if (work === null || !isBeforeOutput || (await work.tablesAreUnchanged().catch(() => false))) return work;
  await work.close();
  return null;
}

/** Gives up what was chosen and will not run. */
export async function endLookAhead(run: QueryRun): Promise<void> {
  const { ahead } = run;
  run.ahead = null;
  if (ahead === null) return;
  await settleWithinGrace(run.input.runtime.clock, async () => {
    const next = await ahead.catch(() => null);
    await next?.work?.close();
  });
}
