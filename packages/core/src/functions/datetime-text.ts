/** Dates and timestamps as text: the grammar of Spark's casts, and the form that casts and `show` print. */
import { daysFromCivil, daysInMonth, localMicrosOf, localTimeOf, civilFromDays } from "./calendar.ts";
import { trimAll } from "./number-text.ts";
import { findTimeZone, fromLocal, type TimeZone, toLocal } from "./time-zone.ts";

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return pad(year, 4);
  return year < 0 ? `-${pad(-year, 4)}` : `+${year}`;
}

/** `2024-02-29` */
export function dateText(days: number): string {
  const { year, month, day } = civilFromDays(days);
  return `${yearText(year)}-${pad(month)}-${pad(day)}`;
}

/** `2024-02-29 12:30:00.25` of local microseconds: no fraction when it is zero, no zeros at its end. */
export function localTimestampText(localMicros: bigint): string {
  const t = localTimeOf(localMicros);
  const fraction = t.micros === 0 ? "" : `.${pad(t.micros, 6).replace(/0+$/, "")}`;
  return `${yearText(t.year)}-${pad(t.month)}-${pad(t.day)} ${pad(t.hour)}:${pad(t.minute)}:${pad(t.second)}${fraction}`;
}
export function timestampText(micros: bigint, zone: TimeZone): string {
  return localTimestampText(toLocal(zone, micros));
}

const dateGrammar = /^([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?$/s;

/** `yyyy[-m[m][-d[d][ T…]]]` → days; what follows a T or a space is not read. Undefined when malformed. */
export function parseDate(text: string): number | undefined {
  const match = dateGrammar.exec(trimAll(text));
  if (match === null) return undefined;
  return dayOf(Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1));
}

function dayOf(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysFromCivil(year, month, day);
}

export interface ParsedTimestamp {
  readonly localMicros: bigint;
  /** The zone written at the end. */
  readonly zone: TimeZone | undefined;
}
const timestampGrammar =
  /^([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?\s*([^\d.][^\n]*)?)?)?)?)?)?)?$/;

/** The local time and zone of a timestamp text; a missing part is its least value. Undefined when malformed. */
export function parseTimestampText(text: string): ParsedTimestamp | undefined {
  const match = timestampGrammar.exec(trimAll(text));
  if (match === null) return undefined;
  const days = dayOf(Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1));
  const hour = Number(match[4] ?? 0);
  const minute = Number(match[5] ?? 0);
  const second = Number(match[6] ?? 0);
  if (days === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const micros = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  const zone = match[8] === undefined ? undefined : findTimeZone(match[8]);
  if (match[8] !== undefined && zone === undefined) return undefined;
  return { localMicros: localMicrosOf(days, (hour * 3600 + minute * 60 + second) * 1e6 + micros), zone };
}

/** Microseconds since the epoch of a timestamp text, read in `session` where it names no zone. */
export function parseTimestamp(text: string, session: TimeZone): bigint | undefined {
  const parsed = parseTimestampText(text);
  if (parsed === undefined) return undefined;
  const micros = fromLocal(parsed.zone ?? session, parsed.localMicros);
  return BigInt.asIntN(64, micros) === micros ? micros : undefined;
}

/** A timestamp without zone: a zone in the text is dropped. */
export function parseTimestampNtz(text: string): bigint | undefined {
  return parseTimestampText(text)?.localMicros;
}
