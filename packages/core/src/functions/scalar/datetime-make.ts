/** Dates, timestamps and intervals of their fields. */
import { MillraceError } from "../../errors/index.ts";
import {
  type DataType,
  dateType,
  dayTimeIntervalType,
  decimalType,
  intType,
  type SqlValue,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
  yearMonthIntervalType,
} from "../../types/data-type.ts";
import { daysFromCivil, daysInMonth, isLeapYear, localMicrosOf } from "../calendar.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { overflow } from "../kernels/checked.ts";
import { type Resolve, signature } from "../resolution.ts";
import { fromLocal, timeZoneOf } from "../time-zone.ts";
import { timeFunction } from "./time-function.ts";

const monthNames = "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER".split(" ");

/** DATETIME_FIELD_OUT_OF_BOUNDS, with java.time's words. */
export function outOfBounds(rangeMessage: string): MillraceError {
  return new MillraceError("DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION", { rangeMessage });
}
/** @throws DATETIME_FIELD_OUT_OF_BOUNDS */
export function requireField(name: string, value: number, low: number, high: number, shown = `${high}`): void {
  if (value < low || value > high)
    throw outOfBounds(`Invalid value for ${name} (valid values ${low} - ${shown}): ${value}`);
}

function checkedDay(year: number, month: number, day: number): number {
  requireField("Year", year, -999_999_999, 999_999_999);
  requireField("MonthOfYear", month, 1, 12);
  requireField("DayOfMonth", day, 1, 31, "28/31");
  if (day > daysInMonth(year, month)) {
    throw outOfBounds(
      month === 2 && day === 29 && !isLeapYear(year)
        ? `Invalid date 'February 29' as '${year}' is not a leap year`
        : `Invalid date '${monthNames[month - 1]!} ${day}'`,
    );
  }
  const days = daysFromCivil(year, month, day);
  return (days | 0) === days ? days : overflow("integer overflow");
}

/** Runs, and gives NULL for the errors of values out of bounds when those are tolerated. */
function tolerating<A extends readonly SqlValue[]>(
  tolerant: boolean,
  make: (...args: A) => SqlValue,
): (...args: A) => SqlValue {
  if (!tolerant) return make;
  return (...args) => {
    try {
      return make(...args);
    } catch (error) {
      // A date that no number of days can stand for is an error always.
      if (error instanceof MillraceError && error.errorClass !== "ARITHMETIC_OVERFLOW") return null;
      throw error;
    }
  };
}

const makeDate = timeFunction({
  name: "make_date",
  arity: [3, 3],
  resolve: signature([intType], dateType),
  canReturnNull: (_, ansi) => !ansi,
  bind: (_types, context) =>
    tolerating(!context.ansi, (year: SqlValue, month: SqlValue, day: SqlValue) =>
      checkedDay(year as number, month as number, day as number),
    ) as (...args: SqlValue[]) => SqlValue,
  usage: "make_date(year, month, day)",
  summary: "A date of its fields.",
  examples: [["make_date(2013, 7, 15)", "2013-07-15"]],
});

/** Seconds with microseconds: DECIMAL(16, 6), so that `60` alone can be the start of the next minute. */
const secondsType = decimalType(16, 6);

function timestampArguments(returns: DataType, zoned: boolean): Resolve {
  const fields = [intType, intType, intType, intType, intType, secondsType];
  return (args, call) => {
    if (args.length < 6) return signature([dateType, timeType(9), ...(zoned ? [stringType] : [])], returns)(args, call);
    return signature([...fields, stringType], returns)(args, call);
  };
}

function fieldsToLocal(values: readonly SqlValue[]): bigint {
  const [year, month, day, hour, minute] = values as readonly number[];
  const micros = values[5] as bigint;
  const second = Number(micros / 1_000_000n);
  const days = checkedDay(year!, month!, day!);
  requireField("HourOfDay", hour!, 0, 23);
  requireField("MinuteOfHour", minute!, 0, 59);
  if (second === 60 && micros % 1_000_000n !== 0n)
    throw new MillraceError("INVALID_FRACTION_OF_SECOND", { secAndMicros: String(Number(micros) / 1e6) });
  if (second !== 60) requireField("SecondOfMinute", second, 0, 59);
  return localMicrosOf(days, (hour! * 3600 + minute! * 60) * 1e6) + micros;
}

