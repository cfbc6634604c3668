import { type ArrayType, arrayType, type DataType, type SqlValue } from "../../types/data-type.ts";
import type { Accumulators, AggregateFunction } from "../function.ts";
import { unexpectedInput } from "../resolution.ts";
import { type DistinctKey, distinctKeyOf } from "./distinct-keys.ts";
import { valueBytes } from "./extremes.ts";
import { objectAccumulators } from "./object-accumulators.ts";

const group = "Aggregate";

const collected: Pick<AggregateFunction, "since" | "arity" | "resolve" | "nullable" | "orderIndependent" | "buffer"> = {
  since: "0.1.0",
  arity: [1, 1],
  resolve: (args) => ({ args: [args[0]!.type], returns: arrayType(args[0]!.type, false) }),
  nullable: false,
  orderIndependent: false,
  buffer: ({ returns }) => [{ name: "buf", type: returns, nullable: true }],
};

type Different = Map<DistinctKey, SqlValue>;

/**
 * The different values of a type that are not NULL, in the order of their first rows.
 * @param ofArrays whether a row has an array of values
 */
function differentValues(type: DataType, ofArrays: boolean): Accumulators {
  const keyOf = distinctKeyOf(type);
  const add = (state: Different, value: SqlValue | undefined): Different => {
    if (value !== null && value !== undefined) {
      const key = keyOf(value);
      if (!state.has(key)) state.set(key, value);
    }
    return state;
  };
  const addAll = (state: Different, values: SqlValue | undefined): Different => {
    for (const value of (values ?? []) as readonly SqlValue[]) add(state, value);
    return state;
  };
  return objectAccumulators<Different>({
    create: () => new Map(),
    update: (state, [given]) => (ofArrays ? addAll(state, given) : add(state, given)),
    save: (state) => [[...state.values()]],
    merge: (state, [values]) => addAll(state, values),
    evaluate: (state) => [...state.values()],
    memoryBytes: (state) => 2 * valueBytes([...state.values()]),
  });
}

export const collections: readonly AggregateFunction[] = [
  {
    ...collected,
    name: "collect_list",
    aliases: ["array_agg"],
    bind: () =>
      objectAccumulators<SqlValue[]>({
        create: () => [],
        update(state, [value]) {
          if (value !== null && value !== undefined) state.push(value);
          return state;
        },
        save: (state) => [[...state]],
        merge(state, [values]) {
          for (const value of (values ?? []) as readonly SqlValue[]) state.push(value);
          return state;
        },
        evaluate: (state) => [...state],
        memoryBytes: valueBytes,
      }),
    doc: {
      group,
      usage: "collect_list(expr), array_agg(expr)",
      summary: "Array of all values that are not NULL, in the order of the rows.",
      examples: [{ sql: "collect_list(1)", result: "[1]" }],
    },
  },
  {
    ...collected,
    name: "collect_set",
    bind: ({ args }) => differentValues(args[0]!, false),
    doc: {
      group,
      usage: "collect_set(expr)",
      summary: "Array of the different values that are not NULL, in the order of their first rows.",
      examples: [{ sql: "collect_set('a')", result: "[a]" }],
    },
  },
  {
    ...collected,
    name: "collect_union",
    resolve(args, call) {
      const { type } = args[0]!;
      if (type.kind !== "array") throw unexpectedInput(args[0]!, "ARRAY", 0, call);
      return { args: [type], returns: arrayType(type.element, false) };
    },
    bind: ({ args }) => differentValues((args[0] as ArrayType).element, true),
    doc: {
      group,
      usage: "collect_union(array)",
      summary: "Array of the different elements of arrays that are not NULL, in the order of their first rows.",
      examples: [{ sql: "collect_union(array('a', 'b', 'a'))", result: "[a, b]" }],
    },
  },
];
