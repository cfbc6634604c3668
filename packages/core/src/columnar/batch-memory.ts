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
