/** Splits all strings of a column at a plain separator: places in the same bytes, nothing is copied. */
import { bitAt } from "../../columnar/validity.ts";
import type { BytesVector } from "../../columnar/vector.ts";

/** The parts of the strings of a column, in order. */
export interface ColumnParts {
  /** Row that part `i` comes from. */
  readonly rows: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

/** Parts between separators; a string without one is its own only part, NULL has none. */
export function splitColumn(column: BytesVector, length: number, separator: Uint8Array): ColumnParts {
  const { bytes, starts: from, ends: to, validity } = column;
  let capacity = Math.max(64, length * 12);
  let rows = new Int32Array(capacity);
  let starts = new Int32Array(capacity);
  let ends = new Int32Array(capacity);
  let count = 0;
  const first = separator[0]!;
  const size = separator.length;
  for (let i = 0; i < length; i++) {
    if (validity !== null && !bitAt(validity, i)) continue;
    let start = from[i]!;
    const end = to[i]!;
    // A string has at most one part for each byte, and one more.
    if (count + end - start + 1 > capacity) {
      capacity = Math.max(capacity * 2, count + end - start + 1);
      rows = grown(rows, capacity);
      starts = grown(starts, capacity);
      ends = grown(ends, capacity);
    }
    for (let p = start; p <= end - size; p++) {
      if (bytes[p] !== first || (size > 1 && !matches(bytes, p, separator))) continue;
      rows[count] = i;
      starts[count] = start;
      ends[count++] = p;
      start = p + size;
      p = start - 1;
    }
    rows[count] = i;
    starts[count] = start;
    ends[count++] = end;
  }
  return { rows, starts, ends, count };
}

function matches(bytes: Uint8Array, at: number, separator: Uint8Array): boolean {
  for (let k = 1; k < separator.length; k++) if (bytes[at + k] !== separator[k]) return false;
  return true;
}

function grown(values: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(values);
  return larger;
}
