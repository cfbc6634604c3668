/** `+`, `-`, `*` and `/` where dates, timestamps and intervals take part: types and interpreter forms. */
import { MillraceError } from "../errors/index.ts";
import {
  bigintType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  doubleType,
  intType,
  isIntegral,
  isNumeric,
  type SqlValue,
  timestampNtzType,
  timestampType,
  timeType,
  yearMonthIntervalType,
} from "../types/data-type.ts";
import { addMonths, floorDiv, localMicrosOf, microsPerDay } from "./calendar.ts";
import { findTightestCommonType, isInterval } from "./coercion.ts";
import { divideHalfUp } from "./decimal.ts";
import type { EvalContext, Signature } from "./function.ts";
import { nanosPerDay, timeText } from "./time-of-day.ts";
import { fromLocal, type TimeZone, timeZoneOf, toLocal } from "./time-zone.ts";

type Binary = (a: SqlValue, b: SqlValue) => SqlValue;

const dayInterval: DataType = { kind: "interval_day_time", startField: 0, endField: 0 };
const hourInterval: DataType = { kind: "interval_day_time", startField: 1, endField: 3 };
const isDate = (t: DataType): boolean => t.kind === "date";
/** What counts as days beside a date. */
const isDayCount = (t: DataType): boolean => isIntegral(t) && t.kind !== "bigint";
const isTimestamp = (t: DataType): boolean => t.kind === "timestamp" || t.kind === "timestamp_ntz";

export type TemporalOperator = "+" | "-" | "*" | "/";

/** The types of a call in which a date, timestamp or interval takes part; undefined for others and for misfits. */
export function resolveTemporal(
  operator: TemporalOperator,
  left: DataType,
  right: DataType,
  ansi: boolean,
): Signature | undefined {
  if (operator === "*" || operator === "/") {
    const isFactor = (t: DataType): boolean => isNumeric(t) || t.kind === "string" || t.kind === "null";
    if (isInterval(left) && isFactor(right)) return scaled(left, right);
    if (operator === "*" && isFactor(left) && isInterval(right)) {
      const { args, returns } = scaled(right, left);
      return { args: [args[1]!, args[0]!], returns };
    }
    return undefined;
  }
  if (
    operator === "+" &&
    !isInterval(right) &&
    right.kind !== "null" &&
    (isInterval(left) || (isDayCount(left) && isDate(right)))
  ) {
    const swapped = resolveTemporal("+", right, left, ansi);
    return swapped && { args: [swapped.args[1]!, swapped.args[0]!], returns: swapped.returns };
  }
  if (isInterval(left) && isInterval(right)) {
    const common = findTightestCommonType(left, right);
    return common && { args: [common, common], returns: common };
  }
  if (left.kind === "null" && isInterval(right)) return { args: [right, right], returns: right };
  if (isInterval(left) && right.kind === "null") return { args: [left, left], returns: left };
  if (isDate(left)) {
    if (isDayCount(right)) return { args: [dateType, intType], returns: dateType };
    if (right.kind === "interval_year_month") return { args: [left, right], returns: dateType };
    if (right.kind === "interval_day_time")
      return right.endField === 0
        ? { args: [left, right], returns: dateType }
        : { args: [timestampType, right], returns: timestampType };
    if (operator === "-" && isDate(right)) return { args: [left, right], returns: dayInterval };
    if (operator === "-" && ((right.kind === "string" && ansi) || right.kind === "null"))
      return { args: [dateType, dateType], returns: dayInterval };
    if (right.kind === "null") return { args: [timestampType, dayTimeIntervalType], returns: timestampType };
  }
  if (operator === "-" && isDate(right) && (left.kind === "string" || left.kind === "null"))
    return { args: [dateType, dateType], returns: dayInterval };
  if (operator === "+" && left.kind === "null" && isDate(right))
    return { args: [dayTimeIntervalType, timestampType], returns: timestampType };
  if (operator === "+" && isTimestamp(left) && right.kind === "null")
    return { args: [left, dayTimeIntervalType], returns: left };
  if (operator === "+" && left.kind === "null" && isTimestamp(right))
    return { args: [dayTimeIntervalType, right], returns: right };
  if (isTimestamp(left) && isInterval(right)) return { args: [left, right], returns: left };
  if (left.kind === "time" && right.kind === "interval_day_time") {
    // Seconds of intervals have microseconds.
    const precision = right.endField === 3 ? Math.max(6, left.precision) : left.precision;
    return { args: [left, right], returns: timeType(precision) };
  }
  if (operator === "-" && (left.kind === "time" || right.kind === "time")) {
    const fits = (t: DataType): boolean => t.kind === "time" || t.kind === "string";
    if (!fits(left) || !fits(right)) return undefined;
    const side = (t: DataType, other: DataType): DataType => (t.kind === "time" ? t : other);
    return { args: [side(left, right), side(right, left)], returns: hourInterval };
  }
  if (operator === "-" && (isTimestamp(left) || isTimestamp(right))) {
    const fits = (t: DataType): boolean =>
      isTimestamp(t) || isDate(t) || (t.kind === "string" && ansi) || t.kind === "null";
    if (!fits(left) || !fits(right)) return undefined;
    const side = left.kind === "timestamp" || right.kind === "timestamp" ? timestampType : timestampNtzType;
    return { args: [side, side], returns: dayTimeIntervalType };
  }
  return undefined;
}

