import { MillraceError } from "../errors/index.ts";
import type { SortOrder } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { parseExpression, parseNamedExpressions } from "../sql/index.ts";
import type { StructType } from "../types/data-type.ts";
import type { SchemaLiteral, TypeLiteral, ValueOptions } from "../types/schema-literal.ts";
import { treeString } from "../types/tree-string.ts";
import { simpleString } from "../types/type-names.ts";
import { originOf } from "./call-site.ts";
import { attribute, columnNamed } from "./column-names.ts";
import type {
  BooleanType,
  ColumnLike,
  ColumnName,
  ColumnNameOfType,
  ColumnPath,
  Renamed,
  Row,
  Schema,
  TimestampType,
  Untyped,
  Without,
  WithColumnsOf,
} from "./column-types.ts";
import { Column, SortColumn } from "./column.ts";
import { columnOf, columnsOf, expressionsOf } from "./columns.ts";
import { DataFrameWriter } from "./data-frame-writer.ts";
import { DataStreamWriter } from "./data-stream-writer.ts";
import type { ExplainMode } from "../session/engine.ts";
import { type BuildFrame, countOfRows, GroupedData } from "./grouped-data.ts";
import { isStreamingPlan, joinTypeOf } from "./plan-facts.ts";
import { KeyedRows } from "./keyed-rows.ts";
import type { Returned, ReturnedSchema, WithoutResult } from "./row-types.ts";
import { rowReader } from "./rows.ts";
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
import type { SessionContext } from "./session-context.ts";
import { showString } from "../functions/show-string.ts";
import { resultSchema, type RowShape, rowsClosure, userFunction } from "./user-function.ts";

/** Lets an action be stopped. */
export interface ActionOptions {
  readonly signal?: AbortSignal;
}
/** How `show` prints. */
export interface ShowOptions extends ActionOptions {
  /** Rows shown; 20 by default. */
  readonly rows?: number;
  /** Characters per cell: true is 20, false no limit. */
  readonly truncate?: boolean | number;
  /** One line per value instead of a table. */
  readonly vertical?: boolean;
}

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
export class DataFrame<S extends Schema = Schema, O extends ValueOptions = {}> implements AsyncIterable<Row<S, O>> {
  /** Only for the compiler: the schema. */
  declare readonly schemaType: S;
  /** Only for the compiler: the rows. */
  declare readonly rowType: Row<S, O>;
  /** Only for the compiler: DataFrames of sessions with other options do not mix. */
  declare readonly optionsType: (options: O) => O;
  /** The unresolved plan. */
  readonly plan: LogicalPlan;
  readonly #session: SessionContext;
  readonly #frames: BuildFrame<O> = <R extends Schema>(plan: LogicalPlan) => this.#with<R>(plan);

  constructor(session: SessionContext, plan: LogicalPlan) {
    this.#session = session;
    this.plan = plan;
  }

  // ---- columns -------------------------------------------------------------------------------------------------------

