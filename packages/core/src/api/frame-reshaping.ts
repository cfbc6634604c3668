import type { Expr } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { originOf } from "./call-site.ts";
import { columnNamed } from "./column-names.ts";
import type { ColumnLike, ColumnName, ColumnPath, Schema, UntypedSchema, WithColumnsOf } from "./column-types.ts";
import { call } from "./column.ts";
import { expressionsOf } from "./columns.ts";
import type { DataFrame } from "./data-frame.ts";
import { FrameShortcuts } from "./frame-shortcuts.ts";
import type { Summaries, Unpivoted } from "./frame-types.ts";
import { sampled, splits } from "./plan-building.ts";
import { type SchemaInput, type SchemaOf, structTypeOf } from "./read-schema.ts";
import type { Unioned } from "./selection-types.ts";

/** Tables in another shape: set operations, random parts, statistics, columns to rows and back, another schema. */
export abstract class FrameReshaping<S extends Schema, O extends ValueOptions> extends FrameShortcuts<S, O> {
  // ---- set operations ----------------------------------------------------------------------------------------------------

  /** The distinct rows that both have; columns are matched by position, NULL equals NULL. */
  intersect<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.#setOperation(other, "intersect", false);
  }
  /** As `intersect`, with duplicates: a row as often as in the side that has fewer of it. */
  intersectAll<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.#setOperation(other, "intersect", true);
  }
  /** The distinct rows that the other DataFrame does not have. */
  except<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.#setOperation(other, "except", false);
  }
  /** Same as {@link except}. */
  subtract<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.except(other);
  }
  /** As `except`, with duplicates: each row of the other DataFrame takes one away. */
  exceptAll<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.#setOperation(other, "except", true);
  }
  #setOperation<R extends Schema>(
    other: { readonly plan: LogicalPlan },
    operation: "intersect" | "except",
    all: boolean,
  ): DataFrame<R, O> {
    return this.derive({ kind: "SetOperation", left: this.plan, right: other.plan, operation, all });
  }

  // ---- parts and numbers of rows -----------------------------------------------------------------------------------------

  /**
   * A random part of the rows, each taken with the probability `fraction`; with replacement, a row any number of times,
   * on average `fraction`. The same seed gives the same rows for the same partitions. `df.sample(0.1, 7)`
   */
  sample(fraction: number, seed?: number | bigint): DataFrame<S, O>;
  sample(withReplacement: boolean, fraction: number, seed?: number | bigint): DataFrame<S, O>;
  sample(first: boolean | number, second?: number | bigint, third?: number | bigint): DataFrame<S, O> {
    const [withReplacement, fraction, seed] =
      typeof first === "boolean" ? [first, Number(second), third] : [false, first, second];
    return this.derive(sampled(this.plan, { withReplacement, upper: fraction, seed: this.seed(seed) }));
  }
  /** The rows cut at random into DataFrames whose sizes are about in the ratio of the weights. */
  randomSplit(weights: readonly number[], seed?: number | bigint): DataFrame<S, O>[] {
    return splits(this.plan, weights, this.seed(seed)).map((plan) => this.derive(plan));
  }
  /**
   * A last column with the number of each row, from 0, without gaps. Rows are numbered in the order in which they come, so
   * the result is one partition; sort first where the order matters. Of a stream it is refused.
   * `df.zipWithIndex()`, `df.orderBy("at").zipWithIndex("position")`
   */
  zipWithIndex<const N extends string = "index">(
    indexColumnName?: N,
  ): DataFrame<WithColumnsOf<S, { readonly [K in N]: "bigint!" }>, O> {
    const one = { kind: "Repartition", input: this.plan, how: "coalesce", partitions: 1, expressions: [] } as const;
    const child = call("monotonically_increasing_id", [], originOf(this.zipWithIndex));
    const all = { kind: "UnresolvedStar", target: [] } as const;
    const expressions = [all, { kind: "Alias", child, name: indexColumnName ?? "index" }] as const;
    return this.derive({ kind: "Project", input: one, expressions });
  }

  // ---- statistics and shape ----------------------------------------------------------------------------------------------

  /** Count, mean, standard deviation, least and greatest value of numeric and text columns, as text. */
  describe<const N extends ColumnName<S> = never>(
    ...columns: readonly (N | readonly N[])[]
  ): DataFrame<Summaries<S, N>, O> {
    const names = columns.flat() as readonly string[];
    const statistics = ["count", "mean", "stddev", "min", "max"];
    const relation = { kind: "Summary", statistics, ...(names.length === 0 ? {} : { columns: names }) } as const;
    return this.derive({ kind: "Derived", input: this.plan, relation });
  }
  /**
   * Statistics of numeric and text columns, as text: those of `describe` and the quartiles, or the given ones among
   * `count`, `count_distinct`, `approx_count_distinct`, `mean`, `stddev`, `min`, `max` and percentiles such as `75%`.
   */
  summary(...statistics: readonly string[]): DataFrame<Summaries<S, never>, O> {
    const all = ["count", "mean", "stddev", "min", "25%", "50%", "75%", "max"];
    const relation = { kind: "Summary", statistics: statistics.length === 0 ? all : statistics } as const;
    return this.derive({ kind: "Derived", input: this.plan, relation });
  }
  /**
   * Columns to rows: for each row and each value column a row with the identifiers, the column's name and its value.
   * Without a list the values are all columns that are no identifier. `df.unpivot("id", ["a", "b"], "name", "value")`
   */
  unpivot<
    const I extends ColumnName<S>,
    const Name extends string,
    const Value extends string,
    const V extends ColumnName<S> = Exclude<ColumnName<S>, I>,
  >(
    ids: I | ColumnLike | readonly (I | ColumnLike)[],
    values: V | ColumnLike | readonly (V | ColumnLike)[] | null,
    variableColumnName: Name,
    valueColumnName: Value,
  ): DataFrame<Unpivoted<S, I, V, Name, Value>, O> {
    const list = (items: unknown): readonly Expr[] =>
      expressionsOf(Array.isArray(items) ? items : [items], this.unpivot);
    const given = values === null ? {} : { values: list(values) };
    const relation = { kind: "Unpivot", ids: list(ids), ...given, variableColumnName, valueColumnName } as const;
    return this.derive({ kind: "Derived", input: this.plan, relation });
  }
  /** Same as {@link unpivot}. */
  get melt(): this["unpivot"] {
    return this.unpivot.bind(this);
  }
  /**
   * Rows to columns: each value of the index column becomes a column, in ascending order, and each other column a row, whose
   * name is in column `key`. Without an index it is the first column. Rows with a NULL index are left out. All values get
   * their common type. The rows are read to know the columns, at most `spark.sql.transposeMaxValues` of them.
   * `df.transpose("id")`
   * @throws MillraceError TRANSPOSE_NO_LEAST_COMMON_TYPE, TRANSPOSE_INVALID_INDEX_COLUMN, TRANSPOSE_EXCEED_ROW_LIMIT
   */
  transpose(indexColumn?: ColumnPath<S> | ColumnLike): DataFrame<UntypedSchema & { readonly key: "string!" }, O> {
    const given =
      typeof indexColumn === "string" ? columnNamed(indexColumn, originOf(this.transpose)) : indexColumn?.expr;
    const relation = { kind: "Transpose", ...(given === undefined ? {} : { index: given }) } as const;
    return this.derive({ kind: "Derived", input: this.plan, relation });
  }
  /**
   * The columns of a schema, by name: reordered, cast where that is safe (numbers to numbers, dates and times to one another,
   * any simple type to text), also inside of structs, arrays and maps. Columns that the schema lacks go; one that only the
   * schema has is NULL, and an error when it may not be. A number that does not fit its new type is an error of the action.
   * `df.to({ id: "bigint!", at: "timestamp" })`
   * @throws MillraceError INVALID_COLUMN_OR_FIELD_DATA_TYPE, NULLABLE_COLUMN_OR_FIELD, AMBIGUOUS_COLUMN_OR_FIELD,
   *   UNRESOLVED_COLUMN, UNRESOLVED_FIELD, NOT_NULL_CONSTRAINT_VIOLATION
   */
  to<const T extends SchemaInput>(schema: T): DataFrame<SchemaOf<T>, O> {
    const relation = { kind: "MatchSchema", schema: structTypeOf(schema) } as const;
    return this.derive({ kind: "Derived", input: this.plan, relation });
  }

  /** A seed that was given, or a random one. */
  protected seed(given: number | bigint | undefined): bigint {
    return given === undefined ? this.session.engine.randomSeed() : BigInt.asIntN(64, BigInt(given));
  }
}