function scaled(interval: DataType, factor: DataType): Signature {
  const returns = interval.kind === "interval_day_time" ? dayTimeIntervalType : yearMonthIntervalType;
  return { args: [interval, isIntegral(factor) ? bigintType : doubleType], returns };
}

/** The interpreter form, or undefined when the types are plain numbers. */
export function bindTemporal(
  operator: TemporalOperator,
  signature: Signature,
  context: EvalContext,
): Binary | undefined {
  const [left, right] = signature.args as readonly [DataType, DataType];
  if (operator === "*" || operator === "/") {
    if (isInterval(left)) return scaleInterval(operator, left);
    if (!isInterval(right)) return undefined;
    const form = scaleInterval("*", right);
    return (a, b) => form(b, a);
  }
  const sign = operator === "+" ? 1 : -1;
  if (isInterval(left) && isInterval(right)) {
    return left.kind === "interval_day_time"
      ? (a, b) => checkedMicros((a as bigint) + BigInt(sign) * (b as bigint))
      : (a, b) => checkedMonths((a as number) + sign * (b as number));
  }
  if (operator === "+" && (isInterval(left) || right.kind === "date")) {
    const form = pointPlusInterval(right, left, 1, context);
    return form && ((a, b) => form(b, a));
  }
  if (isInterval(right) || (left.kind === "date" && right.kind === "int"))
    return pointPlusInterval(left, right, sign, context);
  if (operator === "-" && left.kind === "date" && right.kind === "date")
    return (a, b) => BigInt((a as number) - (b as number)) * microsPerDay;
  if (operator === "-" && left.kind === "time" && right.kind === "time")
    return (a, b) => ((a as bigint) - (b as bigint)) / 1000n;
  if (operator === "-" && isTimestamp(left) && isTimestamp(right)) {
    if (left.kind === "timestamp_ntz") return (a, b) => checkedMicros((a as bigint) - (b as bigint));
    const zone = timeZoneOf(context.timeZone);
    return zone.fixed !== undefined
      ? (a, b) => checkedMicros((a as bigint) - (b as bigint))
      : (a, b) => checkedMicros(toLocal(zone, a as bigint) - toLocal(zone, b as bigint));
  }
  return undefined;
}