  /**
   * The given columns, in order: names, paths into structs, `*`, columns, or lambdas that return a column, an array or
   * named columns. `df.select("id", (c) => ({ total: c.price.times(c.quantity) }))`
   */
  select<const I extends readonly SelectItem<S>[]>(...items: I): DataFrame<Selected<S, I>, O> {
    return this.#with({ kind: "Project", input: this.plan, expressions: expressionsOf(items, this.select) });
  }
  /** The given columns as SQL text. `df.selectExpr("id", "price * 2 AS twice")` */
  selectExpr(...texts: readonly string[]): DataFrame<Readonly<Record<string, Untyped>>, O> {
    const options = { timeZone: this.#timeZone() };
    const expressions = texts.flatMap((text) => parseNamedExpressions(text, options));
    return this.#with({ kind: "Project", input: this.plan, expressions });
  }
  /** All columns and one more, or one replaced. `df.withColumn("total", (c) => c.price.times(c.quantity))` */
  withColumn<const N extends string, T>(
    name: N,
    column: ColumnLike<T> | ((columns: Columns<S>) => ColumnLike<T>),
  ): DataFrame<WithColumnsOf<S, { readonly [K in N]: T }>, O> {
    const columns = [{ kind: "Alias", child: columnOf(column), name }] as const;
    return this.#with({ kind: "WithColumns", input: this.plan, columns });
  }
  /** As `withColumn` for several at once; they do not see one another. */
  withColumns<R extends ColumnRecord>(
    build: (columns: Columns<S>) => R,
  ): DataFrame<WithColumnsOf<S, { readonly [K in keyof R]: R[K] extends ColumnLike<infer T> ? T : never }>, O> {
    const columns = Object.entries(build(columnsOf<S>())).map(
      ([name, column]) => ({ kind: "Alias", child: column.expr, name }) as const,
    );
    return this.#with({ kind: "WithColumns", input: this.plan, columns });
  }
  /** A column under another name; nothing happens when there is none of the old name. */
  withColumnRenamed<const From extends ColumnName<S>, const To extends string>(
    from: From,
    to: To,
  ): DataFrame<Renamed<S, From, To>, O> {
    return this.#with({ kind: "WithColumnsRenamed", input: this.plan, renames: [{ from, to }] });
  }
  /** All columns but the given ones. */
  drop<const N extends ColumnName<S>>(...names: readonly N[]): DataFrame<Without<S, N>, O> {
    const columns = names.map((name) => attribute([name], originOf(this.drop)));
    return this.#with({ kind: "Drop", input: this.plan, columns });
  }
  /** The same columns under new names, all of them in order. */
  toDF<const N extends readonly string[]>(...names: N): DataFrame<{ readonly [K in N[number]]: Untyped }, O> {
    return this.#with({ kind: "ToDF", input: this.plan, names });
  }
  /** Names the DataFrame, so that `col("name.column")` can refer to its columns in a join. */
  alias(name: string): DataFrame<S, O> {
    return this.#with({ kind: "SubqueryAlias", input: this.plan, alias: name });
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
        ? parseExpression(condition, { timeZone: this.#timeZone() })
        : columnOf<S, unknown>(condition);
    return this.#with({ kind: "Filter", input: this.plan, condition: expr });
  }
  /** Same as {@link filter}. */
  where(condition: Condition<S>): DataFrame<S, O> {
    return this.filter(condition);
  }
  /** Sorted rows: names, columns, or lambdas; ascending unless told otherwise. `df.orderBy((c) => c.at.desc(), "id")` */
  orderBy(...items: readonly SortItem<S>[]): DataFrame<S, O> {
    const origin = originOf(this.orderBy);
    const order = items.flatMap((item): readonly SortOrder[] => {
      const given: unknown = typeof item === "function" ? item(columnsOf<S>()) : item;
      return (Array.isArray(given) ? given : [given]).map((each: unknown): SortOrder => {
        if (each instanceof SortColumn) return each.order;
        const column = typeof each === "string" ? new Column(columnNamed(each, origin)) : (each as Column);
        return new SortColumn(column.expr, "ascending", "first").order;
      });
    });
    return this.#with({ kind: "Sort", input: this.plan, order });
  }
  /** Same as {@link orderBy}. */
  sort(...items: readonly SortItem<S>[]): DataFrame<S, O> {
    return this.orderBy(...items);
  }
  /** At most `count` rows. */
  limit(count: number): DataFrame<S, O> {
    return this.#with({ kind: "Limit", input: this.plan, limit: count });
  }
  /** Each distinct row once. */
  distinct(): DataFrame<S, O> {
    return this.#with({ kind: "Deduplicate", input: this.plan });
  }
  /** One row for each combination of the given columns' values, or of all columns. */
  dropDuplicates(...names: readonly ColumnName<S>[]): DataFrame<S, O> {
    return this.#with({ kind: "Deduplicate", input: this.plan, ...(names.length === 0 ? {} : { columns: names }) });
  }
  /** The rows of both, columns matched by position; the names are those of this DataFrame. */
  union<R extends Schema>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O> {
    return this.#with({ kind: "Union", inputs: [this.plan, other.plan], byName: false, allowMissingColumns: false });
  }
  /** The rows of both, columns matched by name. With `allowMissingColumns`, NULL where one side lacks a column. */
  unionByName<R extends Schema>(
    other: DataFrame<R, O>,
    options: { readonly allowMissingColumns: true },
  ): DataFrame<UnionedLoosely<S, R>, O>;
  unionByName<R extends Readonly<Record<keyof S, unknown>>>(other: DataFrame<R, O>): DataFrame<Unioned<S, R>, O>;
  unionByName(other: { readonly plan: LogicalPlan }, options?: { readonly allowMissingColumns: boolean }): unknown {
    const allowMissingColumns = options?.allowMissingColumns ?? false;
    return this.#with({ kind: "Union", inputs: [this.plan, other.plan], byName: true, allowMissingColumns });
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
    if (typeof on === "string") return this.#with({ ...sides, using: [on] });
    if (Array.isArray(on)) return this.#with({ ...sides, using: on as readonly string[] });
    const condition =
      typeof on === "function"
        ? (on as (left: unknown, right: unknown) => ColumnLike)(columnsOf("left"), columnsOf("right")).expr
        : (on as ColumnLike).expr;
    return this.#with({ ...sides, condition });
  }
  /** Every row of one side with every row of the other. */
  crossJoin<R extends Schema>(other: DataFrame<R, O>): DataFrame<Joined<S, R, never, "cross">, O> {
    return this.#with({ kind: "Join", left: this.plan, right: other.plan, joinType: "cross" });
  }
  /** Groups of rows with equal values of the given columns. `df.groupBy(window("at", "10 seconds"), "route").count()` */
  groupBy<const I extends readonly SelectItem<S>[]>(...items: I): GroupedData<S, Selected<S, I>, O> {
    const grouping = expressionsOf(items, this.groupBy);
    return new GroupedData(this.plan, grouping, this.#frames);
  }
  /** Aggregates over all rows: one row. `df.agg((c) => ({ total: sum(c.amount) }))` */
  agg<const I extends readonly AggregateItem<S>[]>(...items: I): DataFrame<Selected<S, I>, O> {
    const aggregates = expressionsOf(items, this.agg);
    return this.#with({ kind: "Aggregate", input: this.plan, grouping: [], aggregates });
  }
  /**
   * How late rows may come: state older than the greatest time seen in `eventTime`, less the delay, is given up, and rows
   * that belong to it are dropped. `df.withWatermark("at", "10 seconds")`
   */
  withWatermark(eventTime: ColumnNameOfType<S, TimestampType>, delay: string): DataFrame<S, O> {
    return this.#with({ kind: "WithWatermark", input: this.plan, eventTime, delay });
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
    return this.#with({ kind: "UserRows", input: this.plan, how: "filter", fn: userFunction(fn) });
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

  // ---- actions -----------------------------------------------------------------------------------------------------------

  /** All rows. A stream is refused: use `writeStream`. */
  async collect(options?: ActionOptions): Promise<Row<S, O>[]> {
    const rows: Row<S, O>[] = [];
    const read = rowReader<Row<S, O>>(this.#session.values);
    for await (const batch of this.#session.engine.execute(this.plan, options?.signal)) rows.push(...read(batch));
    return rows;
  }
  /** The first `count` rows. */
  take(count: number, options?: ActionOptions): Promise<Row<S, O>[]> {
    return this.limit(count).collect(options);
  }
  /** The first row, or undefined when there is none. */
  async first(options?: ActionOptions): Promise<Row<S, O> | undefined> {
    return (await this.take(1, options))[0];
  }
  /** The first row, or with a count an array of the first rows. */
  head(): Promise<Row<S, O> | undefined>;
  head(count: number): Promise<Row<S, O>[]>;
  head(count?: number): Promise<Row<S, O> | undefined | Row<S, O>[]> {
    return count === undefined ? this.first() : this.take(count);
  }
  /** The number of rows. */
  async count(options?: ActionOptions): Promise<number> {
    const aggregates = [{ kind: "Alias", child: countOfRows, name: "count" }] as const;
    const counted = this.#with({ kind: "Aggregate", input: this.plan, grouping: [], aggregates });
    const [row] = await counted.collect(options);
    return Number(row?.["count"] ?? 0);
  }
  /** Whether there is no row. */
  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await this.take(1, options)).length === 0;
  }
  /** Calls a function with each row, one after another; a promise that it returns is awaited. */
  async foreach(fn: (row: Row<S, O>) => void | Promise<void>, options?: ActionOptions): Promise<void> {
    for await (const row of this.toLocalIterator(options)) await fn(row);
  }
  /** The rows one by one, read as they are asked for: `for await (const row of df)`. */
  async *toLocalIterator(options?: ActionOptions): AsyncGenerator<Row<S, O>, void, undefined> {
    const read = rowReader<Row<S, O>>(this.#session.values);
    for await (const batch of this.#session.engine.execute(this.plan, options?.signal)) yield* read(batch);
  }
  [Symbol.asyncIterator](): AsyncGenerator<Row<S, O>, void, undefined> {
    return this.toLocalIterator();
  }
  /** Prints the first rows as Spark does. `await df.show({ rows: 5, truncate: false })` */
  async show(options: ShowOptions | number = {}): Promise<void> {
    this.#session.engine.print(`${await this.showString(options)}\n`);
  }
  /** The text that `show` prints, without the empty line at its end. */
  async showString(options: ShowOptions | number = {}): Promise<string> {
    const {
      rows = 20,
      truncate = true,
      vertical = false,
      signal,
    } = typeof options === "number" ? { rows: options } : options;
    const count = Math.max(0, Math.min(rows, 2 ** 31 - 16));
    const plan: LogicalPlan = { kind: "Limit", input: this.plan, limit: count + 1 };
    const engine = this.#session.engine;
    const [schema, batches] = await Promise.all([
      engine.schema(this.plan),
      Array.fromAsync(engine.execute(plan, signal)),
    ]);
    const width = typeof truncate === "number" ? truncate : truncate ? 20 : 0;
    return showString(schema, batches, { rows: count, truncate: width, vertical, timeZone: this.#timeZone() });
  }

  // ---- about the plan ------------------------------------------------------------------------------------------------------

  /** Whether the rows come from a stream, so that only `writeStream` can run it. */
  get isStreaming(): boolean {
    return isStreamingPlan(this.plan, this.#session.engine.tables);
  }
  /** Names, types and nullability of the columns. */
  schema(): Promise<StructType> {
    return this.#session.engine.schema(this.plan);
  }
  /** Names of the columns. */
  async columns(): Promise<string[]> {
    return (await this.schema()).fields.map((f) => f.name);
  }
  /** Names and types of the columns, types as Spark writes them. */
  async dtypes(): Promise<[name: string, type: string][]> {
    return (await this.schema()).fields.map((f) => [f.name, simpleString(f.type)]);
  }
  /** Prints the schema as a tree. */
  async printSchema(): Promise<void> {
    this.#session.engine.print(`${treeString(await this.schema())}\n`);
  }
  /** Prints the plan: `extended` shows every stage of it, `codegen` the generated code. */
  async explain(mode: ExplainMode | boolean = "simple"): Promise<void> {
    const chosen = mode === true ? "extended" : mode === false ? "simple" : mode;
    this.#session.engine.print(`${await this.#session.engine.explain(this.plan, chosen)}\n`);
  }
  /** Gives the DataFrame a name that `spark.table` and SQL text know; replaces a view of that name. */
  createOrReplaceTempView(name: string): void {
    this.#session.engine.tables.createView(name, this.plan, true);
  }
  /** As `createOrReplaceTempView`, but an error when the name is taken. */
  createTempView(name: string): void {
    this.#session.engine.tables.createView(name, this.plan, false);
  }

  /** Writes the rows of a finite DataFrame. */
  get write(): DataFrameWriter {
    return new DataFrameWriter(this.#session, this.plan);
  }
  /** Writes the rows of a stream, batch by batch. */
  get writeStream(): DataStreamWriter<S, O> {
    if (!this.isStreaming) throw new MillraceError("WRITE_STREAM_NOT_ALLOWED", {});
    return new DataStreamWriter<S, O>(this.#session, this.plan, (plan) => this.#with(plan));
  }

  #timeZone(): string {
    return this.#session.engine.conf.get("spark.sql.session.timeZone") ?? "UTC";
  }
  #with<R extends Schema>(plan: LogicalPlan): DataFrame<R, O> {
    return new DataFrame<R, O>(this.#session, plan);
  }
  #rows<R extends Schema>(how: RowShape, fn: WithoutResult, schema: TypeLiteral | SchemaLiteral): DataFrame<R, O> {
    const closure = rowsClosure(how, fn, schema);
    return this.#with({ kind: "UserRows", input: this.plan, how, fn: closure, schema: resultSchema(schema) });
  }
}
