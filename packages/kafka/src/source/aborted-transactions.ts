import type { AbortedTransaction } from "../protocol/fetch.ts";
import type { RecordBatchHeader } from "../protocol/record-batch-header.ts";

const abortMarker = 0;

/** Tells which batches of a response belong to transactions that were given up; asked batch by batch, in order. */
export class AbortedTransactions {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<number>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** @param bytes what holds the batch: a control batch is never compressed */
  includes(header: RecordBatchHeader, bytes: Uint8Array): boolean {
    while (this.#waiting.length > 0 && this.#waiting[0]!.firstOffset <= header.lastOffset) {
      this.#open.add(this.#waiting.shift()!.producerId);
    }
    if (!header.isTransactional) return false;
    if (header.isControl) {
      if (markerType(bytes, header) === abortMarker) this.#open.delete(header.producerId);
      return false;
    }
    return this.#open.has(header.producerId);
  }
}

/**
 * The type of the one record of a control batch: the second half of its key. In front of the key are five numbers of a byte each:
 * length, attributes, time, offset and length of the key.
 */
function markerType(bytes: Uint8Array, header: RecordBatchHeader): number {
  const key = header.start + 5;
  if (key + 4 > header.end) return -1;
  return (bytes[key + 2]! << 8) | bytes[key + 3]!;
}
