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
/** An element by position from 1, or the value of a key; NULL where there is none. `tryElementAt(c.items, 3)` */
export function tryElementAt<const A extends ColumnArgument<ArrayLiteral | MapLiteral>>(
  collection: A,
  key: LiteralValue | ColumnLike,
): Column<ElementAt<A>> {
  return functionColumn(tryElementAt, "try_element_at", [collection], [operandOf(key)]);
}
/** An element by position from 0; NULL outside the array. `get(c.items, 0)` */
export function get<const A extends ArrayArgument>(
  array: A,
  index: LiteralValue | ColumnLike,
): Column<Base<ElementOf<A>>> {
  return functionColumn(get, "get", [array], [operandOf(index)]);
}
/** The number of elements. `arraySize(c.items)` */
export function arraySize<const A extends ArrayArgument>(array: A): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(arraySize, "array_size", [array]);
}
/** The array with a value at its end. `arrayAppend(c.tags, "new")` */
export function arrayAppend<const A extends ArrayArgument>(
  array: A,
  value: LiteralValue | ColumnLike,
): Column<Open<A>> {
  return functionColumn(arrayAppend, "array_append", [array], [operandOf(value)]);
}
/** The array with a value at its beginning. `arrayPrepend(c.tags, "first")` */
export function arrayPrepend<const A extends ArrayArgument>(
  array: A,
  value: LiteralValue | ColumnLike,
): Column<Open<A>> {
  return functionColumn(arrayPrepend, "array_prepend", [array], [operandOf(value)]);
}
/** The array with a value at a position from 1, or from −1 behind the last element. `arrayInsert(c.tags, 1, "x")` */
export function arrayInsert<const A extends ArrayArgument>(
  array: A,
  position: number | ColumnLike,
  value: LiteralValue | ColumnLike,
): Column<Open<A>> {
  return functionColumn(arrayInsert, "array_insert", [array], [operandOf(position), operandOf(value)]);
}
/** An array type whose elements can be NULL, for functions that may put one in. */
type Open<A> = ArgumentType<A> extends ArrayLiteral<infer E> ? ArrayLiteral<Base<E>, true> : Untyped;
/** The elements that are not NULL. */
export function arrayCompact<const A extends ArrayArgument>(array: A): Column<Base<ArgumentType<A>>> {
  return functionColumn(arrayCompact, "array_compact", [array]);
}
/** The different elements of both arrays. `arrayUnion(c.a, c.b)` */
export function arrayUnion<const A extends ArrayArgument>(left: A, right: ArrayArgument): Column<Open<A>> {
  return functionColumn(arrayUnion, "array_union", [left, right]);
}
/** The different elements that are in both arrays. */
export function arrayIntersect<const A extends ArrayArgument>(
  left: A,
  right: ArrayArgument,
): Column<Base<ArgumentType<A>>> {
  return functionColumn(arrayIntersect, "array_intersect", [left, right]);
}
/** The different elements of the left array that are not in the right one. */
export function arrayExcept<const A extends ArrayArgument>(
  left: A,
  right: ArrayArgument,
): Column<Base<ArgumentType<A>>> {
  return functionColumn(arrayExcept, "array_except", [left, right]);
}
/** Whether the arrays have an element in common; NULL when they have none but one holds a NULL. */
export function arraysOverlap(left: ArrayArgument, right: ArrayArgument): Column<"boolean"> {
  return functionColumn(arraysOverlap, "arrays_overlap", [left, right]);
}
/** An array of structs of the elements at the same position, with the columns' names. `arraysZip(c.names, c.ages)` */
export function arraysZip(...arrays: readonly ArrayArgument[]): Column<Untyped> {
  return functionColumn(arraysZip, "arrays_zip", arrays);
}
/** Position from 1 of the first equal element; 0 when there is none. */
export function arrayPosition(array: ArrayArgument, value: LiteralValue | ColumnLike): Column<"bigint"> {
  return functionColumn(arrayPosition, "array_position", [array], [operandOf(value)]);
}
/** The array without the elements that equal the value. */
export function arrayRemove<const A extends ArrayArgument>(
  array: A,
  value: LiteralValue | ColumnLike,
): Column<Base<ArgumentType<A>>> {
  return functionColumn(arrayRemove, "array_remove", [array], [operandOf(value)]);
}
/** An array that holds the column's value a number of times. `arrayRepeat(c.x, 3)` */
export function arrayRepeat<const A extends ColumnArgument>(
  value: A,
  count: number | ColumnLike,
): Column<ArrayLiteral<ArgumentType<A>, true>> {
  return functionColumn(arrayRepeat, "array_repeat", [value], [operandOf(count)]);
}
/** The elements of an array of arrays. */
export function flatten<const A extends ColumnArgument<ArrayLiteral<ArrayLiteral>>>(
  arrays: A,
): Column<Base<ElementOf<A>>> {
  return functionColumn(flatten, "flatten", [arrays]);
}
/** Whole numbers, dates or timestamps from start to stop, both included. `sequence(lit(1), c.n)` */
export function sequence<const A extends ColumnArgument>(
  start: A,
  stop: ColumnArgument,
  step?: ColumnLike,
): Column<ArrayLiteral<Base<ArgumentType<A>>, true>> {
  return functionColumn(sequence, "sequence", [start, stop], step === undefined ? [] : [step.expr]);
}
/** The elements in random order; with a seed the same order in each run. */
export function shuffle<const A extends ArrayArgument>(array: A, seed?: number): Column<ArgumentType<A>> {
  return functionColumn(shuffle, "shuffle", [array], seed === undefined ? [] : [literalOf(seed)]);
}
/** A part of an array from a position from 1 (from the end when negative). `slice(c.items, 2, 3)` */
export function slice<const A extends ArrayArgument>(
  array: A,
  start: number | ColumnLike,
  length: number | ColumnLike,
): Column<Base<ArgumentType<A>>> {
  return functionColumn(slice, "slice", [array], [operandOf(start), operandOf(length)]);
}
/** A map of an array of keys and one of values. `mapFromArrays(c.names, c.values)` */
export function mapFromArrays(keys: ArrayArgument, values: ArrayArgument): Column<MapLiteral<Untyped, Untyped>> {
  return functionColumn(mapFromArrays, "map_from_arrays", [keys, values]);
}
/** A map of an array of key and value structs. */
export function mapFromEntries(entries: ArrayArgument): Column<MapLiteral<Untyped, Untyped>> {
  return functionColumn(mapFromEntries, "map_from_entries", [entries]);
}
/** The entries of all maps. */
export function mapConcat<const A extends MapArgument>(
  first: A,
  ...more: readonly MapArgument[]
): Column<ArgumentType<A>> {
  return functionColumn(mapConcat, "map_concat", [first, ...more]);
}
/** Whether the map has the key. `mapContainsKey(c.headers, "host")` */
export function mapContainsKey(map: MapArgument, key: LiteralValue | ColumnLike): Column<"boolean"> {
  return functionColumn(mapContainsKey, "map_contains_key", [map], [operandOf(key)]);
}
/** The entries of a map as an array of structs. */
export function mapEntries<const A extends MapArgument>(
  map: A,
): Column<ArrayLiteral<StructLiteral<{ readonly key: KeyOf<A>; readonly value: ItemOf<A> }>, true>> {
  return functionColumn(mapEntries, "map_entries", [map]);
}
/** A map of a text such as `a:1,b:2`; the delimiters are regular expressions. `strToMap(c.query, "&", "=")` */
export function strToMap(
  text: ColumnArgument<"string" | "string!">,
  pairDelimiter = ",",
  keyValueDelimiter = ":",
): Column<MapLiteral<"string", "string">> {
  return functionColumn(strToMap, "str_to_map", [text], [literalOf(pairDelimiter), literalOf(keyValueDelimiter)]);
}
/** As `explode`, with the position from 0 as column `pos`. Its columns keep their names: `select("*", posexplode(c.items))` */
export function posexplode(collection: ColumnArgument<ArrayLiteral | MapLiteral>): Column<Untyped> {
  return functionColumn(posexplode, "posexplode", [collection]);
}
/** As `posexplode`, but one row with NULLs for an empty or NULL collection. */
export function posexplodeOuter(collection: ColumnArgument<ArrayLiteral | MapLiteral>): Column<Untyped> {
  return functionColumn(posexplodeOuter, "posexplode_outer", [collection]);
}
/** A row per struct of an array, a column per field. */
export function inline(structs: ArrayArgument): Column<Untyped> {
  return functionColumn(inline, "inline", [structs]);
}
/** As `inline`, but one row with NULLs for an empty or NULL array. */
export function inlineOuter(structs: ArrayArgument): Column<Untyped> {
  return functionColumn(inlineOuter, "inline_outer", [structs]);
}
/** The values as `rows` rows of equal length, columns `col0`, `col1`, …. `stack(2, lit("a"), c.a, lit("b"), c.b)` */
export function stack(rows: number, ...values: readonly ColumnLike[]): Column<Untyped> {
  return new Column(call("stack", [literalOf(rows), ...values.map((value) => value.expr)], originOf(stack)));
}
