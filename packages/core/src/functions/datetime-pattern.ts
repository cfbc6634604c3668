/**
 * Spark's datetime patterns (https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html): compiled once to a list of
 * items, each of which prints and reads one field. English texts, as Spark's.
 */
import { MillraceError } from "../errors/index.ts";
import {
  daysFromCivil,
  daysInMonth,
  dayOfWeek,
  dayOfYear,
  isLeapYear,
  localMicrosOf,
  type LocalTime,
  localTimeOf,
} from "./calendar.ts";
import { findTimeZone, fromLocal, type TimeZone, toLocal } from "./time-zone.ts";

export interface DatetimePattern {
  /** Text of a time: its local fields and the seconds east of UTC. */
  format(micros: bigint, zone: TimeZone): string;
  /** Microseconds since the epoch, or undefined when the text does not match. Missing fields are their least values. */
  parse(text: string, zone: TimeZone): bigint | undefined;
}

interface Fields {
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
interface PrintedTime {
  readonly time: LocalTime;
  readonly offset: number;
  readonly zone: TimeZone;
}
interface Item {
  print(at: PrintedTime): string;
  /** Reads from a position into the fields; the end position, or −1. */
  read(text: string, from: number, fields: Fields): number;
}

const months = "January February March April May June July August September October November December".split(" ");
const weekdays = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const pad = (n: number, width: number): string => (n < 0 ? "-" : "") + String(Math.abs(n)).padStart(width, "0");

function literal(text: string): Item {
  return { print: () => text, read: (s, from) => (s.startsWith(text, from) ? from + text.length : -1) };
}

/** A number of at least `least` digits; `next` tells whether digits of another field follow directly. */
function numeric(
  least: number,
  most: number,
  print: (at: PrintedTime) => number,
  store: (fields: Fields, value: number) => void,
): Item {
  return {
    print: (at) => pad(print(at), least),
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

function named(
  names: readonly string[],
  index: (at: PrintedTime) => number,
  store: (fields: Fields, i: number) => void,
): Item {
  // Longer names first, so that a name is not cut at one that begins it.
  const order = names.map((name, i) => ({ name, i })).sort((a, b) => b.name.length - a.name.length);
  return {
    print: (at) => names[index(at)]!,
    read(s, from, fields) {
      const found = order.find(({ name }) => s.startsWith(name, from));
      if (found === undefined) return -1;
      store(fields, found.i);
      return from + found.name.length;
    },
  };
}

const ignore = (): void => {};

function fraction(width: number): Item {
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

function offsetText(offset: number, form: "+HH" | "+HHmm" | "+HH:mm", zero: string | undefined): string {
  if (offset === 0 && zero !== undefined) return zero;
  const size = Math.abs(offset);
  const hours = pad(Math.floor(size / 3600), 2);
  const minutes = Math.floor(size / 60) % 60;
  const sign = offset < 0 ? "-" : "+";
  if (form === "+HH") return sign + hours + (minutes === 0 ? "" : pad(minutes, 2));
  return `${sign}${hours}${form === "+HH:mm" ? ":" : ""}${pad(minutes, 2)}`;
}
/** An offset in its short form: `-5`, `+5:30`. */
function shortOffsetText(offset: number): string {
  const text = offsetText(offset, "+HH:mm", undefined);
  return text.replace(":00", "").replace(/^([+-])0/, "$1");
}
function offsetItem(form: "+HH" | "+HHmm" | "+HH:mm", zero: string | undefined): Item {
  const grammar = /^(?:Z|([+-]\d{2}):?(\d{2})?)/;
  return {
    print: ({ offset }) => offsetText(offset, form, zero),
    read(s, from, fields) {
      const match = grammar.exec(s.slice(from, from + 6));
      if (match === null || (match[0] === "Z" && zero !== "Z")) return -1;
      const zone = match[0] === "Z" ? "UTC" : `${match[1]!}:${match[2] ?? "00"}`;
      fields.zone = findTimeZone(zone);
      return fields.zone === undefined ? -1 : from + match[0].length;
    },
  };
}
function zoneItem(print: (at: PrintedTime) => string): Item {
  return {
    print,
    read(s, from, fields) {
      const name = /^[A-Za-z0-9_+\-/:]+/.exec(s.slice(from))?.[0];
      fields.zone = name === undefined ? undefined : findTimeZone(name);
      return name === undefined || fields.zone === undefined ? -1 : from + name.length;
    },
  };
}
function shortZoneName({ zone, time }: PrintedTime): string {
  if (zone.fixed !== undefined) return zone.id;
  const at = new Date(Number(fromLocal(zone, localMicrosOf(time.days, time.hour * 3.6e9))) / 1000);
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone.id, timeZoneName: "short" });
  return format.formatToParts(at).find((p) => p.type === "timeZoneName")?.value ?? zone.id;
}

/** The item of a run of one letter. `adjacent`: another number follows directly, so that the width is exact. */
function itemOf(letter: string, width: number, adjacent: boolean, pattern: string): Item {
  const tooLong = (most: number): void => {
    if (width > most) throw new MillraceError("INVALID_DATETIME_PATTERN.LENGTH", { pattern: `'${pattern}'` });
  };
  const most = (widest: number): number =>
    adjacent || width > 1 ? Math.max(width, adjacent ? width : widest) : widest;
  switch (letter) {
    case "y":
    case "u":
      tooLong(6);
      if (width === 2)
        return numeric(
          2,
          2,
          ({ time }) => ((time.year % 100) + 100) % 100,
          (f, v) => {
            f.year = 2000 + v;
          },
        );
      return numeric(
        width,
        adjacent ? width : Math.max(width, 7),
        ({ time }) => time.year,
        (f, v) => {
          f.year = v;
        },
      );
    case "M":
    case "L":
      tooLong(4);
      if (width > 2)
        return named(
          width === 3 ? months.map((m) => m.slice(0, 3)) : months,
          ({ time }) => time.month - 1,
          (f, i) => {
            f.month = i + 1;
          },
        );
      return numeric(
        width,
        most(2),
        ({ time }) => time.month,
        (f, v) => {
          f.month = v;
        },
      );
    case "d":
      tooLong(2);
      return numeric(
        width,
        most(2),
        ({ time }) => time.day,
        (f, v) => {
          f.day = v;
        },
      );
    case "D":
      tooLong(3);
      return numeric(
        width,
        3,
        ({ time }) => dayOfYear(time.days),
        (f, v) => {
          f.dayOfYear = v;
        },
      );
    case "Q":
    case "q":
      tooLong(2);
      return numeric(width, most(2), ({ time }) => Math.ceil(time.month / 3), ignore);
    case "E":
      tooLong(4);
      return named(
        width < 4 ? weekdays.map((d) => d.slice(0, 3)) : weekdays,
        ({ time }) => dayOfWeek(time.days),
        ignore,
      );
    case "F":
      tooLong(1);
      return numeric(1, 1, ({ time }) => Math.floor((time.day - 1) / 7) + 1, ignore);
    case "G":
      tooLong(4);
      return named(
        width < 4 ? ["AD", "BC"] : ["Anno Domini", "Before Christ"],
        ({ time }) => (time.year > 0 ? 0 : 1),
        (f, i) => {
          f.era = i;
        },
      );
    case "a":
      tooLong(1);
      return named(
        ["AM", "PM"],
        ({ time }) => (time.hour < 12 ? 0 : 1),
        (f, i) => {
          f.afternoon = i;
        },
      );
    case "H":
      tooLong(2);
      return numeric(
        width,
        most(2),
        ({ time }) => time.hour,
        (f, v) => {
          f.hour = v;
        },
      );
    case "k":
      tooLong(2);
      return numeric(
        width,
        most(2),
        ({ time }) => time.hour || 24,
        (f, v) => {
          f.hour = v % 24;
        },
      );
    case "h":
    case "K":
      tooLong(2);
      return numeric(
        width,
        most(2),
        ({ time }) => (letter === "h" ? time.hour % 12 || 12 : time.hour % 12),
        (f, v) => {
          f.halfDayHour = v % 12;
        },
      );
    case "m":
      tooLong(2);
      return numeric(
        width,
        most(2),
        ({ time }) => time.minute,
        (f, v) => {
          f.minute = v;
        },
      );
    case "s":
      tooLong(2);
      return numeric(
        width,
        most(2),
        ({ time }) => time.second,
        (f, v) => {
          f.second = v;
        },
      );
    case "S":
      tooLong(9);
      return fraction(width);
    case "X":
    case "x":
      tooLong(5);
      return offsetItem(width === 1 ? "+HH" : width % 2 === 0 ? "+HHmm" : "+HH:mm", letter === "X" ? "Z" : undefined);
    case "Z":
      tooLong(5);
      return width === 5 ? offsetItem("+HH:mm", "Z") : offsetItem("+HHmm", undefined);
    case "O":
      return zoneItem(({ offset }) => (offset === 0 ? "GMT" : `GMT${shortOffsetText(offset)}`));
    case "V":
      return zoneItem(({ zone }) => zone.id);
    case "z":
      tooLong(4);
      return zoneItem(shortZoneName);
    default:
      throw new MillraceError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", { pattern: `'${pattern}'`, c: letter });
  }
}

const numberLetters = /[yuMLdDQqFHkhKmsS]/;

function compileItems(pattern: string): readonly Item[] {
  const items: Item[] = [];
  for (let i = 0; i < pattern.length;) {
    const c = pattern[i]!;
    if (c === "'") {
      let text = "";
      let j = i + 1;
      if (pattern[j] === "'") {
        items.push(literal("'"));
        i += 2;
        continue;
      }
      for (; j < pattern.length; j++) {
        if (pattern[j] !== "'") text += pattern[j]!;
        else if (pattern[j + 1] === "'") {
          text += "'";
          j++;
        } else break;
      }
      if (j >= pattern.length)
        throw new MillraceError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", { pattern: `'${pattern}'`, c: "'" });
      items.push(literal(text));
      i = j + 1;
    } else if (/[A-Za-z]/.test(c)) {
      let j = i;
      while (pattern[j] === c) j++;
      items.push(itemOf(c, j - i, j < pattern.length && numberLetters.test(pattern[j]!), pattern));
      i = j;
    } else if (c === "[" || c === "]") {
      // Optional sections are read by trying both patterns (see compile), and printed as if always present.
      i++;
    } else {
      items.push(literal(c));
      i++;
    }
  }
  return items;
}

/** The patterns with each optional section `[…]` kept or left out, the longest first. At most eight sections. */
function alternatives(pattern: string): readonly string[] {
  const match = /^((?:[^'[]|'[^']*')*)\[([^[\]]*)\](.*)$/s.exec(pattern);
  if (match === null) return [pattern];
  const [, before, inside, after] = match as unknown as [string, string, string, string];
  return alternatives(after).flatMap((rest) => [before + inside + rest, before + rest]);
}

function emptyFields(): Fields {
  return {
    year: 1970,
    month: 1,
    day: 1,
    dayOfYear: 0,
    hour: -1,
    halfDayHour: 0,
    afternoon: 0,
    minute: 0,
    second: 0,
    micros: 0,
    zone: undefined,
    era: 0,
  };
}

function microsOf(f: Fields, zone: TimeZone): bigint | undefined {
  const year = f.era === 1 ? 1 - f.year : f.year;
  let days: number;
  if (f.dayOfYear > 0) {
    if (f.dayOfYear > (isLeapYear(year) ? 366 : 365)) return undefined;
    days = daysFromCivil(year, 1, 1) + f.dayOfYear - 1;
  } else {
    if (f.month < 1 || f.month > 12 || f.day < 1 || f.day > daysInMonth(year, f.month)) return undefined;
    days = daysFromCivil(year, f.month, f.day);
  }
  const hour = f.hour >= 0 ? f.hour : f.halfDayHour + f.afternoon * 12;
  if (hour > 23 || f.minute > 59 || f.second > 59) return undefined;
  const local = localMicrosOf(days, (hour * 3600 + f.minute * 60 + f.second) * 1e6 + f.micros);
  return fromLocal(f.zone ?? zone, local);
}

/**
 * Compiles a pattern.
 * @throws INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER, INVALID_DATETIME_PATTERN.LENGTH
 */
export function compileDatetimePattern(pattern: string): DatetimePattern {
  const items = compileItems(pattern);
  const readers = alternatives(pattern).slice(0, 256).map(compileItems);
  return {
    format(micros, zone) {
      const local = toLocal(zone, micros);
      const at: PrintedTime = { time: localTimeOf(local), offset: Number((local - micros) / 1_000_000n), zone };
      let out = "";
      for (const item of items) out += item.print(at);
      return out;
    },
    parse(text, zone) {
      for (const reader of readers) {
        const fields = emptyFields();
        let at = 0;
        for (const item of reader) {
          at = item.read(text, at, fields);
          if (at < 0) break;
        }
        if (at === text.length) return microsOf(fields, zone);
      }
      return undefined;
    },
  };
}
