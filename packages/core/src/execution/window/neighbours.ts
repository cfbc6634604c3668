/** Values of other rows: which row it is for each row, and then one gather of the column. */
import { concatVectors } from "../../columnar/concat.ts";
import { gather, gatherOrNull } from "../../columnar/gather.ts";
import type { Vector } from "../../columnar/vector.ts";
import type { Frames } from "./frames.ts";
import { framesOver, selectRows } from "./row-selection.ts";
import type { WindowRows } from "./window-rows.ts";

/**
 * The value `distance` rows behind the row (before it when negative), of rows with a value when NULLs are ignored.
 * @param otherwise what stands where there is no such row; NULL without it
 */
export function offsetValues(
  rows: WindowRows,
  value: Vector,
  distance: number,
  otherwise: Vector | undefined,
  ignoreNulls: boolean,
): Vector {
  const count = rows.rows;
  const { partitions } = rows;
  const selection = ignoreNulls && distance !== 0 ? selectRows(count, undefined, value) : undefined;
  const sources = new Int32Array(count);
  for (let p = 0; p + 1 < partitions.length; p++) {
    const first = selection === undefined ? partitions[p]! : selection.before[partitions[p]!]!;
    const end = selection === undefined ? partitions[p + 1]! : selection.before[partitions[p + 1]!]!;
    for (let i = partitions[p]!; i < partitions[p + 1]!; i++) {
      // Among the selected rows, the row itself is left out whether it is selected or not.
      const at =
        selection === undefined
          ? i + distance
          : distance < 0
            ? selection.before[i]! + distance
            : selection.before[i + 1]! + distance - 1;
      sources[i] = at < first || at >= end ? -1 : selection === undefined ? at : selection.positions[at]!;
    }
  }
  if (otherwise === undefined) return gatherOrNull(value, sources, count);
  for (let i = 0; i < count; i++) if (sources[i]! < 0) sources[i] = count + i;
  return gather(concatVectors(value.type, [value, otherwise]), sources, count);
}

/** Which row of a frame: the n-th from 0, or the last. */
export type FramePlace = number | "last";

/**
 * The value of one row of each frame, of rows that pass the filter, and that have a value when NULLs are ignored.
 * NULL where the frame has no such row.
 */
export function frameValues(
  frames: Frames,
  value: Vector,
  place: FramePlace,
  filter: Vector | undefined,
  ignoreNulls: boolean,
): Vector {
  const count = value.length;
  const selection =
    filter === undefined && !ignoreNulls ? undefined : selectRows(count, filter, ignoreNulls ? value : undefined);
  const { from, to } = selection === undefined ? frames : framesOver(frames, selection);
  const sources = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const at = place === "last" ? to[i]! - 1 : from[i]! + place;
    sources[i] = at < from[i]! || at >= to[i]! ? -1 : selection === undefined ? at : selection.positions[at]!;
  }
  return gatherOrNull(value, sources, count);
}
