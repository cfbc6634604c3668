/** Arithmetic that gives NULL where the operators of a column fail: overflow, and division by zero. */
import type { ColumnArgument, Untyped } from "../column-types.ts";
import type { Column } from "../column.ts";
import { functionColumn } from "./function-column.ts";

/** Sum, or NULL when it overflows; also a date or timestamp and an interval. `tryAdd("a", "b")` */
export function tryAdd(left: ColumnArgument, right: ColumnArgument): Column<Untyped> {
  return functionColumn(tryAdd, "try_add", [left, right]);
}
/** Difference, or NULL when it overflows. `trySubtract("a", "b")` */
export function trySubtract(left: ColumnArgument, right: ColumnArgument): Column<Untyped> {
  return functionColumn(trySubtract, "try_subtract", [left, right]);
}
/** Product, or NULL when it overflows. `tryMultiply("a", "b")` */
export function tryMultiply(left: ColumnArgument, right: ColumnArgument): Column<Untyped> {
  return functionColumn(tryMultiply, "try_multiply", [left, right]);
}
/** Quotient, or NULL when the divisor is zero. `tryDivide("a", "b")` */
export function tryDivide(left: ColumnArgument, right: ColumnArgument): Column<Untyped> {
  return functionColumn(tryDivide, "try_divide", [left, right]);
}
/** Remainder, or NULL when the divisor is zero. `tryMod("a", "b")` */
export function tryMod(left: ColumnArgument, right: ColumnArgument): Column<Untyped> {
  return functionColumn(tryMod, "try_mod", [left, right]);
}
