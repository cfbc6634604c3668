import { comparatorOf } from "../../columnar/compare.ts";
import { booleanType, type DataType, type SqlMap, type SqlValue } from "../../types/data-type.ts";
import type { AggregateFunction } from "../function.ts";
import { classes, requireOrderable, type Resolve, signature } from "../resolution.ts";
import { objectAccumulators } from "./object-accumulators.ts";

const group = "Aggregate";
const wordBytes = 16;

/** Rough size of a value that an accumulator keeps. */
export function valueBytes(value: SqlValue): number {
  if (typeof value === "string") return 24 + value.length * 2;
  if (value instanceof Uint8Array) return 64 + value.length;
  if (value === null || typeof value !== "object") return wordBytes;
  const map = value as SqlMap;
  const items = Array.isArray(value) ? (value as readonly SqlValue[]) : [...map.keys, ...map.values];
  let bytes = 48;
  for (const item of items) bytes += valueBytes(item);
  return bytes;
}

const resolveOrderable =
  (name: string): Resolve =>
  (args, call) => {
    requireOrderable(name, args[0]!.type, call);
    return { args: args.map((a) => a.type), returns: args[0]!.type };
  };

function extreme(
  fields: Pick<AggregateFunction, "name" | "resolve" | "doc"> & Partial<Pick<AggregateFunction, "aliases" | "fast">>,
  kind: "max" | "min",
): AggregateFunction {
  const sign = kind === "max" ? 1 : -1;
  return {
    since: "0.1.0",
    arity: [1, 1],
    nullable: true,
    orderIndependent: true,
    buffer: ({ returns }) => [{ name: kind, type: returns, nullable: true }],
    bind({ returns }) {
      const compare = comparatorOf(returns);
      const better = (state: SqlValue, [value]: readonly SqlValue[]): SqlValue =>
        value === null || value === undefined || (state !== null && compare(value, state) * sign <= 0) ? state : value;
      return objectAccumulators<SqlValue>({
        create: () => null,
        update: better,
        save: (state) => [state],
        merge: better,
        evaluate: (state) => state,
        memoryBytes: valueBytes,
      });
    },
    ...fields,
  };
}

type Pair = readonly [value: SqlValue, ordering: SqlValue];

function extremeBy(name: "max_by" | "min_by"): AggregateFunction {
  const sign = name === "max_by" ? 1 : -1;
  return {
    name,
    since: "0.1.0",
    arity: [2, 2],
    resolve(args, call) {
      requireOrderable(name, args[1]!.type, call);
      return { args: [args[0]!.type, args[1]!.type], returns: args[0]!.type };
    },
    nullable: true,
    // Rows of equal ordering compete, and the last one stays.
    orderIndependent: false,
    buffer: ({ args }) => [
      { name: "valueWithExtremumOrdering", type: args[0] as DataType, nullable: true },
      { name: "extremumOrdering", type: args[1] as DataType, nullable: true },
    ],
    bind({ args }) {
      const compare = comparatorOf(args[1]!);
      const better = (state: Pair, row: readonly SqlValue[]): Pair => {
        const ordering = row[1]!;
        return ordering === null || (state[1] !== null && compare(ordering, state[1]) * sign < 0)
          ? state
          : [row[0]!, ordering];
      };
      return objectAccumulators<Pair>({
        create: () => [null, null],
        update: better,
        save: (state) => [...state],
        merge: better,
        evaluate: (state) => state[0],
        memoryBytes: ([value, ordering]) => valueBytes(value) + valueBytes(ordering),
      });
    },
    doc: {
      group,
      usage: `${name}(expr, ordering)`,
      summary: `The value of the row where the ordering is ${name === "max_by" ? "greatest" : "least"}.`,
      examples: [{ sql: `${name}('a', 10)`, result: "a" }],
    },
  };
}

export const extremes: readonly AggregateFunction[] = [
  extreme(
    {
      name: "max",
      resolve: resolveOrderable("max"),
      fast: { op: "max" },
      doc: {
        group,
        usage: "max(expr)",
        summary: "Greatest value; NaN is the greatest number. NULLs are left out.",
        examples: [{ sql: "max(10)", result: "10" }],
      },
    },
    "max",
  ),
  extreme(
    {
      name: "min",
      resolve: resolveOrderable("min"),
      fast: { op: "min" },
      doc: {
        group,
        usage: "min(expr)",
        summary: "Least value. NULLs are left out.",
        examples: [{ sql: "min(10)", result: "10" }],
      },
    },
    "min",
  ),
  extreme(
    {
      name: "bool_and",
      aliases: ["every"],
      resolve: signature([booleanType], booleanType),
      doc: {
        group,
        usage: "bool_and(expr), every(expr)",
        summary: "Whether the condition is true for all rows.",
        examples: [{ sql: "bool_and(true)", result: "true" }],
      },
    },
    "min",
  ),
  extreme(
    {
      name: "bool_or",
      aliases: ["some", "any"],
      resolve: signature([booleanType], booleanType),
      doc: {
        group,
        usage: "bool_or(expr), some(expr), any(expr)",
        summary: "Whether the condition is true for at least one row.",
        examples: [{ sql: "bool_or(false)", result: "false" }],
      },
    },
    "max",
  ),
  extremeBy("max_by"),
  extremeBy("min_by"),
];

type Held = readonly [value: SqlValue, isSet: boolean];

function positional(name: "first" | "last", aliases: readonly string[]): AggregateFunction {
  return {
    name,
    aliases,
    since: "0.1.0",
    arity: [1, 2],
    resolve: signature([classes.any, booleanType], ([type]) => type!),
    nullable: true,
    orderIndependent: false,
    buffer: ({ returns }) => [
      { name, type: returns, nullable: true },
      { name: "valueSet", type: booleanType, nullable: true },
    ],
    bind(_types, _context, args) {
      const ignoreNulls = args[1]?.literal?.value === true;
      const taken = (state: Held, value: SqlValue): Held =>
        (ignoreNulls && value === null) || (name === "first" && state[1]) ? state : [value, true];
      return objectAccumulators<Held>({
        create: () => [null, false],
        update: (state, row) => taken(state, row[0]!),
        save: (state) => [...state],
        merge: (state, buffer) => (buffer[1] === true ? taken(state, buffer[0]!) : state),
        evaluate: (state) => state[0],
        memoryBytes: ([value]) => valueBytes(value),
      });
    },
    doc: {
      group,
      usage: `${name}(expr[, ignoreNulls])`,
      summary: `The value of the ${name} row; with ignoreNulls the ${name} value that is not NULL. Depends on the order of the rows.`,
      examples: [{ sql: `${name}(10)`, result: "10" }],
    },
  };
}

export const positionals: readonly AggregateFunction[] = [
  positional("first", ["first_value", "any_value"]),
  positional("last", ["last_value"]),
];
