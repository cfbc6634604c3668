import { originOf } from "../call-site.ts";
import { columnNamed } from "../column-names.ts";
import type { LiteralType, LiteralValue, Untyped } from "../column-types.ts";
import { Column, SortColumn } from "../column.ts";
import { literalOf } from "../literal.ts";
import { parseExpression } from "../../sql/index.ts";

type LastPart<N extends string> = N extends `${string}.${infer Rest}` ? Rest : N;

/** A column by name; a dot reaches into a struct or names the DataFrame's alias. `col("user.name")` */
export function col<const N extends string>(name: N): Column<Untyped, LastPart<N>> {
  return new Column(columnNamed(name, originOf(col)));
}
/** A value as a column: whole numbers are INT or BIGINT by size, other numbers DOUBLE, Date TIMESTAMP. `lit(1)` */
export function lit<const V extends LiteralValue>(value: V): Column<LiteralType<V>> {
  return new Column(literalOf(value));
}
/**
 * An expression in SQL text. `expr("amount * 2 AS twice")`
 * @throws MillraceError PARSE_SYNTAX_ERROR with the position in the text
 */
export function expr(sql: string): Column<Untyped> {
  return new Column(parseExpression(sql));
}
/** Ascending order by a column, NULL first. `df.orderBy(asc("name"))` */
export function asc(name: string): SortColumn {
  return new SortColumn(columnNamed(name, originOf(asc)), "ascending", "first");
}
/** Descending order by a column, NULL last. `df.orderBy(desc("amount"))` */
export function desc(name: string): SortColumn {
  return new SortColumn(columnNamed(name, originOf(desc)), "descending", "last");
}
