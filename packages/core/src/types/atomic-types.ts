/** From the name of a type without children to the type: every name and alias that Spark's grammar has. */
import { MillraceError } from "../errors/index.ts";
import {
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  type DecimalType,
  decimalType,
  doubleType,
  floatType,
  intType,
  nullType,
  smallintType,
  stringType,
  timestampNtzType,
  timestampType,
  type TimeType,
  timeType,
  tinyintType,
  variantType,
} from "./data-type.ts";

const simpleTypes: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  ["void", nullType],
  ["null", nullType],
  ["boolean", booleanType],
  ["tinyint", tinyintType],
  ["byte", tinyintType],
  ["smallint", smallintType],
  ["short", smallintType],
  ["int", intType],
  ["integer", intType],
  ["bigint", bigintType],
  ["long", bigintType],
  ["float", floatType],
  ["real", floatType],
  ["double", doubleType],
  ["string", stringType],
  ["binary", binaryType],
  ["date", dateType],
  ["timestamp", timestampType],
  ["timestamp_ltz", timestampType],
  ["timestamp_ntz", timestampNtzType],
  ["time", timeType()],
  ["variant", variantType],
]);

/** The type of a plain name or alias in lower case (`bigint`, `long`, `void`); undefined for another name. */
export function simpleTypeOf(name: string): DataType | undefined {
  return simpleTypes.get(name);
}

const timeName = /^time\(\s*(\d+)\s*\)$/;

/** The type of `time(3)`; undefined for another name. */
export function timeTypeOf(name: string): TimeType | undefined {
  const match = timeName.exec(name);
  return match === null ? undefined : checkedTimeType(Number(match[1]));
}

/**
 * TIME(precision), checked.
 * @throws MillraceError UNSUPPORTED_TIME_PRECISION
 */
export function checkedTimeType(precision: number): TimeType {
  if (precision > 9) throw new MillraceError("UNSUPPORTED_TIME_PRECISION", { precision: String(precision) });
  return timeType(precision);
}

export const maximumPrecision = 38;

/**
 * DECIMAL(precision, scale), checked.
 * @throws MillraceError DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION, DECIMAL_SCALE_EXCEEDS_PRECISION
 */
export function checkedDecimalType(precision: number, scale: number): DecimalType {
  if (precision > maximumPrecision) {
    throw new MillraceError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", {
      precision: String(precision),
      maxPrecision: String(maximumPrecision),
    });
  }
  if (scale > precision) {
    throw new MillraceError("DECIMAL_SCALE_EXCEEDS_PRECISION", { scale: String(scale), precision: String(precision) });
  }
  return decimalType(precision, scale);
}
