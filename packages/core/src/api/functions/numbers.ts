/** Functions of mathematics beyond the everyday ones, and bits. */
import type {
  ArgumentType,
  AsNullableAs,
  BinaryType,
  ColumnArgument,
  IntegralType,
  NumericType,
} from "../column-types.ts";
import type { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Numeric = ColumnArgument<NumericType>;
type Integral = ColumnArgument<IntegralType>;

/** Cube root. */
export function cbrt<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(cbrt, "cbrt", [value]);
}
/** The nearest whole number, halves to the even one. */
export function rint<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(rint, "rint", [value]);
}
/** The factorial of a number from 0 to 20, else NULL. */
export function factorial(value: Integral): Column<"bigint"> {
  return functionColumn(factorial, "factorial", [value]);
}
/** e to the power of the number, minus one. */
export function expm1<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(expm1, "expm1", [value]);
}
/** Natural logarithm of one more than the number; NULL unless that is positive. */
export function log1p(value: Numeric): Column<"double"> {
  return functionColumn(log1p, "log1p", [value]);
}
/** Hyperbolic sine. */
export function sinh<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(sinh, "sinh", [value]);
}
/** Hyperbolic cosine. */
export function cosh<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(cosh, "cosh", [value]);
}
/** Hyperbolic tangent. */
export function tanh<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(tanh, "tanh", [value]);
}
/** Inverse hyperbolic sine. */
export function asinh<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(asinh, "asinh", [value]);
}
/** Inverse hyperbolic cosine. */
export function acosh<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(acosh, "acosh", [value]);
}
/** Inverse hyperbolic tangent. */
export function atanh<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(atanh, "atanh", [value]);
}
/** Cotangent. */
export function cot<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(cot, "cot", [value]);
}
/** Cosecant. */
export function csc<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(csc, "csc", [value]);
}
/** Secant. */
export function sec<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(sec, "sec", [value]);
}
/** Degrees of an angle in radians. */
export function degrees<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(degrees, "degrees", [value]);
}
/** Radians of an angle in degrees. */
export function radians<const A extends Numeric>(value: A): Column<AsNullableAs<"double", ArgumentType<A>>> {
  return functionColumn(radians, "radians", [value]);
}
/** How many bits are 1, as 64 bits. */
export function bitCount<const A extends ColumnArgument>(value: A): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(bitCount, "bit_count", [value]);
}
/** One bit of an integer, from the right from 0. */
export function bitGet<const A extends Integral>(
  value: A,
  position: number,
): Column<AsNullableAs<"tinyint", ArgumentType<A>>> {
  return functionColumn(bitGet, "bit_get", [value], [literalOf(position)]);
}
/** Bits shifted to the left. */
export function shiftLeft<const A extends Integral>(value: A, bits: number): Column<ArgumentType<A>> {
  return functionColumn(shiftLeft, "shiftleft", [value], [literalOf(bits)]);
}
/** Bits shifted to the right, with the sign. */
export function shiftRight<const A extends Integral>(value: A, bits: number): Column<ArgumentType<A>> {
  return functionColumn(shiftRight, "shiftright", [value], [literalOf(bits)]);
}
/** Which of equally wide buckets a number falls into, from 1. `widthBucket(c.ms, 0, 1000, 10)` */
export function widthBucket(value: Numeric, least: number, greatest: number, buckets: number): Column<"bigint"> {
  return functionColumn(
    widthBucket,
    "width_bucket",
    [value],
    [literalOf(least), literalOf(greatest), literalOf(buckets)],
  );
}
/** Where a number has its bit in its bitmap of 32768 bits. */
export function bitmapBitPosition<const A extends Integral>(value: A): Column<AsNullableAs<"bigint", ArgumentType<A>>> {
  return functionColumn(bitmapBitPosition, "bitmap_bit_position", [value]);
}
/** Which bitmap of 32768 bits a number belongs to. */
export function bitmapBucketNumber<const A extends Integral>(
  value: A,
): Column<AsNullableAs<"bigint", ArgumentType<A>>> {
  return functionColumn(bitmapBucketNumber, "bitmap_bucket_number", [value]);
}
/** How many bits of a bitmap are 1. */
export function bitmapCount<const A extends ColumnArgument<BinaryType>>(
  value: A,
): Column<AsNullableAs<"bigint", ArgumentType<A>>> {
  return functionColumn(bitmapCount, "bitmap_count", [value]);
}
/** Random DOUBLE of the standard normal distribution. */
export function randn(seed?: number): Column<"double!"> {
  return functionColumn(randn, "randn", [], seed === undefined ? [] : [literalOf(seed)]);
}
/** Random UUID. */
export function uuid(): Column<"string!"> {
  return functionColumn(uuid, "uuid", []);
}
/** A number for each row that grows within a partition and is different in each. */
export function monotonicallyIncreasingId(): Column<"bigint!"> {
  return functionColumn(monotonicallyIncreasingId, "monotonically_increasing_id", []);
}
