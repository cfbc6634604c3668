import type { Expr } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { PublicMethod } from "./call-site.ts";
import type {
  AverageOf,
  ColumnLike,
  ColumnNameOfType,
  LiteralValue,
  NumericType,
  Schema,
  SumOf,
  WithColumnsOf,
} from "./column-types.ts";
import { aggregateOfEach, expressionsOf } from "./columns.ts";
import type { DataFrame } from "./data-frame.ts";
import { type BuildFrame, countOfRows } from "./frame-building.ts";
import type { PivotColumns } from "./frame-types.ts";
import { isColumn, literalOf } from "./literal.ts";
import type { AggregateItem, Selected } from "./selection-types.ts";

/** A value of the pivot column: a plain value, or a literal with a name. */
export type PivotValue = LiteralValue | ColumnLike;
/** The name of the column that a pivot value makes, as far as the compiler knows it. */
export type PivotName<V> = V extends string
  ? V
  : V extends number | bigint | boolean
    ? `${V}`
    : V extends ColumnLike<unknown, infer N>
      ? N
      : string;

/** Results of one aggregate over some columns: named by the value alone for one column. */
type Each<S, N extends string, Prefix extends string, T> = {
  readonly [K in N as `${Prefix}(${K})`]: T extends "sum"
    ? SumOf<S[K & keyof S]>
    : T extends "avg"
      ? AverageOf<S[K & keyof S]>
      : S[K & keyof S];
};

/**
 * Groups of rows with a column of results for each value of a column: what `groupBy(…).pivot(…)` gives. With several
 * aggregates the columns are named `value_aggregate`. A group that has no row with a value has NULL there.
 */
export class PivotedData<S extends Schema, K extends Schema, V extends string, O extends ValueOptions> {
  readonly #input: LogicalPlan;
  readonly #grouping: readonly Expr[];
  readonly #column: Expr;
  readonly #values: readonly Expr[] | undefined;
  readonly #build: BuildFrame<O>;

  constructor(
    input: LogicalPlan,
    grouping: readonly Expr[],
    column: Expr,
    values: readonly PivotValue[] | undefined,
    build: BuildFrame<O>,
  ) {
    this.#input = input;
    this.#grouping = grouping;
    this.#column = column;
    this.#values = values?.map((value) => (isColumn(value) ? value.expr : literalOf(value)));
    this.#build = build;
  }

  /** One row for each group. `.agg((r) => ({ requests: count(), slowest: max(r.ms) }))` */
  agg<const I extends readonly AggregateItem<S>[]>(
    ...items: I
  ): DataFrame<WithColumnsOf<K, PivotColumns<V, Selected<S, I>>>, O> {
    return this.#aggregate(expressionsOf(items, this.agg));
  }
  /** Numbers of rows. */
  count(): DataFrame<WithColumnsOf<K, PivotColumns<V, { readonly count: "bigint!" }>>, O> {
    return this.#aggregate([{ kind: "Alias", child: countOfRows, name: "count" }]);
  }
  /** Sums of the given columns. */
  sum<const N extends ColumnNameOfType<S, NumericType>>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, PivotColumns<V, Each<S, N, "sum", "sum">>>, O> {
    return this.#each("sum", names, this.sum);
  }
  /** Means of the given columns. */
  avg<const N extends ColumnNameOfType<S, NumericType>>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, PivotColumns<V, Each<S, N, "avg", "avg">>>, O> {
    return this.#each("avg", names, this.avg);
  }
  /** Least values of the given columns. */
  min<const N extends keyof S & string>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, PivotColumns<V, Each<S, N, "min", "own">>>, O> {
    return this.#each("min", names, this.min);
  }
  /** Greatest values of the given columns. */
  max<const N extends keyof S & string>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, PivotColumns<V, Each<S, N, "max", "own">>>, O> {
    return this.#each("max", names, this.max);
  }

  #each<R extends Schema>(name: string, columns: readonly string[], method: PublicMethod): DataFrame<R, O> {
    return this.#aggregate(aggregateOfEach(name, columns, method));
  }
  #aggregate<R extends Schema>(aggregates: readonly Expr[]): DataFrame<R, O> {
    return this.#build({
      kind: "Derived",
      input: this.#input,
      relation: {
        kind: "Pivot",
        grouping: this.#grouping,
        column: this.#column,
        aggregates,
        ...(this.#values === undefined ? {} : { values: this.#values }),
      },
    });
  }
}
