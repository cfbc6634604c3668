/**
 * Higher-order functions. A lambda is a TypeScript function of columns; it is called once, when the query is built, and
 * what it returns is computed for each element. Calling it with one or two parameters decides whether it gets the position.
 */
import type { ArrayLiteral, MapLiteral } from "../../types/schema-literal.ts";
import type { Expr } from "../../expressions/expression.ts";
import { originOf, type PublicMethod } from "../call-site.ts";
import { columnNamed } from "../column-names.ts";
import type { ArgumentType, Base, ColumnArgument, ColumnLike, LiteralValue, TypeOf, Untyped } from "../column-types.ts";
import { call, Column } from "../column.ts";
import { operandOf } from "../literal.ts";

type ArrayArgument = ColumnArgument<ArrayLiteral>;
type MapArgument = ColumnArgument<MapLiteral>;
type ElementOf<A> = ArgumentType<A> extends ArrayLiteral<infer E> ? E : Untyped;
type KeyOf<A> = ArgumentType<A> extends MapLiteral<infer K, infer _V> ? K : Untyped;
type ItemOf<A> = ArgumentType<A> extends MapLiteral<infer _K, infer V> ? V : Untyped;
/** What a lambda returns: a column or a value. */
type Result = ColumnLike | LiteralValue;
type Condition = ColumnLike<"boolean" | "boolean!" | Untyped> | boolean;
type Index = Column<"int!">;

/** Lambdas around the one that is being called: part of its parameters' names, so that inner ones hide no outer ones. */
let depth = 0;

/** Calls the lambda with as many parameters as it declares, within the bounds. */
function lambdaExpr(lambda: (...args: never[]) => unknown, names: string, least: number): Expr {
  const count = Math.max(least, Math.min(names.length, lambda.length));
  const parameters = names
    .slice(0, count)
    .split("")
    .map((letter) => `${letter}_${depth}`);
  const columns = parameters.map((name) => new Column({ kind: "UnresolvedLambdaVariable", parts: [name] }));
  depth++;
  try {
    const result = (lambda as (...args: readonly Column[]) => Result)(...columns);
    return { kind: "LambdaFunction", body: operandOf(result), parameters: parameters.map((name) => ({ name })) };
  } finally {
    depth--;
  }
}

function higherOrder<T>(
  method: PublicMethod,
  name: string,
  columns: readonly ColumnArgument[],
  more: readonly Expr[],
): Column<T> {
  const origin = originOf(method);
  const args = columns.map((column) => (typeof column === "string" ? columnNamed(column, origin) : column.expr));
  return new Column(call(name, [...args, ...more], origin));
}

/** The lambda of each element, and of its position from 0. `transform(c.prices, (x) => x.times(2))` */
export function transform<const A extends ArrayArgument, const R extends Result>(
  array: A,
  lambda: (element: Column<ElementOf<A>>, index: Index) => R,
): Column<ArrayLiteral<Base<TypeOf<R>>, true>> {
  return higherOrder(transform, "transform", [array], [lambdaExpr(lambda, "xi", 1)]);
}
/** The elements for which the lambda is true. `filter(c.items, (item) => item.getField("qty").gt(1))` */
export function filter<const A extends ArrayArgument>(
  array: A,
  lambda: (element: Column<ElementOf<A>>, index: Index) => Condition,
): Column<Base<ArgumentType<A>>> {
  return higherOrder(filter, "filter", [array], [lambdaExpr(lambda, "xi", 1)]);
}
/** Whether the lambda is true for an element; NULL when it is for none but NULL for one. */
export function exists<const A extends ArrayArgument>(
  array: A,
  lambda: (element: Column<ElementOf<A>>) => Condition,
): Column<"boolean"> {
  return higherOrder(exists, "exists", [array], [lambdaExpr(lambda, "x", 1)]);
}
/** Whether the lambda is true for all elements; NULL when it is false for none but NULL for one. */
export function forall<const A extends ArrayArgument>(
  array: A,
  lambda: (element: Column<ElementOf<A>>) => Condition,
): Column<"boolean"> {
  return higherOrder(forall, "forall", [array], [lambdaExpr(lambda, "x", 1)]);
}
/**
 * Folds the elements into a state that begins as `zero` and keeps its type; `finish` makes the result of it.
 * `aggregate(c.prices, lit(0.0), (sum, x) => sum.plus(x))`
 */