function makeTimestamp(name: string, returns: DataType, tolerant: boolean, zoned: boolean): ScalarFunction {
  return timeFunction({
    name,
    arity: [2, zoned ? 7 : 6],
    resolve: timestampArguments(returns, zoned),
    canReturnNull: (_, ansi) => tolerant || !ansi,
    bind({ args }, context: EvalContext) {
      const ofFields = args.length >= 6;
      const zonePosition = ofFields ? 6 : 2;
      const session = timeZoneOf(returns.kind === "timestamp" ? context.timeZone : "UTC");
      const make = (...values: readonly SqlValue[]): SqlValue => {
        const local = ofFields
          ? fieldsToLocal(values)
          : localMicrosOf(values[0] as number, 0) + (values[1] as bigint) / 1000n;
        const zone = values[zonePosition];
        const micros = fromLocal(typeof zone === "string" ? timeZoneOf(zone) : session, local);
        if (BigInt.asIntN(64, micros) !== micros)
          throw new MillraceError("DATETIME_OVERFLOW", {
            operation: "the timestamp does not fit 64 bits of microseconds",
          });
        return micros;
      };
      return tolerating(tolerant || !context.ansi, make);
    },
    usage: `${name}(year, month, day, hour, minute, second${zoned ? "[, zone]" : ""}), ${name}(date, time${zoned ? "[, zone]" : ""})`,
    summary: `A timestamp${returns.kind === "timestamp" ? "" : " without zone"} of its fields; second is DECIMAL(16, 6) up to 60.${tolerant ? " NULL for fields out of their range." : ""}`,
    examples: [[`${name}(2014, 12, 28, 6, 30, 45.887)`, "2014-12-28 06:30:45.887"]],
  });
}

const intervalOverflow = (): MillraceError => new MillraceError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", {});

const makeDayTime = timeFunction({
  name: "make_dt_interval",
  arity: [0, 4],
  resolve: signature([intType, intType, intType, decimalType(18, 6)], dayTimeIntervalType),
  bind:
    () =>
    (days = 0, hours = 0, minutes = 0, seconds = 0n) => {
      const whole = BigInt((days as number) * 24 + (hours as number)) * 60n + BigInt(minutes as number);
      const micros = whole * 60_000_000n + (seconds as bigint);
      if (BigInt.asIntN(64, micros) !== micros) throw intervalOverflow();
      return micros;
    },
  usage: "make_dt_interval([days[, hours[, minutes[, seconds]]]])",
  summary: "A day-time interval of its fields, which are zero when left out.",
  examples: [["make_dt_interval(1, 12, 30, 01.001001)", "INTERVAL '1 12:30:01.001001' DAY TO SECOND"]],
});

const makeYearMonth = timeFunction({
  name: "make_ym_interval",
  arity: [0, 2],
  resolve: signature([intType], yearMonthIntervalType),
  bind:
    () =>
    (years = 0, months = 0) => {
      const total = (years as number) * 12 + (months as number);
      if ((total | 0) !== total) throw intervalOverflow();
      return total;
    },
  usage: "make_ym_interval([years[, months]])",
  summary: "A year-month interval of its fields, which are zero when left out.",
  examples: [["make_ym_interval(1, 2)", "INTERVAL '1-2' YEAR TO MONTH"]],
});

export const datetimeMakers: readonly ScalarFunction[] = [
  makeDate,
  makeTimestamp("make_timestamp", timestampType, false, true),
  makeTimestamp("make_timestamp_ltz", timestampType, false, true),
  makeTimestamp("make_timestamp_ntz", timestampNtzType, false, false),
  makeTimestamp("try_make_timestamp", timestampType, true, true),
  makeTimestamp("try_make_timestamp_ltz", timestampType, true, true),
  makeTimestamp("try_make_timestamp_ntz", timestampNtzType, true, false),
  makeDayTime,
  makeYearMonth,
];
