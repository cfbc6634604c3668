import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { originOf, type PublicMethod } from "./call-site.ts";
import { columnNamed } from "./column-names.ts";
import type {
  AverageOf,
  Base,
  ColumnLike,
  ColumnName,
  ColumnNameOfType,
  NumericType,
  Schema,
  SumOf,
  WithColumnsOf,
} from "./column-types.ts";
import { aggregateOfEach, expressionsOf } from "./columns.ts";
import type { DataFrame } from "./data-frame.ts";
import { type BuildFrame, countOfRows } from "./frame-building.ts";
import { isColumn } from "./literal.ts";
import { PivotedData, type PivotName, type PivotValue } from "./pivoted-data.ts";
import type { AggregateItem, Selected } from "./selection-types.ts";

/** `count` of the group beside the grouping columns. */
type Named<N extends string, Prefix extends string, Types extends Readonly<Record<string, unknown>>> = {
  readonly [K in N as `${Prefix}(${K})`]: Types[K];
};

/**
 * Rows in groups with equal values of the grouping columns; NULLs make a group of their own. The results have the grouping
 * columns `K` first. On a stream the groups are state that is kept from batch to batch.
 */
export class GroupedData<S extends Schema, K extends Schema, O extends ValueOptions> {
  readonly #input: LogicalPlan;
  readonly #grouping: readonly Expr[];
  readonly #build: BuildFrame<O>;
  readonly #sets: readonly (readonly number[])[] | undefined;

  /** @param sets positions of the grouping columns of each grouping set */
  constructor(
    input: LogicalPlan,
    grouping: readonly Expr[],
    build: BuildFrame<O>,
    sets?: readonly (readonly number[])[],
  ) {
    this.#input = input;
    this.#grouping = grouping;
    this.#build = build;
    this.#sets = sets;
  }

  /**
   * A column of results for each value of a column; other values are left out. Without a list the values are looked for
   * first, by a query over the column: a stream needs the list. `df.groupBy("year").pivot("quarter", [1, 2, 3, 4]).sum("amount")`
   */
  pivot<const V extends readonly PivotValue[] = readonly string[]>(
    column: ColumnName<S> | ColumnLike,
    values?: V,
  ): PivotedData<S, K, PivotName<V[number]>, O> {
    if (this.#sets !== undefined) {
      throw new MillraceError("UNSUPPORTED_FEATURE.PIVOT_AFTER_GROUP_BY", {});
    }
    const by = isColumn(column) ? column.expr : columnNamed(column, originOf(this.pivot));
    return new PivotedData(this.#input, this.#grouping, by, values, this.#build);
  }

  /** One row per group. `.agg((r) => ({ requests: count(), slowest: max(r.ms) }))`, `.agg(sum("ms").alias("total"))` */
  agg<const I extends readonly AggregateItem<S>[]>(...items: I): DataFrame<WithColumnsOf<K, Selected<S, I>>, O> {
    return this.#aggregate(expressionsOf(items, this.agg));
  }
  /** The number of rows of each group, as column `count`. */
  count(): DataFrame<WithColumnsOf<K, { readonly count: "bigint!" }>, O> {
    return this.#aggregate([{ kind: "Alias", child: countOfRows, name: "count" }]);
  }
  /** Sums of the given columns, as `sum(name)`. */
  sum<const N extends ColumnNameOfType<S, NumericType>>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, Named<N, "sum", { readonly [P in keyof S & string]: SumOf<S[P]> }>>, O> {
    return this.#each("sum", names, this.sum);
  }
  /** Means of the given columns, as `avg(name)`. */
  avg<const N extends ColumnNameOfType<S, NumericType>>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, Named<N, "avg", { readonly [P in keyof S & string]: AverageOf<S[P]> }>>, O> {
    return this.#each("avg", names, this.avg);
  }
  /** Same as {@link avg}. */
  mean<const N extends ColumnNameOfType<S, NumericType>>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, Named<N, "avg", { readonly [P in keyof S & string]: AverageOf<S[P]> }>>, O> {
    return this.avg(...names);
  }
  /** Least values of the given columns, as `min(name)`. */
  min<const N extends keyof S & string>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, Named<N, "min", { readonly [P in keyof S & string]: Base<S[P]> }>>, O> {
    return this.#each("min", names, this.min);
  }
  /** Greatest values of the given columns, as `max(name)`. */
  max<const N extends keyof S & string>(
    ...names: readonly N[]
  ): DataFrame<WithColumnsOf<K, Named<N, "max", { readonly [P in keyof S & string]: Base<S[P]> }>>, O> {
    return this.#each("max", names, this.max);
  }

  #each<R extends Schema>(name: string, columns: readonly string[], method: PublicMethod): DataFrame<R, O> {
    return this.#aggregate(aggregateOfEach(name, columns, method));
  }
  #aggregate<R extends Schema>(aggregates: readonly Expr[]): DataFrame<R, O> {
    return this.#build({
      kind: "Aggregate",
      input: this.#input,
      grouping: this.#grouping,
      aggregates,
      ...(this.#sets === undefined ? {} : { groupingSets: this.#sets }),
    });
  }
}
