import type {
  ArgumentType,
  AsNullableAs,
  ColumnArgument,
  DatetimeType,
  IntegralType,
  NumericType,
  StringType,
  TimestampType,
} from "../column-types.ts";

import { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Time = ColumnArgument<DatetimeType | StringType>;
type Whole = ColumnArgument<IntegralType>;
type Seconds = ColumnArgument<NumericType>;

/** The fields of a timestamp, from the year to the second, which may have a fraction. */
type Fields = readonly [year: Whole, month: Whole, day: Whole, hour: Whole, minute: Whole, second: Seconds];

/** The day of the week in three letters. `dayname(c.day)` */
export function dayname<const A extends Time>(date: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(dayname, "dayname", [date]);
}
/** The month in three letters. `monthname(c.day)` */
export function monthname<const A extends Time>(date: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(monthname, "monthname", [date]);
}
/** The day of the week, 0 for Monday to 6. */
export function weekday<const A extends Time>(date: A): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(weekday, "weekday", [date]);
}
/** The first date after the given one that is that day of the week. `nextDay(c.day, "Mon")` */
export function nextDay(date: Time, weekdayName: string): Column<"date"> {
  return functionColumn(nextDay, "next_day", [date], [literalOf(weekdayName)]);
}
/** Months from the second time to the first, months of 31 days, rounded to 8 digits unless told not to. */
export function monthsBetween(end: Time, start: Time, rounded = true): Column<"double"> {
  return functionColumn(monthsBetween, "months_between", [end, start], [literalOf(rounded)]);
}
/** A field such as `SECOND` of a date, time or interval. `datePart("SECOND", c.at)` */
export function datePart(field: string, source: ColumnArgument): Column<"untyped"> {
  return functionColumn(datePart, "date_part", [new Column(literalOf(field)), source]);
}
/** The time so many units later. `timestampAdd("HOUR", c.hours, c.at)` */
export function timestampAdd(unit: string, count: Whole, time: Time): Column<"timestamp"> {
  return functionColumn(timestampAdd, "timestampadd", [new Column(literalOf(unit)), count, time]);
}
/** Whole units from the first time to the second. `timestampDiff("MINUTE", c.start, c.end)` */
export function timestampDiff(unit: string, start: Time, end: Time): Column<"bigint"> {
  return functionColumn(timestampDiff, "timestampdiff", [new Column(literalOf(unit)), start, end]);
}
/** A date of its fields. `makeDate(c.y, c.m, c.d)` */
export function makeDate(year: Whole, month: Whole, day: Whole): Column<"date"> {
  return functionColumn(makeDate, "make_date", [year, month, day]);
}
/** A timestamp of its fields in the session's time zone. */
export function makeTimestamp(...fields: Fields): Column<"timestamp"> {
  return functionColumn(makeTimestamp, "make_timestamp", fields);
}
/** As {@link makeTimestamp}, but NULL for fields out of their range. */
export function tryMakeTimestamp(...fields: Fields): Column<"timestamp"> {
  return functionColumn(tryMakeTimestamp, "try_make_timestamp", fields);
}
/** A timestamp without zone of its fields. */
export function makeTimestampNtz(...fields: Fields): Column<"timestamp_ntz"> {
  return functionColumn(makeTimestampNtz, "make_timestamp_ntz", fields);
}
/** A day-time interval of days, hours, minutes and seconds, which are zero when left out. */
export function makeDtInterval(
  ...fields: readonly [days?: Whole, hours?: Whole, minutes?: Whole, seconds?: Seconds]
): Column<"interval day to second"> {
  return functionColumn(makeDtInterval, "make_dt_interval", given(fields));
}
/** A year-month interval of years and months, which are zero when left out. */
export function makeYmInterval(...fields: readonly [years?: Whole, months?: Whole]): Column<"interval year to month"> {
  return functionColumn(makeYmInterval, "make_ym_interval", given(fields));
}
function given(fields: readonly (ColumnArgument | undefined)[]): readonly ColumnArgument[] {
  return fields.filter((field) => field !== undefined);
}
/** The date so many days after 1970-01-01. */
export function dateFromUnixDate(days: Whole): Column<"date"> {
  return functionColumn(dateFromUnixDate, "date_from_unix_date", [days]);
}
/** Days since 1970-01-01. `unixDate(c.day)` */
export function unixDate(date: ColumnArgument<"date" | "date!">): Column<"int"> {
  return functionColumn(unixDate, "unix_date", [date]);
}
/** A time as seconds since 1970-01-01 UTC. */
export function unixSeconds(time: ColumnArgument<TimestampType>): Column<"bigint"> {
  return functionColumn(unixSeconds, "unix_seconds", [time]);
}
/** A time as microseconds since 1970-01-01 UTC. */
export function unixMicros(time: ColumnArgument<TimestampType>): Column<"bigint"> {
  return functionColumn(unixMicros, "unix_micros", [time]);
}
/** The timestamp whose clock in UTC shows what the given one shows in the zone. */
export function fromUtcTimestamp(time: Time, zone: string): Column<"timestamp"> {
  return functionColumn(fromUtcTimestamp, "from_utc_timestamp", [time], [literalOf(zone)]);
}
/** The timestamp whose clock in the zone shows what the given one shows in UTC. */
export function toUtcTimestamp(time: Time, zone: string): Column<"timestamp"> {
  return functionColumn(toUtcTimestamp, "to_utc_timestamp", [time], [literalOf(zone)]);
}
/** What the clock shows in one zone when it shows the time in another. `convertTimezone("UTC", "Asia/Tokyo", c.local)` */
export function convertTimezone(from: string, to: string, time: Time): Column<"timestamp_ntz"> {
  const zones = [new Column(literalOf(from)), new Column(literalOf(to))];
  return functionColumn(convertTimezone, "convert_timezone", [...zones, time]);
}
/** As `toDate`, but NULL for text that is no date. `tryToDate(c.text, "dd.MM.yyyy")` */
export function tryToDate(text: Time, format?: string): Column<"date"> {
  return functionColumn(tryToDate, "try_to_date", [text], format === undefined ? [] : [literalOf(format)]);
}
/** Text to a time without zone, by a pattern or as CAST reads it. */
export function toTimestampNtz(text: Time, format?: string): Column<"timestamp_ntz"> {
  return functionColumn(toTimestampNtz, "to_timestamp_ntz", [text], format === undefined ? [] : [literalOf(format)]);
}
/** The wall clock of the session's time zone at the start of the query, or of the micro-batch. */
export function localtimestamp(): Column<"timestamp_ntz!"> {
  return functionColumn(localtimestamp, "localtimestamp", []);
}
/** Name of the session's time zone. */
export function currentTimezone(): Column<"string!"> {
  return functionColumn(currentTimezone, "current_timezone", []);
}

