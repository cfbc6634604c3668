import type { StructLiteral } from "../../types/schema-literal.ts";
import type {
  ArgumentType,
  AsNullableAs,
  ColumnArgument,
  ColumnLike,
  DatetimeType,
  IntegralType,
  IntervalType,
  StringType,
  TimestampType,
  Untyped,
} from "../column-types.ts";

import { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Time = ColumnArgument<DatetimeType | StringType>;
type Part<A> = AsNullableAs<"int", ArgumentType<A>>;

/** What `window` gives: the start (inclusive) and the end (exclusive) of a window. */
export type WindowType = StructLiteral<{ readonly start: "timestamp"; readonly end: "timestamp" }, false>;

/** The event time of a time window: its last microsecond. `windowed.groupBy(window(windowTime("window"), "1 hour"))` */
export function windowTime(window: ColumnArgument): Column<"timestamp"> {
  return functionColumn(windowTime, "window_time", [window]);
}
/**
 * The time window that a row belongs to, as column `window` with `start` and `end`, for `groupBy`. With a slide shorter
 * than the duration, windows overlap and a row belongs to several. Rows without a time belong to none.
 * `df.groupBy(window("at", "10 seconds"))`, `window("at", "10 minutes", "5 minutes")`
 */
export function window(
  time: ColumnArgument<TimestampType>,
  duration: string,
  slide?: string,
  start?: string,
): Column<WindowType, "window"> {
  const texts = [duration, slide ?? (start === undefined ? undefined : duration), start];
  return functionColumn(
    window,
    "window",
    [time],
    texts.flatMap((text) => (text === undefined ? [] : [literalOf(text)])),
  );
}
/**
 * The session that a row belongs to, as column `session_window` with `start` and `end`, for `groupBy`: rows of equal other
 * keys of which each comes no later than `gap` after the one before; the session ends `gap` after its last row. The gap is
 * a text such as `"5 minutes"`, or a column of such texts or intervals that gives each row its own. Rows without a time, and
 * rows whose gap is NULL, no interval, zero or negative, belong to none.
 * `df.groupBy(sessionWindow("at", "5 minutes"), "user")`
 */
export function sessionWindow(
  time: ColumnArgument<TimestampType>,
  gap: string | ColumnLike<StringType | IntervalType | Untyped>,
): Column<WindowType, "session_window"> {
  const column: ColumnArgument = typeof gap === "string" ? new Column(literalOf(gap)) : gap;
  return functionColumn(sessionWindow, "session_window", [time, column]);
}
/** The start of the query, or of the micro-batch: the same in all rows of it. */
export function currentTimestamp(): Column<"timestamp!"> {
  return functionColumn(currentTimestamp, "current_timestamp", []);
}
/** The date of the current timestamp in the session's time zone. */
export function currentDate(): Column<"date!"> {
  return functionColumn(currentDate, "current_date", []);
}
/** Cut to a unit (`year`, `month`, `week`, `day`, `hour`, `minute`, `second`, …). `dateTrunc("hour", c.at)` */
export function dateTrunc(unit: string, time: Time): Column<"timestamp"> {
  return functionColumn(dateTrunc, "date_trunc", [new Column(literalOf(unit)), time]);
}
/** A date cut to `year`, `quarter`, `month` or `week`. `trunc(c.day, "month")` */
export function trunc(date: Time, unit: string): Column<"date"> {
  return functionColumn(trunc, "trunc", [date], [literalOf(unit)]);
}
/** Text to a time, by a pattern such as `yyyy-MM-dd HH:mm:ss` or as CAST reads it. `toTimestamp(c.text)` */
export function toTimestamp(text: Time, format?: string): Column<"timestamp"> {
  return functionColumn(toTimestamp, "to_timestamp", [text], optional(format));
}
/** As {@link toTimestamp}, but NULL for text that is no time. `tryToTimestamp(c.text, "dd/MMM/yyyy:HH:mm:ss Z")` */
export function tryToTimestamp(text: Time, format?: string): Column<"timestamp"> {
  return functionColumn(tryToTimestamp, "try_to_timestamp", [text], optional(format));
}
/** Text or time to a date. `toDate(c.at)` */
export function toDate(text: Time, format?: string): Column<"date"> {
  return functionColumn(toDate, "to_date", [text], optional(format));
}
/** Seconds since 1970-01-01 UTC, of a time, of text by a pattern, or of now. `unixTimestamp(c.at)` */
export function unixTimestamp(time?: Time, format?: string): Column<"bigint"> {
  return functionColumn(unixTimestamp, "unix_timestamp", time === undefined ? [] : [time], optional(format));
}
/** Seconds since 1970-01-01 UTC as text in the session's time zone. `fromUnixtime(c.seconds)` */
export function fromUnixtime(seconds: ColumnArgument<IntegralType>, format?: string): Column<"string"> {
  return functionColumn(fromUnixtime, "from_unixtime", [seconds], optional(format));
}
/** A time as text by a pattern. `dateFormat(c.at, "yyyy-MM-dd")` */
export function dateFormat<const A extends Time>(
  time: A,
  format: string,
): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(dateFormat, "date_format", [time], [literalOf(format)]);
}
/** Seconds since 1970-01-01 UTC to a time. `timestampSeconds(c.seconds)` */
export function timestampSeconds(seconds: ColumnArgument): Column<"timestamp"> {
  return functionColumn(timestampSeconds, "timestamp_seconds", [seconds]);
}
/** Milliseconds since 1970-01-01 UTC to a time. `timestampMillis(c.ms)` */
export function timestampMillis(millis: ColumnArgument<IntegralType>): Column<"timestamp"> {
  return functionColumn(timestampMillis, "timestamp_millis", [millis]);
}
/** Microseconds since 1970-01-01 UTC to a time. */
export function timestampMicros(micros: ColumnArgument<IntegralType>): Column<"timestamp"> {
  return functionColumn(timestampMicros, "timestamp_micros", [micros]);
}
/** A time as milliseconds since 1970-01-01 UTC. `unixMillis(c.at)` */
export function unixMillis(time: ColumnArgument<TimestampType>): Column<"bigint"> {
  return functionColumn(unixMillis, "unix_millis", [time]);
}
/** The year. `year(c.at)` */
export function year<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(year, "year", [time]);
}
/** The quarter, 1 to 4. */
export function quarter<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(quarter, "quarter", [time]);
}
/** The month, 1 to 12. `month(c.at)` */
export function month<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(month, "month", [time]);
}
/** The day of the month, 1 to 31. `dayofmonth(c.at)` */
export function dayofmonth<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(dayofmonth, "dayofmonth", [time]);
}
/** The day of the week, 1 for Sunday to 7. */
export function dayofweek<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(dayofweek, "dayofweek", [time]);
}
/** The day of the year, 1 to 366. */
export function dayofyear<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(dayofyear, "dayofyear", [time]);
}
/** The ISO week of the year. */
export function weekofyear<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(weekofyear, "weekofyear", [time]);
}
/** The hour in the session's time zone, 0 to 23. `hour(c.at)` */
export function hour<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(hour, "hour", [time]);
}
/** The minute, 0 to 59. */
export function minute<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(minute, "minute", [time]);
}
/** The second, 0 to 59. */
export function second<const A extends Time>(time: A): Column<Part<A>> {
  return functionColumn(second, "second", [time]);
}
/** A date some days later. `dateAdd(c.day, 7)` */
export function dateAdd(date: Time, days: number): Column<"date"> {
  return functionColumn(dateAdd, "date_add", [date], [literalOf(days)]);
}
/** A date some days earlier. */
export function dateSub(date: Time, days: number): Column<"date"> {
  return functionColumn(dateSub, "date_sub", [date], [literalOf(days)]);
}
/** Days from the second date to the first. `datediff(c.end, c.start)` */
export function datediff(end: Time, start: Time): Column<"int"> {
  return functionColumn(datediff, "datediff", [end, start]);
}
/** A date some months later. */
export function addMonths(date: Time, months: number): Column<"date"> {
  return functionColumn(addMonths, "add_months", [date], [literalOf(months)]);
}
/** The last day of the date's month. */
export function lastDay(date: Time): Column<"date"> {
  return functionColumn(lastDay, "last_day", [date]);
}

function optional(text: string | undefined): ReturnType<typeof literalOf>[] {
  return text === undefined ? [] : [literalOf(text)];
}
