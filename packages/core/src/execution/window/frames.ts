/**
 * The rows of each row's frame, as ranges of row numbers. Rows are sorted and every end of a frame moves forward with
 * the row, so all ranges together take linear time: ends by value follow with a pointer that never goes back.
 */
import { rowComparator } from "../../columnar/sort.ts";
import type { Vector } from "../../columnar/vector.ts";
import { assertInvariant } from "../../errors/index.ts";
import type { FrameBound, WindowFrame } from "../../expressions/window-expression.ts";
import type { WindowRows } from "./window-rows.ts";

/** Row i's frame is `[from[i], to[i])`; neither end ever decreases. */
export interface Frames {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Every frame of a partition begins at its first row. */
  readonly growing: boolean;
  /** Rows of the largest frame. */
  readonly widest: number;
}

/** A RANGE bound's columns: the order of each row, and the limit that a frame of the row reaches to. */
export interface LimitColumns {
  readonly key: Vector;
  readonly limit: Vector;
}

export function computeFrames(
  { unit, lower, upper }: WindowFrame,
  rows: WindowRows,
  lowerLimit: LimitColumns | undefined,
  upperLimit: LimitColumns | undefined,
): Frames {
  const from = boundsOf(unit, lower, "lower", rows, lowerLimit);
  const to = boundsOf(unit, upper, "upper", rows, upperLimit);
  let widest = 0;
  for (let i = 0; i < rows.rows; i++) {
    const width = to[i]! - from[i]!;
    if (width < 0) to[i] = from[i]!;
    else if (width > widest) widest = width;
  }
  return { from, to, growing: lower.kind === "unboundedPreceding", widest };
}

/** Lower ends inclusive, upper ends exclusive, within the partition. */
function boundsOf(
  unit: WindowFrame["unit"],
  bound: FrameBound,
  side: "lower" | "upper",
  rows: WindowRows,
  limit: LimitColumns | undefined,
): Int32Array {
  const ends = new Int32Array(rows.rows);
  switch (bound.kind) {
    case "unboundedPreceding":
    case "unboundedFollowing":
      return byRun(ends, rows.partitions, bound.kind === "unboundedPreceding" ? 0 : 1);
    case "currentRow":
      return unit === "rows" ? byRows(ends, rows, 0, side) : byRun(ends, rows.peers, side === "lower" ? 0 : 1);
    default: {
      if (limit !== undefined) return byValue(ends, rows, side, limit);
      const distance = (bound.value as { readonly value: unknown }).value;
      assertInvariant(typeof distance === "number", "an offset of a frame in rows that is not an INT");
      const signed = bound.preceding ? -distance : distance;
      return unit === "rows" ? byRows(ends, rows, signed, side) : byGroups(ends, rows, signed, side);
    }
  }
}

/** The start (0) or end (1) of the run that the row is in. */
function byRun(ends: Int32Array, starts: Int32Array, end: 0 | 1): Int32Array {
  for (let p = 0; p + 1 < starts.length; p++) ends.fill(starts[p + end]!, starts[p]!, starts[p + 1]!);
  return ends;
}

function byRows(ends: Int32Array, { partitions }: WindowRows, distance: number, side: "lower" | "upper"): Int32Array {
  const shift = side === "upper" ? distance + 1 : distance;
  for (let p = 0; p + 1 < partitions.length; p++) {
    const first = partitions[p]!;
    const end = partitions[p + 1]!;
    for (let i = first; i < end; i++) {
      const at = i + shift;
      ends[i] = at < first ? first : at > end ? end : at;
    }
  }
  return ends;
}

function byGroups(ends: Int32Array, rows: WindowRows, distance: number, side: "lower" | "upper"): Int32Array {
  const { partitions, peers, groupOfRow, firstGroups } = rows;
  const shift = side === "upper" ? distance + 1 : distance;
  for (let p = 0; p + 1 < partitions.length; p++) {
    const first = firstGroups[p]!;
    const end = firstGroups[p + 1]!;
    for (let i = partitions[p]!; i < partitions[p + 1]!; i++) {
      const at = groupOfRow[i]! + shift;
      ends[i] = peers[at < first ? first : at > end ? end : at]!;
    }
  }
  return ends;
}

/** Up to the rows whose order is at the row's limit: the first of them below, the one behind them above. */
function byValue(
  ends: Int32Array,
  { partitions, directions }: WindowRows,
  side: "lower" | "upper",
  { key, limit }: LimitColumns,
): Int32Array {
  const compare = rowComparator(key, directions[0]!, limit);
  const behind = side === "lower" ? 0 : 1;
  for (let p = 0; p + 1 < partitions.length; p++) {
    const end = partitions[p + 1]!;
    let at = partitions[p]!;
    for (let i = at; i < end; i++) {
      while (at < end && compare(at, i) < behind) at++;
      ends[i] = at;
    }
  }
  return ends;
}
