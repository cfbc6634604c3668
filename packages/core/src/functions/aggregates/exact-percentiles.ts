/** Exact percentiles and the most frequent value: every different value is kept with the number of its rows. */
import { comparatorOf } from "../../columnar/compare.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  type DataType,
  doubleType,
  isIntegral,
  type SqlValue,
  stringType,
} from "../../types/data-type.ts";
import { isInterval, isOrderable } from "../coercion.ts";
import type { AggregateFunction, ArgumentInfo, Signature } from "../function.ts";
import { type CallInfo, classes, coerceArgument, type Resolve, unexpectedInput } from "../resolution.ts";
import { type DistinctKey, distinctKeyOf } from "./distinct-keys.ts";
import { valueBytes } from "./extremes.ts";
import { objectAccumulators } from "./object-accumulators.ts";
import { findOrder } from "./ordered.ts";
import { percentagesOf, percentageType } from "./percentiles.ts";

const group = "Aggregate";
const call: CallInfo = { sql: "percentile", ansi: true };

type Frequencies = Map<number, number>;

/** Numbers count as DOUBLE; intervals keep their type. */
function measure(arg: ArgumentInfo, index: number, info: CallInfo): DataType {
  if (isInterval(arg.type)) return arg.type;
  coerceArgument(arg, classes.numeric, index, info);
  return doubleType;
}
function resultType(value: DataType, percentage: ArgumentInfo | undefined): DataType {
  return percentage?.type.kind === "array" ? arrayType(value, false) : value;
}

const resolveExact: Resolve = (args, info) => {
  const value = measure(args[0]!, 0, info);
  percentagesOf(args[1]!, info);
  const frequency = args[2];
  if (frequency !== undefined && !isIntegral(frequency.type) && frequency.type.kind !== "null")
    throw unexpectedInput(frequency, "INTEGRAL", 2, info);
  return {
    args: [value, percentageType(args[1]!), ...(frequency === undefined ? [] : [bigintType])],
    returns: resultType(value, args[1]),
  };
};
/** percentage, directions, value */
const resolveWithin: Resolve = (args, info) => {
  const value = measure(args[2]!, 0, info);
  percentagesOf(args[0]!, info);
  return { args: [percentageType(args[0]!), stringType, value], returns: resultType(value, args[0]) };
};

type Sorted = readonly (readonly [value: number, rows: number])[];
type Choose = (sorted: Sorted, cumulative: readonly number[], p: number) => number;

/** Linear interpolation between the two values around position p × (count − 1). */
const interpolated: Choose = (sorted, cumulative, p) => {
  const position = p * (cumulative[cumulative.length - 1]! - 1);
  const low = Math.floor(position);
  const high = Math.ceil(position);
  const at = (rank: number): number => sorted[cumulative.findIndex((c) => c > rank)]![0];
  const lowValue = at(low);
  if (low === high) return lowValue;
  const highValue = at(high);
  return lowValue === highValue ? lowValue : (high - position) * lowValue + (position - low) * highValue;
};
/** The first value up to which at least the share p of the rows lies. */
const discrete: Choose = (sorted, cumulative, p) => {
  const wanted = Math.ceil(p * cumulative[cumulative.length - 1]!);
  return sorted[cumulative.findIndex((c) => c >= wanted)]![0];
};

interface Form {
  readonly value: number;
  /** Position of the percentages; absent: the median. */
  readonly percentage?: number;
  readonly frequency?: number;
}

function exactPercentile(
  fields: Fields<"name" | "arity" | "resolve" | "doc" | "withinGroup">,
  form: Form,
  pick: Choose = interpolated,
): AggregateFunction {
  return {
    since: "0.1.0",
    nullable: true,
    orderIndependent: true,
    buffer: () => [
      { name: "values", type: arrayType(doubleType, false), nullable: true },
      { name: "counts", type: arrayType(bigintType, false), nullable: true },
    ],
    bind: ({ args }: Signature, _context, infos) => {
      const percentage = form.percentage === undefined ? undefined : infos[form.percentage]!;
      const list = percentage === undefined ? [0.5] : percentagesOf(percentage, call);
      const isList = percentage?.type.kind === "array";
      const order = findOrder(infos);
      const descending = order >= 0 && String(infos[order]!.literal!.value).startsWith("ORDER d");
      const type = args[form.value]!;
      const result = (value: number): SqlValue =>
        type.kind === "interval_day_time" ? BigInt(Math.trunc(value)) : isInterval(type) ? Math.trunc(value) : value;
      const add = (state: Frequencies, value: number, times: number): void => {
        state.set(value, (state.get(value) ?? 0) + times);
      };
      return objectAccumulators<Frequencies>({
        create: () => new Map(),
        update(state, row) {
          const value = row[form.value]!;
          const frequency = form.frequency === undefined ? 1n : row[form.frequency];
          if (value === null || frequency === null) return state;
          const times = frequency === undefined ? 1 : Number(frequency);
          if (times < 0) {
            throw new MillraceError("NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION", {
              frequencyExpression: '"frequency"',
              negativeValue: String(times),
            });
          }
          if (times > 0) add(state, Number(value), times);
          return state;
        },
        save: (state) => [[...state.keys()], [...state.values()].map(BigInt)],
        merge(state, [values, counts]) {
          (values as readonly number[] | null)?.forEach((v, i) =>
            add(state, v, Number((counts as readonly bigint[])[i]!)),
          );
          return state;
        },
        evaluate(state) {
          if (state.size === 0) return null;
          const compare = comparatorOf(doubleType);
          const sorted = [...state].sort((a, b) => (descending ? compare(b[0], a[0]) : compare(a[0], b[0])));
          let sum = 0;
          const cumulative = sorted.map(([, times]) => (sum += times));
          const values = list.map((p) => result(pick(sorted, cumulative, p)));
          return isList ? values : values[0]!;
        },
        memoryBytes: (state) => 100 + state.size * 48,
      });
    },
    ...fields,
  };
}
type Fields<K extends keyof AggregateFunction> = { readonly [P in K]: AggregateFunction[P] };

