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
    const settled = new AbortController();
    const onAbort = (): void => {
      clock.sleep(abortGraceMs, settled.signal).then(
        () => reject(new QueryStopped()),
        () => undefined,
      );
    };
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      settled.abort();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    action().then(
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
