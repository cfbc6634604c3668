import type { Clock } from "../clock.ts";

/** The longest delay that `setTimeout` takes; longer ones would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** How late a timer may fire when nothing else runs: its clock counts whole milliseconds, and so does ours. */
const timerLatenessMs = 2;

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(handle);
      reject(signal?.reason as Error);
    };
    const handle = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

export class NodeClock implements Clock {
  nowMs(): number {
    return Date.now();
  }
  monotonicMs(): number {
    return performance.now();
  }
  turn(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let rest = Math.max(0, ms);
    for (; rest > longestTimerMs; rest -= longestTimerMs) await timer(longestTimerMs, signal);
    await timer(rest, signal);
  }
  async sleepUntil(wallMs: number, signal?: AbortSignal): Promise<void> {
    const early = wallMs - Date.now() - timerLatenessMs;
    if (early > 0) await this.sleep(early, signal);
    while (Date.now() < wallMs) {
      signal?.throwIfAborted();
      await this.turn();
    }
  }
}
