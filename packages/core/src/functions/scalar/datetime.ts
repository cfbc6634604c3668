import { MillraceError } from "../../errors/index.ts";
import { decodeUtf8 } from "../../columnar/utf8.ts";
import {
  bigintType,
  type DataType,
  dateType,
  doubleType,
  isNumeric,
  type SqlValue,
  stringType,
  timestampNtzType,
  timestampType,
} from "../../types/data-type.ts";
import {
  civilFromDays,
  dayOfWeek,
  daysFromCivil,
  floorDiv,
  localMicrosOf,
  localTimeOf,
  microsPerDay,
  microsPerSecond,
} from "../calendar.ts";
import { bindCast } from "../cast-values.ts";
import { emitCast, floorDivCode } from "../cast-emit.ts";
import { bytesOf, fixedLocal, js, local, number, valueOf } from "../code.ts";
import { decimalText, powerOfTen } from "../decimal.ts";
import { type DatetimePattern, compileDatetimePattern } from "../datetime-pattern.ts";
import { timestampPlusMonths } from "../datetime-arithmetic.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import type { ByteResult } from "../kernels/bytes.ts";
import { compileBytePattern, readLocalMicros } from "../kernels/datetime-bytes.ts";
import { int64OfNumber } from "../kernels/int64.ts";
import { signature, unexpectedInput } from "../resolution.ts";
import { fromLocal, type TimeZone, timeZoneOf, toLocal, utc } from "../time-zone.ts";
import { emitBound, emitKernel } from "./string-function.ts";
import type { RecordFields } from "./scalar-record.ts";
import { hasOwn, invalidUnit, positiveRest, timeFunction } from "./time-function.ts";

function cachedPattern(): (pattern: string) => DatetimePattern {
  let last: string | undefined;
  let compiled: DatetimePattern | undefined;
  return (pattern) => {
    if (pattern !== last) {
      compiled = compileDatetimePattern(pattern);
      last = pattern;
    }
    return compiled!;
  };
}

/** Starts of units: fixed lengths in microseconds of local time, or by calendar. */
const fixedUnits: Readonly<Record<string, bigint>> = {
  microsecond: 1n,
  millisecond: 1_000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: microsPerDay,
  dd: microsPerDay,
};
function truncatedDay(unit: string, days: number): number | undefined {
  const { year, month } = civilFromDays(days);
  switch (unit) {
    case "year":
    case "yyyy":
    case "yy":
      return daysFromCivil(year, 1, 1);
    case "quarter":
      return daysFromCivil(year, month - ((month - 1) % 3), 1);
    case "month":
    case "mon":
    case "mm":
      return daysFromCivil(year, month, 1);
    case "week":
      return days - ((dayOfWeek(days) + 6) % 7);
    default:
      return undefined;
  }
}
const dateTrunc = timeFunction({
  name: "date_trunc",
  arity: [2, 2],
  resolve: signature([stringType, timestampType], timestampType),
  canReturnNull: true,
  bind: (types, context) => {
    const zone = types.returns.kind === "timestamp" ? timeZoneOf(context.timeZone) : utc;
    return (unit, value) => {
      const key = (unit as string).toLowerCase();
      const micros = value as bigint;
      const fixed = hasOwn.call(fixedUnits, key) ? fixedUnits[key]! : undefined;
      if (fixed !== undefined && fixed <= 60_000_000n && zone.fixed !== undefined)
        return floorDiv(micros, fixed) * fixed;
      const localTime = toLocal(zone, micros);
      if (fixed !== undefined) return fromLocal(zone, floorDiv(localTime, fixed) * fixed);
      const day = truncatedDay(key, Number(floorDiv(localTime, microsPerDay)));
      return day === undefined ? null : fromLocal(zone, localMicrosOf(day, 0));
    };
  },
  emit: {
    emit([unit, value], ctx, types, options) {
      const literal = options.args[0]?.literal?.value;
      const key = typeof literal === "string" ? literal.toLowerCase() : "";
      const zone = types.returns.kind === "timestamp" ? timeZoneOf(options.timeZone) : utc;
      if (zone.fixed === 0 && hasOwn.call(fixedUnits, key)) {
        const rest = positiveRest(valueOf(value!), fixedUnits[key]!, ctx);
        return fixedLocal(ctx, js`BigInt.asIntN(64, ${valueOf(value!)} - ${rest})`);
      }
      const form = ctx.bind(dateTrunc.bind(types, options.context, options.args));
      const out = local(ctx, "v", js`${form}(${ctx.box(unit!, stringType)}, ${valueOf(value!)})`);
      return { shape: "fixed", isNull: js`(${out} === null)`, value: out };
    },
  },
  usage: "date_trunc(unit, timestamp)",
  summary:
    "Start of the unit (year, quarter, month, week, day, hour, minute, second, millisecond, microsecond) in the session zone; NULL for another unit.",
  examples: [["date_trunc('HOUR', TIMESTAMP'2015-03-05 09:32:05.359')", "2015-03-05 09:00:00"]],
});

