/** What takes the place of NULL. */
import type { ArgumentType, ColumnArgument, Common, CommonOfAny, NumericType } from "../column-types.ts";
import type { Column } from "../column.ts";
import { functionColumn } from "./function-column.ts";

/** The first value, or the second where the first is NULL. `nvl("nick", "name")` */
export function nvl<const A extends ColumnArgument, const B extends ColumnArgument>(
  column: A,
  replacement: B,
): Column<CommonOfAny<ArgumentType<A> | ArgumentType<B>>> {
  return functionColumn(nvl, "nvl", [column, replacement]);
}
/** Same as {@link nvl}. */
export function ifnull<const A extends ColumnArgument, const B extends ColumnArgument>(
  column: A,
  replacement: B,
): Column<CommonOfAny<ArgumentType<A> | ArgumentType<B>>> {
  return functionColumn(ifnull, "ifnull", [column, replacement]);
}
/** The second value where the first is not NULL, else the third. `nvl2("paidAt", lit("paid"), lit("open"))` */
export function nvl2<const A extends ColumnArgument, const B extends ColumnArgument>(
  column: ColumnArgument,
  present: A,
  absent: B,
): Column<Common<ArgumentType<A> | ArgumentType<B>>> {
  return functionColumn(nvl2, "nvl2", [column, present, absent]);
}
/** The first value, or the second where the first is NaN. `nanvl("ratio", lit(0.5))` */
export function nanvl(column: ColumnArgument<NumericType>, replacement: ColumnArgument<NumericType>): Column<"double"> {
  return functionColumn(nanvl, "nanvl", [column, replacement]);
}
/** NULL where the number is zero. `nullifzero("divisor")` */
export function nullifzero<const A extends ColumnArgument<NumericType>>(column: A): Column<Common<ArgumentType<A>>> {
  return functionColumn(nullifzero, "nullifzero", [column]);
}
/** Zero where the number is NULL. `zeroifnull("amount")` */
export function zeroifnull<const A extends ColumnArgument<NumericType>>(column: A): Column<Common<ArgumentType<A>>> {
  return functionColumn(zeroifnull, "zeroifnull", [column]);
}
/** Whether there is a value: never NULL itself. `isnotnull("user")` */
export function isnotnull(column: ColumnArgument): Column<"boolean!"> {
  return functionColumn(isnotnull, "isnotnull", [column]);
}
