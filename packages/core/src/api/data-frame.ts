import { MillraceError } from "../errors/index.ts";
import type { Expr, SortOrder } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { parseExpression, parseNamedExpressions } from "../sql/index.ts";
import type { SchemaLiteral, TypeLiteral, ValueOptions } from "../types/schema-literal.ts";
import { originOf, type PublicMethod } from "./call-site.ts";
import { attribute, columnNamed } from "./column-names.ts";
import type {
  BooleanType,
  ColumnLike,
  ColumnName,
  ColumnNameOfType,
  ColumnPath,
  Optional,
  Renamed,
  Row,
  Schema,
  TimestampType,
  Untyped,
  Without,
  WithColumnsOf,
} from "./column-types.ts";
import { call, Column, SortColumn } from "./column.ts";
import { columnOf, columnsOf, expressionsOf } from "./columns.ts";
import { DataFrameWriter } from "./data-frame-writer.ts";
import { DataStreamWriter } from "./data-stream-writer.ts";
import { type BuildFrame } from "./frame-building.ts";
import { FrameReshaping } from "./frame-reshaping.ts";
import { GroupedData } from "./grouped-data.ts";
import { DataFrameNaFunctions } from "./na-functions.ts";
import type { Observation } from "./observation.ts";
import { positionsOf, subsets } from "./plan-building.ts";
import { DataFrameStatFunctions } from "./stat-functions.ts";
import { joinTypeOf } from "./plan-facts.ts";
import { KeyedRows } from "./keyed-rows.ts";
import type { Returned, ReturnedSchema, WithoutResult } from "./row-types.ts";
import type {
  AggregateItem,
  ColumnRecord,
  Columns,
  Joined,
  JoinHow,
  Selected,
  SelectItem,
  Unioned,
  UnionedLoosely,
} from "./selection-types.ts";
import { resultSchema, type RowShape, rowsClosure, userFunction } from "./user-function.ts";

type Condition<S extends Schema> =
  | string
  | ColumnLike<BooleanType | Untyped>
  | ((columns: Columns<S>) => ColumnLike<BooleanType | Untyped>);
type SortItem<S extends Schema> =
  | ColumnPath<S>
  | ColumnLike
  | SortColumn
  | ((columns: Columns<S>) => ColumnLike | SortColumn | readonly (ColumnLike | SortColumn)[]);

/**
 * Rows with named, typed columns, finite or streaming: a plan of how to compute them. Methods add to the plan and return a
 * new DataFrame at once; nothing is read before an action (`collect`, `show`, `count`, `write`, `writeStream.start`, …).
 * Names and types that the compiler does not know are checked by the action, whose errors name the line that built the
 * faulty part.
 *
 * `S` is the schema as the compiler knows it, `O` the session's options for values.
 */
export class DataFrame<S extends Schema = Schema, O extends ValueOptions = {}> extends FrameReshaping<S, O> {
  /** Only for the compiler: the schema. */
  declare readonly schemaType: S;
  /** Only for the compiler: the rows. */
  declare readonly rowType: Row<S, O>;
  /** Only for the compiler: DataFrames of sessions with other options do not mix. */
  declare readonly optionsType: (options: O) => O;
  readonly #frames: BuildFrame<O> = <R extends Schema>(plan: LogicalPlan) => this.derive<R>(plan);

  // ---- columns -------------------------------------------------------------------------------------------------------

