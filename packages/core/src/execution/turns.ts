import type { Clock } from "../runtime/clock.ts";

/** How long a thread computes at a stretch: a program that embeds the engine answers its own requests in between. */
export const turnMs = 8;

/** Says when work that computes at a stretch must let others on its thread have their turn. */
export class Turns {
  readonly #clock: Clock;
  #dueAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dueAt = clock.monotonicMs() + turnMs;
  }

  /** What to wait for now; undefined as long as the time is not up. */
  due(): Promise<void> | undefined {
    return this.#clock.monotonicMs() < this.#dueAt ? undefined : this.#pass();
  }

  async #pass(): Promise<void> {
    await this.#clock.turn();
    this.#dueAt = this.#clock.monotonicMs() + turnMs;
  }
}
