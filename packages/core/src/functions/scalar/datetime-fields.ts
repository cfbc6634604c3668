/** Fields of dates and timestamps: year, hour, EXTRACT and the like. */
import { type DataType, intType, type SqlValue, stringType } from "../../types/data-type.ts";
import {
  dayOfWeek,
  dayOfYear,
  floorDiv,
  isoWeek,
  localMicrosOf,
  localTimeOf,
  microsPerDay,
  microsPerSecond,
} from "../calendar.ts";
import { fixedLocal, js, local, number, valueOf } from "../code.ts";
import type { Emitter } from "../emitter.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { numberOfInt64 } from "../kernels/int64.ts";
import { classes, type Resolve, signature } from "../resolution.ts";
import { timeZoneOf, toLocal } from "../time-zone.ts";
import { hasOwn, invalidUnit, positiveRest, timeFunction } from "./time-function.ts";

/** Timestamps in the session zone as local microseconds; NTZ values and dates are local already. */
function localMicros(type: DataType, context: EvalContext): (value: SqlValue) => bigint {
  if (type.kind === "date") return (v) => localMicrosOf(v as number, 0);
  if (type.kind === "timestamp_ntz") return (v) => v as bigint;
  const zone = timeZoneOf(context.timeZone);
  return (v) => toLocal(zone, v as bigint);
}

const datetimeArgument: Resolve = signature([classes.datetime], intType);

/** EXTRACT's fields as functions of local microseconds. */
const parts: Readonly<Record<string, (micros: bigint) => number>> = {
  year: (t) => localTimeOf(t).year,
  quarter: (t) => Math.ceil(localTimeOf(t).month / 3),
  month: (t) => localTimeOf(t).month,
  day: (t) => localTimeOf(t).day,
  hour: (t) => localTimeOf(t).hour,
  minute: (t) => localTimeOf(t).minute,
  second: (t) => localTimeOf(t).second,
  dayofweek: (t) => dayOfWeek(Number(floorDiv(t, microsPerDay))) + 1,
  weekday: (t) => (dayOfWeek(Number(floorDiv(t, microsPerDay))) + 6) % 7,
  dayofyear: (t) => dayOfYear(Number(floorDiv(t, microsPerDay))),
  weekofyear: (t) => isoWeek(Number(floorDiv(t, microsPerDay))).week,
};

/** Hour, minute and second of a fixed offset without leaving 64-bit arithmetic until the last step. */
function clockEmitter(
  unit: bigint,
  modulus: bigint,
  form: (context: EvalContext, type: DataType) => (v: SqlValue) => number,
): Emitter {
  return {
    emit([arg], ctx, types, options) {
      const zone = timeZoneOf(options.timeZone);
      const type = types.args[0]!;
      if ((type.kind === "timestamp" && zone.fixed === undefined) || type.kind === "date")
        return fixedLocal(ctx, js`${ctx.bind(form(options.context, type))}(${valueOf(arg!)})`);
      const shift = type.kind === "timestamp" ? BigInt(zone.fixed!) * microsPerSecond : 0n;
      const span = unit * modulus;
      const time =
        shift === 0n ? valueOf(arg!) : local(ctx, "t", js`BigInt.asIntN(64, ${valueOf(arg!)} + ${number(shift)})`);
      const rest = positiveRest(time, span, ctx);
      return fixedLocal(ctx, js`${ctx.bind(numberOfInt64)}(BigInt.asIntN(64, ${rest} / ${number(unit)}))`);
    },
  };
}

function part(name: string, aliases: readonly string[], summary: string, sql: string, result: string): ScalarFunction {
  const form = (context: EvalContext, type: DataType): ((v: SqlValue) => number) => {
    const toMicros = localMicros(type, context);
    const field = parts[name]!;
    return (v) => field(toMicros(v));
  };
  const clock: Readonly<Record<string, readonly [unit: bigint, modulus: bigint]>> = {
    hour: [3_600_000_000n, 24n],
    minute: [60_000_000n, 60n],
    second: [1_000_000n, 60n],
  };
  const units = clock[name];
  return timeFunction({
    name,
    aliases,
    arity: [1, 1],
    resolve: datetimeArgument,
    bind: (types, context) => form(context, types.args[0]!) as (v?: SqlValue) => SqlValue,
    ...(units === undefined ? {} : { emit: clockEmitter(...units, form) }),
    usage: `${name}(time)`,
    summary,
    examples: [[sql, result]],
  });
}

const extractParts: Readonly<Record<string, string>> = {
  year: "year",
  y: "year",
  years: "year",
  yr: "year",
  yrs: "year",
  quarter: "quarter",
  qtr: "quarter",
  month: "month",
  mon: "month",
  months: "month",
  week: "weekofyear",
  weeks: "weekofyear",
  w: "weekofyear",
  day: "day",
  d: "day",
  days: "day",
  dayofweek: "dayofweek",
  dow: "dayofweek",
  dayofweek_iso: "weekday",
  doy: "dayofyear",
  hour: "hour",
  h: "hour",
  hours: "hour",
  minute: "minute",
  m: "minute",
  min: "minute",
  minutes: "minute",
  second: "second",
  s: "second",
  sec: "second",
  seconds: "second",
};

const extract = timeFunction({
  name: "extract",
  aliases: ["date_part", "datepart"],
  arity: [2, 2],
  resolve: signature([stringType, classes.datetime], intType),
  bind: (types, context) => {
    const toMicros = localMicros(types.args[1]!, context);
    return (unit, value) => {
      const key = (unit as string).toLowerCase();
      if (!hasOwn.call(extractParts, key)) throw invalidUnit("extract", unit as string);
      const found = parts[extractParts[key]!]!(toMicros(value!));
      return key === "dayofweek_iso" ? found + 1 : found;
    };
  },
  usage: "extract(unit FROM time), date_part(unit, time)",
  summary:
    "A field of a date or timestamp: year, quarter, month, week, day, dayofweek, doy, hour, minute, second (whole).",
  examples: [["extract(MONTH FROM TIMESTAMP'2019-08-12 01:00:00')", "8"]],
});

export const datetimeFields: readonly ScalarFunction[] = [
  part("year", [], "The year.", "year('2016-07-30')", "2016"),
  part("quarter", [], "The quarter, 1 to 4.", "quarter('2016-08-31')", "3"),
  part("month", [], "The month, 1 to 12.", "month('2016-07-30')", "7"),
  part("day", ["dayofmonth"], "The day of the month.", "day('2009-07-30')", "30"),
  part("hour", [], "The hour in the session zone.", "hour('2018-02-14 12:58:59')", "12"),
  part("minute", [], "The minute.", "minute('2009-07-30 12:58:59')", "58"),
  part("second", [], "The whole second.", "second('2018-02-14 12:58:59')", "59"),
  part("dayofweek", [], "The day of the week: 1 is Sunday, 7 Saturday.", "dayofweek('2009-07-30')", "5"),
  part("weekday", [], "The day of the week: 0 is Monday, 6 Sunday.", "weekday('2009-07-30')", "3"),
  part("dayofyear", [], "The day of the year.", "dayofyear('2016-04-09')", "100"),
  part("weekofyear", [], "The ISO 8601 week.", "weekofyear('2008-02-20')", "8"),
  extract,
];
