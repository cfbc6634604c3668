/**
 * Any aggregate over frames, by its accumulators: a queue of two stacks. The back stack is one running aggregate; when the
 * frame leaves its first row behind, its rows become the front stack, which keeps the aggregate from each row to its end.
 * A frame is the front's aggregate from its first row merged with the back. Each row is added and merged a fixed number
 * of times. Frames that only grow never need the front, narrow ones are aggregated anew: both add rows first to last.
 */
import { valueReader } from "../../columnar/value-at.ts";
import type { Vector } from "../../columnar/vector.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { Accumulators } from "../../functions/function.ts";
import type { DataType, SqlValue } from "../../types/data-type.ts";
import type { Frames } from "./frames.ts";
import { narrowFrame } from "./sliding-sums.ts";

const backSlot = 0;
const resultSlot = 1;

export function slidingAggregate(
  frames: Frames,
  args: readonly Vector[],
  accumulators: Accumulators,
  type: DataType,
): Vector {
  accumulators.ensure(2);
  const { from, to } = frames;
  const value =
    !frames.growing && frames.widest <= narrowFrame ? addedAnew(args, accumulators) : byTwoStacks(args, accumulators);
  const builder = createBuilder(type, from.length);
  let last: SqlValue = null;
  for (let i = 0; i < from.length; i++) {
    // Equal rows and whole partitions share a frame.
    if (i === 0 || from[i] !== from[i - 1] || to[i] !== to[i - 1]) last = value(from[i]!, to[i]!);
    builder.append(last);
  }
  return builder.finish();
}

/** Adds rows `[from, to)` to a slot. */
function adder(args: readonly Vector[], accumulators: Accumulators): (slot: number, from: number, to: number) => void {
  const readers = args.map(valueReader);
  const row: SqlValue[] = readers.map(() => null);
  return (slot, from, to) => {
    for (let i = from; i < to; i++) {
      for (let k = 0; k < readers.length; k++) row[k] = readers[k]!(i);
      accumulators.update(slot, row);
    }
  };
}

function addedAnew(args: readonly Vector[], accumulators: Accumulators): (from: number, to: number) => SqlValue {
  const add = adder(args, accumulators);
  return (from, to) => {
    accumulators.reset(backSlot);
    add(backSlot, from, to);
    return accumulators.evaluate(backSlot);
  };
}

function byTwoStacks(args: readonly Vector[], accumulators: Accumulators): (from: number, to: number) => SqlValue {
  const add = adder(args, accumulators);
  /** Aggregates from a row to `middle`, that of the last row first. */
  const front: SqlValue[][] = [];
  let middle = 0;
  let next = 0;
  accumulators.reset(backSlot);
  return (from, to) => {
    if (from >= next) {
      middle = next = from;
      front.length = 0;
      accumulators.reset(backSlot);
    }
    add(backSlot, next, to);
    next = Math.max(next, to);
    if (from > middle) {
      front.length = 0;
      for (let k = next - 1; k >= from; k--) {
        accumulators.reset(backSlot);
        add(backSlot, k, k + 1);
        if (front.length > 0) accumulators.merge(backSlot, front[front.length - 1]!);
        front.push(accumulators.save(backSlot));
      }
      middle = next;
      accumulators.reset(backSlot);
    }
    if (from >= middle) return accumulators.evaluate(backSlot);
    accumulators.reset(resultSlot);
    accumulators.merge(resultSlot, front[middle - 1 - from]!);
    accumulators.merge(resultSlot, accumulators.save(backSlot));
    return accumulators.evaluate(resultSlot);
  };
}