/** Unix seconds, milliseconds or microseconds of a timestamp. */
function unixPart(name: string, divisor: bigint, sql: string, result: string): ScalarFunction {
  return timeFunction({
    name,
    arity: [1, 1],
    resolve: signature([timestampType], bigintType),
    bind: () => (t) => floorDiv(t as bigint, divisor),
    emit: { emit: ([t], ctx) => (divisor === 1n ? t! : fixedLocal(ctx, floorDivCode(valueOf(t!), divisor, ctx))) },
    usage: `${name}(timestamp)`,
    summary: `${name.slice(5).replace(/^./, (c) => c.toUpperCase())} since 1970-01-01 00:00:00 UTC, rounded down.`,
    examples: [[sql, result]],
  });
}
/** @throws DATETIME_OVERFLOW */
function beyondRange(shown: string, name: string): never {
  throw new MillraceError("DATETIME_OVERFLOW", {
    operation: `create a TIMESTAMP from ${shown} ${name.slice(10)} since the epoch`,
  });
}
/** Microseconds of a decimal number of seconds, which must be a whole number of them. */
function exactMicros(unscaled: bigint, scale: number, name: string): bigint {
  const unit = powerOfTen(scale);
  const scaled = unscaled * microsPerSecond;
  if (scaled % unit !== 0n) throw new MillraceError("ROUNDING_NECESSARY", { value: decimalText(unscaled, scale) });
  const micros = scaled / unit;
  return BigInt.asIntN(64, micros) === micros ? micros : beyondRange(decimalText(unscaled, scale), name);
}
/** A timestamp of a whole number of units since the epoch. */
function timestampFrom(name: string, factor: bigint, sql: string, result: string): ScalarFunction {
  const most = 0x7fff_ffff_ffff_ffffn / factor;
  const checked = (n: bigint): bigint => {
    const micros = BigInt.asIntN(64, n * factor);
    return micros === n * factor ? micros : beyondRange(`${n}L`, name);
  };
  const other = (n: SqlValue): SqlValue => {
    if (typeof n === "bigint") return checked(n);
    const micros = (n as number) * 1e6;
    if (!Number.isFinite(micros)) return null;
    const whole = BigInt(Math.trunc(micros));
    return BigInt.asIntN(64, whole) === whole ? whole : beyondRange(`${n as number}`, name);
  };
  return timeFunction({
    name,
    arity: [1, 1],
    resolve: (args, call) =>
      name === "timestamp_seconds" && args[0]!.type.kind === "decimal"
        ? signature([args[0]!.type], timestampType)(args, call)
        : name === "timestamp_seconds" && (args[0]!.type.kind === "double" || args[0]!.type.kind === "float")
          ? signature([doubleType], timestampType)(args, call)
          : signature([bigintType], timestampType)(args, call),
    canReturnNull: ([arg]) => arg!.type.kind === "double",
    bind: ({ args }) => {
      const [type] = args;
      return type!.kind === "decimal" ? (n) => exactMicros(n as bigint, type!.scale, name) : other;
    },
    emit: {
      emit([n], ctx, types) {
        const [type] = types.args;
        if (type!.kind === "decimal")
          return fixedLocal(ctx, js`${ctx.bind((v: bigint) => exactMicros(v, type!.scale, name))}(${valueOf(n!)})`);
        if (type!.kind !== "bigint") {
          const out = local(ctx, "v", js`${ctx.bind(other)}(${valueOf(n!)})`);
          return { shape: "fixed", isNull: js`(${out} === null)`, value: out };
        }
        const value = valueOf(n!);
        if (factor !== 1n)
          ctx.line(js`if (${value} > ${number(most)} || ${value} < ${number(-most)}) ${ctx.bind(checked)}(${value});`);
        return fixedLocal(ctx, js`BigInt.asIntN(64, ${value} * ${number(factor)})`);
      },
    },
    usage: `${name}(n)`,
    summary: `The timestamp that is n ${name.slice(10)} after 1970-01-01 00:00:00 UTC.`,
    examples: [[sql, result]],
  });
}

