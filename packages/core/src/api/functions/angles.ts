/** Angles, logarithms and constants. */
import type { ArgumentType, AsNullableAs, ColumnArgument, NumericType } from "../column-types.ts";
import type { Column } from "../column.ts";
import { lit } from "./basic.ts";
import { functionColumn } from "./function-column.ts";

type Numeric = ColumnArgument<NumericType>;
type Double<A> = AsNullableAs<"double", ArgumentType<A>>;

/** A number is a value here, a text the name of a column. */
function numbers(
  method: (...args: never[]) => unknown,
  name: string,
  a: Numeric | number,
  b: Numeric | number,
): Column<"double"> {
  return functionColumn(method, name, [asColumn(a), asColumn(b)]);
}
const asColumn = (value: Numeric | number): Numeric => (typeof value === "number" ? lit(value) : value);

/** Sine of an angle in radians. `sin("angle")` */
export function sin<const A extends Numeric>(value: A): Column<Double<A>> {
  return functionColumn(sin, "sin", [value]);
}
/** Cosine of an angle in radians. `cos("angle")` */
export function cos<const A extends Numeric>(value: A): Column<Double<A>> {
  return functionColumn(cos, "cos", [value]);
}
/** Tangent of an angle in radians. `tan("angle")` */
export function tan<const A extends Numeric>(value: A): Column<Double<A>> {
  return functionColumn(tan, "tan", [value]);
}
/** Angle in radians whose sine it is; NaN outside −1 to 1. `asin("angle")` */
export function asin<const A extends Numeric>(value: A): Column<Double<A>> {
  return functionColumn(asin, "asin", [value]);
}
/** Angle in radians whose cosine it is; NaN outside −1 to 1. `acos("angle")` */
export function acos<const A extends Numeric>(value: A): Column<Double<A>> {
  return functionColumn(acos, "acos", [value]);
}
/** Angle in radians whose tangent it is. `atan("angle")` */
export function atan<const A extends Numeric>(value: A): Column<Double<A>> {
  return functionColumn(atan, "atan", [value]);
}
/** Angle in radians of the point (x, y), from −π to π. `atan2("y", "x")` */
export function atan2(y: Numeric | number, x: Numeric | number): Column<"double"> {
  return numbers(atan2, "atan2", y, x);
}
/** Square root of the sum of two squares, without overflow on the way. `hypot("a", "b")` */
export function hypot(a: Numeric | number, b: Numeric | number): Column<"double"> {
  return numbers(hypot, "hypot", a, b);
}
/** Logarithm to a base, or the natural one; NULL for numbers that are not positive. `log(10, "size")`, `log("size")` */
export function log(base: number | Numeric, value?: Numeric): Column<"double"> {
  return value === undefined ? functionColumn(log, "log", [asColumn(base)]) : numbers(log, "log", base, value);
}
/** Logarithm to base 2; NULL for numbers that are not positive. `log2("size")` */
export function log2(value: Numeric): Column<"double"> {
  return functionColumn(log2, "log2", [value]);
}
/** The number π. */
export function pi(): Column<"double!"> {
  return functionColumn(pi, "pi", []);
}
/** Euler's number e. */
export function e(): Column<"double!"> {
  return functionColumn(e, "e", []);
}
