import type { QueryRun } from "./query-run.ts";

/** P0: the timestamp of a batch; the wall clock may have stepped back, batches do not. */
export function batchTimestamp(run: QueryRun): number {
  return Math.max(run.lastTimestampMs, run.input.runtime.clock.nowMs());
}
