/** Interval texts such as `10 seconds` or `INTERVAL 1 day 2 hours`: Spark's CalendarInterval grammar. */
import { MillraceError } from "../errors/index.ts";

/** A span of months, days and microseconds, which do not convert into each other. */
export interface CalendarInterval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

const monthUnits: Readonly<Record<string, number>> = { year: 12, quarter: 3, month: 1 };
const dayUnits: Readonly<Record<string, number>> = { week: 7, day: 1 };
const microUnits: Readonly<Record<string, bigint>> = {
  hour: 3_600_000_000n,
  minute: 60_000_000n,
  second: 1_000_000n,
  millisecond: 1_000n,
  microsecond: 1n,
};
const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Parses `[interval] n unit [n unit …]`, units year(s), quarter(s), month(s), week(s), day(s), hour(s), minute(s),
 * second(s), millisecond(s), microsecond(s) in any case; seconds may have a fraction of up to nine digits, of which
 * microseconds are kept.
 * @throws INVALID_INTERVAL_FORMAT.*
 */
export function parseInterval(text: string): CalendarInterval {
  const words = text
    .trim()
    .toLowerCase()
    .replaceAll(/([+-])\s+(?=[\d.])/g, "$1")
    .split(/\s+/);
  if (words[0] === "interval") words.shift();
  if (words.length === 0 || words[0] === "")
    throw new MillraceError("INVALID_INTERVAL_FORMAT.INPUT_IS_EMPTY", { input: text });
  let months = 0;
  let days = 0;
  let micros = 0n;
  for (let i = 0; i < words.length; i += 2) {
    const amount = /^([+-]?)(\d+)?(?:\.(\d*))?$/.exec(words[i]!);
    if (amount === null || (amount[2] === undefined && !amount[3]) || (amount[3]?.length ?? 0) > 9)
      throw new MillraceError("INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", { input: text, number: `'${words[i]!}'` });
    const word = words[i + 1];
    if (word === undefined)
      throw new MillraceError("INVALID_INTERVAL_FORMAT.MISSING_UNIT", { input: text, word: `'${words[i]!}'` });
    const unit = word.endsWith("s") ? word.slice(0, -1) : word;
    const sign = amount[1] === "-" ? -1 : 1;
    const whole = Number(amount[2] ?? 0);
    const fraction = amount[3];
    if (
      fraction !== undefined &&
      unit !== "second" &&
      (hasOwn.call(monthUnits, unit) || hasOwn.call(dayUnits, unit) || hasOwn.call(microUnits, unit))
    )
      throw new MillraceError("INVALID_INTERVAL_FORMAT.INVALID_FRACTION", { input: text, unit: `'${word}'` });
    if (hasOwn.call(monthUnits, unit)) months += sign * whole * monthUnits[unit]!;
    else if (hasOwn.call(dayUnits, unit)) days += sign * whole * dayUnits[unit]!;
    else if (hasOwn.call(microUnits, unit)) {
      const fractionMicros = BigInt((fraction ?? "").slice(0, 6).padEnd(6, "0"));
      micros += BigInt(sign) * (BigInt(amount[2] ?? 0) * microUnits[unit]! + (unit === "second" ? fractionMicros : 0n));
    } else throw new MillraceError("INVALID_INTERVAL_FORMAT.INVALID_UNIT", { input: text, unit: `'${word}'` });
  }
  if ((months | 0) !== months || (days | 0) !== days || BigInt.asIntN(64, micros) !== micros)
    throw new MillraceError("INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION", { input: text });
  return { months, days, micros };
}

/** The interval in microseconds, a day being 24 hours; undefined when it holds months. */
export function fixedMicros(interval: CalendarInterval): bigint | undefined {
  return interval.months === 0 ? BigInt(interval.days) * 86_400_000_000n + interval.micros : undefined;
}
