/** The fields of datetime patterns: how each is printed and read. English texts, as Spark's. */
import { encodeUtf8 } from "../columnar/utf8.ts";
import { localMicrosOf, type LocalTime } from "./calendar.ts";
import type { ByteResult } from "./kernels/bytes.ts";
import { findTimeZone, fromLocal, type TimeZone } from "./time-zone.ts";

export interface Fields {
  year: number;
  month: number;
  day: number;
  dayOfYear: number;
  hour: number;
  halfDayHour: number;
  afternoon: number;
  minute: number;
  second: number;
  micros: number;
  zone: TimeZone | undefined;
  era: number;
}
export interface PrintedTime {
  readonly time: LocalTime;
  readonly offset: number;
  readonly zone: TimeZone;
}
export interface Item {
  print(at: PrintedTime): string;
  /** As `print`, in bytes; absent: the text is encoded. */
  write?(result: ByteResult, at: PrintedTime): void;
  /** Reads from a position into the fields; the end position, or −1. */
  read(text: string, from: number, fields: Fields): number;
}

export const months: readonly string[] =
  "January February March April May June July August September October November December".split(" ");
export const weekdays: readonly string[] = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
export const quarters: readonly string[] = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];
const pad = (n: number, width: number): string => (n < 0 ? "-" : "") + String(Math.abs(n)).padStart(width, "0");

/** Texts are read in any case. */
function startsWith(text: string, part: string, from: number): boolean {
  return text.startsWith(part, from) || text.slice(from, from + part.length).toLowerCase() === part.toLowerCase();
}

export function literal(text: string): Item {
  const bytes = encodeUtf8(text);
  return {
    write: (result) => result.append(bytes, 0, bytes.length),
    print: () => text,
    read: (s, from) => (startsWith(s, text, from) ? from + text.length : -1),
  };
}

/** A number of at least `least` digits; `next` tells whether digits of another field follow directly. */
export function numeric(
  least: number,
  most: number,
  print: (at: PrintedTime) => number,
  store: (fields: Fields, value: number) => void,
): Item {
  return {
    print: (at) => pad(print(at), least),
    write(result, at) {
      const value = print(at);
      if (value >= 0) result.appendDigits(value, least);
      else result.appendText(pad(value, least));
    },
    read(s, from, fields) {
      let i = from;
      let value = 0;
      while (i < s.length && i - from < most) {
        const digit = s.charCodeAt(i) - 48;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
        i++;
      }
      if (i - from < least) return -1;
      store(fields, value);
      return i;
    },
  };
}

/** A number within its range; others fail. */
export function ranged(
  least: number,
  most: number,
  low: number,
  high: number,
  print: (at: PrintedTime) => number,
  store: (fields: Fields, value: number) => void,
): Item {
  const item = numeric(least, most, print, store);
  return {
    ...item,
    read(s, from, fields) {
      const end = item.read(s, from, fields);
      if (end < 0) return -1;
      const value = Number(s.slice(from, end));
      return value < low || value > high ? -1 : end;
    },
  };
}

/**
 * A year of four letters or more: longer ones have a sign, and only those; of fewer letters: any number of digits, negative
 * ones with a sign. `ofEra`: years before the first one count backwards, because the pattern has an era.
 */
export function yearItem(width: number, adjacent: boolean, ofEra: boolean): Item {
  const yearOf = ({ time }: PrintedTime): number => (ofEra && time.year < 1 ? 1 - time.year : time.year);
  if (width === 2) {
    return numeric(
      2,
      2,
      (at) => Math.abs(yearOf(at)) % 100,
      (f, v) => {
        f.year = 2000 + v;
      },
    );
  }
  return {
    write(result, at) {
      const year = yearOf(at);
      if (year >= 0 && year <= 9999 && width === 4) result.appendDigits(year, 4);
      else result.appendText(this.print(at));
    },
    print(at) {
      const year = yearOf(at);
      return (width > 3 && String(Math.abs(year)).length > width && year > 0 ? "+" : "") + pad(year, width);
    },
    read(s, from, fields) {
      const match = /^([+-]?)(\d+)/.exec(s.slice(from, from + 20));
      if (match === null) return -1;
      const [, sign = "", all = ""] = match;
      const digits = adjacent || (width > 3 && sign === "") ? all.slice(0, width) : all;
      if (digits.length < width || (sign === "+" && (width < 4 || digits.length <= width))) return -1;
      fields.year = sign === "-" ? -Number(digits) : Number(digits);
      return fields.year > 999_999_999 ? -1 : from + sign.length + digits.length;
    },
  };
}

