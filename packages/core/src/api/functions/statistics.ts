/** Aggregates of statistics, bits and order; each looks at the rows of a group. NULLs do not count. */
import type { ArrayLiteral } from "../../types/schema-literal.ts";
import type {
  ArgumentType,
  AverageOf,
  Base,
  ColumnArgument,
  IntegralType,
  NumericType,
  SumOf,
  Untyped,
} from "../column-types.ts";
import { call, type Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Same<A> = Base<ArgumentType<A>>;
type NumberArgument = ColumnArgument<NumericType>;

/** A value of the group, the first that is met; with `ignoreNulls` the first that is not NULL. */
export function anyValue<const A extends ColumnArgument>(
  column: A,
  options?: { readonly ignoreNulls?: boolean },
): Column<Same<A>> {
  return functionColumn(anyValue, "any_value", [column], options?.ignoreNulls === true ? [literalOf(true)] : []);
}
/** Same as `collectList`. */
export function arrayAgg<const A extends ColumnArgument>(column: A): Column<ArrayLiteral<Same<A>, true>> {
  return functionColumn(arrayAgg, "array_agg", [column]);
}
/** The sum; NULL when it overflows. */
export function trySum<const A extends NumberArgument>(column: A): Column<SumOf<ArgumentType<A>>> {
  return functionColumn(trySum, "try_sum", [column]);
}
/** The mean; NULL when the sum of decimals overflows. */
export function tryAvg<const A extends NumberArgument>(column: A): Column<AverageOf<ArgumentType<A>>> {
  return functionColumn(tryAvg, "try_avg", [column]);
}
/** The product, as DOUBLE. */
export function product(column: NumberArgument): Column<"double"> {
  return functionColumn(product, "product", [column]);
}
/** The bits that all integers have. */
export function bitAnd<const A extends ColumnArgument<IntegralType>>(column: A): Column<Same<A>> {
  return functionColumn(bitAnd, "bit_and", [column]);
}
/** The bits that an integer has. */
export function bitOr<const A extends ColumnArgument<IntegralType>>(column: A): Column<Same<A>> {
  return functionColumn(bitOr, "bit_or", [column]);
}
/** The bits that an odd number of integers have. */
export function bitXor<const A extends ColumnArgument<IntegralType>>(column: A): Column<Same<A>> {
  return functionColumn(bitXor, "bit_xor", [column]);
}
/** A bitmap of 4,096 bytes that marks the positions, from 0 to 32,767, that occur. */
export function bitmapConstructAgg(position: ColumnArgument<IntegralType>): Column<"binary"> {
  return functionColumn(bitmapConstructAgg, "bitmap_construct_agg", [position]);
}
/** The union of bitmaps. */
export function bitmapOrAgg(bitmap: ColumnArgument): Column<"binary"> {
  return functionColumn(bitmapOrAgg, "bitmap_or_agg", [bitmap]);
}
/** The intersection of bitmaps. */
export function bitmapAndAgg(bitmap: ColumnArgument): Column<"binary"> {
  return functionColumn(bitmapAndAgg, "bitmap_and_agg", [bitmap]);
}
/** The most frequent value; of several the least. */
export function mode<const A extends ColumnArgument>(column: A): Column<Same<A>> {
  return functionColumn(mode, "mode", [column], [literalOf(true)]);
}
/** The texts in the order of the rows, with a separator between them. `listagg(r.name, ", ")` */
export function listagg(column: ColumnArgument, separator = ""): Column<"string"> {
  return functionColumn(listagg, "listagg", [column], [literalOf(separator)]);
}
/** Same as {@link listagg}. */
export function stringAgg(column: ColumnArgument, separator = ""): Column<"string"> {
  return functionColumn(stringAgg, "string_agg", [column], [literalOf(separator)]);
}
/** Skewness. */
export function skewness(column: NumberArgument): Column<"double"> {
  return functionColumn(skewness, "skewness", [column]);
}
/** Excess kurtosis: 0 for the normal distribution. */
export function kurtosis(column: NumberArgument): Column<"double"> {
  return functionColumn(kurtosis, "kurtosis", [column]);
}
/** Pearson's correlation of two columns, from −1 to 1. */
export function corr(x: NumberArgument, y: NumberArgument): Column<"double"> {
  return functionColumn(corr, "corr", [x, y]);
}
/** Covariance of a population. */
export function covarPop(x: NumberArgument, y: NumberArgument): Column<"double"> {
  return functionColumn(covarPop, "covar_pop", [x, y]);
}
/** Covariance of a sample. */
export function covarSamp(x: NumberArgument, y: NumberArgument): Column<"double"> {
  return functionColumn(covarSamp, "covar_samp", [x, y]);
}
/** Mean of x where y is not NULL. */
export function regrAvgx(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrAvgx, "regr_avgx", [y, x]);
}
/** Mean of y where x is not NULL. */
export function regrAvgy(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrAvgy, "regr_avgy", [y, x]);
}
/** Number of rows where neither is NULL. */
export function regrCount(y: NumberArgument, x: NumberArgument): Column<"bigint!"> {
  return functionColumn(regrCount, "regr_count", [y, x]);
}
/** Where the regression line of y over x meets x = 0. */
export function regrIntercept(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrIntercept, "regr_intercept", [y, x]);
}
/** Slope of the regression line of y over x. */
export function regrSlope(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrSlope, "regr_slope", [y, x]);
}
/** Coefficient of determination of the regression line of y over x. */
export function regrR2(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrR2, "regr_r2", [y, x]);
}
/** Sum of squares of x around its mean. */
export function regrSxx(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrSxx, "regr_sxx", [y, x]);
}
/** Sum of squares of y around its mean. */
export function regrSyy(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrSyy, "regr_syy", [y, x]);
}
/** Sum of products of x and y around their means. */
export function regrSxy(y: NumberArgument, x: NumberArgument): Column<"double"> {
  return functionColumn(regrSxy, "regr_sxy", [y, x]);
}
/** An array of at most that many bins of a histogram: centre `x` and number of values `y`. */
export function histogramNumeric(column: NumberArgument, bins: number): Column<Untyped> {
  return functionColumn(histogramNumeric, "histogram_numeric", [column], [literalOf(bins)]);
}
/** Exact percentiles for several shares, interpolated. `percentiles(r.ms, [0.5, 0.99])` */
export function percentiles(column: NumberArgument, shares: readonly number[]): Column<ArrayLiteral<"double!", true>> {
  const list = shares.map((value) => ({ kind: "Literal", value, type: { kind: "double" } }) as const);
  return functionColumn(percentiles, "percentile", [column], [call("array", list)]);
}
