/** Dates and times read from and printed as bytes: the forms that most texts have. What they do not take goes through a string. */
import { type CivilDate, civilFromDays, daysFromCivil, daysInMonth, type LocalTime, localTimeOf } from "../calendar.ts";
import type { ByteResult } from "./bytes.ts";

/** A field of a {@link BytePattern}, by its position in the fields; or a byte that must stand there. */
type Step = { readonly field: number; readonly least: number; readonly most: number } | { readonly byte: number };

/** A pattern of numbers and ASCII marks only: `yyyy-MM-dd HH:mm:ss`. */
export interface BytePattern {
  readonly steps: readonly Step[];
}
const letters = "yMdHmsS";

/**
 * The pattern as a reader of bytes; undefined when it has anything but numeric fields, each once and of a usual width, and marks.
 */
export function compileBytePattern(pattern: string): BytePattern | undefined {
  const steps: Step[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < pattern.length;) {
    const c = pattern[i]!;
    if (/[A-Za-z]/.test(c)) {
      let j = i;
      while (pattern[j] === c) j++;
      const width = j - i;
      const field = letters.indexOf(c);
      const usual = c === "y" ? width === 4 : c === "S" ? width <= 6 : width <= 2;
      if (field < 0 || !usual || seen.has(c)) return undefined;
      seen.add(c);
      // Numbers side by side have exact widths.
      const adjacent = /[A-Za-z]/.test(pattern[j] ?? "");
      const most = c === "y" || c === "S" || adjacent ? width : 2;
      steps.push({ field, least: c === "S" ? 1 : width, most });
      i = j;
    } else if (/^[ \-/:.,T_]$/.test(c)) {
      steps.push({ byte: c.charCodeAt(0) });
      i++;
    } else if (/^'[ \-/:.,TZ_]'/.test(pattern.slice(i))) {
      steps.push({ byte: pattern.charCodeAt(i + 1) });
      i += 3;
    } else return undefined;
  }
  return seen.has("y") ? { steps } : undefined;
}

const fields = new Int32Array(letters.length);

/** Local microseconds since 1970 as a whole number; NaN for a text that does not match, or that only the full reader can judge. */
export function readLocalMicros(pattern: BytePattern, bytes: Uint8Array, start: number, end: number): number {
  fields[0] = 1970;
  fields[1] = 1;
  fields[2] = 1;
  fields[3] = 0;
  fields[4] = 0;
  fields[5] = 0;
  fields[6] = 0;
  let at = start;
  for (const step of pattern.steps) {
    if ("byte" in step) {
      if (at >= end || bytes[at] !== step.byte) return Number.NaN;
      at++;
      continue;
    }
    let value = 0;
    let size = 0;
    while (size < step.most && at < end) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
      size++;
    }
    if (size < step.least) return Number.NaN;
    if (step.field === 6) for (let n = size; n < 6; n++) value *= 10;
    fields[step.field] = value;
  }
  if (at !== end) return Number.NaN;
  const [year, month, day, hour, minute, second, micros] = fields as unknown as readonly number[] as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const seconds = daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  const total = seconds * 1e6 + micros;
  return Number.isSafeInteger(total) ? total : Number.NaN;
}

function put2(out: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  out[at] = 0x30 + tens;
  out[at + 1] = 0x30 + value - tens * 10;
}
/** Puts the date, and room for `more` bytes behind it, into `result`; where that room begins. */
function putDate(result: ByteResult, { year, month, day }: CivilDate, more: number): number {
  let out: Uint8Array;
  let at = 4;
  if (year >= 0 && year <= 9999) {
    out = result.reserve(10 + more);
    put2(out, 0, (year / 100) | 0);
    put2(out, 2, year % 100);
  } else {
    const text = year < 0 ? `-${String(-year).padStart(4, "0")}` : `+${year}`;
    at = text.length;
    out = result.reserve(at + 6 + more);
    for (let i = 0; i < at; i++) out[i] = text.charCodeAt(i);
  }
  out[at] = 0x2d;
  put2(out, at + 1, month);
  out[at + 3] = 0x2d;
  put2(out, at + 4, day);
  return at + 6;
}

/** `2024-02-29` */
export function writeDate(result: ByteResult, days: number): void {
  putDate(result, civilFromDays(days), 0);
}

/** `2024-02-29 12:30:00.25` of local microseconds, as casts print them. */
export function writeTimestamp(result: ByteResult, localMicros: bigint): void {
  const time: LocalTime = localTimeOf(localMicros);
  const { micros } = time;
  const at = putDate(result, time, micros === 0 ? 9 : 16);
  const out = result.bytes;
  out[at] = 0x20;
  put2(out, at + 1, time.hour);
  out[at + 3] = 0x3a;
  put2(out, at + 4, time.minute);
  out[at + 6] = 0x3a;
  put2(out, at + 7, time.second);
  if (micros === 0) return;
  out[at + 9] = 0x2e;
  put2(out, at + 10, (micros / 10_000) | 0);
  put2(out, at + 12, ((micros / 100) | 0) % 100);
  put2(out, at + 14, micros % 100);
  while (out[result.end - 1] === 0x30) result.end--;
}
