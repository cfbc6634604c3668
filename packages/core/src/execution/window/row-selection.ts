/** Some of the rows, in order: those that pass a filter, or have a value. Frames over all rows become frames over these. */
import { selectTrue } from "../../columnar/gather.ts";
import { allPresent, bitAt, intersectValidity } from "../../columnar/validity.ts";
import type { Vector } from "../../columnar/vector.ts";
import { booleanType } from "../../types/data-type.ts";
import type { Frames } from "./frames.ts";

export interface RowSelection {
  /** Numbers of the selected rows. */
  readonly positions: Int32Array;
  /** How many of the rows before row i are selected, for i up to the number of rows. */
  readonly before: Int32Array;
}

/** The rows whose condition is true and whose `present` has a value; undefined when that is all rows. */
export function selectRows(
  rows: number,
  condition: Vector | undefined,
  present: Vector | undefined,
): RowSelection | undefined {
  const positions = new Int32Array(rows);
  const length = selectTrue(selected(rows, condition, present), positions);
  if (length === rows) return undefined;
  const before = new Int32Array(rows + 1);
  for (let k = 0; k < length; k++) before[positions[k]! + 1] = 1;
  for (let i = 0; i < rows; i++) before[i + 1]! += before[i]!;
  return { positions: positions.subarray(0, length), before };
}

function selected(rows: number, condition: Vector | undefined, present: Vector | undefined): Vector {
  const all = allPresent(rows);
  const values =
    condition?.kind === "bool" ? condition.values : condition === undefined ? all : new Uint8Array(all.length);
  const nothing = present?.kind === "null" ? new Uint8Array(all.length) : null;
  const validity = intersectValidity(condition?.validity ?? null, nothing ?? present?.validity ?? null, rows);
  return { kind: "bool", type: booleanType, length: rows, validity, values };
}

/** The frames' rows among the selected ones. */
export function framesOver(frames: Frames, { before }: RowSelection): Frames {
  const rows = frames.from.length;
  const from = new Int32Array(rows);
  const to = new Int32Array(rows);
  let widest = 0;
  for (let i = 0; i < rows; i++) {
    from[i] = before[frames.from[i]!]!;
    to[i] = before[frames.to[i]!]!;
    if (to[i]! - from[i]! > widest) widest = to[i]! - from[i]!;
  }
  return { from, to, growing: frames.growing, widest };
}

/** How many of the values before each position are not NULL, and of all of them at the end. */
export function presentBefore(vector: Vector): Int32Array {
  const counts = new Int32Array(vector.length + 1);
  const bits = vector.validity;
  for (let i = 0; i < vector.length; i++) {
    const isPresent = vector.kind !== "null" && (bits === null || bitAt(bits, i));
    counts[i + 1] = counts[i]! + (isPresent ? 1 : 0);
  }
  return counts;
}
