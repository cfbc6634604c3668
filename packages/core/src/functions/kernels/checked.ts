/** Arithmetic that can fail, for the interpreter form and as bound helpers of generated code. */
import { MillraceError } from "../../errors/index.ts";
import { fitsPrecision, rescale } from "../decimal.ts";
import type { DecimalType } from "../../types/data-type.ts";

const ansiConfig = '"spark.sql.ansi.enabled"';

/** @throws ARITHMETIC_OVERFLOW, suggesting the function that gives NULL instead. */
export function overflow(what: string, tolerant?: string): never {
  throw new MillraceError("ARITHMETIC_OVERFLOW", {
    message: what,
    alternative: tolerant === undefined ? "" : ` Use '${tolerant}' to tolerate overflow and return NULL instead.`,
    config: ansiConfig,
  });
}
export function divideByZero(): never {
  throw new MillraceError("DIVIDE_BY_ZERO", { config: ansiConfig });
}
export function remainderByZero(): never {
  throw new MillraceError("REMAINDER_BY_ZERO", { config: ansiConfig });
}
export function decimalOutOfRange(valueText: string, type: DecimalType): never {
  throw new MillraceError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", {
    value: valueText,
    precision: String(type.precision),
    scale: String(type.scale),
    config: ansiConfig,
  });
}

/** Brings an exact result to its decimal type, half up: NULL or an error when it has too many digits. */
export function toDecimal(
  unscaled: bigint,
  scale: number,
  type: DecimalType,
  onOverflow: "throw" | "null",
  print: (unscaled: bigint, scale: number) => string,
): bigint | null {
  const value = rescale(unscaled, scale, type.scale);
  if (fitsPrecision(value, type.precision)) return value;
  if (onOverflow === "null") return null;
  return decimalOutOfRange(print(unscaled, scale), type);
}
