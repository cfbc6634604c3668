/** Reads the event time of a state key without decoding the rest of it. */
import { assertInvariant } from "../../errors/index.ts";
import type { Expr } from "../../expressions/expression.ts";
import { nullBitmapLength } from "../../state/unsafe-row-layout.ts";
import type { StructType } from "../../types/data-type.ts";

/** Whether the event time of the key that begins at `start` is at or before the watermark; false for NULL. */
export type ExpiredKey = (bytes: Uint8Array, start: number, watermark: bigint) => boolean;
/** The event time of the key that begins at `start`, µs; Infinity for NULL. Exact below 2^53. */
export type TimeOfKey = (bytes: Uint8Array, start: number) => number;

export interface KeyEventTime {
  /** Position of the event-time column among the key columns. */
  readonly ordinal: number;
  readonly expired: ExpiredKey;
  readonly time: TimeOfKey;
}

/**
 * The position of the event-time column among the key columns, and its reader on UnsafeRow bytes. The expression is a key
 * of type timestamp, or the end of a key that is a window.
 */
export function keyEventTime(expr: Expr, key: StructType): KeyEventTime {
  const column = expr.kind === "GetStructField" ? expr.child : expr;
  assertInvariant(column.kind === "BoundReference", "the event time of a key is one of its columns");
  const { ordinal } = column;
  const slot = nullBitmapLength(key.fields.length) + 8 * ordinal;
  if (expr.kind !== "GetStructField") {
    return {
      ordinal,
      expired: (bytes, start, watermark) =>
        !isNull(bytes, start, ordinal) && longAtOrBefore(bytes, start + slot, watermark),
      time: (bytes, start) => (isNull(bytes, start, ordinal) ? Infinity : longAt(bytes, start + slot)),
    };
  }
  const field = expr.ordinal;
  return {
    ordinal,
    expired(bytes, start, watermark) {
      if (isNull(bytes, start, ordinal)) return false;
      // A nested row: its offset stands in the high half of the slot. A window has two fields.
      const nested = start + word(bytes, start + slot + 4);
      return !isNull(bytes, nested, field) && longAtOrBefore(bytes, nested + 8 + 8 * field, watermark);
    },
    time(bytes, start) {
      if (isNull(bytes, start, ordinal)) return Infinity;
      const nested = start + word(bytes, start + slot + 4);
      return isNull(bytes, nested, field) ? Infinity : longAt(bytes, nested + 8 + 8 * field);
    },
  };
}

function isNull(bytes: Uint8Array, start: number, field: number): boolean {
  return ((bytes[start + (field >> 3)]! >> (field & 7)) & 1) === 1;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The 64-bit number at a position; exact below 2^53. */
export function longAt(bytes: Uint8Array, at: number): number {
  return word(bytes, at + 4) * 4_294_967_296 + (word(bytes, at) >>> 0);
}

const limit = new BigInt64Array(1);
const limitHalves = new Int32Array(limit.buffer);

/** Whether the 64-bit number at a position is at most `most`; compared by its halves. */
export function longAtOrBefore(bytes: Uint8Array, at: number, most: bigint): boolean {
  limit[0] = most;
  const high = word(bytes, at + 4);
  if (high !== limitHalves[1]!) return high < limitHalves[1]!;
  return word(bytes, at) >>> 0 <= limitHalves[0]! >>> 0;
}