  /**
   * The given columns, in order: names, paths into structs, `*`, columns, or lambdas that return a column, an array or
   * named columns. `df.select("id", (c) => ({ total: c.price.times(c.quantity) }))`
   */
  select<const I extends readonly SelectItem<S>[]>(...items: I): DataFrame<Selected<S, I>, O> {
    return this.derive({ kind: "Project", input: this.plan, expressions: expressionsOf(items, this.select) });
  }
  /** The given columns as SQL text. `df.selectExpr("id", "price * 2 AS twice")` */
  selectExpr(...texts: readonly string[]): DataFrame<Readonly<Record<string, Untyped>>, O> {
    const options = { timeZone: this.timeZone() };
    const expressions = texts.flatMap((text) => parseNamedExpressions(text, options));
    return this.derive({ kind: "Project", input: this.plan, expressions });
  }
  /** All columns and one more, or one replaced. `df.withColumn("total", (c) => c.price.times(c.quantity))` */
  withColumn<const N extends string, T>(
    name: N,
    column: ColumnLike<T> | ((columns: Columns<S>) => ColumnLike<T>),
  ): DataFrame<WithColumnsOf<S, { readonly [K in N]: T }>, O> {
    const columns = [{ kind: "Alias", child: columnOf(column), name }] as const;
    return this.derive({ kind: "WithColumns", input: this.plan, columns });
  }
  /** As `withColumn` for several at once; they do not see one another. */
  withColumns<R extends ColumnRecord>(
    build: R | ((columns: Columns<S>) => R),
  ): DataFrame<WithColumnsOf<S, { readonly [K in keyof R]: R[K] extends ColumnLike<infer T> ? T : never }>, O> {
    const record = typeof build === "function" ? build(columnsOf<S>()) : build;
    const columns = Object.entries(record).map(
      ([name, column]) => ({ kind: "Alias", child: columnOf(column), name }) as const,
    );
    return this.derive({ kind: "WithColumns", input: this.plan, columns });
  }
  /** A column under another name; nothing happens when there is none of the old name. */
  withColumnRenamed<const From extends ColumnName<S>, const To extends string>(
    from: From,
    to: To,
  ): DataFrame<Renamed<S, From, To>, O> {
    return this.derive({ kind: "WithColumnsRenamed", input: this.plan, renames: [{ from, to }] });
  }
  /** Several columns under other names, by old name. `df.withColumnsRenamed({ a: "x", b: "y" })` */
  withColumnsRenamed<const R extends { readonly [K in ColumnName<S>]?: string }>(
    renames: R,
  ): DataFrame<{ readonly [K in keyof S as K extends keyof R ? (R[K] extends string ? R[K] : K) : K]: S[K] }, O> {
    const list = Object.entries(renames as Readonly<Record<string, string>>).map(([from, to]) => ({ from, to }));
    return this.derive({ kind: "WithColumnsRenamed", input: this.plan, renames: list });
  }
  /** All columns whose names match a regular expression, for `select`. df.select(df.colRegex("`(a|b).*`")) */
  colRegex(pattern: string): Column<Untyped> {
    const inside = /^`(.+)`$/.exec(pattern)?.[1];
    if (inside === undefined) return new Column(columnNamed(pattern, originOf(this.colRegex)));
    return new Column({ kind: "UnresolvedStar", target: [], pattern: inside });
  }
  /** Each row as a JSON text, as column `value`. */
  toJSON(): DataFrame<{ readonly value: "string!" }, O> {
    const row = call("struct", [{ kind: "UnresolvedStar", target: [] }]);
    const json: Expr = { kind: "Alias", child: call("to_json", [row]), name: "value" };
    return this.derive({ kind: "Project", input: this.plan, expressions: [json] });
  }
  /** All columns but the given ones. */
  drop<const N extends ColumnName<S>>(...names: readonly N[]): DataFrame<Without<S, N>, O> {
    const columns = names.map((name) => attribute([name], originOf(this.drop)));
    return this.derive({ kind: "Drop", input: this.plan, columns });
  }
  /** The same columns under new names, all of them in order. */
  toDF<const N extends readonly string[]>(...names: N): DataFrame<{ readonly [K in N[number]]: Untyped }, O> {
    return this.derive({ kind: "ToDF", input: this.plan, names });
  }
  /** Advice for the planner, such as `broadcast`. It changes no result; what is not known is passed over. */
  hint(name: string, ...parameters: readonly (string | number)[]): DataFrame<S, O> {
    return this.derive({ kind: "Derived", input: this.plan, relation: { kind: "Hint", name, parameters } });
  }
  /**
   * Names the operator with state that these rows of a stream come from, as `readStream.name` names a source: the aggregation,
   * deduplication, join of streams, limit or function with state right below, through projections and filters. By its name
   * `query.state` finds it, and a checkpoint knows it again when the query has changed around it. Names nothing in a table.
   *
   * `clicks.groupBy("user").count().named("per_user")`
   * @throws MillraceError STATEFUL_OPERATOR_NAME.INVALID; from the action, STATEFUL_OPERATOR_NAME.NO_STATE
   */
  named(name: string): DataFrame<S, O> {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new MillraceError("STATEFUL_OPERATOR_NAME.INVALID", { name: `'${name}'` });
    return this.derive({ kind: "Derived", input: this.plan, relation: { kind: "OperatorName", name } });
  }
  /** Names the DataFrame, so that `col("name.column")` can refer to its columns in a join. */
  alias(name: string): DataFrame<S, O> {
    return this.derive({ kind: "SubqueryAlias", input: this.plan, alias: name });
  }
  /** Same as {@link alias}. */
  as(name: string): DataFrame<S, O> {
    return this.alias(name);
  }

