/** Days since 1970-01-01 in the proleptic Gregorian calendar ↔ year, month, day (Howard Hinnant's algorithms). */
import { numberOfInt64 } from "./kernels/int64.ts";

export interface CivilDate {
  readonly year: number;
  /** 1 to 12 */
  readonly month: number;
  readonly day: number;
}

export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

export function civilFromDays(days: number): CivilDate {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : monthLengths[month - 1]!;
}

/** The date `months` later; the day is cut to the length of the month it lands in. */
export function addMonths(days: number, months: number): number {
  const { year, month, day } = civilFromDays(days);
  const at = year * 12 + month - 1 + months;
  const newYear = Math.floor(at / 12);
  const newMonth = at - newYear * 12 + 1;
  return daysFromCivil(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)));
}

/** 0 = Sunday … 6 = Saturday. */
export function dayOfWeek(days: number): number {
  return (((days + 4) % 7) + 7) % 7;
}
export function dayOfYear(days: number): number {
  return days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1;
}
/** ISO 8601: the week that holds the year's first Thursday is week 1. */
export function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const thursday = days + 3 - ((dayOfWeek(days) + 6) % 7);
  const { year } = civilFromDays(thursday);
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 };
}

export const microsPerSecond = 1_000_000n;
export const microsPerDay = 86_400_000_000n;

/** Floor division; the divisor is positive. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a < 0n && q * b !== a ? q - 1n : q;
}
/** Remainder of floor division, never negative; the divisor is positive. */
export function floorMod(a: bigint, b: bigint): bigint {
  const r = a % b;
  return r < 0n ? r + b : r;
}

/** A local date and time of day. */
export interface LocalTime extends CivilDate {
  readonly days: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
}

/** Splits microseconds of local time since 1970-01-01T00:00. */
export function localTimeOf(localMicros: bigint): LocalTime {
  // Up to the year 2255 microseconds are whole numbers that a double holds.
  const whole = numberOfInt64(localMicros);
  let days: number;
  let rest: number;
  if (Number.isSafeInteger(whole) && BigInt.asIntN(64, localMicros) === localMicros) {
    days = Math.floor(whole / 86_400_000_000);
    rest = whole - days * 86_400_000_000;
  } else {
    const day = floorDiv(localMicros, microsPerDay);
    rest = Number(localMicros - day * microsPerDay);
    days = Number(day);
  }
  const { year, month, day: dayOfMonth } = civilFromDays(days);
  const seconds = Math.floor(rest / 1e6);
  return {
    days,
    year,
    month,
    day: dayOfMonth,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micros: rest % 1e6,
  };
}

/** Local microseconds of a day and a time of day in microseconds. */
export function localMicrosOf(days: number, microsOfDay: number): bigint {
  return BigInt(days) * microsPerDay + BigInt(microsOfDay);
}
