/** Reads the event time of a state key without decoding the rest of it. */
import { assertInvariant } from "../../errors/index.ts";
import type { Expr } from "../../expressions/expression.ts";
import type { StructType } from "../../types/data-type.ts";

/** Whether the key's event time is at or before the watermark; false for NULL. */
export type EventTimeReader = (key: Uint8Array, watermark: bigint) => boolean;

/**
 * The position of the event-time column among the key columns, and its reader on UnsafeRow bytes. The expression is a key
 * of type timestamp, or the end of a key that is a window.
 */
export function keyEventTime(
  expr: Expr,
  key: StructType,
): { readonly ordinal: number; readonly ofKey: EventTimeReader } {
  const column = expr.kind === "GetStructField" ? expr.child : expr;
  assertInvariant(column.kind === "BoundReference", "the event time of a group is one of its keys");
  const { ordinal } = column;
  const nullBytes = 8 * Math.ceil(key.fields.length / 64);
  const slot = nullBytes + 8 * ordinal;
  const isNull = (bytes: Uint8Array, start: number, field: number): boolean =>
    ((bytes[start + (field >> 3)]! >> (field & 7)) & 1) === 1;
  if (expr.kind !== "GetStructField") {
    return { ordinal, ofKey: (bytes, watermark) => !isNull(bytes, 0, ordinal) && atOrBefore(bytes, slot, watermark) };
  }
  const field = expr.ordinal;
  return {
    ordinal,
    ofKey(bytes, watermark) {
      if (isNull(bytes, 0, ordinal)) return false;
      // A nested row: its offset stands in the high half of the slot. A window has two fields.
      const start = word(bytes, slot + 4);
      return !isNull(bytes, start, field) && atOrBefore(bytes, start + 8 + 8 * field, watermark);
    },
  };
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

const limit = new BigInt64Array(1);
const limitHalves = new Int32Array(limit.buffer);

/** Compares the 64-bit value at a position by its halves. */
function atOrBefore(bytes: Uint8Array, at: number, watermark: bigint): boolean {
  limit[0] = watermark;
  const high = word(bytes, at + 4);
  if (high !== limitHalves[1]!) return high < limitHalves[1]!;
  return word(bytes, at) >>> 0 <= limitHalves[0]! >>> 0;
}
