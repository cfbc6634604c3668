/**
 * The clock port. Engine code never reads the machine's clock itself, so that a whole query can run on virtual time.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch (UTC). May step backwards. */
  nowMs(): number;
  /** Milliseconds on a clock that never steps back; only differences mean something. Fractions are kept. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Resolves as soon as the wall clock shows `wallMs`, within a fraction of a millisecond where {@link sleep} may be one or
   * two late; costs some processor time before it. Rejects as {@link sleep}.
   */
  sleepUntil(wallMs: number, signal?: AbortSignal): Promise<void>;
  /** Lets what else waits on this thread run: resolves when the event loop has gone round. */
  turn(): Promise<void>;
}
