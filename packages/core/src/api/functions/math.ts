import type { DecimalTypeName } from "../../types/schema-literal.ts";
import type {
  ArgumentType,
  AsNullableAs,
  Base,
  ColumnArgument,
  NumericType,
  OpenDecimal,
  Untyped,
} from "../column-types.ts";
import type { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Numeric = ColumnArgument<NumericType>;
type Double<A> = AsNullableAs<"double", ArgumentType<A>>;
type Rounded<A> = [Base<ArgumentType<A>>] extends [DecimalTypeName] ? OpenDecimal : Base<ArgumentType<A>>;
type WholeOf<A> = [ArgumentType<A>] extends [Untyped]
  ? Untyped
  : [Base<ArgumentType<A>>] extends [DecimalTypeName]
    ? OpenDecimal
    : AsNullableAs<"bigint", ArgumentType<A>>;

/** Without its sign. `abs(c.delta)` */
export function abs<const A extends Numeric>(column: A): Column<ArgumentType<A>> {
  return functionColumn(abs, "abs", [column]);
}
/** Rounded half up to a number of places. `round(c.ratio, 2)` */
export function round<const A extends Numeric>(column: A, places = 0): Column<Rounded<A>> {
  return functionColumn(round, "round", [column], [literalOf(places)]);
}
/** The greatest whole number that is not greater. `floor(c.ratio)` */
export function floor<const A extends Numeric>(column: A): Column<WholeOf<A>> {
  return functionColumn(floor, "floor", [column]);
}
/** The least whole number that is not less. `ceil(c.ratio)` */
export function ceil<const A extends Numeric>(column: A): Column<WholeOf<A>> {
  return functionColumn(ceil, "ceil", [column]);
}
/** The square root. `sqrt(c.area)` */
export function sqrt<const A extends Numeric>(column: A): Column<Double<A>> {
  return functionColumn(sqrt, "sqrt", [column]);
}
/** A power. `pow(c.x, 2)` */
export function pow(base: Numeric, exponent: number | Numeric): Column<"double"> {
  return typeof exponent === "number"
    ? functionColumn(pow, "power", [base], [literalOf(exponent)])
    : functionColumn(pow, "power", [base, exponent]);
}
/** e to a power. */
export function exp<const A extends Numeric>(column: A): Column<Double<A>> {
  return functionColumn(exp, "exp", [column]);
}
/** The natural logarithm; NULL for numbers that are not positive. */
export function ln(column: Numeric): Column<"double"> {
  return functionColumn(ln, "ln", [column]);
}
/** The logarithm to base 10; NULL for numbers that are not positive. */
export function log10(column: Numeric): Column<"double"> {
  return functionColumn(log10, "log10", [column]);
}
/** The remainder, never negative for a positive divisor. `pmod(c.id, 10)` */
export function pmod(dividend: Numeric, divisor: number | Numeric): Column<Untyped> {
  return typeof divisor === "number"
    ? functionColumn(pmod, "pmod", [dividend], [literalOf(divisor)])
    : functionColumn(pmod, "pmod", [dividend, divisor]);
}
/** −1, 0 or 1. */
export function signum<const A extends Numeric>(column: A): Column<Double<A>> {
  return functionColumn(signum, "sign", [column]);
}
/** A random number from 0 up to 1, the same again when a batch is repeated. `rand(7)` */
export function rand(seed?: number): Column<"double!"> {
  return functionColumn(rand, "rand", [], seed === undefined ? [] : [literalOf(seed)]);
}
/** A hash of the columns, Spark's Murmur3. `hash("user")` */
export function hash(...columns: readonly ColumnArgument[]): Column<"int!"> {
  return functionColumn(hash, "hash", columns);
}
