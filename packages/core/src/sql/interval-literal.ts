/**
 * ANSI interval literals. A literal is of the year-month family (months) or of the day-time family (microseconds); its type spans
 * from the largest to the smallest unit written: `INTERVAL 1 DAY 2 HOURS` is INTERVAL DAY TO HOUR. Weeks count as seven days,
 * milliseconds and microseconds as seconds.
 */
import { MillraceError, type ErrorContext } from "../errors/index.ts";
import type { Literal } from "../expressions/expression.ts";

type YearMonthField = 0 | 1;
type DayTimeField = 0 | 1 | 2 | 3;
interface Unit {
  readonly family: "year_month" | "day_time";
  readonly field: YearMonthField | DayTimeField;
  /** Months or microseconds. */
  readonly size: bigint;
  readonly fractions: boolean;
}
const second = 1_000_000n;
const dayTime = (field: DayTimeField, size: bigint, fractions = false): Unit => ({
  family: "day_time",
  field,
  size,
  fractions,
});
const units: ReadonlyMap<string, Unit> = new Map<string, Unit>([
  ["year", { family: "year_month", field: 0, size: 12n, fractions: false }],
  ["month", { family: "year_month", field: 1, size: 1n, fractions: false }],
  ["week", dayTime(0, 604_800n * second)],
  ["day", dayTime(0, 86_400n * second)],
  ["hour", dayTime(1, 3600n * second)],
  ["minute", dayTime(2, 60n * second)],
  ["second", dayTime(3, second, true)],
  ["millisecond", dayTime(3, 1000n)],
  ["microsecond", dayTime(3, 1n)],
]);

/** The unit of a word, singular or plural, or undefined. */
function unitOf(word: string): Unit | undefined {
  const name = word.toLowerCase();
  return units.get(name) ?? (name.endsWith("s") ? units.get(name.slice(0, -1)) : undefined);
}

/** Whether the word is a unit of intervals. */
export function isIntervalUnit(word: string): boolean {
  return unitOf(word) !== undefined;
}

export interface IntervalPart {
  /** The number as written, with its sign: `10`, `-1.5`. */
  readonly value: string;
  readonly unit: string;
}

function invalid(input: string, reason: string, context: ErrorContext): MillraceError<"INVALID_INTERVAL_FORMAT"> {
  return new MillraceError("INVALID_INTERVAL_FORMAT", { input, reason }, { context });
}

/** `INTERVAL 1 DAY 2 HOURS`, `INTERVAL '10' SECOND`: the sum of its parts. */
export function multiUnitInterval(parts: readonly IntervalPart[], context: ErrorContext): Literal {
  const input = parts.map((part) => `${part.value} ${part.unit}`).join(" ");
  if (parts.length === 0) throw invalid(input, "it has no unit", context);
  let total = 0n;
  let least: number = 3;
  let greatest: number = 0;
  let family: Unit["family"] | undefined;
  for (const part of parts) {
    const unit = unitOf(part.unit);
    if (unit === undefined) throw invalid(input, `invalid unit '${part.unit}'`, context);
    if (family !== undefined && family !== unit.family) {
      throw invalid(input, "year-month and day-time fields cannot be mixed", context);
    }
    family = unit.family;
    total += amount(part, unit, input, context);
    least = Math.min(least, unit.field);
    greatest = Math.max(greatest, unit.field);
  }
  return family === "year_month"
    ? yearMonth(total, least as YearMonthField, greatest as YearMonthField, input, context)
    : dayTimeLiteral(total, least as DayTimeField, greatest as DayTimeField, input, context);
}

function amount(part: IntervalPart, unit: Unit, input: string, context: ErrorContext): bigint {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?\s*$/.exec(part.value);
  if (match === null || (match[2] === "" && (match[3] ?? "") === "")) {
    throw invalid(input, `invalid value '${part.value}'`, context);
  }
  const [, sign, integral = "", fraction = ""] = match;
  if (match[3] !== undefined && !unit.fractions) {
    throw invalid(input, `'${part.unit}' unit cannot have a fraction`, context);
  }
  if (fraction.length > 9) throw invalid(input, "a fraction has at most nanosecond precision", context);
  const magnitude = BigInt(integral === "" ? "0" : integral) * unit.size + BigInt(fraction.padEnd(6, "0").slice(0, 6));
  return sign === "-" ? -magnitude : magnitude;
}

