/**
 * Candidates for frequent values: at most `size` of them with counts; when there is no room, all counts go down by the
 * least. A value of more than 1/size of the rows is always among them.
 * @see Karp, Schenker, Papadimitriou, "A simple algorithm for finding frequent elements in streams and bags", 2003
 */
import { arrayType, bigintType, type DataType, intType, type SqlValue } from "../../types/data-type.ts";
import type { AggregateFunction } from "../function.ts";
import { type DistinctKey, distinctKeyOf } from "./distinct-keys.ts";
import { valueBytes } from "./extremes.ts";
import { objectAccumulators } from "./object-accumulators.ts";

interface Candidate {
  readonly value: SqlValue;
  count: bigint;
}
type Candidates = Map<DistinctKey, Candidate>;

export const frequentItems: AggregateFunction = {
  name: "collect_frequent_items",
  since: "0.2.0",
  arity: [2, 2],
  resolve: ([value]) => ({ args: [value!.type, intType], returns: arrayType(value!.type, value!.nullable) }),
  nullable: false,
  orderIndependent: false,
  buffer: ({ returns }) => [
    { name: "items", type: returns, nullable: false },
    { name: "counts", type: arrayType(bigintType, false), nullable: false },
  ],
  bind(signature, _context, args) {
    const size = Number(args[1]!.literal!.value);
    const keyOf = distinctKeyOf(signature.args[0] as DataType);
    const add = (state: Candidates, value: SqlValue, count: bigint): Candidates => {
      const key = keyOf(value);
      const known = state.get(key);
      if (known !== undefined) {
        known.count += count;
        return state;
      }
      state.set(key, { value, count });
      if (state.size <= size) return state;
      let least = count;
      for (const each of state.values()) if (each.count < least) least = each.count;
      for (const [each, candidate] of state) {
        candidate.count -= least;
        if (candidate.count === 0n) state.delete(each);
      }
      return state;
    };
    return objectAccumulators<Candidates>({
      create: () => new Map(),
      update: (state, [value]) => add(state, value!, 1n),
      save: (state) => [[...state.values()].map(({ value }) => value), [...state.values()].map(({ count }) => count)],
      merge(state, [values, counts]) {
        const items = values as readonly SqlValue[];
        for (const [i, value] of items.entries()) add(state, value, (counts as readonly bigint[])[i]!);
        return state;
      },
      evaluate: (state) => [...state.values()].map(({ value }) => value),
      memoryBytes: (state) => 2 * valueBytes([...state.values()].map(({ value }) => value)),
    });
  },
  doc: {
    group: "Internal",
    usage: "collect_frequent_items(expr, size)",
    summary: "At most size values, among them all that more than 1/size of the rows have.",
    examples: [],
  },
};
