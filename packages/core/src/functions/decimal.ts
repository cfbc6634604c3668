/**
 * Decimal arithmetic on unscaled bigints, and Spark's rules for the precision and scale of results
 * (`DecimalPrecisionTypeCoercion`, `DecimalType.adjustPrecisionScale`).
 */
import type { DataType, DecimalType } from "../types/data-type.ts";
import { decimalType } from "../types/data-type.ts";

export const maximumPrecision = 38;
const minimumAdjustedScale = 6;

const powers: readonly bigint[] = Array.from({ length: 80 }, (_, i) => 10n ** BigInt(i));

export function powerOfTen(exponent: number): bigint {
  return powers[exponent] ?? 10n ** BigInt(exponent);
}

/** Whether an unscaled value has at most `precision` digits. */
export function fitsPrecision(unscaled: bigint, precision: number): boolean {
  const limit = powerOfTen(precision);
  return unscaled < limit && unscaled > -limit;
}

/** `a / b` rounded half away from zero. */
export function divideHalfUp(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const rest = a % b;
  if (rest === 0n) return quotient;
  const twice = 2n * (rest < 0n ? -rest : rest);
  if (twice < (b < 0n ? -b : b)) return quotient;
  return a < 0n === b < 0n ? quotient + 1n : quotient - 1n;
}

/** Moves a value to another scale, rounding half up when digits are lost. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (to === from) return unscaled;
  return to > from ? unscaled * powerOfTen(to - from) : divideHalfUp(unscaled, powerOfTen(from - to));
}

/** Floor or ceiling to whole units at scale 0. */
export function floorDecimal(unscaled: bigint, scale: number): bigint {
  const unit = powerOfTen(scale);
  const quotient = unscaled / unit;
  return unscaled < 0n && unscaled % unit !== 0n ? quotient - 1n : quotient;
}
export function ceilDecimal(unscaled: bigint, scale: number): bigint {
  return -floorDecimal(-unscaled, scale);
}

/** `-12.30` */
export function decimalText(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString();
  if (scale <= 0) return (negative ? "-" : "") + digits + "0".repeat(-scale);
  const padded = digits.padStart(scale + 1, "0");
  const point = padded.length - scale;
  return `${negative ? "-" : ""}${padded.slice(0, point)}.${padded.slice(point)}`;
}

export function decimalToNumber(unscaled: bigint, scale: number): number {
  return scale === 0 ? Number(unscaled) : Number(decimalText(unscaled, scale));
}

/** The decimal of a JavaScript number's shortest text, at a scale; undefined for NaN and ±∞. */
export function decimalFromNumber(value: number, scale: number): bigint | undefined {
  return Number.isFinite(value) ? parseDecimal(String(value), scale) : undefined;
}

const numberGrammar = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** Reads `[+-]digits[.digits][e[+-]digits]` to a scale, half up; undefined when the text is no number. */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = numberGrammar.exec(text);
  if (match === null) return undefined;
  const whole = match[2]!;
  const fraction = match[3] ?? "";
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(whole + fraction);
  const own = fraction.length - Number(match[4] ?? 0);
  if (digits === 0n) return 0n;
  // Beyond these bounds the value has no digit inside any decimal, or more than any decimal holds.
  if (own - scale > whole.length + fraction.length + 1) return 0n;
  if (scale - own > 80) return digits < 0n ? -powerOfTen(79) : powerOfTen(79);
  const value = own <= scale ? digits * powerOfTen(scale - own) : divideHalfUp(digits, powerOfTen(own - scale));
  return match[1] === "-" ? -value : value;
}

/** The decimal that holds every value of a numeric type. */
export function decimalFor(type: DataType): DecimalType | undefined {
  switch (type.kind) {
    case "decimal":
      return type;
    case "tinyint":
      return decimalType(3, 0);
    case "smallint":
      return decimalType(5, 0);
    case "int":
      return decimalType(10, 0);
    case "bigint":
      return decimalType(20, 0);
    case "float":
      return decimalType(14, 7);
    case "double":
      return decimalType(30, 15);
    default:
      return undefined;
  }
}

/** The least decimal of an integer literal: `7` is decimal(1,0). */
export function decimalForLiteral(value: number | bigint): DecimalType {
  const digits = String(value < 0 ? -value : value).length;
  return decimalType(Math.min(digits, maximumPrecision), 0);
}

/** Precision and scale cut to 38 digits: the whole digits win, but up to six fraction digits stay. */
export function adjustPrecisionScale(precision: number, scale: number): DecimalType {
  if (precision <= maximumPrecision) return decimalType(precision, scale);
  if (scale < 0) return decimalType(maximumPrecision, scale);
  const wholeDigits = precision - scale;
  const kept = Math.min(scale, minimumAdjustedScale);
  return decimalType(maximumPrecision, Math.max(maximumPrecision - wholeDigits, kept));
}

/** Precision and scale each cut to 38, as for types that take no part in arithmetic. */
export function boundedDecimal(precision: number, scale: number): DecimalType {
  return decimalType(Math.min(precision, maximumPrecision), Math.min(scale, maximumPrecision));
}

/** The decimal that holds both, cut to 38 digits. */
export function widerDecimal(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale);
  const range = Math.max(a.precision - a.scale, b.precision - b.scale);
  // Of more than 38 digits those behind the point go first.
  return boundedDecimal(range + scale, Math.max(0, Math.min(scale, 38 - range)));
}

export const decimalResult: {
  readonly add: (a: DecimalType, b: DecimalType) => DecimalType;
  readonly multiply: (a: DecimalType, b: DecimalType) => DecimalType;
  readonly divide: (a: DecimalType, b: DecimalType) => DecimalType;
  readonly remainder: (a: DecimalType, b: DecimalType) => DecimalType;
} = {
  add(a, b) {
    const scale = Math.max(a.scale, b.scale);
    return adjustPrecisionScale(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
  },
  multiply: (a, b) => adjustPrecisionScale(a.precision + b.precision + 1, a.scale + b.scale),
  divide(a, b) {
    const whole = a.precision - a.scale + b.scale;
    const scale = Math.max(minimumAdjustedScale, a.scale + b.precision + 1);
    return adjustPrecisionScale(whole + scale, scale);
  },
  remainder(a, b) {
    const scale = Math.max(a.scale, b.scale);
    return adjustPrecisionScale(Math.min(a.precision - a.scale, b.precision - b.scale) + scale, scale);
  },
};