/** `INTERVAL '1 day -2 hours'`: value and unit pairs in a string. */
export function textInterval(text: string, context: ErrorContext): Literal {
  const trimmed = text.trim().replace(/^interval\s+/i, "");
  const pair = /\s*([+-]?)\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]+)/y;
  const parts: IntervalPart[] = [];
  while (pair.lastIndex < trimmed.length) {
    const match = pair.exec(trimmed);
    if (match === null) throw invalid(text, "expected a number and a unit", context);
    parts.push({ value: `${match[1]}${match[2]}`, unit: match[3]! });
  }
  if (parts.length === 0) throw invalid(text, "expected a number and a unit", context);
  return multiUnitInterval(parts, context);
}

const spans: ReadonlyMap<string, RegExp> = new Map([
  ["year to month", /^([+-]?)(\d+)-(\d+)$/],
  ["day to hour", /^([+-]?)(\d+) (\d+)$/],
  ["day to minute", /^([+-]?)(\d+) (\d+):(\d+)$/],
  ["day to second", /^([+-]?)(\d+) (\d+):(\d+):(\d+(?:\.\d{1,9})?)$/],
  ["hour to minute", /^([+-]?)(\d+):(\d+)$/],
  ["hour to second", /^([+-]?)(\d+):(\d+):(\d+(?:\.\d{1,9})?)$/],
  ["minute to second", /^([+-]?)(\d+):(\d+(?:\.\d{1,9})?)$/],
]);
const fieldNames = ["day", "hour", "minute", "second"];
/** The first field is free; the others stay below the next larger unit. */
const fieldLimits = [Number.POSITIVE_INFINITY, 24, 60, 60];

/** `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '1 02:03:04.5' DAY TO SECOND`. */
export function unitToUnitInterval(
  text: string,
  negative: boolean,
  from: string,
  to: string,
  context: ErrorContext,
): Literal {
  const span = `${from} to ${to}`.toLowerCase();
  const form = spans.get(span);
  if (form === undefined) throw invalid(text, `'${span}' is not supported`, context);
  const match = form.exec(text.trim());
  if (match === null) throw invalid(text, `the value does not have the form of '${span}'`, context);
  const sign = (match[1] === "-") === negative ? 1n : -1n;
  if (span === "year to month") {
    if (Number(match[3]) > 11) throw invalid(text, "month is outside [0, 11]", context);
    return yearMonth(sign * (BigInt(match[2]!) * 12n + BigInt(match[3]!)), 0, 1, text, context);
  }
  const start = fieldNames.indexOf(from.toLowerCase()) as DayTimeField;
  const end = fieldNames.indexOf(to.toLowerCase()) as DayTimeField;
  let total = 0n;
  for (let field = start; field <= end; field++) {
    const value = match[field - start + 2]!;
    if (field > start && Number(value) >= fieldLimits[field]!) {
      throw invalid(text, `${fieldNames[field]} is outside [0, ${fieldLimits[field]! - 1}]`, context);
    }
    total += amount({ value, unit: fieldNames[field]! }, units.get(fieldNames[field]!)!, text, context);
  }
  return dayTimeLiteral(sign * total, start, end, text, context);
}

function yearMonth(
  months: bigint,
  startField: YearMonthField,
  endField: YearMonthField,
  input: string,
  context: ErrorContext,
): Literal {
  if (BigInt.asIntN(32, months) !== months) throw invalid(input, "integer overflow", context);
  return { kind: "Literal", value: Number(months), type: { kind: "interval_year_month", startField, endField } };
}

function dayTimeLiteral(
  micros: bigint,
  startField: DayTimeField,
  endField: DayTimeField,
  input: string,
  context: ErrorContext,
): Literal {
  if (BigInt.asIntN(64, micros) !== micros) throw invalid(input, "long overflow", context);
  return { kind: "Literal", value: micros, type: { kind: "interval_day_time", startField, endField } };
}
