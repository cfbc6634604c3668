/** EXTRACT, date_part and datepart: a field of a date, time or interval; which one decides the type of the result. */
import { MillraceError } from "../../errors/index.ts";
import {
  type DataType,
  decimalType,
  doubleType,
  intType,
  type SqlValue,
  stringType,
  timestampType,
  tinyintType,
} from "../../types/data-type.ts";
import { dayOfWeek, dayOfYear, floorDiv, isoWeek, localMicrosOf, localTimeOf, microsPerDay } from "../calendar.ts";
import { canCoerce, isDatetime, isInterval } from "../coercion.ts";
import type { ArgumentInfo, EvalContext, ScalarFunction, Signature } from "../function.ts";
import { type CallInfo, requireLiteral } from "../resolution.ts";
import { timeZoneOf, toLocal } from "../time-zone.ts";
import { timeFunction } from "./time-function.ts";

const dayOf = (t: bigint): number => Number(floorDiv(t, microsPerDay));

export type DatetimePart =
  | "year"
  | "yearofweek"
  | "quarter"
  | "month"
  | "day"
  | "hour"
  | "minute"
  | "second"
  | "dayofweek"
  | "dayofweek_iso"
  | "weekday"
  | "dayofyear"
  | "weekofyear";

/** Fields of dates and timestamps as functions of local microseconds. */
export const datetimeParts: { readonly [P in DatetimePart]: (micros: bigint) => number } = {
  year: (t) => localTimeOf(t).year,
  yearofweek: (t) => isoWeek(dayOf(t)).year,
  quarter: (t) => Math.ceil(localTimeOf(t).month / 3),
  month: (t) => localTimeOf(t).month,
  day: (t) => localTimeOf(t).day,
  hour: (t) => localTimeOf(t).hour,
  minute: (t) => localTimeOf(t).minute,
  second: (t) => localTimeOf(t).second,
  dayofweek: (t) => dayOfWeek(dayOf(t)) + 1,
  dayofweek_iso: (t) => ((dayOfWeek(dayOf(t)) + 6) % 7) + 1,
  weekday: (t) => (dayOfWeek(dayOf(t)) + 6) % 7,
  dayofyear: (t) => dayOfYear(dayOf(t)),
  weekofyear: (t) => isoWeek(dayOf(t)).week,
};

/** Timestamps in the session zone as local microseconds; NTZ values and dates are local already, times lie on the first day. */
export function localMicros(type: DataType, context: EvalContext): (value: SqlValue) => bigint {
  if (type.kind === "date") return (v) => localMicrosOf(v as number, 0);
  if (type.kind === "timestamp_ntz") return (v) => v as bigint;
  if (type.kind === "time") return (v) => (v as bigint) / 1000n;
  const zone = timeZoneOf(context.timeZone);
  return (v) => toLocal(zone, v as bigint);
}

/** Spark's names of the fields. */
const names: ReadonlyMap<string, DatetimePart> = new Map(
  (
    [
      ["year", "y years yr yrs"],
      ["yearofweek", ""],
      ["quarter", "qtr"],
      ["month", "mon mons months"],
      ["weekofyear", "w week weeks"],
      ["day", "d days"],
      ["dayofweek", "dow"],
      ["dayofweek_iso", "dow_iso"],
      ["dayofyear", "doy"],
      ["hour", "h hours hr hrs"],
      ["minute", "m min mins minutes"],
      ["second", "s sec seconds secs"],
    ] as const
  ).flatMap(([part, aliases]) =>
    [part, ...aliases.split(" ")].filter((name) => name !== "").map((name) => [name, part] as const),
  ),
);
// `weekofyear` is the function; EXTRACT says WEEK.
const partOf = (name: string): DatetimePart | undefined =>
  name.toLowerCase() === "weekofyear" ? undefined : names.get(name.toLowerCase());

const clock: ReadonlySet<DatetimePart> = new Set(["hour", "minute", "second"]);
const dayTimeUnits: Partial<Record<DatetimePart, readonly [unit: bigint, modulus: bigint]>> = {
  day: [86_400_000_000n, 0n],
  hour: [3_600_000_000n, 24n],
  minute: [60_000_000n, 60n],
};
const dayTimeFields: readonly DatetimePart[] = ["day", "hour", "minute", "second"];

