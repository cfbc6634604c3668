/** Aggregates over frames: whole columns for the common ones, accumulators for all others. */
import { planAggregate } from "../../codegen/aggregate-plan.ts";
import { AccumulatorStore } from "../../codegen/aggregate-stores.ts";
import { gather, gatherOrNull } from "../../columnar/gather.ts";
import { ascending, rowComparator } from "../../columnar/sort.ts";
import { allPresent, clearBit } from "../../columnar/validity.ts";
import type { Validity, Vector } from "../../columnar/vector.ts";
import { assertInvariant } from "../../errors/index.ts";
import type { AggregateCall } from "../../expressions/expression.ts";
import { typeOf } from "../../expressions/typing.ts";
import type { EvalContext } from "../../functions/function.ts";
import { bigintType } from "../../types/data-type.ts";
import type { Frames } from "./frames.ts";
import { frameValues } from "./neighbours.ts";
import { framesOver, presentBefore, selectRows } from "./row-selection.ts";
import { slidingAggregate } from "./sliding-accumulators.ts";
import { extremeRows } from "./sliding-extremes.ts";
import { mayOverflow, sumDoubles, sumLongs } from "./sliding-sums.ts";

/** The values of an aggregate over frames; `columns` are its arguments and, at the end, its filter. */
export type FramedAggregate = (frames: Frames, columns: readonly Vector[]) => Vector;

export function framedAggregate(call: AggregateCall, context: EvalContext): FramedAggregate {
  const positional = positionalAggregate(call);
  if (positional !== undefined) return positional;
  const plain = plainAggregate(call, context);
  if (call.filter === undefined) return plain;
  return (frames, columns) => {
    const args = columns.slice(0, -1);
    const selection = selectRows(frames.from.length, columns[columns.length - 1], undefined);
    if (selection === undefined) return plain(frames, args);
    const { positions } = selection;
    return plain(
      framesOver(frames, selection),
      args.map((column) => gather(column, positions, positions.length)),
    );
  };
}

/** `first` and `last` are values of rows; their filter selects the rows. */
function positionalAggregate(call: AggregateCall): FramedAggregate | undefined {
  if (call.fn !== "first" && call.fn !== "last") return undefined;
  const option = call.args[1];
  const ignoreNulls = option?.kind === "Literal" && option.value === true;
  const place = call.fn === "first" ? 0 : "last";
  return (frames, columns) =>
    frameValues(
      frames,
      columns[0]!,
      place,
      call.filter === undefined ? undefined : columns[columns.length - 1],
      ignoreNulls,
    );
}

function plainAggregate(call: AggregateCall, context: EvalContext): FramedAggregate {
  const accumulated = accumulatedAggregate(call, context);
  const from = call.args[0] === undefined ? undefined : typeOf(call.args[0]);
  switch (call.fn) {
    case "count":
      return call.args.length === 1 ? (frames, [column]) => counts(frames, column!) : accumulated;
    case "sum": {
      if (call.type.kind === "double" && from?.kind === "double") return doubleSums;
      const fits64 =
        call.type.kind === "bigint" ||
        call.type.kind === "interval_day_time" ||
        (call.type.kind === "decimal" && call.type.precision <= 18);
      return fits64 ? longSums(call, accumulated) : accumulated;
    }
    case "avg":
      return call.type.kind === "double" && from?.kind === "double" ? doubleMeans : accumulated;
    case "min":
    case "bool_and":
    case "max":
    case "bool_or":
      return extremes(call.fn === "max" || call.fn === "bool_or", 0);
    case "min_by":
    case "max_by":
      return extremes(call.fn === "max_by", 1);
    default:
      return accumulated;
  }
}

function accumulatedAggregate(call: AggregateCall, context: EvalContext): FramedAggregate {
  const { filter: _filter, ...unfiltered } = call;
  return (frames, columns) => {
    const store = planAggregate(unfiltered, context, false).create();
    assertInvariant(store instanceof AccumulatorStore, "an aggregate without accumulators");
    return slidingAggregate(frames, columns, store.accumulators, call.type);
  };
}

function counts({ from, to }: Frames, column: Vector): Vector {
  const before = presentBefore(column);
  const values = new BigInt64Array(from.length);
  // Counts fit 32 bits: only the low halves are written.
  const halves = new Int32Array(values.buffer);
  for (let i = 0; i < from.length; i++) halves[2 * i] = before[to[i]!]! - before[from[i]!]!;
  return { kind: "i64", type: bigintType, length: from.length, validity: null, values };
}

/** NULL for frames without a value. */
function validityOf({ from, to }: Frames, before: Int32Array): Validity {
  let bits: Uint8Array | null = null;
  for (let i = 0; i < from.length; i++) {
    if (before[to[i]!] === before[from[i]!]) clearBit((bits ??= allPresent(from.length)), i);
  }
  return bits;
}

function longSums(call: AggregateCall, checked: FramedAggregate): FramedAggregate {
  return (frames, columns) => {
    const column = columns[0]!;
    if (column.kind !== "i64" && column.kind !== "decimal") return checked(frames, columns);
    const stride = column.kind === "decimal" ? 2 : 1;
    // Where a frame's sum may overflow, it is added up value by value, which notices.
    if (call.ansi && mayOverflow(column.values, stride, column.length)) return checked(frames, columns);
    const length = frames.from.length;
    const validity = validityOf(frames, presentBefore(column));
    const sums = sumLongs(frames, column);
    if (call.type.kind !== "decimal") return { kind: "i64", type: call.type, length, validity, values: sums };
    const values = new BigInt64Array(2 * length);
    for (let i = 0; i < length; i++) {
      values[2 * i] = sums[i]!;
      values[2 * i + 1] = sums[i]! < 0n ? -1n : 0n;
    }
    return { kind: "decimal", type: call.type, length, validity, values };
  };
}

const doubleSums: FramedAggregate = (frames, [column]) => {
  assertInvariant(column?.kind === "f64", "a sum of doubles over another column");
  const validity = validityOf(frames, presentBefore(column));
  return { kind: "f64", type: column.type, length: frames.from.length, validity, values: sumDoubles(frames, column) };
};

const doubleMeans: FramedAggregate = (frames, [column]) => {
  assertInvariant(column?.kind === "f64", "a mean of doubles over another column");
  const before = presentBefore(column);
  const values = sumDoubles(frames, column);
  const { from, to } = frames;
  for (let i = 0; i < values.length; i++) values[i] = values[i]! / (before[to[i]!]! - before[from[i]!]!);
  return { kind: "f64", type: column.type, length: values.length, validity: validityOf(frames, before), values };
};

/** The first argument's value in the row where argument `by` is least or greatest. */
function extremes(greatest: boolean, by: 0 | 1): FramedAggregate {
  return (frames, columns) => {
    const order = columns[by]!;
    const rows = extremeRows(frames, order, rowComparator(order, ascending), greatest);
    return gatherOrNull(columns[0]!, rows, rows.length);
  };
}
