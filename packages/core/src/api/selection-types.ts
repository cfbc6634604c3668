/** Types of what `select`, `groupBy`, `agg` and `join` are given, and of the schemas that come out. */
import type {
  Base,
  ColumnLike,
  ColumnPath,
  NameOfPath,
  NumericType,
  Schema,
  SumType,
  TypeOfPath,
  Untyped,
} from "./column-types.ts";
import type { Column } from "./column.ts";

/**
 * The columns of a DataFrame as a lambda sees them: `(c) => c.amount.gt(100)`. Without a known schema every name is
 * there; `c("name")` then gives a column too.
 */
export type Columns<S extends Schema> = string extends keyof S
  ? ((name: string) => Column<Untyped>) & { readonly [name: string]: Column<Untyped> }
  : { readonly [K in keyof S & string]: Column<S[K], K> };

/** Columns by name, as a lambda returns them: the names are those of the result. */
export type ColumnRecord = Readonly<Record<string, ColumnLike>>;
/** A lambda over the columns that gives one column, several, or several with names. */
export type Selector<S extends Schema> = (columns: Columns<S>) => ColumnLike | readonly ColumnLike[] | ColumnRecord;
/** What stands in a select list: a name, a field's path, `*`, a column, or a lambda. */
export type SelectItem<S extends Schema> = ColumnPath<S> | "*" | ColumnLike | Selector<S>;
/** What stands in a list of aggregates: a column or a lambda. */
export type AggregateItem<S extends Schema> = ColumnLike | Selector<S>;

type EntriesOfRecord<R> = { [K in keyof R]: [K, R[K] extends ColumnLike<infer T> ? T : never] }[keyof R];
type EntryOfColumn<C> = C extends ColumnLike<infer T, infer N> ? [N, string extends N ? Untyped : T] : never;
type EntriesOfResult<R> = R extends ColumnLike
  ? EntryOfColumn<R>
  : R extends readonly (infer C)[]
    ? EntryOfColumn<C>
    : EntriesOfRecord<R>;
type EntriesOf<S extends Schema, I> = I extends "*"
  ? { [K in keyof S]: [K, S[K]] }[keyof S]
  : I extends string
    ? [NameOfPath<S, I>, TypeOfPath<S, I>]
    : I extends ColumnLike
      ? EntryOfColumn<I>
      : I extends (...args: never[]) => infer R
        ? EntriesOfResult<R>
        : never;

/** The schema of a list of select items; a column without a name makes the names open. */
export type Selected<S extends Schema, Items extends readonly unknown[]> = {
  readonly [E in EntriesOf<S, Items[number]> as E[0] & string]: E[1];
};

// ---- joins ---------------------------------------------------------------------------------------------------------

export type LeftHow = "left" | "leftOuter" | "leftouter" | "left_outer";
export type RightHow = "right" | "rightOuter" | "rightouter" | "right_outer";
export type FullHow = "full" | "outer" | "fullOuter" | "fullouter" | "full_outer";
export type SemiHow = "semi" | "leftSemi" | "leftsemi" | "left_semi";
export type AntiHow = "anti" | "leftAnti" | "leftanti" | "left_anti";
/** How to join, in the spellings that Spark takes. */
export type JoinHow = "inner" | "cross" | LeftHow | RightHow | FullHow | SemiHow | AntiHow;

/**
 * The schema of a join. `K` are the columns joined by name, which appear once; another column that both sides have
 * is left out, since its name alone does not tell which is meant: rename one of them before the join.
 */
export type Joined<S extends Schema, R extends Schema, K, How> = How extends SemiHow | AntiHow
  ? S
  : {
      readonly [P in keyof S | keyof R as P extends keyof S & keyof R ? (P extends K ? P : never) : P]: P extends K
        ? How extends RightHow
          ? P extends keyof R
            ? R[P]
            : never
          : P extends keyof S
            ? S[P]
            : never
        : P extends keyof S
          ? How extends RightHow | FullHow
            ? Base<S[P]>
            : S[P]
          : P extends keyof R
            ? How extends LeftHow | FullHow
              ? Base<R[P]>
              : R[P]
            : never;
    };

// ---- unions --------------------------------------------------------------------------------------------------------

type UnionType<A, B> = [A] extends [B]
  ? B
  : [B] extends [A]
    ? A
    : [Base<A>] extends [Base<B>]
      ? Base<A>
      : [A | B] extends [NumericType]
        ? Base<SumType<A, ColumnLike<B & NumericType>>>
        : Untyped;
/** The schema of a union: the names of the first, types that hold both. */
export type Unioned<S extends Schema, R extends Schema> = {
  readonly [K in keyof S]: K extends keyof R ? UnionType<S[K], R[K]> : Base<S[K]>;
};
/** The schema of a union by name where either side may lack columns. */
export type UnionedLoosely<S extends Schema, R extends Schema> = {
  readonly [K in keyof S | keyof R]: K extends keyof S
    ? K extends keyof R
      ? UnionType<S[K], R[K]>
      : Base<S[K]>
    : K extends keyof R
      ? Base<R[K]>
      : never;
};
