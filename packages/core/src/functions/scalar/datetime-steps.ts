/** Steps on the calendar, names of days and months, and moves between time zones. */
import { MillraceError } from "../../errors/index.ts";
import {
  booleanType,
  dateType,
  doubleType,
  intType,
  type SqlValue,
  stringType,
  timestampNtzType,
  timestampType,
} from "../../types/data-type.ts";
import {
  addMonths,
  civilFromDays,
  dayOfWeek,
  daysFromCivil,
  daysInMonth,
  localTimeOf,
  type LocalTime,
} from "../calendar.ts";
import type { ScalarFunction } from "../function.ts";
import { overflow } from "../kernels/checked.ts";
import { coerceArgument, type Resolve, signature, unexpectedInput } from "../resolution.ts";
import { fromLocal, timeZoneOf, toLocal } from "../time-zone.ts";
import { timeFunction } from "./time-function.ts";

/** Days are INT or smaller; text and NULL are read as INT. */
const dateAndDays: Resolve = (args, call) => {
  const days = args[1]!;
  if (!["tinyint", "smallint", "int", "string", "null"].includes(days.type.kind))
    throw unexpectedInput(days, '("INT" or "SMALLINT" or "TINYINT")'.slice(1, -1), 1, call);
  if (days.type.kind === "string" && !call.ansi) {
    // Outside of ANSI mode only a constant text is read.
    if (days.literal === undefined) throw unexpectedInput(days, 'INT" or "SMALLINT" or "TINYINT', 1, call);
    if (typeof days.literal.value === "string" && !/^\s*[+-]?\d+\s*$/.test(days.literal.value))
      throw new MillraceError("SECOND_FUNCTION_ARGUMENT_NOT_INTEGER", { functionName: "date_add" });
  }
  return { args: [coerceArgument(args[0]!, dateType, 0, call), intType], returns: dateType };
};

const dateStep = (
  name: string,
  aliases: readonly string[],
  sign: 1 | -1,
  sql: string,
  result: string,
): ScalarFunction =>
  timeFunction({
    name,
    aliases,
    arity: [2, 2],
    resolve: dateAndDays,
    // Beyond 32 bits days wrap around, as in Spark.
    bind: () => (d, n) => ((d as number) + sign * (n as number)) | 0,
    usage: `${name}(date, days)`,
    summary: `The date so many days ${sign > 0 ? "later" : "earlier"}.`,
    examples: [[sql, result]],
  });

const weekdays = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
/** Names of weekdays that next_day takes: two or three letters, or in full. */
const dayNumbers: ReadonlyMap<string, number> = new Map(
  "SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY"
    .split(" ")
    .flatMap((name, i) => [name, name.slice(0, 3), name.slice(0, 2)].map((text) => [text, i] as const)),
);

const secondsOf = (t: LocalTime): number => t.hour * 3600 + t.minute * 60 + t.second;

/** Spark's `monthsBetween`: whole months on equal days and on two last days of months, else a fraction of 31 days. */
function monthsBetween(end: bigint, start: bigint, rounded: boolean): number {
  const [a, b] = [localTimeOf(end), localTimeOf(start)];
  const whole = (a.year - b.year) * 12 + a.month - b.month;
  const isLast = (t: LocalTime): boolean => t.day === daysInMonth(t.year, t.month);
  if (a.day === b.day || (isLast(a) && isLast(b))) return whole;
  const seconds = (a.day - b.day) * 86_400 + secondsOf(a) - secondsOf(b);
  const difference = whole + seconds / (31 * 86_400);
  return rounded ? Math.round(difference * 1e8) / 1e8 : difference;
}

const convertTimezone = timeFunction({
  name: "convert_timezone",
  arity: [2, 3],
  resolve: (args, call) => {
    const types = [stringType, stringType, timestampNtzType].slice(3 - args.length);
    return signature(types, timestampNtzType)(args, call);
  },
  bind: (_types, context) => {
    const convert = (from: string, to: string, local: bigint): bigint =>
      toLocal(timeZoneOf(to), fromLocal(timeZoneOf(from), local));
    return (first, second, third) =>
      third === undefined
        ? convert(context.timeZone, first as string, second as bigint)
        : convert(first as string, second as string, third as bigint);
  },
  usage: "convert_timezone([from, ]to, timestamp)",
  summary:
    "What the clock shows in one zone when it shows the timestamp (without zone) in another, the session's unless given.",
  examples: [
    [
      "convert_timezone('Europe/Brussels', 'America/Los_Angeles', TIMESTAMP_NTZ'2021-12-06 00:00:00')",
      "2021-12-05 15:00:00",
    ],
  ],
});

