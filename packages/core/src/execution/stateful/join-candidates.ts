/** Looks for the rows of one side of a join that rows of the other side may match: those of the same key, in a range of times. */
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { isValid, type Vector } from "../../columnar/vector.ts";
import type { EncodedRows } from "../../state/unsafe-row.ts";
import { type JoinSide, timeAt, timesOf } from "./join-side.ts";

/** Per row: the least and the greatest time of a partner, both included. */
export interface Ranges {
  readonly lows: Float64Array;
  readonly highs: Float64Array;
}
/** Undefined: partners may have any time. */
export type RangeOfRow = (batch: RecordBatch) => Ranges | undefined;

export interface CompiledBound {
  readonly kind: "lower" | "upper";
  readonly micros: number;
  run(batch: RecordBatch): Vector;
}

export function rangesOf(bounds: readonly CompiledBound[]): RangeOfRow {
  if (bounds.length === 0) return () => undefined;
  return (batch) => {
    const lows = new Float64Array(batch.length).fill(Number.NEGATIVE_INFINITY);
    const highs = new Float64Array(batch.length).fill(Number.POSITIVE_INFINITY);
    for (const { kind, micros, run } of bounds) {
      const times = timesOf(run(batch));
      for (let i = 0; i < batch.length; i++) {
        const time = timeAt(times, i) + micros;
        if (kind === "lower") {
          if (time > lows[i]!) lows[i] = time;
        } else if (time === Number.POSITIVE_INFINITY) {
          // NULL is in no range.
          highs[i] = Number.NEGATIVE_INFINITY;
        } else if (time < highs[i]!) {
          highs[i] = time;
        }
      }
    }
    return { lows, highs };
  };
}

/** Finds pairs, as many at a time as fit into its arrays. */
export class Candidates {
  /** Rows of the batch, and the rows of the state that belong to them. */
  readonly probing: Int32Array = new Int32Array(targetBatchRows);
  readonly kept: Int32Array = new Int32Array(targetBatchRows);
  readonly #side: JoinSide;
  readonly #ranges: Ranges | undefined;
  /** Rows of the state that have found a partner are none. */
  readonly #withoutMatched: boolean;
  #groups: Int32Array = new Int32Array(0);
  #row = 0;
  /** Where among the rows of the key the search goes on; −1: with the next row. */
  #place = -1;

  constructor(side: JoinSide, ranges: Ranges | undefined, withoutMatched: boolean) {
    this.#side = side;
    this.#ranges = ranges;
    this.#withoutMatched = withoutMatched;
  }

  /** The first pairs of some rows. @returns how many; 0: there are none */
  find(keys: EncodedRows, columns: readonly Vector[], length: number): number {
    const groups = new Int32Array(length);
    this.#side.lookAhead(keys, length);
    for (let i = 0; i < length; i++) groups[i] = this.#side.groupOf(keys, i);
    for (const column of columns) {
      if (column.validity === null && column.kind !== "null") continue;
      for (let i = 0; i < length; i++) if (!isValid(column, i)) groups[i] = -1;
    }
    this.#groups = groups;
    return this.next();
  }

  /** The next pairs. */
  next(): number {
    const { index } = this.#side;
    const { matched } = index;
    const { probing, kept } = this;
    const groups = this.#groups;
    const { length } = groups;
    const ranges = index.ordered ? this.#ranges : undefined;
    const withoutMatched = this.#withoutMatched;
    const room = probing.length;
    let count = 0;
    let row = this.#row;
    let place = this.#place;
    for (; row < length; row++, place = -1) {
      const group = groups[row]!;
      if (group < 0) continue;
      if (place < 0)
        place = index.placeFrom(group, ranges === undefined ? Number.NEGATIVE_INFINITY : ranges.lows[row]!);
      const end = index.placeEnd(group);
      const high = ranges === undefined ? Number.POSITIVE_INFINITY : ranges.highs[row]!;
      for (; place < end; place++) {
        if (ranges !== undefined && index.timeAt(place) > high) break;
        const candidate = index.rowAt(place);
        if (withoutMatched && matched[candidate] === 1) continue;
        if (count === room) {
          this.#row = row;
          this.#place = place;
          return count;
        }
        probing[count] = row;
        kept[count++] = candidate;
      }
    }
    this.#row = row;
    this.#place = -1;
    return count;
  }
}
