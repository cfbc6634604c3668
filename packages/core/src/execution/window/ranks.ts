/** Places of rows in their partition, from where partitions and groups of equal rows begin. */
import type { Vector } from "../../columnar/vector.ts";
import { doubleType, intType } from "../../types/data-type.ts";
import type { WindowRows } from "./window-rows.ts";

function ints(values: Int32Array): Vector {
  return { kind: "i32", type: intType, length: values.length, validity: null, values };
}
function doubles(values: Float64Array): Vector {
  return { kind: "f64", type: doubleType, length: values.length, validity: null, values };
}

export function rowNumbers({ rows, partitions }: WindowRows): Vector {
  const values = new Int32Array(rows);
  for (let p = 0; p + 1 < partitions.length; p++) {
    const first = partitions[p]!;
    for (let i = first; i < partitions[p + 1]!; i++) values[i] = i - first + 1;
  }
  return ints(values);
}

/** Calls `each` for every group of equal rows: its rows, its partition's, and its number in the partition from 0. */
function forGroups(
  { partitions, peers, firstGroups }: WindowRows,
  each: (from: number, to: number, first: number, end: number, number: number) => void,
): void {
  for (let p = 0; p + 1 < partitions.length; p++) {
    const firstGroup = firstGroups[p]!;
    for (let g = firstGroup; g < firstGroups[p + 1]!; g++) {
      each(peers[g]!, peers[g + 1]!, partitions[p]!, partitions[p + 1]!, g - firstGroup);
    }
  }
}

export function ranks(rows: WindowRows): Vector {
  const values = new Int32Array(rows.rows);
  forGroups(rows, (from, to, first) => void values.fill(from - first + 1, from, to));
  return ints(values);
}

export function denseRanks(rows: WindowRows): Vector {
  const values = new Int32Array(rows.rows);
  forGroups(rows, (from, to, _first, _end, number) => void values.fill(number + 1, from, to));
  return ints(values);
}

export function percentRanks(rows: WindowRows): Vector {
  const values = new Float64Array(rows.rows);
  forGroups(rows, (from, to, first, end) => {
    if (end - first > 1) values.fill((from - first) / (end - first - 1), from, to);
  });
  return doubles(values);
}

export function cumulativeDistribution(rows: WindowRows): Vector {
  const values = new Float64Array(rows.rows);
  forGroups(rows, (from, to, first, end) => void values.fill((to - first) / (end - first), from, to));
  return doubles(values);
}

/** The first `size % parts` parts of a partition have one row more than the others. */
export function tiles({ rows, partitions }: WindowRows, parts: number): Vector {
  const values = new Int32Array(rows);
  for (let p = 0; p + 1 < partitions.length; p++) {
    const end = partitions[p + 1]!;
    const size = end - partitions[p]!;
    const least = Math.floor(size / parts);
    const larger = size % parts;
    let from = partitions[p]!;
    for (let part = 1; from < end; part++) {
      const to = from + least + (part <= larger ? 1 : 0);
      values.fill(part, from, to);
      from = to;
    }
  }
  return ints(values);
}
