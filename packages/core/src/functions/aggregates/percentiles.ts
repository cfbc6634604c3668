import { MillraceError } from "../../errors/index.ts";
import { arrayType, bigintType, binaryType, type DataType, doubleType, type SqlValue } from "../../types/data-type.ts";
import { bindCast } from "../cast-values.ts";
import { isDatetime, isInterval } from "../coercion.ts";
import { decimalFromNumber } from "../decimal.ts";
import type { AggregateFunction, ArgumentInfo } from "../function.ts";
import { type CallInfo, classes, coerceArgument, type Resolve, requireLiteral } from "../resolution.ts";
import { objectAccumulators } from "./object-accumulators.ts";
import { QuantileSummary } from "./quantile-summary.ts";

const group = "Aggregate";
const defaultAccuracy = 10_000;

/** The percentages of a call: one number or an array, each from 0 to 1. */
export function percentagesOf(arg: ArgumentInfo, call: CallInfo): readonly number[] {
  const value = requireLiteral(arg, "percentage", call);
  if (value === null) {
    throw new MillraceError("DATATYPE_MISMATCH.UNEXPECTED_NULL", { sqlExpr: call.sql, exprName: "percentage" });
  }
  const toDouble = (type: DataType, v: SqlValue): SqlValue => bindCast(type, doubleType, "ansi", "UTC")(v);
  const list =
    arg.type.kind === "array"
      ? (value as readonly SqlValue[]).map((v) => toDouble((arg.type as { element: DataType }).element, v))
      : [toDouble(arg.type, value)];
  for (const p of list)
    if (typeof p !== "number" || !(p >= 0 && p <= 1))
      throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: call.sql,
        exprName: "percentage",
        valueRange: "[0.0, 1.0]",
        currentValue: String(p),
      });
  return list as readonly number[];
}

function accuracyOf(arg: ArgumentInfo | undefined, call: CallInfo): number {
  if (arg === undefined) return defaultAccuracy;
  const accuracy = Number(requireLiteral(arg, "accuracy", call));
  if (!(accuracy > 0 && accuracy <= 2147483647))
    throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
      sqlExpr: call.sql,
      exprName: "accuracy",
      valueRange: "(0, 2147483647]",
      currentValue: String(accuracy),
    });
  return accuracy;
}

export const percentageType = (arg: ArgumentInfo): DataType =>
  arg.type.kind === "array" ? arrayType(doubleType, false) : doubleType;

const resolveApproximate: Resolve = (args, call) => {
  const { type: given } = args[0]!;
  const type = isDatetime(given) || isInterval(given) ? given : coerceArgument(args[0]!, classes.numeric, 0, call);
  percentagesOf(args[1]!, call);
  accuracyOf(args[2], call);
  return {
    args: [type, percentageType(args[1]!), ...(args[2] === undefined ? [] : [bigintType])],
    returns: args[1]!.type.kind === "array" ? arrayType(type, false) : type,
  };
};

/** A value of the data as a double and back. */
function doubleForm(type: DataType): {
  readonly to: (value: SqlValue) => number;
  readonly from: (value: number) => SqlValue;
} {
  switch (type.kind) {
    case "decimal": {
      const to = bindCast(type, doubleType, "ansi", "UTC");
      return { to: to as (v: SqlValue) => number, from: (v) => decimalFromNumber(v, type.scale) ?? null };
    }
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "interval_day_time":
      return { to: (v) => Number(v as bigint), from: (v) => BigInt(Math.trunc(v)) };
    default:
      return { to: (v) => v as number, from: (v) => v };
  }
}

const call: CallInfo = { sql: "percentile", ansi: true };

const percentileApprox: AggregateFunction = {
  name: "percentile_approx",
  aliases: ["approx_percentile"],
  since: "0.1.0",
  arity: [2, 3],
  resolve: resolveApproximate,
  nullable: true,
  orderIndependent: false,
  buffer: () => [{ name: "buf", type: binaryType, nullable: true }],
  bind({ args }, _context, infos) {
    const percentages = percentagesOf(infos[1]!, call);
    const relativeError = 1 / accuracyOf(infos[2], call);
    const form = doubleForm(args[0]!);
    const isList = infos[1]!.type.kind === "array";
    return objectAccumulators<QuantileSummary>({
      create: () => new QuantileSummary(relativeError),
      update(state, [value]) {
        if (value !== null && value !== undefined) state.insert(form.to(value));
        return state;
      },
      save: (state) => [state.serialize()],
      merge(state, [bytes]) {
        if (bytes instanceof Uint8Array && bytes.length > 0) state.merge(QuantileSummary.deserialize(bytes));
        return state;
      },
      evaluate(state) {
        const values = state.query(percentages)?.map(form.from);
        if (values === undefined || values.length === 0) return null;
        return isList ? values : values[0]!;
      },
      memoryBytes: (state) => state.memoryBytes,
    });
  },
  doc: {
    group,
    usage: "percentile_approx(expr, percentage[, accuracy])",
    summary:
      "The value of the data at a percentage from 0 to 1, or an array of them for an array of percentages. Its rank is off by at most count / accuracy (10000). Ask for several percentages in one call: they share one digest.",
    examples: [{ sql: "percentile_approx(10.0, array(0.5, 0.4, 0.1), 100)", result: "[10.0, 10.0, 10.0]" }],
  },
};

export const percentiles: readonly AggregateFunction[] = [percentileApprox];
