import type { Clock } from "../runtime/clock.ts";

/** Thrown inside the loop to leave a batch because the query stops; never shown to the user. */
export class QueryStopped extends Error {
  override readonly name = "QueryStopped";
}

/** How long code that was told to abort may take to return before it is left alone. */
const abortGraceMs = 500;

/**
 * Waits for what a user's function, a source or a sink does. When the signal aborts, they get the chance to end by
 * themselves; one that never resolves is abandoned.
 */
export async function abortable<T>(clock: Clock, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw new QueryStopped();
  return new Promise<T>((resolve, reject) => {
    // Made when it is needed: actions are many, and aborting one is rare.
    let settled: AbortController | null = null;
    const onAbort = (): void => {
      settled = new AbortController();
      clock.sleep(abortGraceMs, settled.signal).then(
        () => reject(new QueryStopped()),
        () => undefined,
      );
    };
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      settled?.abort();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    // An action that throws at once rejects as one that throws later.
    (async () => action())().then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

/** Waits for an action, but not for ever: after the grace time it is left alone. What it throws is passed on. */
export async function settleWithinGrace(clock: Clock, action: () => Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([action(), clock.sleep(abortGraceMs, settled.signal).catch(() => undefined)]);
  } finally {
    settled.abort();
  }
}
