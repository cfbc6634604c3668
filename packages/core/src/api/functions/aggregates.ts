import type { ArrayLiteral } from "../../types/schema-literal.ts";
import { originOf } from "../call-site.ts";
import type {
  ArgumentType,
  AverageOf,
  Base,
  BooleanType,
  ColumnArgument,
  NumericType,
  SumOf,
  TypeOfElement,
} from "../column-types.ts";
import { call, Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { countOfRows } from "../frame-building.ts";
import { functionColumn } from "./function-column.ts";

type Same<A> = Base<ArgumentType<A>>;

/** The number of rows, or of rows where the column is not NULL. Never NULL. `count()`, `count(r.user)` */
export function count(column?: ColumnArgument): Column<"bigint!"> {
  return column === undefined || column === "*"
    ? new Column({ ...countOfRows, origin: originOf(count) } as typeof countOfRows)
    : functionColumn(count, "count", [column]);
}
/** The number of distinct combinations without NULL. `countDistinct(r.user)` */
export function countDistinct(first: ColumnArgument, ...more: readonly ColumnArgument[]): Column<"bigint!"> {
  return distinct(functionColumn(countDistinct, "count", [first, ...more]));
}
/** About the number of distinct values, with a relative deviation of 0.05 unless told otherwise. `approxCountDistinct(r.ip)` */
export function approxCountDistinct(column: ColumnArgument, relativeDeviation?: number): Column<"bigint!"> {
  const more = relativeDeviation === undefined ? [] : [literalOf(relativeDeviation)];
  return functionColumn(approxCountDistinct, "approx_count_distinct", [column], more);
}
/** The number of rows for which the condition is true. `countIf(r.status.geq(500))` */
export function countIf(condition: ColumnArgument<BooleanType>): Column<"bigint!"> {
  return functionColumn(countIf, "count_if", [condition]);
}
/** The sum: BIGINT for whole numbers, overflow is an error; NULL when all values are. `sum(r.bytes)` */
export function sum<const A extends ColumnArgument<NumericType>>(column: A): Column<SumOf<ArgumentType<A>>> {
  return functionColumn(sum, "sum", [column]);
}
/** The sum of the distinct values. `sumDistinct(r.price)` */
export function sumDistinct<const A extends ColumnArgument<NumericType>>(column: A): Column<SumOf<ArgumentType<A>>> {
  return distinct(functionColumn(sumDistinct, "sum", [column]));
}
/** The mean of the values that are not NULL. `avg(r.ms)` */
export function avg<const A extends ColumnArgument<NumericType>>(column: A): Column<AverageOf<ArgumentType<A>>> {
  return functionColumn(avg, "avg", [column]);
}
/** Same as {@link avg}. */
export function mean<const A extends ColumnArgument<NumericType>>(column: A): Column<AverageOf<ArgumentType<A>>> {
  return functionColumn(mean, "avg", [column]);
}
/** The least value; NULLs do not count. `min(r.at)` */
export function min<const A extends ColumnArgument>(column: A): Column<Same<A>> {
  return functionColumn(min, "min", [column]);
}
/** The greatest value; NULLs do not count. `max(r.ms)` */
export function max<const A extends ColumnArgument>(column: A): Column<Same<A>> {
  return functionColumn(max, "max", [column]);
}
/** The value of one column in the row where another is least. `minBy(r.route, r.ms)` */
export function minBy<const A extends ColumnArgument>(column: A, order: ColumnArgument): Column<Same<A>> {
  return functionColumn(minBy, "min_by", [column, order]);
}
/** The value of one column in the row where another is greatest. `maxBy(r.route, r.ms)` */
export function maxBy<const A extends ColumnArgument>(column: A, order: ColumnArgument): Column<Same<A>> {
  return functionColumn(maxBy, "max_by", [column, order]);
}
/** The first value met, or the first that is not NULL; depends on the order of the rows. `first(r.user, { ignoreNulls: true })` */
export function first<const A extends ColumnArgument>(
  column: A,
  options?: { readonly ignoreNulls?: boolean },
): Column<Same<A>> {
  return functionColumn(first, "first", [column], options?.ignoreNulls === true ? [literalOf(true)] : []);
}
/** The last value met, or the last that is not NULL; depends on the order of the rows. `last(r.status)` */
export function last<const A extends ColumnArgument>(
  column: A,
  options?: { readonly ignoreNulls?: boolean },
): Column<Same<A>> {
  return functionColumn(last, "last", [column], options?.ignoreNulls === true ? [literalOf(true)] : []);
}
/** All values that are not NULL, in the order of the rows. `collectList(r.item)` */
export function collectList<const A extends ColumnArgument>(column: A): Column<ArrayLiteral<TypeOfElement<A>, false>> {
  return functionColumn(collectList, "collect_list", [column]);
}
/** The distinct values that are not NULL. `collectSet(r.country)` */
export function collectSet<const A extends ColumnArgument>(column: A): Column<ArrayLiteral<TypeOfElement<A>, false>> {
  return functionColumn(collectSet, "collect_set", [column]);
}
/**
 * The value below which a share of the values lies, or an array of them for several shares, within a rank error of
 * 1 / accuracy (10,000 unless told otherwise). `percentileApprox(r.ms, 0.99)`, `percentileApprox(r.ms, [0.5, 0.95, 0.99])`
 */
export function percentileApprox<const A extends ColumnArgument<NumericType>>(
  column: A,
  share: number,
  accuracy?: number,
): Column<Same<A>>;
export function percentileApprox<const A extends ColumnArgument<NumericType>>(
  column: A,
  shares: readonly number[],
  accuracy?: number,
): Column<ArrayLiteral<TypeOfElement<A>, true>>;
export function percentileApprox(
  column: ColumnArgument,
  share: number | readonly number[],
  accuracy?: number,
): unknown {
  const shares = typeof share === "number" ? doubleLiteral(share) : call("array", share.map(doubleLiteral));
  const more = accuracy === undefined ? [shares] : [shares, literalOf(accuracy)];
  return functionColumn(percentileApprox, "percentile_approx", [column], more);
}
/** The exact percentile, interpolated; keeps all values in memory. `percentile(r.ms, 0.5)` */
export function percentile(column: ColumnArgument<NumericType>, share: number): Column<"double"> {
  return functionColumn(percentile, "percentile", [column], [doubleLiteral(share)]);
}
/** The median, interpolated; keeps all values in memory. `median(r.ms)` */
export function median(column: ColumnArgument<NumericType>): Column<"double"> {
  return functionColumn(median, "median", [column]);
}
/** The standard deviation of a sample (divided by n − 1). `stddev(r.ms)` */
export function stddev(column: ColumnArgument<NumericType>): Column<"double"> {
  return functionColumn(stddev, "stddev_samp", [column]);
}
/** The standard deviation of a population (divided by n). */
export function stddevPop(column: ColumnArgument<NumericType>): Column<"double"> {
  return functionColumn(stddevPop, "stddev_pop", [column]);
}
/** The variance of a sample (divided by n − 1). `variance(r.ms)` */
export function variance(column: ColumnArgument<NumericType>): Column<"double"> {
  return functionColumn(variance, "var_samp", [column]);
}
/** The variance of a population (divided by n). */
export function varPop(column: ColumnArgument<NumericType>): Column<"double"> {
  return functionColumn(varPop, "var_pop", [column]);
}
/** Whether the condition holds in all rows where it is not NULL. `boolAnd(r.ok)` */
export function boolAnd(condition: ColumnArgument<BooleanType>): Column<"boolean"> {
  return functionColumn(boolAnd, "bool_and", [condition]);
}
/** Whether the condition holds in a row. `boolOr(r.failed)` */
export function boolOr(condition: ColumnArgument<BooleanType>): Column<"boolean"> {
  return functionColumn(boolOr, "bool_or", [condition]);
}

function doubleLiteral(value: number): ReturnType<typeof literalOf> {
  return { kind: "Literal", value, type: { kind: "double" } };
}
function distinct<T>(column: Column<T>): Column<T> {
  return new Column(column.expr.kind === "UnresolvedFunction" ? { ...column.expr, distinct: true } : column.expr);
}
