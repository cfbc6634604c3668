/** Schemas of what `na`, `pivot`, `unpivot`, `describe` and grouping sets give. */
import type { NotNull } from "../types/schema-literal.ts";
import type { Base, BooleanType, ColumnName, NumericType, Schema, StringType, Untyped } from "./column-types.ts";

/** What `na.fill` fills with. */
export type FillValue = number | bigint | string | boolean;
/** Types of the columns that a value is for. */
type FillableBy<V> = V extends number | bigint ? NumericType : V extends string ? StringType : BooleanType;
/** Columns `N` of the value's type are no longer NULL. */
export type Filled<S extends Schema, V, N> = {
  readonly [K in keyof S]: K extends N ? (S[K] extends FillableBy<V> ? NotNull<S[K]> : S[K]) : S[K];
};
/** Each column that a record names is no longer NULL. */
export type FilledByName<S extends Schema, R> = {
  readonly [K in keyof S]: K extends keyof R ? (S[K] extends Untyped ? S[K] : NotNull<S[K]>) : S[K];
};
/** Columns `N` are no longer NULL. */
export type Present<S extends Schema, N> = {
  readonly [K in keyof S]: K extends N ? (S[K] extends Untyped ? S[K] : NotNull<S[K]>) : S[K];
};

/** Columns that `describe` and `summary` are about. */
type Summarized<S extends Schema> = {
  [K in ColumnName<S>]: S[K] extends NumericType | StringType | Untyped ? K : never;
}[ColumnName<S>];
/** One row for each statistic: its name, and the values as text. */
export type Summaries<S extends Schema, N> = { readonly summary: "string!" } & {
  readonly [K in [N] extends [never] ? Summarized<S> : N & Summarized<S>]: "string";
};

/** The common type of the value columns of `unpivot`. */
type ValueType<U> = [U] extends [infer T] ? (IsUnion<Base<T>> extends true ? Untyped : Base<T>) : never;
type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;
/** Identifier columns, the name of the value's column, and the value. */
export type Unpivoted<S extends Schema, Ids extends string, V, Name extends string, Value extends string> = {
  readonly [K in Ids | Name | Value]: K extends Name
    ? "string!"
    : K extends Value
      ? ValueType<S[V & keyof S]>
      : K extends keyof S
        ? S[K]
        : Untyped;
};

/**
 * Columns of a pivot with values `V` and aggregates `A`: named by the value when there is one aggregate, by both when there
 * are several. Every one can be NULL.
 */
export type PivotColumns<V extends string, A> = string extends V
  ? Readonly<Record<string, Untyped>>
  : IsUnion<keyof A> extends true
    ? {
        readonly [P in `${V}_${keyof A & string}`]: P extends `${V}_${infer N}`
          ? N extends keyof A
            ? Base<A[N]>
            : Untyped
          : Untyped;
      }
    : { readonly [P in V]: Base<A[keyof A]> };
