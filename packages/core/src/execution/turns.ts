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

/** Works through `length` rows piece by piece. Without turns: in one piece. */
export async function inTurns(
  turns: Turns | undefined,
  length: number,
  step: number,
  work: (from: number, to: number) => void,
): Promise<void> {
  if (turns === undefined) {
    if (length > 0) work(0, length);
    return;
  }
  for (let from = 0; from < length; from += step) {
    const turn = turns.due();
    if (turn !== undefined) await turn;
    work(from, Math.min(length, from + step));
  }
}
