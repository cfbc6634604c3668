/**
 * How many bytes the operators of one query hold, and how many they may.
 *
 * Counted is what grows with the input: hash tables, kept rows, sorted runs. The batches in flight between operators are
 * not. An operator takes a {@link MemoryReservation} and says with `tryResize` how much it holds; on `false` it writes
 * rows to disk ({@link SpillManager}) and goes on with less. What cannot go to disk says so with `require`, which fails
 * the query instead of the process.
 */
import { MillraceError } from "../../errors/index.ts";

export class MemoryBudget {
  readonly limitBytes: number;
  #usedBytes = 0;
  #peakBytes = 0;

  /** @param limitBytes what all operators of the query together may hold */
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }
  get usedBytes(): number {
    return this.#usedBytes;
  }
  /** The most that was held at one time. */
  get peakBytes(): number {
    return this.#peakBytes;
  }
  get freeBytes(): number {
    return Math.max(0, this.limitBytes - this.#usedBytes);
  }

  /** @param consumer who holds the memory, as error messages name it, such as `a hash join` */
  reserve(consumer: string): MemoryReservation {
    let held = 0;
    const resize = (bytes: number): void => {
      this.#usedBytes += bytes - held;
      held = bytes;
      if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes;
    };
    return {
      get bytes() {
        return held;
      },
      tryResize: (bytes) => {
        if (bytes > held && this.#usedBytes + bytes - held > this.limitBytes) return false;
        resize(bytes);
        return true;
      },
      require: (bytes) => {
        if (bytes > held && this.#usedBytes + bytes - held > this.limitBytes) {
          throw new MillraceError("UNABLE_TO_ACQUIRE_MEMORY", {
            consumer,
            requestedBytes: String(bytes),
            receivedBytes: String(held + this.freeBytes),
            limit: String(this.limitBytes),
          });
        }
        resize(bytes);
      },
      hold: resize,
      release: () => resize(0),
    };
  }
}

/** What one operator holds. */
export interface MemoryReservation {
  readonly bytes: number;
  /** Holds `bytes` in all from now on. False, and nothing changes, when that is more than the query may hold. */
  tryResize(bytes: number): boolean;
  /**
   * As `tryResize`, for what cannot do with less.
   * @throws MillraceError UNABLE_TO_ACQUIRE_MEMORY
   */
  require(bytes: number): void;
  /** Holds `bytes` whatever the limit: the least that an operator needs to go on, such as one batch. */
  hold(bytes: number): void;
  /** Holds nothing any more. */
  release(): void;
}