export function aggregate<const A extends ArrayArgument, S, const R extends Result = Column<Base<S>>>(
  array: A,
  zero: ColumnLike<S>,
  merge: (state: Column<Base<S>>, element: Column<ElementOf<A>>) => Result,
  finish?: (state: Column<Base<S>>) => R,
): Column<Base<TypeOf<R>>> {
  const more = finish === undefined ? [] : [lambdaExpr(finish, "s", 1)];
  return higherOrder(aggregate, "aggregate", [array], [zero.expr, lambdaExpr(merge, "sx", 2), ...more]);
}
/** Same as {@link aggregate}. */
export function reduce<const A extends ArrayArgument, S, const R extends Result = Column<Base<S>>>(
  array: A,
  zero: ColumnLike<S>,
  merge: (state: Column<Base<S>>, element: Column<ElementOf<A>>) => Result,
  finish?: (state: Column<Base<S>>) => R,
): Column<Base<TypeOf<R>>> {
  return aggregate(array, zero, merge, finish);
}
/** The lambda over elements at the same position; the shorter array is filled with NULLs. */
export function zipWith<const A extends ArrayArgument, const B extends ArrayArgument, const R extends Result>(
  left: A,
  right: B,
  lambda: (left: Column<Base<ElementOf<A>>>, right: Column<Base<ElementOf<B>>>) => R,
): Column<ArrayLiteral<Base<TypeOf<R>>, true>> {
  return higherOrder(zipWith, "zip_with", [left, right], [lambdaExpr(lambda, "xy", 2)]);
}
/** The map with other keys, which must differ. `transformKeys(c.headers, (key) => lower(key))` */
export function transformKeys<const A extends MapArgument, const R extends Result>(
  map: A,
  lambda: (key: Column<KeyOf<A>>, value: Column<ItemOf<A>>) => R,
): Column<MapLiteral<Base<TypeOf<R>>, ItemOf<A>>> {
  return higherOrder(transformKeys, "transform_keys", [map], [lambdaExpr(lambda, "kv", 2)]);
}
/** The map with other values. */
export function transformValues<const A extends MapArgument, const R extends Result>(
  map: A,
  lambda: (key: Column<KeyOf<A>>, value: Column<ItemOf<A>>) => R,
): Column<MapLiteral<KeyOf<A>, Base<TypeOf<R>>>> {
  return higherOrder(transformValues, "transform_values", [map], [lambdaExpr(lambda, "kv", 2)]);
}
/** The entries for which the lambda is true. */
export function mapFilter<const A extends MapArgument>(
  map: A,
  lambda: (key: Column<KeyOf<A>>, value: Column<ItemOf<A>>) => Condition,
): Column<Base<ArgumentType<A>>> {
  return higherOrder(mapFilter, "map_filter", [map], [lambdaExpr(lambda, "kv", 2)]);
}
/** The keys of both maps with the lambda over their two values, NULL where a map has not the key. */
export function mapZipWith<const A extends MapArgument, const B extends MapArgument, const R extends Result>(
  left: A,
  right: B,
  lambda: (key: Column<KeyOf<A>>, left: Column<Base<ItemOf<A>>>, right: Column<Base<ItemOf<B>>>) => R,
): Column<MapLiteral<KeyOf<A>, Base<TypeOf<R>>>> {
  return higherOrder(mapZipWith, "map_zip_with", [left, right], [lambdaExpr(lambda, "kxy", 3)]);
}
/** The elements in ascending order, NULLs last, or in the order of a lambda that gives an INT below, equal to or above 0. */
export function arraySort<const A extends ArrayArgument>(
  array: A,
  comparator?: (a: Column<Base<ElementOf<A>>>, b: Column<Base<ElementOf<A>>>) => Result,
): Column<ArgumentType<A>> {
  return higherOrder(
    arraySort,
    "array_sort",
    [array],
    comparator === undefined ? [] : [lambdaExpr(comparator, "ab", 2)],
  );
}
