import type { ArgumentType, Base, ColumnArgument, Comparand, LiteralValue } from "../column-types.ts";
import { Column } from "../column.ts";
import type { PublicMethod } from "../call-site.ts";
import { isColumn, literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Same<A> = Base<ArgumentType<A>>;
interface NullsOption {
  /** Counts only the rows that have a value. */
  readonly ignoreNulls?: boolean;
}

/** The number of the row in its partition, from 1. `rowNumber().over(Window.partitionBy("user").orderBy("at"))` */
export function rowNumber(): Column<"int!"> {
  return functionColumn(rowNumber, "row_number", []);
}
/** One more than the rows before it in the order; equal rows share a rank. `rank().over(Window.orderBy(desc("score")))` */
export function rank(): Column<"int!"> {
  return functionColumn(rank, "rank", []);
}
/** As `rank`, without ranks left out. `denseRank().over(Window.orderBy("score"))` */
export function denseRank(): Column<"int!"> {
  return functionColumn(denseRank, "dense_rank", []);
}
/** `(rank − 1) / (rows − 1)`, 0 for a single row. `percentRank().over(Window.orderBy("score"))` */
export function percentRank(): Column<"double!"> {
  return functionColumn(percentRank, "percent_rank", []);
}
/** The share of rows that come before it or are equal to it. `cumeDist().over(Window.orderBy("score"))` */
export function cumeDist(): Column<"double!"> {
  return functionColumn(cumeDist, "cume_dist", []);
}
/** The row's part when the partition is cut into `parts` parts of equal size. `ntile(4).over(Window.orderBy("score"))` */
export function ntile(parts: number): Column<"int!"> {
  return functionColumn(ntile, "ntile", [], [literalOf(parts)]);
}
/**
 * The value `offset` rows before (default 1), `otherwise` or NULL where there is none.
 * `lag(r.price).over(Window.partitionBy("item").orderBy("at"))`
 */
export function lag<const A extends ColumnArgument>(
  column: A,
  offset?: number,
  otherwise?: Comparand<ArgumentType<A>> | null,
  options?: NullsOption,
): Column<Same<A>> {
  return neighbour(lag, "lag", column, offset, otherwise, options);
}
/** The value `offset` rows after (default 1), `otherwise` or NULL where there is none. `lead(r.price, 2)` */
export function lead<const A extends ColumnArgument>(
  column: A,
  offset?: number,
  otherwise?: Comparand<ArgumentType<A>> | null,
  options?: NullsOption,
): Column<Same<A>> {
  return neighbour(lead, "lead", column, offset, otherwise, options);
}
/** The first value of the frame. `firstValue(r.price).over(Window.partitionBy("item").orderBy("at"))` */
export function firstValue<const A extends ColumnArgument>(column: A, options?: NullsOption): Column<Same<A>> {
  return functionColumn(firstValue, "first_value", [column], options?.ignoreNulls === true ? [literalOf(true)] : []);
}
/** The last value of the frame. `lastValue(r.price).over(Window.partitionBy("item").rowsBetween(-5, 0))` */
export function lastValue<const A extends ColumnArgument>(column: A, options?: NullsOption): Column<Same<A>> {
  return functionColumn(lastValue, "last_value", [column], options?.ignoreNulls === true ? [literalOf(true)] : []);
}
/** The value in the n-th row of the frame, from 1; NULL when it has fewer. `nthValue(r.price, 2)` */
export function nthValue<const A extends ColumnArgument>(column: A, n: number, options?: NullsOption): Column<Same<A>> {
  return ignoring(functionColumn<Same<A>>(nthValue, "nth_value", [column], [literalOf(n)]), options);
}

function neighbour<T>(
  method: PublicMethod,
  name: "lag" | "lead",
  column: ColumnArgument,
  offset: number | undefined,
  otherwise: unknown,
  options: NullsOption | undefined,
): Column<T> {
  const rest =
    otherwise === undefined ? [] : [isColumn(otherwise) ? otherwise.expr : literalOf(otherwise as LiteralValue)];
  const count = offset === undefined && rest.length === 0 ? [] : [literalOf(offset ?? 1)];
  return ignoring(functionColumn<T>(method, name, [column], [...count, ...rest]), options);
}

function ignoring<T>(column: Column<T>, options: NullsOption | undefined): Column<T> {
  const { expr } = column;
  return options?.ignoreNulls === true && expr.kind === "UnresolvedFunction"
    ? new Column({ ...expr, ignoreNulls: true })
    : column;
}
