import { originOf } from "../call-site.ts";
import type {
  ArgumentType,
  BooleanType,
  ColumnArgument,
  ColumnLike,
  Common,
  CommonOfAny,
  LiteralValue,
  NumericType,
  TypeOf,
  Untyped,
} from "../column-types.ts";
import { CaseColumn, type Column } from "../column.ts";
import { operandOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

/**
 * The value of the first condition that holds; NULL when none does and there is no `otherwise`.
 * `when(c.status.geq(500), "error").when(c.status.geq(400), "client").otherwise("ok")`
 */
export function when<const V extends LiteralValue | ColumnLike>(
  condition: ColumnLike<BooleanType | Untyped>,
  value: V,
): CaseColumn<TypeOf<V>> {
  return new CaseColumn([condition.expr, operandOf(value)], originOf(when));
}
/** The first value that is not NULL. `coalesce(c.nick, c.name, lit("?"))` */
export function coalesce<const A extends readonly ColumnArgument[]>(
  ...columns: A
): Column<CommonOfAny<ArgumentType<A[number]>>> {
  return functionColumn(coalesce, "coalesce", columns);
}
/** NULL when both are equal, else the first. `nullif(c.code, lit(""))` */
export function nullif<const A extends ColumnArgument>(
  column: A,
  other: ColumnArgument,
): Column<Common<ArgumentType<A>>> {
  return functionColumn(nullif, "nullif", [column, other]);
}
/** The greatest of the values; NULLs do not count. `greatest(c.a, c.b)` */
export function greatest<const A extends readonly ColumnArgument[]>(
  ...columns: A
): Column<CommonOfAny<ArgumentType<A[number]>>> {
  return functionColumn(greatest, "greatest", columns);
}
/** The least of the values; NULLs do not count. `least(c.a, c.b)` */
export function least<const A extends readonly ColumnArgument[]>(
  ...columns: A
): Column<CommonOfAny<ArgumentType<A[number]>>> {
  return functionColumn(least, "least", columns);
}
/** NULL or not: never NULL itself. `isnull("user")` */
export function isnull(column: ColumnArgument): Column<"boolean!"> {
  return functionColumn(isnull, "isnull", [column]);
}
/** Not a number. `isnan(c.ratio)` */
export function isnan(column: ColumnArgument<NumericType>): Column<"boolean!"> {
  return functionColumn(isnan, "isnan", [column]);
}
/** The opposite of a condition. `not(c.active)` */
export function not(condition: ColumnLike<BooleanType | Untyped>): Column<"boolean"> {
  return functionColumn(not, "not", [condition]);
}