type ParseResult = "timestamp" | "timestamp_ntz" | "date" | "seconds";
/** Functions that read a text by a pattern; without one they cast. */
function parsing(
  name: string,
  to: ParseResult,
  tolerant: boolean,
  doc: Pick<RecordFields, "usage" | "summary" | "examples" | "aliases">,
): ScalarFunction {
  const type = to === "date" ? dateType : to === "timestamp_ntz" ? timestampNtzType : timestampType;
  const returns = to === "seconds" ? bigintType : type;
  const outcome = (micros: bigint, context: EvalContext): SqlValue => {
    if (to === "timestamp" || to === "timestamp_ntz") return micros;
    if (to === "seconds") return floorDiv(micros, microsPerSecond);
    return Number(floorDiv(toLocal(timeZoneOf(context.timeZone), micros), microsPerDay));
  };
  const self: ScalarFunction = timeFunction({
    name,
    arity: [name === "unix_timestamp" ? 0 : 1, 2],
    resolve: (args, call) => {
      if (args.length === 0) return { args: [], returns };
      const given = args[0]!.type.kind;
      const isTime = given === "date" || given === "timestamp" || given === "timestamp_ntz";
      if (to === "seconds" && !isTime && given !== "string" && given !== "null")
        throw unexpectedInput(args[0]!, 'STRING" or "DATE" or "TIMESTAMP" or "TIMESTAMP_NTZ', 0, call);
      // Numbers are seconds for to_timestamp without a pattern.
      const isSeconds = to === "timestamp" && args.length === 1 && isNumeric(args[0]!.type);
      const first = isTime || isSeconds ? args[0]!.type : stringType;
      return signature([first, stringType], returns)(args, call);
    },
    canReturnNull: (_, ansi) => tolerant || !ansi,
    deterministic: true,
    bind: ({ args }, context) => {
      const zone = to === "timestamp_ntz" ? utc : timeZoneOf(context.timeZone);
      const pattern = cachedPattern();
      if (args.length === 0) return () => floorDiv(context.nowMicros, microsPerSecond);
      if (args[0]!.kind !== "string") {
        const cast = bindCast(args[0]!, type, tolerant ? "try" : context.ansi ? "ansi" : "legacy", context.timeZone);
        return to === "seconds" ? (v) => floorDiv(cast(v!) as bigint, microsPerSecond) : (v) => cast(v!);
      }
      const mode = tolerant ? "try" : context.ansi ? "ansi" : "legacy";
      const cast = bindCast(stringType, type, mode, context.timeZone);
      return (text, format) => {
        if (format === undefined && to !== "seconds") return cast(text!);
        const micros = pattern((format as string | undefined) ?? "yyyy-MM-dd HH:mm:ss").parse(text as string, zone);
        if (micros !== undefined) return outcome(micros, context);
        if (mode !== "ansi") return null;
        throw new MillraceError("CANNOT_PARSE_TIMESTAMP", {
          message: `Text '${text as string}' could not be parsed with the pattern '${(format as string | undefined) ?? "yyyy-MM-dd HH:mm:ss"}'`,
        });
      };
    },
    emit: {
      emit(args, ctx, types, options) {
        const pattern = args.length === 1 && to === "seconds" ? "yyyy-MM-dd HH:mm:ss" : options.args[1]?.literal?.value;
        const reader = typeof pattern === "string" ? compileBytePattern(pattern) : undefined;
        if (args.length === 1 && to !== "seconds") {
          const mode = tolerant ? "try" : options.ansi ? "ansi" : "legacy";
          return emitCast(args[0]!, types.args[0]!, type, mode, ctx, options.context);
        }
        if (args.length === 0 || types.args[0]!.kind !== "string" || reader === undefined)
          return emitBound(self, args, ctx, types, options);
        const zone = to === "timestamp_ntz" ? utc : timeZoneOf(options.timeZone);
        const slow = self.bind(types, options.context, options.args);
        const read = (bytes: Uint8Array, start: number, end: number): SqlValue => {
          const local = readLocalMicros(reader, bytes, start, end);
          if (Number.isNaN(local)) return slow(decodeUtf8(bytes, start, end), pattern as string);
          if (to === "date") return Math.floor(local / 86_400_000_000);
          const micros = fromLocal(zone, int64OfNumber(local));
          return to === "seconds" ? floorDiv(micros, microsPerSecond) : micros;
        };
        const value = local(ctx, "v", js`${ctx.bind(read)}(${bytesOf(args[0]!)})`);
        return { shape: "fixed", isNull: js`(${value} === null)`, value };
      },
    },
    ...doc,
  });
  return self;
}

