/**
 * Dates, timestamps and durations in ISO 8601 form. Years outside 0000–9999 have a sign and at least four digits, the
 * fraction of a second has as many digits as it needs (none to six); the calendar is the proleptic Gregorian one.
 */
const microsPerSecond = 1_000_000n;
const microsPerDay = 86_400_000_000n;

/** Days since 1970-01-01 of a calendar date. Howard Hinnant's `days_from_civil`. */
export function daysOfDate(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** `YYYY-MM-DD` of days since 1970-01-01. */
export function formatDate(days: number): string {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${formatYear(year)}-${two(month)}-${two(day)}`;
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  // ECMAScript and Temporal want six digits for years outside 0000-9999.
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** `YYYY-MM-DDTHH:MM:SS[.ffffff]` of microseconds since 1970-01-01T00:00:00. */
export function formatLocalTimestamp(micros: bigint): string {
  let days = micros / microsPerDay;
  let rest = micros % microsPerDay;
  if (rest < 0n) {
    rest += microsPerDay;
    days -= 1n;
  }
  const seconds = Number(rest / microsPerSecond);
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${formatDate(Number(days))}T${time}${formatFraction(Number(rest % microsPerSecond))}`;
}

function formatFraction(micros: number): string {
  return micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
}

/** `HH:MM:SS[.fffffffff]` of nanoseconds since midnight. */
export function formatTime(nanos: bigint): string {
  const seconds = Number(nanos / 1_000_000_000n);
  const rest = nanos % 1_000_000_000n;
  const fraction = rest === 0n ? "" : `.${String(rest).padStart(9, "0").replace(/0+$/, "")}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`;
}

const timePattern = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/;

/** Nanoseconds since midnight of `HH:MM[:SS[.fffffffff]]`, cut to so many digits of a fraction; undefined for other texts. */
export function parseTime(text: string, precision: number): bigint | undefined {
  const match = timePattern.exec(text.trim());
  if (match === null) return undefined;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = BigInt((match[4] ?? "").slice(0, precision).padEnd(9, "0"));
  return BigInt(hour * 3600 + minute * 60 + second) * 1_000_000_000n + fraction;
}

const datePattern = /^([+-]\d{4,7}|\d{4})-(\d{2})-(\d{2})$/;

/** Days since 1970-01-01 of `YYYY-MM-DD`; undefined when it is not a date of the calendar. */
export function parseDate(text: string): number | undefined {
  const match = datePattern.exec(text.trim());
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysOfDate(year, month, day);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** A timestamp read from text: the wall clock, and how far it is ahead of UTC when the text says so. */
export interface ParsedTimestamp {
  /** Microseconds of the wall clock since 1970-01-01T00:00:00. */
  readonly localMicros: bigint;
  /** Microseconds ahead of UTC; undefined when the text has no offset. */
  readonly offsetMicros: bigint | undefined;
}

const timestampPattern =
  /^([+-]\d{4,7}|\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(?:([Zz])|([+-])(\d{2}):?(\d{2})(?::?(\d{2}))?)?)?(?:\[[^\]]*\])?$/;

/** Reads `YYYY-MM-DD[THH:MM[:SS[.fffffffff]][Z|±HH:MM]]`; digits beyond microseconds are cut. */
export function parseTimestamp(text: string): ParsedTimestamp | undefined {
  const match = timestampPattern.exec(text.trim());
  if (match === null) return undefined;
  const days = parseDate(`${match[1]}-${match[2]}-${match[3]}`);
  const hour = Number(match[4] ?? 0);
  const minute = Number(match[5] ?? 0);
  const second = Number(match[6] ?? 0);
  if (days === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = BigInt((match[7] ?? "").padEnd(6, "0").slice(0, 6));
  const localMicros =
    BigInt(days) * microsPerDay + BigInt(hour * 3600 + minute * 60 + second) * microsPerSecond + fraction;
  if (match[8] !== undefined) return { localMicros, offsetMicros: 0n };
  if (match[9] === undefined) return { localMicros, offsetMicros: undefined };
  const offsetSeconds = Number(match[10]) * 3600 + Number(match[11]) * 60 + Number(match[12] ?? 0);
  if (offsetSeconds > 18 * 3600) return undefined;
  const offsetMicros = BigInt(match[9] === "-" ? -offsetSeconds : offsetSeconds) * microsPerSecond;
  return { localMicros, offsetMicros };
}

/** ISO 8601 duration of months: `P1Y2M`, `-P3M`, `P0M`. */
export function formatMonths(months: number): string {
  const size = Math.abs(months);
  const years = Math.floor(size / 12);
  const rest = size % 12;
  if (size === 0) return "P0M";
  return `${months < 0 ? "-" : ""}P${years === 0 ? "" : `${years}Y`}${rest === 0 ? "" : `${rest}M`}`;
}

/** ISO 8601 duration of microseconds, in days and smaller: `P1DT2H3M4.5S`, `-PT0.000001S`, `PT0S`. */
export function formatMicros(micros: bigint): string {
  if (micros === 0n) return "PT0S";
  const size = micros < 0n ? -micros : micros;
  const days = size / microsPerDay;
  const seconds = Number((size % microsPerDay) / microsPerSecond);
  const fraction = formatFraction(Number(size % microsPerSecond));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const time =
    (hours === 0 ? "" : `${hours}H`) +
    (minutes === 0 ? "" : `${minutes}M`) +
    (seconds % 60 === 0 && fraction === "" ? "" : `${seconds % 60}${fraction}S`);
  return `${micros < 0n ? "-" : ""}P${days === 0n ? "" : `${days}D`}${time === "" ? "" : `T${time}`}`;
}

const durationPattern =
  /^([+-])?P(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:[.,](\d{1,9}))?S)?)?$/i;

/** Reads an ISO 8601 duration; each part may have a sign of its own, as Java prints them. */
export function parseDuration(text: string): { readonly months: bigint; readonly micros: bigint } | undefined {
  const match = durationPattern.exec(text.trim());
  if (match === null || match.slice(2).every((part) => part === undefined)) return undefined;
  const part = (i: number): bigint => BigInt(match[i] ?? "0");
  const fraction = BigInt((match[10] ?? "").padEnd(6, "0").slice(0, 6));
  const seconds = part(9) * microsPerSecond + fraction;
  const months = part(2) * 12n + part(3);
  const micros =
    (part(4) * 7n + part(5)) * microsPerDay +
    (part(6) * 3600n + part(7) * 60n) * microsPerSecond +
    (match[8] === "-" ? -seconds : seconds);
  return match[1] === "-" ? { months: -months, micros: -micros } : { months, micros };
}
