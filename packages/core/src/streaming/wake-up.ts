import type { Clock } from "../runtime/clock.ts";

/** Why a sleep ends. A reason that is made once: one of its own for each would take the stack each time. */
const awake = new Error("woken up");

/** A sleep that others can end. A wake-up that comes while nobody sleeps ends the next sleep at once. */
export class WakeUp {
  readonly #clock: Clock;
  #pending = false;
  #sleeping: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  wake(): void {
    this.#pending = true;
    this.#sleeping?.abort(awake);
  }
  /** Forgets earlier wake-ups: what they announced is looked at now. */
  clear(): void {
    this.#pending = false;
  }
  /** Ends after `ms`, at a wake-up, or when the signal aborts; never rejects. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#pending || signal.aborted) return;
    const sleeping = new AbortController();
    const onAbort = (): void => sleeping.abort(awake);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#sleeping = sleeping;
    try {
      await this.#clock.sleep(ms, sleeping.signal);
    } catch (error) {
      if (!sleeping.signal.aborted) throw error;
    } finally {
      this.#sleeping = null;
      signal.removeEventListener("abort", onAbort);
    }
  }
}
