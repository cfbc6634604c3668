/**
 * The least or greatest row of each frame, in linear time: a queue of the rows that may still become the answer, each
 * better than those behind it. Works for every type, by row numbers.
 */
import type { RowComparator } from "../../columnar/sort.ts";
import { bitAt } from "../../columnar/validity.ts";
import type { Vector } from "../../columnar/vector.ts";
import type { Frames } from "./frames.ts";

/**
 * @param compare  order of the rows by the column
 * @param greatest true: the greatest, else the least; of equal rows the first
 * @returns for each frame the number of its row; −1 where no row has a value
 */
export function extremeRows(
  { from, to }: Frames,
  column: Vector,
  compare: RowComparator,
  greatest: boolean,
): Int32Array {
  const frames = from.length;
  const result = new Int32Array(frames);
  const queue = new Int32Array(column.length);
  const validity = column.validity;
  let head = 0;
  let tail = 0;
  let next = 0;
  for (let i = 0; i < frames; i++) {
    const start = from[i]!;
    if (next < start) next = start;
    for (const end = to[i]!; next < end; next++) {
      if (column.kind === "null" || (validity !== null && !bitAt(validity, next))) continue;
      while (tail > head) {
        const order = compare(queue[tail - 1]!, next);
        if (greatest ? order >= 0 : order <= 0) break;
        tail--;
      }
      queue[tail++] = next;
    }
    while (head < tail && queue[head]! < start) head++;
    if (head === tail) head = tail = 0;
    result[i] = head < tail ? queue[head]! : -1;
  }
  return result;
}
