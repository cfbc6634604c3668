/** The gaps of session windows: how long after its last row a session ends. */
import type { DataType, SqlValue } from "../types/data-type.ts";
import { microsPerDay } from "./calendar.ts";
import { timestampPlusDays, timestampPlusMonths } from "./datetime-arithmetic.ts";
import { type CalendarInterval, parseInterval } from "./interval.ts";
import type { TimeZone } from "./time-zone.ts";

/** The gap that a value means: text is read as an interval, of which undefined says that it is none. */
export function gapOf(value: SqlValue, type: DataType): CalendarInterval | undefined {
  if (value === null) return undefined;
  if (type.kind === "interval_day_time") {
    const micros = value as bigint;
    return { months: 0, days: Number(micros / microsPerDay), micros: micros % microsPerDay };
  }
  try {
    return parseInterval(value as string);
  } catch {
    return undefined;
  }
}

/** The gap in microseconds when that is the same everywhere: months and days last as long as the calendar says. */
export function fixedGap({ months, days, micros }: CalendarInterval): bigint | undefined {
  return months === 0 && days === 0 ? micros : undefined;
}

/** When a session of a single row ends; undefined when that is not after its time: such a row is in no session. */
export function sessionEnd(time: bigint, gap: CalendarInterval, zone: TimeZone): bigint | undefined {
  const { months, days, micros } = gap;
  const inMonths = months === 0 ? time : timestampPlusMonths(time, months, zone.id);
  const inDays = days === 0 ? inMonths : timestampPlusDays(inMonths, BigInt(days) * microsPerDay, zone);
  const end = inDays + micros;
  return end > time ? end : undefined;
}
