/**
 * Memory of batches that goes back to where it came from. A source that fills arrays again lends them with a batch; who
 * has taken all it wants out of the batch, and knows that nobody else has it, may return them. Nobody has to.
 */
import type { RecordBatch } from "./record-batch.ts";

// By the batch itself: a copy of the object does not take the right to return along.
const lenders = new WeakMap<RecordBatch, () => void>();

/** @param takeBack called at most once, when nothing refers to the batch's columns any more */
export function lendMemory(batch: RecordBatch, takeBack: () => void): void {
  lenders.set(batch, takeBack);
}

/** The rows of one batch are now those of another, which may point into the first one's memory and have some of its own. */
export function passMemory(from: RecordBatch, to: RecordBatch): void {
  const takeBack = lenders.get(from);
  if (takeBack === undefined || from === to) return;
  lenders.delete(from);
  const own = lenders.get(to);
  const both = (): void => {
    takeBack();
    own?.();
  };
  lenders.set(to, own === undefined ? takeBack : both);
}

/** Gives the memory of a batch back. Its columns must not be looked at afterwards. */
export function returnMemory(batch: RecordBatch): void {
  const takeBack = lenders.get(batch);
  if (takeBack === undefined) return;
  lenders.delete(batch);
  takeBack();
}

/** The arrays of one batch, cut from one buffer. What they hold at first is unspecified. */
export class BatchMemory {
  #buffer: ArrayBuffer = new ArrayBuffer(0);
  #used = 0;

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return at < 0 ? new Uint8Array(length) : new Uint8Array(this.#buffer, at, length);
  }

  int32(length: number): Int32Array {
    const at = this.#take(4 * length);
    return at < 0 ? new Int32Array(length) : new Int32Array(this.#buffer, at, length);
  }

  int64(length: number): BigInt64Array {
    const at = this.#take(8 * length);
    return at < 0 ? new BigInt64Array(length) : new BigInt64Array(this.#buffer, at, length);
  }

  /** Where so many bytes are free; −1 when there is no room: the buffer is larger next time. */
  #take(bytes: number): number {
    const at = this.#used;
    this.#used = (at + bytes + 7) & ~7;
    return this.#used > this.#buffer.byteLength ? -1 : at;
  }

  /** All arrays are free again. */
  clear(): void {
    const room = this.#buffer.byteLength;
    if (this.#used > room && this.#used <= mostKeptBytes)
      this.#buffer = new ArrayBuffer(this.#used + (this.#used >> 2));
    this.#used = 0;
  }
}

const mostKeptBytes = 8 << 20;
/** More are not kept: whoever has a batch of each at a time will hardly give them all back. */
const mostKept = 4;

/** Memory for batches made one after another. */
export class LentMemory {
  readonly #free: BatchMemory[] = [];

  take(): BatchMemory {
    return this.#free.pop() ?? new BatchMemory();
  }

  /** Lends the memory with the batch whose arrays were cut from it. */
  lend(batch: RecordBatch, memory: BatchMemory): void {
    lendMemory(batch, () => this.giveBack(memory));
  }

  /** Nobody has any of its arrays. */
  giveBack(memory: BatchMemory): void {
    memory.clear();
    if (this.#free.length < mostKept) this.#free.push(memory);
  }
}