const zoneShift = (name: "from_utc_timestamp" | "to_utc_timestamp", sql: string, result: string): ScalarFunction =>
  timeFunction({
    name,
    arity: [2, 2],
    resolve: signature([timestampType, stringType], timestampType),
    bind: () => (t, zone) =>
      name === "from_utc_timestamp"
        ? toLocal(timeZoneOf(zone as string), t as bigint)
        : fromLocal(timeZoneOf(zone as string), t as bigint),
    usage: `${name}(timestamp, zone)`,
    summary:
      name === "from_utc_timestamp"
        ? "The timestamp whose clock in UTC shows what the given one shows in the zone."
        : "The timestamp whose clock in the zone shows what the given one shows in UTC.",
    examples: [[sql, result]],
  });

const now = (name: string, aliases: readonly string[], returns: DataType, sql: string): ScalarFunction => ({
  ...timeFunction({
    name,
    aliases,
    arity: [0, 0],
    resolve: () => ({ args: [], returns }),
    bind: (_types, context) => {
      const value: SqlValue =
        returns.kind === "string"
          ? context.timeZone
          : returns.kind === "timestamp"
            ? context.nowMicros
            : bindCast(timestampType, returns, "ansi", context.timeZone)(context.nowMicros);
      return () => value;
    },
    usage: `${name}()`,
    summary:
      returns.kind === "string"
        ? "Name of the session time zone."
        : "The time of the batch or query: the same for every row of it.",
    examples: returns.kind === "string" ? [[sql, "UTC"]] : [[sql, "true"]],
  }),
});

