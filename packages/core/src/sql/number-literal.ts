import { MillraceError, type ErrorContext } from "../errors/index.ts";
import type { Literal } from "../expressions/expression.ts";
import {
  bigintType,
  decimalType,
  doubleType,
  floatType,
  intType,
  smallintType,
  tinyintType,
  type DataType,
} from "../types/data-type.ts";

const literal = (value: Literal["value"], type: DataType): Literal => ({ kind: "Literal", value, type });
const largestFloat = 3.4028234663852886e38;
/** `3.4028235E38`, as the largest FLOAT is printed, lies above it as a DOUBLE. */
const greatestAsFloat = 3.4028235e38;

/**
 * A numeric literal: `10L 10S 10Y` BIGINT, SMALLINT, TINYINT; `1.5D 1.5F 1.5BD` DOUBLE, FLOAT, DECIMAL; an exponent makes a
 * DOUBLE, a point a DECIMAL with the digits written; a whole number is the first of INT, BIGINT and DECIMAL that holds it.
 * @param source the number as written, with its sign
 * @throws MillraceError INVALID_NUMERIC_LITERAL_RANGE, DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION
 */
export function numberLiteral(source: string, context: ErrorContext): Literal {
  const text = source.toUpperCase();
  if (/^-?\d+$/.test(text)) {
    if (text.length < 10) return literal(Number(text), intType);
    const value = BigInt(text);
    if (BigInt.asIntN(32, value) === value) return literal(Number(value), intType);
    return BigInt.asIntN(64, value) === value ? literal(value, bigintType) : decimal(text, context);
  }
  if (text.endsWith("BD")) return decimal(text.slice(0, -2), context);
  const digits = text.slice(0, -1);
  switch (text.at(-1)) {
    case "Y":
      return literal(Number(whole(digits, 8, "tinyint", context)), tinyintType);
    case "S":
      return literal(Number(whole(digits, 16, "smallint", context)), smallintType);
    case "L":
      return literal(whole(digits, 64, "bigint", context), bigintType);
    case "D":
      return literal(floating(digits, Number.MAX_VALUE, "double", context), doubleType);
    case "F":
      return literal(Math.fround(floating(digits, greatestAsFloat, "float", context)), floatType);
    default:
      return text.includes("E")
        ? literal(floating(text, Number.MAX_VALUE, "double", context), doubleType)
        : decimal(text, context);
  }
}

function outOfRange(
  digits: string,
  typeName: string,
  least: string,
  greatest: string,
  context: ErrorContext,
): MillraceError {
  return new MillraceError(
    "INVALID_NUMERIC_LITERAL_RANGE",
    { rawStrippedQualifier: digits, typeName, minValue: least, maxValue: greatest },
    { context },
  );
}

function whole(digits: string, bits: number, typeName: string, context: ErrorContext): bigint {
  const value = BigInt(digits);
  if (BigInt.asIntN(bits, value) === value) return value;
  const limit = 1n << BigInt(bits - 1);
  throw outOfRange(digits, typeName, String(-limit), String(limit - 1n), context);
}

/** `1.7976931348623157E308` for `1.7976931348623157e+308`. */
function javaText(limit: number): string {
  return limit.toExponential().replace("e+", "E");
}

function floating(digits: string, limit: number, typeName: string, context: ErrorContext): number {
  const value = Number(digits);
  if (Math.abs(value) <= limit) return value;
  const shown = javaText(limit === greatestAsFloat ? largestFloat : limit);
  throw outOfRange(digits, typeName, `-${shown}`, shown, context);
}

/** Digits with an optional point and exponent as an exact decimal of just the digits written. */
function decimal(text: string, context: ErrorContext): Literal {
  const [, sign, integral, fraction = "", exponent = "0"] = /^(-?)(\d*)\.?(\d*)(?:E([+-]?\d+))?$/.exec(text)!;
  const digits = `${integral}${fraction}`.replace(/^0+(?=.)/, "");
  let scale = fraction.length - Number(exponent);
  let padded = digits;
  if (scale < 0) {
    // A value of thousands of digits is refused below; do not build it first.
    padded = digits === "0" ? "0" : digits + "0".repeat(Math.min(-scale, 100));
    scale = 0;
  }
  const precision = Math.max(padded.length, scale);
  if (precision > 38) {
    throw new MillraceError(
      "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
      { precision: String(precision), maxPrecision: "38" },
      { context },
    );
  }
  const unscaled = BigInt(padded);
  return literal(sign === "-" ? -unscaled : unscaled, decimalType(precision, scale));
}