export function named(
  names: readonly string[],
  index: (at: PrintedTime) => number,
  store: (fields: Fields, i: number) => void,
): Item {
  // Longer names first, so that a name is not cut at one that begins it.
  const order = names.map((name, i) => ({ name, i })).sort((a, b) => b.name.length - a.name.length);
  return {
    print: (at) => names[index(at)]!,
    read(s, from, fields) {
      const found = order.find(({ name }) => startsWith(s, name, from));
      if (found === undefined) return -1;
      store(fields, found.i);
      return from + found.name.length;
    },
  };
}

export const ignore = (): void => {};

export function fraction(width: number): Item {
  return {
    print: ({ time }) => pad(time.micros, 6).padEnd(9, "0").slice(0, width),
    read(s, from, fields) {
      const digits = /^\d*/.exec(s.slice(from, from + width))![0];
      // Fewer digits than letters are read too, as Spark reads fractions.
      if (digits.length === 0) return -1;
      fields.micros = Number(digits.padEnd(6, "0").slice(0, 6));
      return from + digits.length;
    },
  };
}

/** `+H`: whole hours where the minutes are zero; `s`: seconds where they are not zero. */
export type OffsetForm = "+HH" | "+HHmm" | "+HH:mm" | "+HHmms" | "+HH:mms";

function offsetText(offset: number, form: OffsetForm, zero: string | undefined): string {
  if (offset === 0 && zero !== undefined) return zero;
  const size = Math.abs(offset);
  const minutes = Math.floor(size / 60) % 60;
  const separator = form.includes(":") ? ":" : "";
  let text = `${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 3600), 2)}`;
  if (form !== "+HH" || minutes !== 0) text += `${separator}${pad(minutes, 2)}`;
  if (form.endsWith("s") && size % 60 !== 0) text += `${separator}${pad(size % 60, 2)}`;
  return text;
}
/** `GMT`, `GMT-8`, `GMT+5:30`, in full `GMT-08:00`. */
export function localizedOffset(offset: number, full: boolean): string {
  if (offset === 0) return "GMT";
  const text = offsetText(offset, "+HH:mms", undefined);
  return `GMT${full ? text : text.replace(/:00$/, "").replace(/^([+-])0/, "$1")}`;
}
export function offsetItem(form: OffsetForm, zero: string | undefined): Item {
  const grammar = /^(?:Z|([+-]\d{2})(?::?(\d{2})(?::?(\d{2}))?)?)/i;
  return {
    print: ({ offset }) => offsetText(offset, form, zero),
    read(s, from, fields) {
      const match = grammar.exec(s.slice(from, from + 9));
      if (match === null) return -1;
      const isZero = match[0].toUpperCase() === "Z";
      if (isZero && zero !== "Z") return -1;
      const zone = isZero ? "UTC" : `${match[1]!}:${match[2] ?? "00"}${match[3] === undefined ? "" : `:${match[3]}`}`;
      fields.zone = findTimeZone(zone);
      return fields.zone === undefined ? -1 : from + match[0].length;
    },
  };
}
export function zoneItem(print: (at: PrintedTime) => string): Item {
  return {
    print,
    read(s, from, fields) {
      const name = /^[A-Za-z0-9_+\-/:]+/.exec(s.slice(from))?.[0];
      fields.zone = name === undefined ? undefined : findTimeZone(name);
      return name === undefined || fields.zone === undefined ? -1 : from + name.length;
    },
  };
}
/** The English name of a zone at a time: `PST`, `Pacific Standard Time`. */
export function zoneName({ zone, time }: PrintedTime, style: "short" | "long"): string {
  if (zone.fixed !== undefined) {
    return style === "long" && /^(?:UTC|Etc\/UTC)$/.test(zone.id) ? "Coordinated Universal Time" : zone.id;
  }
  const at = new Date(Number(fromLocal(zone, localMicrosOf(time.days, time.hour * 3.6e9))) / 1000);
  const nameOf = (timeZoneName: "short" | "long"): string => {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone.id, timeZoneName });
    return format.formatToParts(at).find((p) => p.type === "timeZoneName")?.value ?? zone.id;
  };
  const name = nameOf(style);
  if (style === "long" || !/^GMT[+-]/.test(name)) return name;
  // The runtime knows abbreviations of its locale only; those of others are the initials of the long name.
  const long = nameOf("long").replace("European Standard", "European");
  return long.startsWith("GMT") ? name : long.replaceAll(/[^A-Z]/g, "");
}
