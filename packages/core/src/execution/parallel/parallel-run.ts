/** The calling thread's side of one execution of a fragment. */
import type { BatchContext } from "../context.ts";
import { type OpenFragment, windowBytes } from "./messages.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** Taken rows are acknowledged when they are so many bytes: far fewer than a thread waits for. */
const acknowledgedBytes = windowBytes / 8;

class TaskOutput {
  received = 0;
  /** Bytes that were taken and not acknowledged. */
  taken = 0;
  ended = false;
  failure: { readonly error: unknown } | null = null;
  readonly waiting: Uint8Array[] = [];
  /** Wakes who waits for rows. */
  wake: () => void = () => undefined;
  handle: ReturnType<WorkerPool["submit"]> | null = null;
}

export class ParallelRun {
  readonly #pool: WorkerPool;
  readonly #open: OpenFragment;
  readonly #context: BatchContext;
  readonly #countRows: (rows: number) => void;
  readonly #tasks: TaskOutput[];
  #submitted = 0;
  #whenAllSubmitted: () => void = () => undefined;
  #left: number;

  constructor(pool: WorkerPool, open: OpenFragment, context: BatchContext, countRows: (rows: number) => void) {
    this.#pool = pool;
    this.#open = open;
    this.#context = context;
    this.#countRows = countRows;
    this.#tasks = Array.from({ length: open.tasks }, () => new TaskOutput());
    this.#left = this.#tasks.length;
    const { signal } = context;
    const onAbort = (): void => this.#abandon(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    context.atEnd(() => {
      signal.removeEventListener("abort", onAbort);
      this.#abandon(new Error("the execution is over"));
    });
  }

  /** Begins before a partition is read. */
  begin(): void {
    this.#submitUpTo(2 * this.#pool.size);
  }

  /** Calls back when all tasks are queued, so that others may be queued behind them; never, when some are not wanted. */
  whenAllSubmitted(callback: () => void): void {
    if (this.#submitted === this.#tasks.length) callback();
    else this.#whenAllSubmitted = callback;
  }

  /** Encoded batches of one partition. Partitions are read in their order; one that is not read is cancelled at the end. */
  async *partition(index: number): AsyncGenerator<Uint8Array, void, undefined> {
    this.#submitUpTo(index + 2 * this.#pool.size);
    const task = this.#tasks[index]!;
    try {
      for (;;) {
        const bytes = task.waiting.shift();
        if (bytes !== undefined) {
          task.taken += bytes.byteLength;
          if (task.taken >= acknowledgedBytes) {
            task.handle!.taken(task.taken);
            task.taken = 0;
          }
          yield bytes;
          continue;
        }
        if (task.failure !== null) throw task.failure.error;
        if (task.ended) return;
        await new Promise<void>((resolve) => {
          task.wake = resolve;
        });
      }
    } finally {
      this.#finish(task);
    }
  }

  #submitUpTo(count: number): void {
    if (this.#submitted === this.#tasks.length) return;
    while (this.#submitted < Math.min(count, this.#tasks.length)) this.#submit(this.#submitted++);
    if (this.#submitted === this.#tasks.length) this.#whenAllSubmitted();
  }

  #submit(partition: number): void {
    const task = this.#tasks[partition]!;
    if (task.ended) return;
    task.handle = this.#pool.submit({
      open: this.#open,
      partition,
      get received() {
        return task.received;
      },
      rows: (bytes) => {
        task.received++;
        task.waiting.push(bytes);
        task.wake();
      },
      done: ({ rows, eventTimes, rowsRead }) => {
        for (const [node, count] of rows) this.#context.metrics.rows(node, count);
        for (const [node, stats] of eventTimes) this.#context.recordEventTime(node, stats);
        this.#countRows(rowsRead);
        task.ended = true;
        task.wake();
      },
      failed: (error) => {
        task.failure = { error };
        task.wake();
      },
    });
  }

  #finish(task: TaskOutput): void {
    if (!task.ended) task.handle?.cancel();
    task.ended = true;
    task.waiting.length = 0;
    if (--this.#left === 0) this.#pool.close(this.#open.run);
  }

  #abandon(error: unknown): void {
    for (const task of this.#tasks) {
      if (!task.ended) {
        task.handle?.cancel();
        task.failure ??= { error };
      }
      task.wake();
    }
    this.#pool.close(this.#open.run);
  }
}
