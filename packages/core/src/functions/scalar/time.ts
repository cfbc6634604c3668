/** Functions of TIME: a time of day without date and zone. */
import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
  type DataType,
  decimalType,
  doubleType,
  intType,
  isIntegral,
  stringType,
  timeType,
} from "../../types/data-type.ts";
import { floorMod, microsPerDay } from "../calendar.ts";
import { type DatetimePattern, compileDatetimePattern } from "../datetime-pattern.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { type Resolve, requireLiteral, signature, unexpectedInput } from "../resolution.ts";
import { cutToPrecision, nanosPerDay, nanosPerSecond, parseTimeText } from "../time-of-day.ts";
import { timeZoneOf, toLocal, utc } from "../time-zone.ts";
import { outOfBounds, requireField } from "./datetime-make.ts";
import { timeFunction } from "./time-function.ts";

const units: ReadonlyMap<string, bigint> = new Map([
  ["HOUR", 3600n * nanosPerSecond],
  ["MINUTE", 60n * nanosPerSecond],
  ["SECOND", nanosPerSecond],
  ["MILLISECOND", 1_000_000n],
  ["MICROSECOND", 1_000n],
]);
function unitOf(functionName: string, unit: string): bigint {
  const found = units.get(unit.toUpperCase());
  if (found !== undefined) return found;
  throw new MillraceError("INVALID_PARAMETER_VALUE.TIME_UNIT", {
    functionName: `\`${functionName}\``,
    invalidValue: `'${unit}'`,
  });
}

/** Times stay as precise as they are; everything else is read as TIME(6). */
const timeOr6 = (type: DataType): DataType => (type.kind === "time" ? type : timeType());

function parsing(name: string, tolerant: boolean): ScalarFunction {
  return timeFunction({
    name,
    arity: [1, 2],
    resolve: signature([stringType, stringType], timeType()),
    canReturnNull: tolerant,
    bind: () => {
      let last: string | undefined;
      let pattern: DatetimePattern | undefined;
      return (text, format) => {
        let nanos: bigint | undefined;
        if (format === undefined) nanos = parseTimeText(text as string, 6)?.nanos;
        else {
          if (format !== last) {
            pattern = compileDatetimePattern(format as string);
            last = format as string;
          }
          const micros = pattern!.parse(text as string, utc);
          nanos = micros === undefined ? undefined : floorMod(micros, microsPerDay) * 1000n;
        }
        if (nanos !== undefined) return nanos;
        if (tolerant) return null;
        throw new MillraceError("CANNOT_PARSE_TIME", {
          input: `'${text as string}'`,
          format: `'${(format as string | undefined) ?? "HH:mm:ss.SSSSSS"}'`,
        });
      };
    },
    usage: `${name}(text[, pattern])`,
    summary: `A time of day from text, by a pattern or as CAST reads it${tolerant ? "; NULL for malformed text" : ""}.`,
    examples: tolerant
      ? [["try_to_time('foo')", "NULL"]]
      : [
          ["to_time('00:12:00')", "00:12:00"],
          ["to_time('12.10.05', 'HH.mm.ss')", "12:10:05"],
        ],
  });
}

const makeTime = timeFunction({
  name: "make_time",
  arity: [3, 3],
  resolve: signature([intType, intType, decimalType(16, 6)], timeType()),
  bind: () => (hour, minute, seconds) => {
    const micros = seconds as bigint;
    requireField("HourOfDay", hour as number, 0, 23);
    requireField("MinuteOfHour", minute as number, 0, 59);
    requireField("SecondOfMinute", Number(micros / 1_000_000n), 0, 59);
    return (BigInt((hour as number) * 3600 + (minute as number) * 60) * 1_000_000n + micros) * 1000n;
  },
  usage: "make_time(hour, minute, second)",
  summary: "A time of day of its fields; second is DECIMAL(16, 6).",
  examples: [["make_time(6, 30, 45.887)", "06:30:45.887"]],
});

const currentTime = timeFunction({
  name: "current_time",
  aliases: ["localtime"],
  arity: [0, 1],
  resolve(args, call) {
    if (args.length === 0) return { args: [], returns: timeType() };
    if (!isIntegral(args[0]!.type)) throw unexpectedInput(args[0]!, "INT", 0, call);
    const precision = Number(requireLiteral(args[0], "precision", call));
    if (precision < 0 || precision > 9)
      throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: call.sql,
        exprName: "`precision`",
        valueRange: "[0, 9]",
        currentValue: String(precision),
      });
    return { args: [intType], returns: timeType(precision) };
  },
  bind({ returns }, context: EvalContext) {
    const local = toLocal(timeZoneOf(context.timeZone), context.nowMicros);
    const now = cutToPrecision(floorMod(local, microsPerDay) * 1000n, returns.kind === "time" ? returns.precision : 6);
    return () => now;
  },
  usage: "current_time([precision])",
  summary: "The time of day of the batch or query in the session zone: the same for every row of it.",
  examples: [["current_time() = current_time()", "true"]],
});

