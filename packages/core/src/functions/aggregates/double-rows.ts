/** Accumulators of a few doubles per group, side by side in one array; the buffer is those doubles. */
import type { SqlValue } from "../../types/data-type.ts";
import type { Accumulators } from "../function.ts";
import { grownFloats } from "./growing.ts";

export interface DoubleRows {
  /** Doubles per group; zero at the beginning. */
  readonly width: number;
  /** Adds a row to the doubles of `s` from `at` on. */
  update(s: Float64Array, at: number, args: readonly SqlValue[]): void;
  /** Adds the doubles of another group. */
  merge(s: Float64Array, at: number, other: readonly number[]): void;
  evaluate(s: Float64Array, at: number): SqlValue;
}

export function doubleRows({ width, update, merge, evaluate }: DoubleRows): Accumulators {
  let state = new Float64Array(0);
  return {
    ensure(slots) {
      state = grownFloats(state, slots * width) as Float64Array<ArrayBuffer>;
    },
    reset(slot) {
      state.fill(0, slot * width, (slot + 1) * width);
    },
    update: (slot, args) => update(state, slot * width, args),
    save: (slot) => [...state.subarray(slot * width, (slot + 1) * width)],
    merge(slot, buffer) {
      merge(
        state,
        slot * width,
        buffer.map((value) => (value as number | null) ?? 0),
      );
    },
    evaluate: (slot) => evaluate(state, slot * width),
    memoryBytes: () => state.byteLength,
  };
}
