/**
 * What a source that cannot be replayed (a socket, an async iterable) keeps: the values that arrived and are not yet
 * committed, numbered from the start of the query. Bounded: {@link BufferedStream.room} makes the producer wait.
 */
import { MillraceError } from "../errors/index.ts";

export class BufferedStream<T> {
  #values: T[] = [];
  /** Number of the first buffered value. */
  #base = 0;
  #started = false;
  #ended = false;
  #failure: Error | undefined;
  #limit: number;
  #waiting: (() => void) | undefined;
  #wakeUp: (() => void) | undefined;

  /** @param limit values that are held before the producer has to wait */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Continues the numbering of an earlier run: what it had read and not committed is gone. */
  startAt(offset: number): void {
    if (this.#started) return;
    this.#started = true;
    this.#base = offset;
  }

  push(value: T): void {
    this.#values.push(value);
    this.#wakeUp?.();
  }

  /** Resolves when there is room for another value. */
  async room(): Promise<void> {
    while (this.#values.length >= this.#limit && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  /** No more values will come; a failure surfaces at the next look. */
  end(failure?: unknown): void {
    this.#ended = true;
    this.#failure = failure === undefined || failure instanceof Error ? failure : new Error(String(failure));
    this.#release();
    this.#wakeUp?.();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Number of values that arrived so far, over all runs. Throws what the producer failed with once all is handed out. */
  available(): number {
    if (this.#failure !== undefined && this.#values.length === 0) throw this.#failure;
    return this.#base + this.#values.length;
  }

  /** The values numbered [start, end). Those of an earlier run are lost, and not given. */
  slice(start: number, end: number): readonly T[] {
    // A batch of an earlier run is repeated: its rows were in the memory of that run, and what has arrived since then comes
    // after it.
    this.startAt(end);
    if (end > this.#base + this.#values.length) {
      throw new MillraceError("INTERNAL_ERROR", {
        message: `range [${start}, ${end}) of a stream that has not arrived`,
      });
    }
    return this.#values.slice(Math.max(0, start - this.#base), Math.max(0, end - this.#base));
  }

  /** Forgets what lies before `end`. */
  commit(end: number): void {
    const count = Math.min(end - this.#base, this.#values.length);
    if (count <= 0) return;
    this.#values = this.#values.slice(count);
    this.#base += count;
    this.#release();
  }

  onAvailable(callback: () => void): void {
    this.#wakeUp = callback;
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