const timeDiff = timeFunction({
  name: "time_diff",
  arity: [3, 3],
  resolve: (args, call) =>
    signature([stringType, timeOr6(args[1]!.type), timeOr6(args[2]!.type)], bigintType)(args, call),
  bind: () => (unit, start, end) => ((end as bigint) - (start as bigint)) / unitOf("time_diff", unit as string),
  usage: "time_diff(unit, start, end)",
  summary: "Whole hours, minutes, seconds, milliseconds or microseconds from the first time to the second.",
  examples: [["time_diff('HOUR', TIME'20:30:29', TIME'21:30:28')", "0"]],
});

const timeTrunc = timeFunction({
  name: "time_trunc",
  arity: [2, 2],
  resolve: (args, call) => {
    const type = timeOr6(args[1]!.type);
    return signature([stringType, type], type)(args, call);
  },
  bind: () => (unit, time) => (time as bigint) - ((time as bigint) % unitOf("time_trunc", unit as string)),
  usage: "time_trunc(unit, time)",
  summary: "Start of the hour, minute, second, millisecond or microsecond that the time lies in.",
  examples: [["time_trunc('HOUR', TIME'09:32:05.359')", "09:00:00"]],
});

/** @throws DATETIME_FIELD_OUT_OF_BOUNDS */
function checkedTime(nanos: bigint): bigint {
  if (nanos >= 0n && nanos < nanosPerDay) return nanos;
  throw outOfBounds(
    `Invalid TIME value: must be between 00:00:00 and 23:59:59.999999999, but got ${nanos} nanoseconds`,
  );
}

/** Seconds may be DECIMAL, FLOAT or DOUBLE; smaller units are whole. */
const fromSeconds: Resolve = (args, call) => {
  const kind = args[0]!.type.kind;
  if (kind === "decimal") return signature([args[0]!.type], timeType())(args, call);
  return signature([kind === "double" || kind === "float" ? doubleType : bigintType], timeType())(args, call);
};

function timeFrom(name: string, unit: bigint, sql: string, result: string): ScalarFunction {
  return timeFunction({
    name,
    arity: [1, 1],
    resolve: unit === nanosPerSecond ? fromSeconds : signature([bigintType], timeType()),
    bind({ args }) {
      const [type] = args;
      if (type!.kind === "decimal") {
        const scale = 10n ** BigInt(type!.scale);
        return (n) => checkedTime((((n as bigint) * 1_000_000n) / scale) * 1000n);
      }
      if (type!.kind === "double") {
        return (n) => {
          const micros = Math.trunc((n as number) * 1e6);
          if (!Number.isFinite(micros)) throw outOfBounds(`Invalid TIME value: ${String(n)} seconds`);
          return checkedTime(BigInt(micros) * 1000n);
        };
      }
      return (n) => checkedTime((n as bigint) * unit);
    },
    usage: `${name}(n)`,
    summary: `The time of day that is n ${name.slice(10)} after midnight.`,
    examples: [[sql, result]],
  });
}

function timeTo(name: string, returns: DataType, unit: bigint, sql: string, result: string): ScalarFunction {
  return timeFunction({
    name,
    arity: [1, 1],
    resolve: (args, call) => signature([timeOr6(args[0]!.type)], returns)(args, call),
    bind: () => (time) => (time as bigint) / unit,
    usage: `${name}(time)`,
    summary: `${name.slice(8).replace(/^./, (c) => c.toUpperCase())} since midnight.`,
    examples: [[sql, result]],
  });
}

export const timeFunctions: readonly ScalarFunction[] = [
  parsing("to_time", false),
  parsing("try_to_time", true),
  makeTime,
  currentTime,
  timeDiff,
  timeTrunc,
  timeFrom("time_from_seconds", nanosPerSecond, "time_from_seconds(10.5)", "00:00:10.5"),
  timeFrom("time_from_millis", 1_000_000n, "time_from_millis(1500)", "00:00:01.5"),
  timeFrom("time_from_micros", 1_000n, "time_from_micros(1000)", "00:00:00.001"),
  timeTo("time_to_seconds", decimalType(14, 6), 1_000n, "time_to_seconds(TIME'12:00:01.5')", "43201.500000"),
  timeTo("time_to_millis", bigintType, 1_000_000n, "time_to_millis(TIME'12:00:01.5')", "43201500"),
  timeTo("time_to_micros", bigintType, 1_000n, "time_to_micros(TIME'12:00:01.5')", "43201500000"),
];