  // ---- rows ------------------------------------------------------------------------------------------------------------

  /** The rows for which the condition is true (not those for which it is NULL). `df.filter((c) => c.amount.gt(100))` */
  filter(condition: Condition<S>): DataFrame<S, O> {
    const expr =
      typeof condition === "string"
        ? parseExpression(condition, { timeZone: this.timeZone() })
        : columnOf<S, unknown>(condition);
    return this.derive({ kind: "Filter", input: this.plan, condition: expr });
  }
  /** Same as {@link filter}. */
  where(condition: Condition<S>): DataFrame<S, O> {
    return this.filter(condition);
  }
  /** Sorted rows: names, columns, or lambdas; ascending unless told otherwise. `df.orderBy((c) => c.at.desc(), "id")` */
  orderBy(...items: readonly SortItem<S>[]): DataFrame<S, O> {
    return this.derive({ kind: "Sort", input: this.plan, order: this.#order(items, this.orderBy) });
  }
  /** As {@link orderBy}, each partition for itself. */
  sortWithinPartitions(...items: readonly SortItem<S>[]): DataFrame<S, O> {
    const order = this.#order(items, this.sortWithinPartitions);
    return this.derive({ kind: "Sort", input: this.plan, order, withinPartitions: true });
  }
  #order(items: readonly SortItem<S>[], method: PublicMethod): readonly SortOrder[] {
    const origin = originOf(method);
    return items.flatMap((item): readonly SortOrder[] => {
      const given: unknown = typeof item === "function" ? item(columnsOf<S>()) : item;
      return (Array.isArray(given) ? given : [given]).map((each: unknown): SortOrder => {
        if (each instanceof SortColumn) return each.order;
        const column = typeof each === "string" ? new Column(columnNamed(each, origin)) : (each as Column);
        return new SortColumn(column.expr, "ascending", "first").order;
      });
    });
  }
  /** Same as {@link orderBy}. */
  sort(...items: readonly SortItem<S>[]): DataFrame<S, O> {
    return this.orderBy(...items);
  }
  /** At most `count` rows; of a stream, in append mode, over all batches. */
  limit(count: number): DataFrame<S, O> {
    return this.derive({ kind: "Limit", input: this.plan, limit: count });
  }
  /** All rows but the first `count`. */
  offset(count: number): DataFrame<S, O> {
    return this.derive({ kind: "Offset", input: this.plan, offset: count });
  }
  /** Each distinct row once; of a stream as {@link dropDuplicates} of all columns. */
  distinct(): DataFrame<S, O> {
    return this.derive({ kind: "Deduplicate", input: this.plan });
  }
  /**
   * One row for each combination of the given columns' values, or of all columns: the first one. NULLs are equal.
   *
   * Of a stream, in append and update mode: over all batches the first row of each key, as soon as it comes. Keys are kept
   * for ever, unless a column with a watermark is among them: then a key leaves when the watermark has reached its time.
   * With a watermark on any column, rows at or before the watermark of the batch before are dropped as late.
   */
  dropDuplicates(...names: readonly (ColumnName<S> | readonly ColumnName<S>[])[]): DataFrame<S, O> {
    const columns = names.flat() as readonly string[];
    return this.derive({ kind: "Deduplicate", input: this.plan, ...(columns.length === 0 ? {} : { columns }) });
  }
  /**
   * Of a stream with a watermark: as {@link dropDuplicates}, but a key is kept only until the watermark has reached the time
   * of its first row plus the delay of the watermark. For events that are sent again within that delay with other times:
   * the time need not be among the columns. A later duplicate does not keep the key longer; a NULL time counts as 1970.
   * @throws MillraceError UNSUPPORTED_STREAMING_OPERATION for a table, or a stream without a watermark
   */
  dropDuplicatesWithinWatermark(...names: readonly (ColumnName<S> | readonly ColumnName<S>[])[]): DataFrame<S, O> {
    const columns = names.flat() as readonly string[];
    return this.derive({
      kind: "Deduplicate",
      input: this.plan,
      withinWatermark: true,
      ...(columns.length === 0 ? {} : { columns }),
    });
  }
  /** Same as {@link dropDuplicates}. */
  drop_duplicates(...names: readonly (ColumnName<S> | readonly ColumnName<S>[])[]): DataFrame<S, O> {
    return this.dropDuplicates(...names);
  }
  /** The rows of both, columns matched by position; the names are those of this DataFrame. */
  union<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.derive({ kind: "Union", inputs: [this.plan, other.plan], byName: false, allowMissingColumns: false });
  }
  /** Same as {@link union}. */
  unionAll<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.union(other);
  }
  /** The rows of both, columns matched by name. With `allowMissingColumns`, NULL where one side lacks a column. */
  unionByName<R extends Schema>(
    other: DataFrame<R, O>,
    options: true | { readonly allowMissingColumns: true },
  ): DataFrame<UnionedLoosely<S, R>, O>;
  unionByName<R extends Readonly<Record<keyof S, unknown>>>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O>;
  unionByName(
    other: { readonly plan: LogicalPlan },
    options?: boolean | { readonly allowMissingColumns: boolean },
  ): unknown {
    const allowMissingColumns = typeof options === "boolean" ? options : (options?.allowMissingColumns ?? false);
    return this.derive({ kind: "Union", inputs: [this.plan, other.plan], byName: true, allowMissingColumns });
  }
  /**
   * Computes aggregates over the rows that pass, while something else is computed from them. With an
   * {@link Observation} the first action gives them to it; with a name they are in the progress of a streaming query, as
   * `observedMetrics`. `df.observe("quality", count().alias("rows"), countIf((c) => c.bad).alias("bad"))`
   */
  observe(observation: Observation | string, ...metrics: readonly AggregateItem<S>[]): DataFrame<S, O> {
    const expressions = expressionsOf(metrics, this.observe);
    if (typeof observation === "string") {
      return this.derive({ kind: "CollectMetrics", input: this.plan, name: observation, metrics: expressions });
    }
    if (this.isStreaming) throw new MillraceError("OBSERVATION_OF_STREAM", { name: observation.name });
    observation.use();
    return this.derive({
      kind: "CollectMetrics",
      input: this.plan,
      name: observation.name,
      metrics: expressions,
      observer: observation,
    });
  }

  // ---- missing values and statistics -----------------------------------------------------------------------------------

  /** Missing values: `na.drop`, `na.fill`, `na.replace`. */
  override get na(): DataFrameNaFunctions<S, O> {
    return new DataFrameNaFunctions<S, O>(this.plan, this.#frames);
  }
  /** Statistics: `stat.corr`, `stat.cov`, `stat.crosstab`, `stat.freqItems`, `stat.approxQuantile`, `stat.sampleBy`. */
  override get stat(): DataFrameStatFunctions<S, O> {
    return new DataFrameStatFunctions<S, O>(this.plan, this.#frames, () => this.seed(undefined));
  }

  // ---- joins and groups ------------------------------------------------------------------------------------------------

  /**
   * Rows of both sides that match: by columns that both have (each appears once), or by a condition over both sides.
   * `orders.join(users, "userId")`, `orders.join(users, (o, u) => o.userId.eq(u.id), "left")`
   */
  join<R extends Schema, const K extends ColumnName<S> & ColumnName<R>, const How extends JoinHow = "inner">(
    other: DataFrame<R, O>,
    using: K | readonly K[],
    how?: How,
  ): DataFrame<Joined<S, R, K, How>, O>;
  join<R extends Schema, const How extends JoinHow = "inner">(
    other: DataFrame<R, O>,
    condition:
      | ColumnLike<BooleanType | Untyped>
      | ((left: Columns<S>, right: Columns<R>) => ColumnLike<BooleanType | Untyped>),
    how?: How,
  ): DataFrame<Joined<S, R, never, How>, O>;
  join(other: { readonly plan: LogicalPlan }, on: unknown, how: JoinHow = "inner"): unknown {
    const sides = { kind: "Join", left: this.plan, right: other.plan, joinType: joinTypeOf(how) } as const;
    if (typeof on === "string" || Array.isArray(on)) {
      const using = typeof on === "string" ? [on] : (on as readonly string[]);
      return this.derive({ ...sides, using, origin: originOf(this.join) });
    }
    const condition =
      typeof on === "function"
        ? (on as (left: unknown, right: unknown) => ColumnLike)(columnsOf("left"), columnsOf("right")).expr
        : (on as ColumnLike).expr;
    return this.derive({ ...sides, condition });
  }
  /** Every row of one side with every row of the other. */
  crossJoin<R extends Schema>(other: DataFrame<R, O>): DataFrame<Joined<S, R, never, "cross">, O> {
    return this.derive({ kind: "Join", left: this.plan, right: other.plan, joinType: "cross" });
  }
  /** Groups of rows with equal values of the given columns. `df.groupBy(window("at", "10 seconds"), "route").count()` */
  groupBy<const I extends readonly SelectItem<S>[]>(...items: I): GroupedData<S, Selected<S, I>, O> {
    const grouping = expressionsOf(items, this.groupBy);
    return new GroupedData(this.plan, grouping, this.#frames);
  }
  /**
   * As `groupBy`, with groups for each shorter list of the columns, too, down to all rows: subtotals. Columns that a group
   * leaves out are NULL there; `grouping("a")` tells such a NULL from one of the data.
   */
  rollup<const I extends readonly SelectItem<S>[]>(...items: I): GroupedData<S, Optional<Selected<S, I>>, O> {
    const grouping = expressionsOf(items, this.rollup);
    const sets = Array.from({ length: grouping.length + 1 }, (_, i) => grouping.slice(i).map((__, k) => k));
    return new GroupedData(this.plan, grouping, this.#frames, sets);
  }
  /** As `rollup`, with groups for every subset of the columns. */
  cube<const I extends readonly SelectItem<S>[]>(...items: I): GroupedData<S, Optional<Selected<S, I>>, O> {
    const grouping = expressionsOf(items, this.cube);
    return new GroupedData(this.plan, grouping, this.#frames, subsets(grouping.length));
  }
  /** As `groupBy`, with groups for each of the given lists of columns. `df.groupingSets([["a"], ["b"], []], "a", "b")` */
  groupingSets<const I extends readonly SelectItem<S>[]>(
    sets: readonly (readonly (ColumnPath<S> | ColumnLike)[])[],
    ...items: I
  ): GroupedData<S, Optional<Selected<S, I>>, O> {
    const grouping = expressionsOf(items, this.groupingSets);
    const lists = sets.map((set) => positionsOf(expressionsOf(set, this.groupingSets), grouping));
    return new GroupedData(this.plan, grouping, this.#frames, lists);
  }
  /** Aggregates over all rows: one row. `df.agg((c) => ({ total: sum(c.amount) }))` */
  agg<const I extends readonly AggregateItem<S>[]>(...items: I): DataFrame<Selected<S, I>, O> {
    const aggregates = expressionsOf(items, this.agg);
    return this.derive({ kind: "Aggregate", input: this.plan, grouping: [], aggregates });
  }
  /**
   * How late rows may come: state older than the greatest time seen in `eventTime`, less the delay, is given up, and rows
   * that belong to it are dropped. `df.withWatermark("at", "10 seconds")`
   */
  withWatermark(eventTime: ColumnNameOfType<S, TimestampType>, delay: string): DataFrame<S, O> {
    return this.derive({
      kind: "WithWatermark",
      input: this.plan,
      eventTime,
      delay,
      origin: originOf(this.withWatermark),
    });
  }

  // ---- closures over rows ------------------------------------------------------------------------------------------------

  /**
   * One row for each row, made by a function of yours. The second argument is the schema of the rows that it returns, or
   * one type, which makes a column `value`. `df.map((r) => ({ n: r.name.length }), { n: "int" })`
   */
  map<const R extends TypeLiteral | SchemaLiteral>(
    fn: (row: Row<S, O>) => Returned<R, O>,
    schema: R,
  ): DataFrame<ReturnedSchema<R>, O> {
    return this.#rows("map", fn, schema);
  }
  /** Any number of rows for each row. `lines.flatMap((r) => r.value.split(" "), "string")` */
  flatMap<const R extends TypeLiteral | SchemaLiteral>(
    fn: (row: Row<S, O>) => Iterable<Returned<R, O>>,
    schema: R,
  ): DataFrame<ReturnedSchema<R>, O> {
    return this.#rows("flatMap", fn, schema);
  }
  /** The rows for which a function of yours returns true. `filter` with columns is faster. */
  filterRows(fn: (row: Row<S, O>) => boolean): DataFrame<S, O> {
    return this.derive({ kind: "UserRows", input: this.plan, how: "filter", fn: userFunction(fn) });
  }
  /** Any number of rows for each partition of the rows, which is given as an iterable. */
  mapPartitions<const R extends TypeLiteral | SchemaLiteral>(
    fn: (rows: Iterable<Row<S, O>>) => Iterable<Returned<R, O>>,
    schema: R,
  ): DataFrame<ReturnedSchema<R>, O> {
    return this.#rows("mapPartitions", fn, schema);
  }
  /** Groups of rows by a key that a function of yours computes. `df.groupByKey((r) => r.url.length, "int").count()` */
  groupByKey<const K extends TypeLiteral>(key: (row: Row<S, O>) => Returned<K, O>, keyType: K): KeyedRows<S, K, O> {
    return new KeyedRows(this.plan, userFunction(key), keyType, this.#frames);
  }
  /** The result of a function over this DataFrame: lets chains use functions of yours. */
  transform<R>(fn: (data: this) => R): R {
    return fn(this);
  }

  /** Writes the rows of a finite DataFrame. */
  get write(): DataFrameWriter {
    return new DataFrameWriter(this.session, this.plan);
  }
  /** Writes the rows of a stream, batch by batch. */
  get writeStream(): DataStreamWriter<S, O> {
    if (!this.isStreaming) throw new MillraceError("WRITE_STREAM_NOT_ALLOWED", {});
    return new DataStreamWriter<S, O>(this.session, this.plan, (plan) => this.derive(plan));
  }

  protected override derive<R extends Schema>(plan: LogicalPlan): DataFrame<R, O> {
    return new DataFrame<R, O>(this.session, plan);
  }
  #rows<R extends Schema>(how: RowShape, fn: WithoutResult, schema: TypeLiteral | SchemaLiteral): DataFrame<R, O> {
    const closure = rowsClosure(how, fn, schema);
    return this.derive({ kind: "UserRows", input: this.plan, how, fn: closure, schema: resultSchema(schema) });
  }
}
