/**
 * The rows of committed batches on their way to `query.changes()`. Each consumer has its own bounded queue; the loop waits
 * when one is full, so a slow consumer slows the query instead of filling the memory.
 */
import { compactBatch } from "../columnar/compact.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { CommittedBatch } from "./contract.ts";

/** Batches that may wait for a consumer before the query waits too. */
const queueCapacity = 4;

interface Consumer {
  readonly waiting: CommittedBatch[];
  /** Woken when a batch arrives, the query ends, or the consumer leaves. */
  wake: (() => void) | null;
}

export class CommittedBatches {
  readonly #consumers = new Set<Consumer>();
  #ended = false;
  #failure: Error | null = null;
  #roomWaiters: (() => void)[] = [];

  /** Whether anybody wants the rows of the batch that starts now. */
  get wanted(): boolean {
    return this.#consumers.size > 0;
  }

  /** A copy of what passes to the sink, kept until the batch commits. */
  recorder(): { readonly batches: RecordBatch[]; record(batch: RecordBatch): void } {
    const batches: RecordBatch[] = [];
    // The sink's batch may point into buffers that are reused for the next one.
    return { batches, record: (batch) => batch.length > 0 && batches.push(compactBatch(batch)) };
  }

  /** Hands a committed batch to all consumers of now; resolves when none of their queues is full, or the signal aborts. */
  async publish(batch: CommittedBatch, signal: AbortSignal): Promise<void> {
    for (const consumer of this.#consumers) {
      consumer.waiting.push(batch);
      consumer.wake?.();
    }
    while (!signal.aborted && [...this.#consumers].some((c) => c.waiting.length >= queueCapacity)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener("abort", done);
          resolve();
        };
        signal.addEventListener("abort", done, { once: true });
        this.#roomWaiters.push(done);
      });
    }
  }

  /** No batch follows. Consumers get what waits for them, then the end, or the failure. */
  end(failure: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    for (const consumer of this.#consumers) consumer.wake?.();
  }

  #madeRoom(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }

  /** Batches that commit from now on: from the call, not from the first pull. */
  subscribe(): AsyncIterable<CommittedBatch> {
    const consumer: Consumer = { waiting: [], wake: null };
    if (!this.#ended) this.#consumers.add(consumer);
    const leave = (): void => {
      this.#consumers.delete(consumer);
      consumer.waiting.length = 0;
      consumer.wake?.();
      this.#madeRoom();
    };
    let left = false;
    const next = async (): Promise<IteratorResult<CommittedBatch>> => {
      for (;;) {
        if (left) return { done: true, value: undefined };
        const batch = consumer.waiting.shift();
        if (batch !== undefined) {
          this.#madeRoom();
          return { done: false, value: batch };
        }
        if (this.#ended) {
          this.#consumers.delete(consumer);
          if (this.#failure !== null) throw this.#failure;
          return { done: true, value: undefined };
        }
        await new Promise<void>((resolve) => {
          consumer.wake = resolve;
        });
        consumer.wake = null;
      }
    };
    const iterator: AsyncIterator<CommittedBatch> = {
      next,
      return: async () => {
        left = true;
        leave();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }
}