/** Prints times by a constant pattern; undefined when it is none. Errors of the pattern belong to the first row. */
function patternWriter<T>(
  pattern: SqlValue | undefined,
  zone: TimeZone,
  micros: (value: T) => bigint,
): ((result: ByteResult, value: T) => void) | undefined {
  if (typeof pattern !== "string") return undefined;
  let compiled: DatetimePattern | undefined;
  return (result, value) => {
    compiled ??= compileDatetimePattern(pattern);
    result.begin();
    compiled.write(result, micros(value), zone);
  };
}
const fromUnixtime: ScalarFunction = timeFunction({
  name: "from_unixtime",
  arity: [1, 2],
  resolve: signature([bigintType, stringType], stringType),
  bind: (_types, context) => {
    const pattern = cachedPattern();
    const zone = timeZoneOf(context.timeZone);
    return (seconds, format) =>
      pattern((format as string | undefined) ?? "yyyy-MM-dd HH:mm:ss").format(
        // Beyond 64 bits of microseconds it wraps around, as in Spark.
        BigInt.asIntN(64, (seconds as bigint) * microsPerSecond),
        zone,
      );
  },
  emit: {
    emit(args, ctx, types, options) {
      const pattern = args.length === 1 ? "yyyy-MM-dd HH:mm:ss" : options.args[1]?.literal?.value;
      const toMicros = (seconds: bigint): bigint => BigInt.asIntN(64, seconds * microsPerSecond);
      const write = patternWriter(pattern, timeZoneOf(options.timeZone), toMicros);
      if (write === undefined) return emitBound(fromUnixtime, args, ctx, types, options);
      return emitKernel(write).emit([args[0]!], ctx, types, options);
    },
  },
  usage: "from_unixtime(seconds[, pattern])",
  summary: "Text of a time in seconds since the epoch, in the session zone.",
  examples: [["from_unixtime(0, 'yyyy-MM-dd HH:mm:ss')", "1970-01-01 00:00:00"]],
});
const dateFormat: ScalarFunction = timeFunction({
  name: "date_format",
  arity: [2, 2],
  resolve: (args, call) =>
    signature([args[0]!.type.kind === "timestamp_ntz" ? timestampNtzType : timestampType, stringType], stringType)(
      args,
      call,
    ),
  bind: ({ args }, context) => {
    const pattern = cachedPattern();
    const zone = args[0]!.kind === "timestamp_ntz" ? utc : timeZoneOf(context.timeZone);
    return (t, format) => pattern(format as string).format(t as bigint, zone);
  },
  emit: {
    emit(args, ctx, types, options) {
      const zone = types.args[0]!.kind === "timestamp_ntz" ? utc : timeZoneOf(options.timeZone);
      const write = patternWriter(options.args[1]?.literal?.value, zone, (t: bigint) => t);
      if (write === undefined) return emitBound(dateFormat, args, ctx, types, options);
      return emitKernel(write).emit([args[0]!], ctx, types, options);
    },
  },
  usage: "date_format(time, pattern)",
  summary: "Text of a date or timestamp by a pattern.",
  examples: [
    ["date_format('2016-04-08', 'y')", "2016"],
    ["date_format(TIMESTAMP'2016-04-08 13:10:15', 'EEE d MMM yyyy, hh:mm a')", "Fri 8 Apr 2016, 01:10 PM"],
  ],
});