/** The type of a field of a value; undefined when the value has no such field. */
function fieldType(part: DatetimePart, source: DataType): DataType | undefined {
  if (source.kind === "interval_year_month") {
    if (part === "year") return source.startField === 0 ? intType : undefined;
    return part === "month" && source.endField === 1 ? tinyintType : undefined;
  }
  if (source.kind === "interval_day_time") {
    const field = dayTimeFields.indexOf(part);
    if (field < source.startField || field > source.endField) return undefined;
    return part === "second" ? decimalType(8, 6) : part === "day" ? intType : tinyintType;
  }
  if (source.kind === "time") {
    if (!clock.has(part)) return undefined;
    return part === "second" ? decimalType(2 + source.precision, source.precision) : intType;
  }
  return part === "second" ? decimalType(8, 6) : intType;
}

function resolveExtract(args: readonly ArgumentInfo[], call: CallInfo): Signature {
  const given = args[1]!.type;
  const source = isDatetime(given) || isInterval(given) || given.kind === "time" ? given : timestampType;
  const field = requireLiteral(args[0], "field", call);
  if (field === null) return { args: [stringType, source], returns: doubleType };
  const part = partOf(String(field));
  const returns = part === undefined || !canCoerce(given, source) ? undefined : fieldType(part, source);
  if (returns === undefined) {
    const written = /(?:FROM |, )(.*)\)$/s.exec(call.sql)?.[1] ?? call.sql;
    throw new MillraceError("INVALID_EXTRACT_FIELD", { field: `\`${String(field)}\``, expr: `"${written}"` });
  }
  return { args: [stringType, source], returns };
}

function extractor(part: DatetimePart, source: DataType, context: EvalContext): (value: SqlValue) => SqlValue {
  if (source.kind === "interval_year_month")
    return part === "year" ? (v) => Math.trunc((v as number) / 12) : (v) => (v as number) % 12;
  if (source.kind === "interval_day_time") {
    if (part === "second") return (v) => (v as bigint) % 60_000_000n;
    const [unit, modulus] = dayTimeUnits[part]!;
    return (v) => Number(modulus === 0n ? (v as bigint) / unit : ((v as bigint) / unit) % modulus);
  }
  if (source.kind === "time" && part === "second") {
    const digit = 10n ** BigInt(9 - source.precision);
    return (v) => ((v as bigint) % 60_000_000_000n) / digit;
  }
  const local = localMicros(source, context);
  if (part === "second") {
    return (v) => {
      const rest = local(v) % 60_000_000n;
      return rest < 0n ? rest + 60_000_000n : rest;
    };
  }
  const read = datetimeParts[part];
  return (v) => read(local(v));
}

export const extractFunctions: readonly ScalarFunction[] = (["extract", "date_part", "datepart"] as const).map((name) =>
  timeFunction({
    name,
    arity: [2, 2],
    resolve: resolveExtract,
    bind(types, context, args) {
      const field = args[0]?.literal?.value;
      if (typeof field !== "string") return () => null;
      const read = extractor(partOf(field)!, types.args[1]!, context);
      return (_, value) => read(value!);
    },
    usage: name === "extract" ? "extract(field FROM source)" : `${name}(field, source)`,
    summary:
      "A field of a date, time or interval: YEAR, YEAROFWEEK, QUARTER, MONTH, WEEK, DAY, DAYOFWEEK, DAYOFWEEK_ISO, DOY, HOUR, MINUTE, SECOND (with its fraction).",
    examples: [
      name === "extract"
        ? ["extract(MONTH FROM TIMESTAMP'2019-08-12 01:00:00')", "8"]
        : [`${name}('MONTH', INTERVAL '2021-11' YEAR TO MONTH)`, "11"],
      ...(name === "extract"
        ? ([["extract(SECOND FROM TIMESTAMP'2019-10-01 00:00:01.000001')", "1.000001"]] as const)
        : []),
    ],
  }),
);
