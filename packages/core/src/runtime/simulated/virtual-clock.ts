import type { Clock } from "../clock.ts";

interface Sleeper {
  readonly dueMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Turns of the microtask queue after which work that only awaits settled promises has come to rest. */
const settleTurns = 500;

/**
 * A clock that moves only when it is told to. Sleepers wake in the order of their due time, then of their calls, and
 * everything that follows from one waking (without waiting for anything outside) is done before the next one wakes.
 */
export class VirtualClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #sleepers: Sleeper[] = [];
  #order = 0;

  constructor(startMs = 0) {
    this.#wallOffsetMs = startMs;
  }
  nowMs(): number {
    return this.#monotonicMs + this.#wallOffsetMs;
  }
  monotonicMs(): number {
    return this.#monotonicMs;
  }
  /** Number of sleeps that wait now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }
  /** When the next sleeper wakes, as monotonic milliseconds; null when none sleeps. */
  get nextWakeMs(): number | null {
    return this.#sleepers[0]?.dueMs ?? null;
  }
  /** Moves the wall clock (also backwards) without moving the monotonic one. */
  stepWallClock(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  async turn(): Promise<void> {}

  sleepUntil(wallMs: number, signal?: AbortSignal): Promise<void> {
    return this.sleep(wallMs - this.nowMs(), signal);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        dueMs: this.#monotonicMs + Math.max(0, ms),
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.push(sleeper);
      this.#sleepers.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    });
  }

  /** Lets `ms` milliseconds pass and wakes who is due; resolves when the microtasks that followed have run. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#sleepers[0]; next !== undefined && next.dueMs <= target; next = this.#sleepers[0]) {
      this.#sleepers.shift();
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs);
      next.wake();
      await settle();
    }
    this.#monotonicMs = target;
    await settle();
  }
}

/** Runs what waits in the microtask queue, and what that adds to it, for a bounded number of turns. */
export async function settle(turns: number = settleTurns): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
}