function pointPlusInterval(
  point: DataType,
  interval: DataType,
  sign: number,
  context: EvalContext,
): Binary | undefined {
  if (point.kind === "date") {
    if (interval.kind === "int") return (a, b) => checkedDays((a as number) + sign * (b as number));
    if (interval.kind === "interval_year_month")
      return (a, b) => checkedDays(addMonths(a as number, sign * (b as number)));
    return (a, b) => checkedDays((a as number) + sign * Number((b as bigint) / microsPerDay));
  }
  if (point.kind === "time") {
    return (a, b) => {
      const nanos = (a as bigint) + BigInt(sign) * (b as bigint) * 1000n;
      if (nanos >= 0n && nanos < nanosPerDay) return nanos;
      throw new MillraceError("DATETIME_OVERFLOW", {
        operation: `add the interval to the time value TIME '${timeText(a as bigint)}' leaves the day`,
      });
    };
  }
  if (!isTimestamp(point)) return undefined;
  if (interval.kind === "interval_day_time") {
    const zone = timeZoneOf(point.kind === "timestamp" ? context.timeZone : "UTC");
    return (a, b) => timestampPlusDays(a as bigint, BigInt(sign) * (b as bigint), zone);
  }
  return (a, b) =>
    timestampPlusMonths(a as bigint, sign * (b as number), point.kind === "timestamp" ? context.timeZone : "UTC");
}

/** A timestamp some months later at the same local time of day. */
export function timestampPlusMonths(micros: bigint, months: number, timeZone: string): bigint {
  const zone = timeZoneOf(timeZone);
  const local = toLocal(zone, micros);
  const day = floorDiv(local, microsPerDay);
  const shifted = localMicrosOf(addMonths(Number(day), months), 0) + (local - day * microsPerDay);
  return checkedTimestamp(fromLocal(zone, shifted));
}

/** A timestamp later by a span: its whole days on the calendar of the zone, the rest on the clock. */
export function timestampPlusDays(micros: bigint, span: bigint, zone: TimeZone): bigint {
  const rest = span % microsPerDay;
  if (zone.fixed !== undefined || rest === span) return checkedTimestamp(micros + span);
  return checkedTimestamp(fromLocal(zone, toLocal(zone, micros) + (span - rest)) + rest);
}

function scaleInterval(operator: "*" | "/", interval: DataType): Binary {
  const months = interval.kind === "interval_year_month";
  return (value, factor) => {
    const base = typeof value === "bigint" ? value : BigInt(value as number);
    if (operator === "/" && (factor === 0n || factor === 0)) throw new MillraceError("INTERVAL_DIVIDED_BY_ZERO", {});
    const result =
      typeof factor === "bigint"
        ? operator === "*"
          ? base * factor
          : divideHalfUp(base, factor)
        : roundedScale(Number(base), factor as number, operator);
    const tried = operator === "*" ? "try_multiply" : "try_divide";
    return months ? checkedMonths(Number(result), tried) : checkedMicros(result, tried);
  };
}
function roundedScale(base: number, factor: number, operator: "*" | "/"): bigint {
  const exact = operator === "*" ? base * factor : base / factor;
  if (!Number.isFinite(exact)) throw intervalOverflow(operator === "*" ? "try_multiply" : "try_divide");
  return BigInt(exact < 0 ? -Math.round(-exact) : Math.round(exact));
}

function intervalOverflow(tried: string): MillraceError {
  return new MillraceError("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", { functionName: `\`${tried}\`` });
}
function checkedMicros(value: bigint, tried = "try_add"): bigint {
  if (BigInt.asIntN(64, value) !== value) throw intervalOverflow(tried);
  return value;
}
function checkedMonths(value: number, tried = "try_add"): number {
  if ((value | 0) !== value) throw intervalOverflow(tried);
  return value;
}
function checkedDays(value: number): number {
  if ((value | 0) !== value)
    throw new MillraceError("DATETIME_OVERFLOW", { operation: "the date does not fit 32 bits of days" });
  return value;
}
function checkedTimestamp(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value)
    throw new MillraceError("DATETIME_OVERFLOW", { operation: "the timestamp does not fit 64 bits of microseconds" });
  return value;
}