type TimeOfDay = ColumnArgument<"time" | "time!" | `time(${number})` | `time(${number})!` | StringType>;

/** The time of day in the session's time zone at the start of the query, or of the micro-batch. */
export function currentTime(precision = 6): Column<"time!"> {
  return functionColumn(currentTime, "current_time", [new Column(literalOf(precision))]);
}
/** Text to a time of day, by a pattern or as CAST reads it. `toTime(c.text, "HH.mm")` */
export function toTime(text: ColumnArgument<StringType>, format?: string): Column<"time"> {
  return functionColumn(toTime, "to_time", [text], format === undefined ? [] : [literalOf(format)]);
}
/** As {@link toTime}, but NULL for text that is no time of day. */
export function tryToTime(text: ColumnArgument<StringType>, format?: string): Column<"time"> {
  return functionColumn(tryToTime, "try_to_time", [text], format === undefined ? [] : [literalOf(format)]);
}
/** A time of day of its fields. `makeTime(c.h, c.m, c.s)` */
export function makeTime(hour: Whole, minute: Whole, second: Seconds): Column<"time"> {
  return functionColumn(makeTime, "make_time", [hour, minute, second]);
}
/** Whole hours, minutes, seconds, milliseconds or microseconds from the first time of day to the second. */
export function timeDiff(unit: string, start: TimeOfDay, end: TimeOfDay): Column<"bigint"> {
  return functionColumn(timeDiff, "time_diff", [new Column(literalOf(unit)), start, end]);
}
/** A time of day cut to a unit. `timeTrunc("HOUR", c.time)` */
export function timeTrunc(unit: string, time: TimeOfDay): Column<"time"> {
  return functionColumn(timeTrunc, "time_trunc", [new Column(literalOf(unit)), time]);
}
