/**
 * `run --restart`: a module that failed is run again, in a new process, from its checkpoints. Only after failures that may be gone
 * by then; so many times; after a delay that doubles from one failure to the next, less up to half of it by chance, so that
 * jobs that failed together do not come back together. A run that lasted forgives what was before it.
 */
import type { Clock, Random } from "millrace/engine";

/** How a run ended. */
export type RunOutcome =
  | { readonly kind: "done" }
  /** `retriable`: the same run may do well later. */
  | { readonly kind: "failed"; readonly code: number; readonly retriable: boolean; readonly reason: string };

export interface RestartPolicy {
  /** Restarts, one after another without a long run between them. */
  readonly budget: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** A run of this length gives the budget back. */
  readonly forgivenAfterMs: number;
}

export const restartDefaults: RestartPolicy = {
  budget: 10,
  firstDelayMs: 1000,
  longestDelayMs: 60_000,
  forgivenAfterMs: 600_000,
};

export interface RestartWorld {
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the user wants an end: no further run begins. */
  readonly signal: AbortSignal;
  note(text: string): void;
}

/** Runs until it is done, cannot be helped, or is told to end; resolves to the exit code. */
export async function runWithRestarts(
  run: () => Promise<RunOutcome>,
  policy: RestartPolicy,
  { clock, random, signal, note }: RestartWorld,
): Promise<number> {
  for (let used = 0; ; used++) {
    const startedAt = clock.monotonicMs();
    const outcome = await run();
    if (outcome.kind === "done") return 0;
    if (signal.aborted) return outcome.code;
    if (!outcome.retriable) {
      note(`${outcome.reason}; starting again would not help`);
      return outcome.code;
    }
    if (clock.monotonicMs() - startedAt >= policy.forgivenAfterMs) used = 0;
    if (used >= policy.budget) {
      note(`${outcome.reason}; it was started again ${policy.budget} times, which is enough`);
      return outcome.code;
    }
    const delayMs = delayOf(used, policy, random);
    note(`${outcome.reason}; restart ${used + 1} of ${policy.budget} in ${(delayMs / 1000).toFixed(1)} s`);
    try {
      await clock.sleep(delayMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      return outcome.code;
    }
  }
}

function delayOf(used: number, { firstDelayMs, longestDelayMs }: RestartPolicy, random: Random): number {
  const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** used);
  const chance = (random.int32() >>> 0) / 2 ** 32;
  return Math.round(delayMs * (1 - chance / 2));
}
