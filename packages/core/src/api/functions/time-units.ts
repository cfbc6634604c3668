/** Times of day, and spans in units. */
import type { ColumnArgument, DatetimeType, IntegralType, NumericType, StringType, Untyped } from "../column-types.ts";
import type { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { lit } from "./basic.ts";
import { functionColumn } from "./function-column.ts";

type Time = ColumnArgument<"time" | "time!">;
type Moment = ColumnArgument<DatetimeType | StringType>;

/** The time of day so many seconds after midnight. `timeFromSeconds("seconds")` */
export function timeFromSeconds(seconds: ColumnArgument<NumericType>): Column<"time"> {
  return functionColumn(timeFromSeconds, "time_from_seconds", [seconds]);
}
/** The time of day so many milliseconds after midnight. */
export function timeFromMillis(millis: ColumnArgument<IntegralType>): Column<"time"> {
  return functionColumn(timeFromMillis, "time_from_millis", [millis]);
}
/** The time of day so many microseconds after midnight. */
export function timeFromMicros(micros: ColumnArgument<IntegralType>): Column<"time"> {
  return functionColumn(timeFromMicros, "time_from_micros", [micros]);
}
/** Seconds since midnight, with their fraction, as DECIMAL. `timeToSeconds("opensAt")` */
export function timeToSeconds(time: Time): Column<Untyped> {
  return functionColumn(timeToSeconds, "time_to_seconds", [time]);
}
/** Milliseconds since midnight. */
export function timeToMillis(time: Time): Column<"bigint"> {
  return functionColumn(timeToMillis, "time_to_millis", [time]);
}
/** Microseconds since midnight. */
export function timeToMicros(time: Time): Column<"bigint"> {
  return functionColumn(timeToMicros, "time_to_micros", [time]);
}
/** A field of a date, time or interval: YEAR, MONTH, DAY, HOUR, SECOND with its fraction … `extract("HOUR", "at")` */
export function extract(field: string, source: ColumnArgument): Column<Untyped> {
  return functionColumn(extract, "extract", [lit(field), source]);
}
/** Seconds since the epoch of a timestamp, a date, or a text of a pattern. `toUnixTimestamp("at")` */
export function toUnixTimestamp(time: Moment, pattern?: string): Column<"bigint"> {
  const more = pattern === undefined ? [] : [literalOf(pattern)];
  return functionColumn(toUnixTimestamp, "to_unix_timestamp", [time], more);
}
