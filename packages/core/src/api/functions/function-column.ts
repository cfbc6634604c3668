import type { Expr } from "../../expressions/expression.ts";
import { originOf, type PublicMethod } from "../call-site.ts";
import { columnNamed } from "../column-names.ts";
import type { ColumnArgument } from "../column-types.ts";
import { call, Column } from "../column.ts";

/** The call of a function of the registry. `method` is the function that the user called; strings are column names. */
export function functionColumn<T, N extends string = string>(
  method: PublicMethod,
  name: string,
  columns: readonly ColumnArgument[],
  more: readonly Expr[] = [],
): Column<T, N> {
  const origin = originOf(method);
  const args = columns.map((column) => (typeof column === "string" ? columnNamed(column, origin) : column.expr));
  return new Column(call(name, [...args, ...more], origin));
}