export const datetime: readonly ScalarFunction[] = [
  now("current_timestamp", ["now"], timestampType, "current_timestamp() = now()"),
  now("current_date", ["curdate"], dateType, "current_date() = current_date()"),
  now("localtimestamp", [], timestampNtzType, "localtimestamp() = localtimestamp()"),
  now("current_timezone", [], stringType, "current_timezone()"),
  dateTrunc,
  timeFunction({
    name: "trunc",
    arity: [2, 2],
    resolve: signature([dateType, stringType], dateType),
    canReturnNull: true,
    bind: () => (d, unit) => truncatedDay((unit as string).toLowerCase(), d as number) ?? null,
    usage: "trunc(date, unit)",
    summary: "First day of the year, quarter, month or week; NULL for another unit.",
    examples: [["trunc(DATE'2019-08-04', 'week')", "2019-07-29"]],
  }),
  parsing("to_timestamp", "timestamp", false, {
    usage: "to_timestamp(text[, pattern])",
    summary: "A timestamp from text, by a pattern or as CAST reads it.",
    examples: [
      ["to_timestamp('2016-12-31 00:12:00')", "2016-12-31 00:12:00"],
      ["to_timestamp('31.12.2016 08:15', 'dd.MM.yyyy HH:mm')", "2016-12-31 08:15:00"],
    ],
  }),
  parsing("try_to_timestamp", "timestamp", true, {
    usage: "try_to_timestamp(text[, pattern])",
    summary: "As to_timestamp, but NULL for malformed text.",
    examples: [["try_to_timestamp('foo', 'yyyy-MM-dd')", "NULL"]],
  }),
  parsing("to_timestamp_ltz", "timestamp", false, {
    usage: "to_timestamp_ltz(text[, pattern])",
    summary: "A timestamp from text, by a pattern or as CAST reads it.",
    examples: [["to_timestamp_ltz('2016-12-31', 'yyyy-MM-dd')", "2016-12-31 00:00:00"]],
  }),
  parsing("to_timestamp_ntz", "timestamp_ntz", false, {
    usage: "to_timestamp_ntz(text[, pattern])",
    summary: "A timestamp without zone from text, by a pattern or as CAST reads it.",
    examples: [["to_timestamp_ntz('2016-12-31', 'yyyy-MM-dd')", "2016-12-31 00:00:00"]],
  }),
  parsing("try_to_date", "date", true, {
    usage: "try_to_date(text[, pattern])",
    summary: "As to_date, but NULL for malformed text.",
    examples: [["try_to_date('2016-13-01', 'yyyy-MM-dd')", "NULL"]],
  }),
  parsing("to_date", "date", false, {
    usage: "to_date(text[, pattern])",
    summary: "A date from text, by a pattern or as CAST reads it.",
    examples: [["to_date('2016-12-31 04:17:52')", "2016-12-31"]],
  }),
  parsing("to_unix_timestamp", "seconds", false, {
    usage: "to_unix_timestamp(time[, pattern])",
    summary:
      "Seconds since the epoch of a timestamp, a date, or a text (yyyy-MM-dd HH:mm:ss unless a pattern is given).",
    examples: [["to_unix_timestamp('1970-01-02', 'yyyy-MM-dd')", "86400"]],
  }),
  parsing("unix_timestamp", "seconds", false, {
    usage: "unix_timestamp([time[, pattern]])",
    summary:
      "Seconds since the epoch of a timestamp, a date, or a text (yyyy-MM-dd HH:mm:ss unless a pattern is given); of now without arguments.",
    examples: [["unix_timestamp('1970-01-02 00:00:00')", "86400"]],
  }),
  fromUnixtime,
  unixPart("unix_seconds", 1_000_000n, "unix_seconds(TIMESTAMP'1970-01-01 00:00:01Z')", "1"),
  unixPart("unix_millis", 1_000n, "unix_millis(TIMESTAMP'1970-01-01 00:00:01Z')", "1000"),
  unixPart("unix_micros", 1n, "unix_micros(TIMESTAMP'1970-01-01 00:00:01Z')", "1000000"),
  timestampFrom("timestamp_seconds", 1_000_000n, "timestamp_seconds(1230219000)", "2008-12-25 15:30:00"),
  timestampFrom("timestamp_millis", 1_000n, "timestamp_millis(1230219000123)", "2008-12-25 15:30:00.123"),
  timestampFrom("timestamp_micros", 1n, "timestamp_micros(1230219000123123)", "2008-12-25 15:30:00.123123"),
  dateFormat,
  zoneShift("from_utc_timestamp", "from_utc_timestamp('2016-08-31', 'Asia/Seoul')", "2016-08-31 09:00:00"),
  zoneShift("to_utc_timestamp", "to_utc_timestamp('2016-08-31', 'Asia/Seoul')", "2016-08-30 15:00:00"),
  timeFunction({
    name: "timestampadd",
    arity: [3, 3],
    resolve: (args, call) => {
      const type = args[2]!.type.kind === "timestamp_ntz" ? timestampNtzType : timestampType;
      return signature([stringType, bigintType, type], type)(args, call);
    },
    bind: ({ returns }, context) => {
      const zone = returns.kind === "timestamp" ? context.timeZone : "UTC";
      return (unit, n, t) => addUnits(unit as string, n as bigint, t as bigint, zone);
    },
    usage: "timestampadd(unit, n, timestamp)",
    summary: "The timestamp so many units later.",
    examples: [["timestampadd(HOUR, 8, TIMESTAMP'2022-02-11 20:30:00')", "2022-02-12 04:30:00"]],
  }),
  timeFunction({
    name: "timestampdiff",
    arity: [3, 3],
    resolve: signature([stringType, timestampType, timestampType], bigintType),
    bind: (_types, context) => (unit, start, end) =>
      unitsBetween(unit as string, start as bigint, end as bigint, context),
    usage: "timestampdiff(unit, start, end)",
    summary: "Whole units from the first timestamp to the second, as the clock of the session zone shows them.",
    examples: [["timestampdiff(MONTH, TIMESTAMP'2021-02-28 12:00:00', TIMESTAMP'2021-03-28 12:00:00')", "1"]],
  }),
];