type Counted = Map<DistinctKey, { readonly value: SqlValue; rows: number }>;

/** mode(expr[, deterministic]), mode() WITHIN GROUP (ORDER BY expr) */
const mode: AggregateFunction = {
  name: "mode",
  since: "0.2.0",
  arity: [0, 2],
  withinGroup: { keys: [1, 1], required: false, plain: 0 },
  resolve(args, info) {
    const order = findOrder(args);
    if (order < 0 && args.length === 0) {
      throw new MillraceError("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING", { funcName: "`mode`" });
    }
    const value = args[order < 0 ? 0 : order + 1]!.type;
    if (order >= 0) return { args: args.map((arg) => arg.type), returns: value };
    const flag = args[1] === undefined ? [] : [coerceArgument(args[1], booleanType, 1, info)];
    return { args: [value, ...flag], returns: value };
  },
  nullable: true,
  orderIndependent: true,
  buffer: ({ returns }) => [
    { name: "values", type: arrayType(returns, false), nullable: true },
    { name: "counts", type: arrayType(bigintType, false), nullable: true },
  ],
  bind({ returns }, _context, infos) {
    const order = findOrder(infos);
    const at = order < 0 ? 0 : order + 1;
    const descending = order >= 0 && String(infos[order]!.literal!.value).startsWith("ORDER d");
    const keyOf = distinctKeyOf(returns);
    const compare = isOrderable(returns) ? comparatorOf(returns) : () => 0;
    const add = (state: Counted, value: SqlValue, rows: number): void => {
      const key = keyOf(value);
      const known = state.get(key);
      if (known === undefined) state.set(key, { value, rows });
      else known.rows += rows;
    };
    return objectAccumulators<Counted>({
      create: () => new Map(),
      update(state, row) {
        if (row[at] !== null) add(state, row[at]!, 1);
        return state;
      },
      save: (state) => [
        [...state.values()].map(({ value }) => value),
        [...state.values()].map(({ rows }) => BigInt(rows)),
      ],
      merge(state, [values, counts]) {
        (values as readonly SqlValue[] | null)?.forEach((value, i) =>
          add(state, value, Number((counts as readonly bigint[])[i]!)),
        );
        return state;
      },
      evaluate(state) {
        let best: { readonly value: SqlValue; readonly rows: number } | undefined;
        for (const entry of state.values()) {
          const better =
            best === undefined ||
            entry.rows > best.rows ||
            (entry.rows === best.rows && compare(entry.value, best.value) * (descending ? -1 : 1) < 0);
          if (better) best = entry;
        }
        return best?.value ?? null;
      },
      memoryBytes(state) {
        let bytes = 100;
        for (const { value } of state.values()) bytes += 48 + valueBytes(value);
        return bytes;
      },
    });
  },
  doc: {
    group,
    usage: "mode(expr), mode() WITHIN GROUP (ORDER BY expr)",
    summary:
      "The most frequent value that is not NULL; of several the least (the greatest with ORDER BY expr DESC), so that the order of the rows does not matter.",
    examples: [{ sql: "mode('a')", result: "a" }],
  },
};

const within = { keys: [1, 1], required: true, plain: 1 } as const;

export const exactPercentiles: readonly AggregateFunction[] = [
  exactPercentile(
    {
      name: "percentile",
      arity: [2, 3],
      resolve: resolveExact,
      withinGroup: undefined,
      doc: {
        group,
        usage: "percentile(expr, percentage[, frequency])",
        summary: "Exact percentile, interpolated between neighbours, as DOUBLE. Keeps every different value.",
        examples: [{ sql: "percentile(10, 0.3)", result: "10.0" }],
      },
    },
    { value: 0, percentage: 1, frequency: 2 },
  ),
  exactPercentile(
    {
      name: "median",
      arity: [1, 1],
      resolve(args, info) {
        const value = measure(args[0]!, 0, info);
        return { args: [value], returns: value };
      },
      withinGroup: undefined,
      doc: {
        group,
        usage: "median(expr)",
        summary: "The exact median as DOUBLE.",
        examples: [{ sql: "median(10)", result: "10.0" }],
      },
    },
    { value: 0 },
  ),
  exactPercentile(
    {
      name: "percentile_cont",
      arity: [1, 1],
      resolve: resolveWithin,
      withinGroup: within,
      doc: {
        group,
        usage: "percentile_cont(percentage) WITHIN GROUP (ORDER BY expr)",
        summary: "As percentile: interpolated between neighbours.",
        examples: [{ sql: "percentile_cont(0.25) WITHIN GROUP (ORDER BY 10)", result: "10.0" }],
      },
    },
    { value: 2, percentage: 0 },
  ),
  exactPercentile(
    {
      name: "percentile_disc",
      arity: [1, 1],
      resolve: resolveWithin,
      withinGroup: within,
      doc: {
        group,
        usage: "percentile_disc(percentage) WITHIN GROUP (ORDER BY expr)",
        summary: "The first value up to which at least that share of the rows lies.",
        examples: [{ sql: "percentile_disc(0.25) WITHIN GROUP (ORDER BY 10)", result: "10.0" }],
      },
    },
    { value: 2, percentage: 0 },
    discrete,
  ),
  mode,
];
