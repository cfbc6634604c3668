import { originOf, type PublicMethod } from "./call-site.ts";
import { attribute, columnNamed } from "./column-names.ts";
import type { ColumnLike, Schema } from "./column-types.ts";
import { call, Column } from "./column.ts";
import { MillraceError } from "../errors/index.ts";
import type { Expr, Origin } from "../expressions/expression.ts";
import { isColumn } from "./literal.ts";
import type { ColumnRecord, Columns } from "./selection-types.ts";

const traps: ProxyHandler<(name: string) => Column> = {
  get: function get(_target, name): Column | undefined {
    return typeof name === "string" ? new Column(attribute([name], originOf(get))) : undefined;
  },
  apply: function apply(_target, _self, args: readonly unknown[]): Column {
    return new Column(columnNamed(String(args[0]), originOf(apply)));
  },
};
const sideTraps = (side: "left" | "right"): ProxyHandler<(name: string) => Column> => ({
  get: function get(_target, name): Column | undefined {
    return typeof name === "string" ? new Column(attribute([name], originOf(get), side)) : undefined;
  },
  apply: function apply(_target, _self, args: readonly unknown[]): Column {
    return new Column(attribute([String(args[0])], originOf(apply), side));
  },
});
const target = (name: string): Column => new Column(columnNamed(name));
const all = new Proxy(target, traps);
const leftSide = new Proxy(target, sideTraps("left"));
const rightSide = new Proxy(target, sideTraps("right"));

/** The argument of a lambda over columns: each property is the column of that exact name. */
export function columnsOf<S extends Schema>(side?: "left" | "right"): Columns<S> {
  const columns: unknown = side === undefined ? all : side === "left" ? leftSide : rightSide;
  return columns as Columns<S>;
}

/** The expressions of select items, in order. `method` is the one that the user called. */
export function expressionsOf(items: readonly unknown[], method: PublicMethod): readonly Expr[] {
  const origin = originOf(method);
  return items.flatMap((item) => expressionsOfItem(item, origin));
}

/** One aggregate of each of some columns, as `name(column)`. `method` is the one that the user called. */
export function aggregateOfEach(name: string, columns: readonly string[], method: PublicMethod): readonly Expr[] {
  const origin = originOf(method);
  return columns.map((column) => ({
    kind: "Alias",
    child: call(name, [columnNamed(column, origin)], origin),
    name: `${name}(${column})`,
  }));
}

function expressionsOfItem(item: unknown, origin: Origin): readonly Expr[] {
  if (typeof item === "string") return [columnNamed(item, origin)];
  if (typeof item === "function") return expressionsOfItem((item as (columns: unknown) => unknown)(all), origin);
  if (isColumn(item)) return [item.expr];
  if (Array.isArray(item)) return item.flatMap((each) => expressionsOfItem(each, origin));
  if (typeof item !== "object" || item === null) throw notColumn("an item of the list", item);
  return namedExpressions(item as ColumnRecord);
}

/** The columns of a record under the record's names. */
export function namedExpressions(record: ColumnRecord): readonly Expr[] {
  return Object.entries(record).map(([name, column]) => {
    if (!isColumn(column)) throw notColumn(`the value of ${name}`, column);
    return named(name, column.expr);
  });
}

/** `expr AS name`; a column that has the name already stays as it is, and keeps what the plan knows of it. */
export function named(name: string, expr: Expr): Expr {
  if (expr.kind === "UnresolvedAttribute" && expr.parts.length === 1 && expr.parts[0] === name) return expr;
  return { kind: "Alias", child: expr.kind === "Alias" ? expr.child : expr, name };
}

/** A condition: SQL text, a column, or a lambda over the columns. */
export function columnOf<S extends Schema, T>(given: ColumnLike<T> | ((columns: Columns<S>) => ColumnLike<T>)): Expr {
  const column: unknown = typeof given === "function" ? given(columnsOf<S>()) : given;
  if (!isColumn(column)) throw notColumn("the argument", column);
  return column.expr;
}

function notColumn(what: string, value: unknown): MillraceError {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return new MillraceError("NOT_COLUMN", { what, value: text });
}