const unitMonths: Readonly<Record<string, number>> = { year: 12, quarter: 3, month: 1 };
const unitDays: Readonly<Record<string, bigint>> = { week: 7n, day: 1n, dayofyear: 1n };

/** @throws DATETIME_OVERFLOW, INVALID_PARAMETER_VALUE.DATETIME_UNIT */
function addUnits(unit: string, n: bigint, micros: bigint, timeZone: string): bigint {
  const key = unit.toLowerCase();
  const overflows = (): never => {
    throw new MillraceError("DATETIME_OVERFLOW", { operation: `add ${n}L ${unit} to the timestamp` });
  };
  if (hasOwn.call(unitMonths, key)) {
    const months = n * BigInt(unitMonths[key]!);
    if (BigInt.asIntN(32, months) !== months) overflows();
    return timestampPlusMonths(micros, Number(months), timeZone);
  }
  const days = hasOwn.call(unitDays, key);
  if (!days && !hasOwn.call(fixedUnits, key)) throw invalidUnit("timestampadd", unit);
  const zone = timeZoneOf(timeZone);
  const sum = days
    ? fromLocal(zone, toLocal(zone, micros) + n * unitDays[key]! * microsPerDay)
    : micros + n * fixedUnits[key]!;
  return BigInt.asIntN(64, sum) === sum ? sum : overflows();
}

function unitsBetween(unit: string, start: bigint, end: bigint, context: EvalContext): bigint {
  const key = unit.toLowerCase();
  const zone = timeZoneOf(context.timeZone);
  const [a, b] = [toLocal(zone, start), toLocal(zone, end)];
  if (hasOwn.call(unitDays, key)) return (b - a) / microsPerDay / unitDays[key]!;
  if (!hasOwn.call(unitMonths, key)) {
    if (!hasOwn.call(fixedUnits, key)) throw invalidUnit("timestampdiff", unit);
    return (b - a) / fixedUnits[key]!;
  }
  const [x, y] = [localTimeOf(a), localTimeOf(b)];
  let months = (y.year - x.year) * 12 + y.month - x.month;
  // A month that has not been completed does not count.
  const within = (t: typeof x): number =>
    t.day * 86_400e6 + (t.hour * 3600 + t.minute * 60 + t.second) * 1e6 + t.micros;
  if (months > 0 && within(y) < within(x)) months--;
  else if (months < 0 && within(y) > within(x)) months++;
  return BigInt(Math.trunc(months / unitMonths[key]!));
}
