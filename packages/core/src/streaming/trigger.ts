/**
 * When batches start.
 *
 * Processing time ticks lie on a grid: the first batch starts at once, the next at `floor(start / interval) * interval +
 * interval`. Ticks that a long batch or a pause of the machine ran over are skipped, not made up for. The grid lies on the
 * wall clock, the wait is measured on the monotonic one, so that a step of the wall clock delays at most one tick.
 */
import type { Clock } from "../runtime/clock.ts";
import type { StreamTrigger } from "./contract.ts";

/** What a pass of the loop did. */
export type PassResult = "batch" | "idle" | "ended";

export interface TriggerLoop {
  readonly clock: Clock;
  /** True when the loop must end. */
  stopped(): boolean;
  /** One pass: constructs a batch if there is something to do and runs it. */
  pass(): Promise<PassResult>;
  /** Waits before the next look at idle sources; ends early when a source has data, or the query stops. */
  waitForData(): Promise<void>;
  /** Waits for the next tick; ends early when the query stops. */
  waitForTick(ms: number): Promise<void>;
  /** A batch took longer than the interval. */
  fellBehind(elapsedMs: number, intervalMs: number): void;
}

/** Start of the tick after `nowMs`. */
export function nextTickMs(nowMs: number, intervalMs: number): number {
  return intervalMs <= 0 ? nowMs : Math.floor(nowMs / intervalMs) * intervalMs + intervalMs;
}

/** Runs passes as the trigger says, until it is done or the query stops. */
export async function runTrigger(trigger: StreamTrigger, loop: TriggerLoop): Promise<void> {
  switch (trigger.kind) {
    case "once":
      if (!loop.stopped()) await loop.pass();
      return;
    case "availableNow":
      while (!loop.stopped()) if ((await loop.pass()) !== "batch") return;
      return;
    // A pass lasts as long as the batch, and waits for rows by itself.
    case "realTime":
      while (!loop.stopped()) await loop.pass();
      return;
    case "processingTime":
      while (!loop.stopped()) {
        const startMs = loop.clock.nowMs();
        const startedAt = loop.clock.monotonicMs();
        const result = await loop.pass();
        if (result === "ended" || loop.stopped()) return;
        if (trigger.intervalMs <= 0) {
          if (result === "idle") await loop.waitForData();
          continue;
        }
        const elapsedMs = loop.clock.monotonicMs() - startedAt;
        if (elapsedMs > trigger.intervalMs) loop.fellBehind(elapsedMs, trigger.intervalMs);
        const waitMs = nextTickMs(startMs, trigger.intervalMs) - startMs - elapsedMs;
        if (waitMs > 0) await loop.waitForTick(waitMs);
      }
  }
}
