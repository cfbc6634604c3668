import type { SqlValue } from "../../types/data-type.ts";
import type { Accumulators } from "../function.ts";

/** An aggregate whose group is a JavaScript object. */
export interface ObjectAggregate<S> {
  create(): S;
  /** Returns the state after a row: the same object, changed, or another. */
  update(state: S, args: readonly SqlValue[]): S;
  save(state: S): SqlValue[];
  merge(state: S, buffer: readonly SqlValue[]): S;
  evaluate(state: S): SqlValue;
  memoryBytes(state: S): number;
}

/** Accumulators that hold one object per slot. */
export function objectAccumulators<S>(aggregate: ObjectAggregate<S>): Accumulators {
  const states: S[] = [];
  return {
    ensure(slots) {
      while (states.length < slots) states.push(aggregate.create());
    },
    reset(slot) {
      states[slot] = aggregate.create();
    },
    update(slot, args) {
      states[slot] = aggregate.update(states[slot]!, args);
    },
    save: (slot) => aggregate.save(states[slot]!),
    merge(slot, buffer) {
      states[slot] = aggregate.merge(states[slot]!, buffer);
    },
    evaluate: (slot) => aggregate.evaluate(states[slot]!),
    memoryBytes() {
      let bytes = 0;
      for (const state of states) bytes += aggregate.memoryBytes(state);
      return bytes;
    },
  };
}
