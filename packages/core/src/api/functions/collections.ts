import type { ArrayLiteral, MapLiteral, StructLiteral } from "../../types/schema-literal.ts";
import type {
  ArgumentType,
  AsNullableAs,
  Base,
  ColumnArgument,
  ColumnLike,
  Common,
  LiteralValue,
  Untyped,
} from "../column-types.ts";
import { originOf } from "../call-site.ts";
import { call, Column } from "../column.ts";
import { literalOf, operandOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type ArrayArgument = ColumnArgument<ArrayLiteral>;
type MapArgument = ColumnArgument<MapLiteral>;
type ElementOf<A> = ArgumentType<A> extends ArrayLiteral<infer E> ? E : Untyped;
type KeyOf<A> = ArgumentType<A> extends MapLiteral<infer K, infer _V> ? K : Untyped;
type ItemOf<A> = ArgumentType<A> extends MapLiteral<infer _K, infer V> ? V : Untyped;

/** One row per element of an array, as column `col`; no row for an empty or NULL array. `explode(c.items).alias("item")` */
export function explode<const A extends ArrayArgument>(array: A): Column<ElementOf<A>, "col"> {
  return functionColumn(explode, "explode", [array]);
}
/** As `explode`, but one row with NULL for an empty or NULL array. */
export function explodeOuter<const A extends ArrayArgument>(array: A): Column<Base<ElementOf<A>>, "col"> {
  return functionColumn(explodeOuter, "explode_outer", [array]);
}
/** The number of elements of an array or entries of a map. `size(c.items)` */
export function size<const A extends ColumnArgument<ArrayLiteral | MapLiteral>>(
  collection: A,
): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(size, "size", [collection]);
}
/** Whether the array has an element. `arrayContains(c.tags, "new")` */
export function arrayContains(array: ArrayArgument, value: LiteralValue | ColumnLike): Column<"boolean"> {
  return functionColumn(arrayContains, "array_contains", [array], [operandOf(value)]);
}
/** An element by position from 1 (from the end when negative), or the value of a key. `elementAt(c.items, -1)` */
export function elementAt<const A extends ColumnArgument<ArrayLiteral | MapLiteral>>(
  collection: A,
  key: LiteralValue | ColumnLike,
): Column<ElementAt<A>> {
  return functionColumn(elementAt, "element_at", [collection], [operandOf(key)]);
}
type ElementAt<A> = ArgumentType<A> extends MapLiteral<infer _K, infer V> ? Base<V> : Base<ElementOf<A>>;
/** Each element once. `arrayDistinct(c.tags)` */
export function arrayDistinct<const A extends ArrayArgument>(array: A): Column<ArgumentType<A>> {
  return functionColumn(arrayDistinct, "array_distinct", [array]);
}
/** The elements in order, ascending unless told otherwise. `sortArray(c.scores, false)` */
export function sortArray<const A extends ArrayArgument>(array: A, ascending = true): Column<ArgumentType<A>> {
  return functionColumn(sortArray, "sort_array", [array], [literalOf(ascending)]);
}
/** The elements as text with a separator between them. `arrayJoin(c.tags, ",")` */
export function arrayJoin(array: ArrayArgument, separator: string): Column<"string"> {
  return functionColumn(arrayJoin, "array_join", [array], [literalOf(separator)]);
}
/** The least element that is not NULL. */
export function arrayMin<const A extends ArrayArgument>(array: A): Column<Base<ElementOf<A>>> {
  return functionColumn(arrayMin, "array_min", [array]);
}
/** The greatest element that is not NULL. */
export function arrayMax<const A extends ArrayArgument>(array: A): Column<Base<ElementOf<A>>> {
  return functionColumn(arrayMax, "array_max", [array]);
}
/** The keys of a map. `mapKeys(c.headers)` */
export function mapKeys<const A extends MapArgument>(map: A): Column<ArrayLiteral<KeyOf<A>, true>> {
  return functionColumn(mapKeys, "map_keys", [map]);
}
/** The values of a map. */
export function mapValues<const A extends MapArgument>(map: A): Column<ArrayLiteral<ItemOf<A>, true>> {
  return functionColumn(mapValues, "map_values", [map]);
}
/** An array of the columns' values. `createArray(c.a, c.b)` */
export function createArray<const A extends readonly ColumnArgument[]>(
  ...columns: A
): Column<ArrayLiteral<Common<ArgumentType<A[number]>>, false>> {
  return functionColumn(createArray, "array", columns);
}
/** A struct of columns. `createStruct({ x: c.longitude, y: c.latitude })` */
export function createStruct<const R extends Readonly<Record<string, ColumnLike>>>(
  fields: R,
): Column<StructLiteral<{ readonly [K in keyof R]: R[K] extends ColumnLike<infer T> ? T : never }, false>> {
  const args = Object.entries(fields).flatMap(([name, column]) => [literalOf(name), column.expr]);
  return new Column(call("named_struct", args, originOf(createStruct)));
}
/** A map of alternating keys and values. `createMap(lit("a"), c.a, lit("b"), c.b)` */
export function createMap(...entries: readonly ColumnArgument[]): Column<MapLiteral<Untyped, Untyped, false>> {
  return functionColumn(createMap, "map", entries);
}
