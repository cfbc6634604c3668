/** `sequence`: whole numbers, dates and timestamps at equal steps. */
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  isIntegral,
  type SqlValue,
} from "../../types/data-type.ts";
import { addMonths, floorDiv, microsPerDay } from "../calendar.ts";
import { findCommonType, findTightestCommonType, isDatetime, isInterval } from "../coercion.ts";
import { canCast } from "../casts.ts";
import type { ArgumentInfo, ScalarFunction } from "../function.ts";
import { type CallInfo } from "../resolution.ts";
import { fromLocal, type TimeZone, timeZoneOf, toLocal, utc } from "../time-zone.ts";
import { quotedType } from "../type-text.ts";
import { collection, elementOf, maximumArrayLength } from "./collection-record.ts";

function misfit(args: readonly ArgumentInfo[], call: CallInfo): MillraceError {
  return new MillraceError("DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES", {
    sqlExpr: call.sql,
    functionName: "`sequence`",
    types: args.map((arg) => quotedType(arg.type)).join(", "),
  });
}

function resolveSequence(args: readonly ArgumentInfo[], call: CallInfo): { args: DataType[]; returns: DataType } {
  const [start, stop, step] = args.map((arg) => arg.type) as [DataType, DataType, DataType | undefined];
  const common = findCommonType(start, stop);
  if (common === undefined) throw misfit(args, call);
  if (isIntegral(common)) {
    if (step === undefined) return { args: [common, common], returns: arrayType(common, false) };
    const all = findTightestCommonType(common, step);
    if (all === undefined || !isIntegral(all)) throw misfit(args, call);
    return { args: [all, all, all], returns: arrayType(all, false) };
  }
  if (!isDatetime(common)) throw misfit(args, call);
  const wanted = step?.kind === "string" || step?.kind === "null" ? dayTimeIntervalType : step;
  if (wanted !== undefined && (!isInterval(wanted) || !canCast(step!, wanted, "ansi"))) throw misfit(args, call);
  return { args: [common, common, ...(wanted === undefined ? [] : [wanted])], returns: arrayType(common, false) };
}

function illegal(start: SqlValue, stop: SqlValue, step: SqlValue): MillraceError {
  return new MillraceError("INVALID_SEQUENCE", { start: String(start), stop: String(stop), step: String(step) });
}

/** Number of items; at least one. */
function lengthOf(start: bigint, stop: bigint, step: bigint, shown: readonly [SqlValue, SqlValue, SqlValue]): number {
  const leads = step > 0n ? start <= stop : step < 0n ? start >= stop : start === stop;
  if (!leads) throw illegal(...shown);
  const length = step === 0n ? 1n : (stop - start) / step + 1n;
  if (length > BigInt(maximumArrayLength)) {
    throw new MillraceError("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", {
      numberOfElements: String(length),
      functionName: "`sequence`",
      maxRoundedArrayLength: String(maximumArrayLength),
      parameter: "`count`",
    });
  }
  return Number(length);
}

function integers(wide: boolean): (...args: SqlValue[]) => SqlValue {
  return (start, stop, step) => {
    const [from, to] = [BigInt(start as number), BigInt(stop as number)];
    const by = step === undefined ? (from <= to ? 1n : -1n) : BigInt(step as number);
    const length = lengthOf(from, to, by, [from, to, by]);
    if (wide) return Array.from({ length }, (_, i) => from + by * BigInt(i));
    const [first, add] = [Number(from), Number(by)];
    return Array.from({ length }, (_, i) => first + add * i);
  };
}

interface Step {
  readonly months: number;
  readonly days: bigint;
  readonly micros: bigint;
}
function stepOf(value: SqlValue | undefined, type: DataType | undefined, ascending: boolean): Step {
  if (value === undefined || type === undefined) return { months: 0, days: ascending ? 1n : -1n, micros: 0n };
  if (type.kind === "interval_year_month") return { months: value as number, days: 0n, micros: 0n };
  const days = (value as bigint) / microsPerDay;
  return { months: 0, days, micros: (value as bigint) - days * microsPerDay };
}

/** Whole days are of the calendar of the zone, so that a change of its clocks does not move the time of day. */
function timestamps(zone: TimeZone, stepType: DataType | undefined): (...args: SqlValue[]) => SqlValue {
  return (start, stop, written) => {
    const [from, to] = [start as bigint, stop as bigint];
    const step = stepOf(written, stepType, from <= to);
    // A month has at least 28 days: that makes the estimate of the length large enough.
    const estimate = BigInt(step.months) * 28n * microsPerDay + step.days * microsPerDay + step.micros;
    const most = lengthOf(from, to, estimate, [from, to, estimate]);
    const local = toLocal(zone, from);
    const day = floorDiv(local, microsPerDay);
    const timeOfDay = local - day * microsPerDay;
    const items: bigint[] = [];
    for (let i = 0; i < most + 1; i++) {
      const n = BigInt(i);
      let item = from + n * step.micros;
      if (step.months !== 0 || step.days !== 0n) {
        const moved = step.months === 0 ? day : BigInt(addMonths(Number(day), i * step.months));
        item = fromLocal(zone, (moved + n * step.days) * microsPerDay + timeOfDay) + n * step.micros;
      }
      if (estimate >= 0n ? item > to : item < to) break;
      items.push(item);
      if (estimate === 0n) break;
    }
    return items;
  };
}

function dates(stepType: DataType | undefined): (...args: SqlValue[]) => SqlValue {
  return (start, stop, written) => {
    const [from, to] = [start as number, stop as number];
    const step = stepOf(written, stepType, from <= to);
    if (step.micros !== 0n) throw illegal(from, to, written!);
    const estimate = BigInt(step.months) * 28n + step.days;
    const most = lengthOf(BigInt(from), BigInt(to), estimate, [from, to, estimate]);
    const items: number[] = [];
    for (let i = 0; i < most + 1; i++) {
      const item = step.months === 0 ? from + i * Number(step.days) : addMonths(from, i * step.months);
      if (estimate >= 0n ? item > to : item < to) break;
      items.push(item);
      if (estimate === 0n) break;
    }
    return items;
  };
}

export const sequence: ScalarFunction = collection({
  name: "sequence",
  arity: [2, 3],
  resolve: resolveSequence,
  bind: ({ args, returns }, context) => {
    const item = elementOf(returns);
    if (isIntegral(item)) return integers(item.kind === "bigint");
    if (item.kind === dateType.kind) return dates(args[2]);
    return timestamps(item.kind === "timestamp" ? timeZoneOf(context.timeZone) : utc, args[2]);
  },
  usage: "sequence(start, stop[, step])",
  summary:
    "Whole numbers, dates or timestamps from start to stop, both included. The step is a number or an interval; without it 1 or a day, towards stop.",
  examples: [
    ["sequence(1, 5)", "[1, 2, 3, 4, 5]"],
    ["sequence(5, 1, -2)", "[5, 3, 1]"],
    [
      "sequence(to_date('2018-01-01'), to_date('2018-03-01'), INTERVAL 1 MONTH)",
      "[2018-01-01, 2018-02-01, 2018-03-01]",
    ],
  ],
});
