/**
 * Spark's datetime patterns (https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html): compiled once to a list of
 * items, each of which prints and reads one field (`datetime-items.ts`).
 */
import { MillraceError } from "../errors/index.ts";
import {
  daysFromCivil,
  daysInMonth,
  dayOfWeek,
  dayOfYear,
  isLeapYear,
  localMicrosOf,
  localTimeOf,
} from "./calendar.ts";
import {
  fraction,
  type Fields,
  ignore,
  type Item,
  literal,
  localizedOffset,
  months,
  named,
  numeric,
  offsetItem,
  type OffsetForm,
  type PrintedTime,
  quarters,
  ranged,
  weekdays,
  yearItem,
  zoneItem,
  zoneName,
} from "./datetime-items.ts";
import type { ByteResult } from "./kernels/bytes.ts";
import { fromLocal, type TimeZone, toLocal } from "./time-zone.ts";

export interface DatetimePattern {
  /** Text of a time: its local fields and the seconds east of UTC. */
  format(micros: bigint, zone: TimeZone): string;
  /** The same text, added to what `result` has. */
  write(result: ByteResult, micros: bigint, zone: TimeZone): void;
  /** Microseconds since the epoch, or undefined when the text does not match. Missing fields are their least values. */
  parse(text: string, zone: TimeZone): bigint | undefined;
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
      tooLong(6);
      return yearItem(width, adjacent, pattern.includes("G"));
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
    case "q": {
      tooLong(4);
      const quarter = ({ time }: PrintedTime): number => Math.ceil(time.month / 3);
      if (width > 2) return named(width === 3 ? ["Q1", "Q2", "Q3", "Q4"] : quarters, (at) => quarter(at) - 1, ignore);
      return numeric(width, most(2), quarter, ignore);
    }
    case "E":
      tooLong(4);
      return named(
        width < 4 ? weekdays.map((d) => d.slice(0, 3)) : weekdays,
        ({ time }) => dayOfWeek(time.days),
        ignore,
      );
    case "F":
      tooLong(1);
      return numeric(1, 1, ({ time }) => ((time.day - 1) % 7) + 1, ignore);
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
      return ranged(
        width,
        most(2),
        0,
        23,
        ({ time }) => time.hour,
        (f, v) => {
          f.hour = v;
        },
      );
    case "k":
      tooLong(2);
      return ranged(
        width,
        most(2),
        1,
        24,
        ({ time }) => time.hour || 24,
        (f, v) => {
          f.hour = v % 24;
        },
      );
    case "h":
    case "K":
      tooLong(2);
      return ranged(
        width,
        most(2),
        letter === "h" ? 1 : 0,
        letter === "h" ? 12 : 11,
        ({ time }) => (letter === "h" ? time.hour % 12 || 12 : time.hour % 12),
        (f, v) => {
          f.halfDayHour = v % 12;
        },
      );
    case "m":
      tooLong(2);
      return ranged(
        width,
        most(2),
        0,
        59,
        ({ time }) => time.minute,
        (f, v) => {
          f.minute = v;
        },
      );
    case "s":
      tooLong(2);
      return ranged(
        width,
        most(2),
        0,
        59,
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
      return offsetItem(offsetForms[width - 1]!, letter === "X" ? "Z" : undefined);
    case "Z":
      tooLong(5);
      if (width === 4) return zoneItem(({ offset }) => localizedOffset(offset, true));
      return width === 5 ? offsetItem("+HH:mms", "Z") : offsetItem("+HHmm", undefined);
    case "O":
      if (width !== 1 && width !== 4) throw unrecognized(pattern);
      return zoneItem(({ offset }) => localizedOffset(offset, width === 4));
    case "V":
      if (width !== 2) throw unrecognized(pattern);
      return zoneItem(({ zone }) => zone.id);
    case "z":
      tooLong(4);
      return zoneItem((at) => zoneName(at, width === 4 ? "long" : "short"));
    default:
      if (!"ABnNp".includes(letter)) throw unrecognized(pattern);
      throw new MillraceError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", { pattern: `'${pattern}'`, c: letter });
  }
}

const offsetForms: readonly OffsetForm[] = ["+HH", "+HHmm", "+HH:mm", "+HHmms", "+HH:mms"];

function unrecognized(pattern: string): MillraceError {
  return new MillraceError("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", { pattern: `'${pattern}'` });
}

/** Letters that Spark 2 knew: a pattern of these that is none now would give another result than it did. */
const formerLetters = /^[GyYMLwWDdFEuaHkKhmsSzZX]*$/;

/** The error of a pattern that cannot be used: week-based letters, and letters that only `date_format` knows. */
function refused(pattern: string, parsing: boolean): MillraceError | undefined {
  const letters = pattern.replaceAll(/'[^']*'/g, "").replaceAll(/[^A-Za-z]/g, "");
  const illegal = parsing ? /[EFqQ]/.exec(letters)?.[0] : undefined;
  const weekBased = /[YWwuec]/.test(letters);
  if (illegal === undefined && !weekBased) return undefined;
  const config = '"spark.sql.legacy.timeParserPolicy"';
  if (formerLetters.test(letters)) return formerly(pattern);
  if (weekBased)
    return new MillraceError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN", { c: letters, config });
  return new MillraceError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", { pattern: `'${pattern}'`, c: illegal ?? "" });
}

function formerly(pattern: string): MillraceError {
  return new MillraceError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION", {
    pattern: `'${pattern}'`,
    config: '"spark.sql.legacy.timeParserPolicy"',
  });
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
      if (j >= pattern.length) throw unrecognized(pattern);
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
    } else if (c === "{" || c === "}" || c === "#") {
      throw formerly(pattern);
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
 * Compiles a pattern. Letters that are wrong or too many are an error of the first use, since they differ for reading.
 * @throws INVALID_DATETIME_PATTERN.*, INCONSISTENT_BEHAVIOR_CROSS_VERSION.*
 */
export function compileDatetimePattern(pattern: string): DatetimePattern {
  const wrong = refused(pattern, false);
  if (wrong !== undefined) throw wrong;
  let items: readonly Item[] | undefined;
  let readers: readonly (readonly Item[])[] | undefined;
  return {
    format(micros, zone) {
      items ??= formerChecked(pattern, () => compileItems(pattern));
      const local = toLocal(zone, micros);
      const at: PrintedTime = { time: localTimeOf(local), offset: Number((local - micros) / 1_000_000n), zone };
      let out = "";
      for (const item of items) out += item.print(at);
      return out;
    },
    write(result, micros, zone) {
      items ??= formerChecked(pattern, () => compileItems(pattern));
      const local = toLocal(zone, micros);
      const offset = local === micros ? 0 : Number((local - micros) / 1_000_000n);
      const at: PrintedTime = { time: localTimeOf(local), offset, zone };
      for (const item of items) {
        if (item.write === undefined) result.appendText(item.print(at));
        else item.write(result, at);
      }
    },
    parse(text, zone) {
      if (readers === undefined) {
        const unreadable = refused(pattern, true);
        if (unreadable !== undefined) throw unreadable;
        readers = formerChecked(pattern, () => alternatives(pattern).slice(0, 256).map(compileItems));
      }
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

/** Errors of letters that are too many become those of a pattern that meant something in Spark 2. */
function formerChecked<T>(pattern: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    const letters = pattern.replaceAll(/'[^']*'/g, "").replaceAll(/[^A-Za-z]/g, "");
    const quotes = pattern.split("'").length % 2 === 1;
    if (error instanceof MillraceError && quotes && formerLetters.test(letters)) throw formerly(pattern);
    throw error;
  }
}