/** @throws ARITHMETIC_OVERFLOW for a date that no number of days can stand for */
function checkedMonths(days: number, count: number): number {
  const moved = addMonths(days, count);
  return (moved | 0) === moved ? moved : overflow("integer overflow");
}

export const datetimeSteps: readonly ScalarFunction[] = [
  dateStep("date_add", ["dateadd"], 1, "date_add('2016-07-30', 1)", "2016-07-31"),
  dateStep("date_sub", [], -1, "date_sub('2016-07-30', 1)", "2016-07-29"),
  timeFunction({
    name: "datediff",
    aliases: ["date_diff"],
    arity: [2, 2],
    resolve: signature([dateType, dateType], intType),
    bind: () => (end, start) => (end as number) - (start as number),
    usage: "datediff(end, start)",
    summary: "Days from the second date to the first.",
    examples: [["datediff('2009-07-31', '2009-07-30')", "1"]],
  }),
  timeFunction({
    name: "add_months",
    arity: [2, 2],
    resolve: signature([dateType, intType], dateType),
    bind: () => (d, n) => checkedMonths(d as number, n as number),
    usage: "add_months(date, months)",
    summary: "The date so many months later; the day is cut to the length of the month.",
    examples: [["add_months('2016-08-31', 1)", "2016-09-30"]],
  }),
  timeFunction({
    name: "months_between",
    arity: [2, 3],
    resolve: signature([timestampType, timestampType, booleanType], doubleType),
    bind: (_types, context) => {
      const zone = timeZoneOf(context.timeZone);
      return (end, start, rounded: SqlValue = true) =>
        monthsBetween(toLocal(zone, end as bigint), toLocal(zone, start as bigint), rounded as boolean);
    },
    usage: "months_between(end, start[, rounded])",
    summary:
      "Months from the second timestamp to the first, months of 31 days, rounded to 8 digits unless told not to.",
    examples: [["months_between('1997-02-28 10:30:00', '1996-10-30')", "3.94959677"]],
  }),
  timeFunction({
    name: "last_day",
    arity: [1, 1],
    resolve: signature([dateType], dateType),
    bind: () => (d) => {
      const { year, month } = civilFromDays(d as number);
      return daysFromCivil(year, month, daysInMonth(year, month));
    },
    usage: "last_day(date)",
    summary: "Last day of the month.",
    examples: [["last_day('2009-01-12')", "2009-01-31"]],
  }),
  timeFunction({
    name: "next_day",
    arity: [2, 2],
    resolve: signature([dateType, stringType], dateType),
    canReturnNull: (_, ansi) => !ansi,
    bind: (_types, context) => (d, name) => {
      const wanted = dayNumbers.get((name as string).trim().toUpperCase());
      if (wanted !== undefined) return (d as number) + ((wanted - dayOfWeek(d as number) + 6) % 7) + 1;
      if (!context.ansi) return null;
      throw new MillraceError("ILLEGAL_DAY_OF_WEEK", { string: name as string });
    },
    usage: "next_day(date, weekday)",
    summary: "The first date after the given one that is that day of the week: MO, Mon, Monday.",
    examples: [["next_day('2015-01-14', 'TU')", "2015-01-20"]],
  }),
  timeFunction({
    name: "dayname",
    arity: [1, 1],
    resolve: signature([dateType], stringType),
    bind: () => (d) => weekdays[dayOfWeek(d as number)]!,
    usage: "dayname(date)",
    summary: "The day of the week in three letters.",
    examples: [["dayname(DATE'2008-02-20')", "Wed"]],
  }),
  timeFunction({
    name: "monthname",
    arity: [1, 1],
    resolve: signature([dateType], stringType),
    bind: () => (d) => months[civilFromDays(d as number).month - 1]!,
    usage: "monthname(date)",
    summary: "The month in three letters.",
    examples: [["monthname('2008-02-20')", "Feb"]],
  }),
  timeFunction({
    name: "date_from_unix_date",
    arity: [1, 1],
    resolve: signature([intType], dateType),
    bind: () => (days) => days!,
    usage: "date_from_unix_date(days)",
    summary: "The date so many days after 1970-01-01.",
    examples: [["date_from_unix_date(1)", "1970-01-02"]],
  }),
  timeFunction({
    name: "unix_date",
    arity: [1, 1],
    resolve: (args, call) => {
      if (args[0]!.type.kind === "timestamp" || args[0]!.type.kind === "timestamp_ntz")
        throw unexpectedInput(args[0]!, "DATE", 0, call);
      return signature([dateType], intType)(args, call);
    },
    bind: () => (days) => days!,
    usage: "unix_date(date)",
    summary: "Days since 1970-01-01.",
    examples: [["unix_date(DATE'1970-01-02')", "1"]],
  }),
  convertTimezone,
];
