import { toArrowIpc } from "../columnar/arrow-ipc.ts";
import { compactBatch } from "../columnar/compact.ts";
import { sliceBatch } from "../columnar/gather.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { showString } from "../functions/show-string.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { ExplainMode } from "../session/engine.ts";
import type { StructType } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { treeString } from "../types/tree-string.ts";
import { simpleString } from "../types/type-names.ts";
import type { Row, Schema } from "./column-types.ts";
import { countOfRows } from "./frame-building.ts";
import { isStreamingPlan } from "./plan-facts.ts";
import { rowReader } from "./rows.ts";
import { type SessionContext, sessionOf } from "./session-context.ts";
import type { SparkSession } from "./spark-session.ts";

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

/** What runs a DataFrame's plan and what tells about it; {@link DataFrame} adds what builds on it. */
export abstract class FrameActions<S extends Schema, O extends ValueOptions> implements AsyncIterable<Row<S, O>> {
  /** The unresolved plan. */
  readonly plan: LogicalPlan;
  /** The session that runs it. */
  protected readonly session: SessionContext;

  constructor(session: SessionContext, plan: LogicalPlan) {
    this.session = session;
    this.plan = plan;
  }

  // ---- actions -----------------------------------------------------------------------------------------------------------

  /** All rows. A stream is refused: use `writeStream`. */
  async collect(options?: ActionOptions): Promise<Row<S, O>[]> {
    return this.#rows(this.plan, options);
  }
  /** The first `count` rows. */
  take(count: number, options?: ActionOptions): Promise<Row<S, O>[]> {
    return this.#rows({ kind: "Limit", input: this.plan, limit: count }, options);
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
    const [row] = await this.#rows({ kind: "Aggregate", input: this.plan, grouping: [], aggregates }, options);
    return Number((row as { readonly count?: unknown } | undefined)?.count ?? 0);
  }
  /** Whether there is no row. */
  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await this.take(1, options)).length === 0;
  }
  /** Calls a function with each row, one after another; a promise that it returns is awaited. */
  async foreach(fn: (row: Row<S, O>) => void | Promise<void>, options?: ActionOptions): Promise<void> {
    for await (const row of this.toLocalIterator(options)) await fn(row);
  }
  /** The last `count` rows. */
  async tail(count: number, options?: ActionOptions): Promise<Row<S, O>[]> {
    let kept: RecordBatch[] = [];
    let length = 0;
    for await (const batch of this.session.engine.execute(this.plan, options?.signal)) {
      kept.push(ownRows(batch, Math.max(0, batch.length - count)));
      length += kept.at(-1)!.length;
      while (kept.length > 0 && length - kept[0]!.length >= count) length -= kept.shift()!.length;
    }
    const read = rowReader<Row<S, O>>(this.session.values);
    const rows = kept.flatMap((batch) => [...read(batch)]);
    kept = [];
    return rows.slice(Math.max(0, rows.length - count));
  }
  /** Calls a function with the rows of each partition, one partition after another. */
  async foreachPartition(
    fn: (rows: AsyncIterable<Row<S, O>>) => void | Promise<void>,
    options?: ActionOptions,
  ): Promise<void> {
    const read = rowReader<Row<S, O>>(this.session.values);
    for await (const partition of this.session.engine.executePartitions(this.plan, options?.signal)) {
      const rows = (async function* () {
        for await (const batch of partition) yield* read(batch);
      })();
      await fn(rows);
    }
  }
  /** The rows as one Arrow IPC stream. */
  async toArrow(options?: ActionOptions): Promise<Uint8Array> {
    const batches: RecordBatch[] = [];
    for await (const batch of this.session.engine.execute(this.plan, options?.signal)) batches.push(ownRows(batch, 0));
    return toArrowIpc(await this.schema(), batches);
  }
  /** The rows one by one, read as they are asked for: `for await (const row of df)`. */
  async *toLocalIterator(options?: ActionOptions): AsyncGenerator<Row<S, O>, void, undefined> {
    const read = rowReader<Row<S, O>>(this.session.values);
    for await (const batch of this.session.engine.execute(this.plan, options?.signal)) yield* read(batch);
  }
  [Symbol.asyncIterator](): AsyncGenerator<Row<S, O>, void, undefined> {
    return this.toLocalIterator();
  }
  /** Prints the first rows as Spark does. `await df.show({ rows: 5, truncate: false })` */
  async show(options: ShowOptions | number = {}): Promise<void> {
    this.session.engine.print(`${await this.showString(options)}\n`);
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
    const engine = this.session.engine;
    const [schema, batches] = await Promise.all([
      engine.schema(this.plan),
      Array.fromAsync(engine.execute(plan, signal)),
    ]);
    const width = typeof truncate === "number" ? truncate : truncate ? 20 : 0;
    return showString(schema, batches, { rows: count, truncate: width, vertical, timeZone: this.timeZone() });
  }

  // ---- about the plan ------------------------------------------------------------------------------------------------------

  /** The session that the DataFrame belongs to. */
  get sparkSession(): SparkSession<O> {
    return sessionOf<O>(this.session);
  }
  /** Whether the rows come from a stream, so that only `writeStream` can run it. */
  get isStreaming(): boolean {
    return isStreamingPlan(this.plan, this.session.engine.tables);
  }
  /**
   * Whether the rows are in the program already, so that actions compute nothing: true for the rows of `createDataFrame` as
   * they are.
   */
  isLocal(): boolean {
    return this.plan.kind === "LocalRelation";
  }
  /** Names, types and nullability of the columns. */
  schema(): Promise<StructType> {
    return this.session.engine.schema(this.plan);
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
    this.session.engine.print(`${treeString(await this.schema())}\n`);
  }
  /** Prints the plan: `extended` shows every stage of it, `codegen` the generated code. */
  async explain(mode: ExplainMode | boolean = "simple"): Promise<void> {
    const chosen = mode === true ? "extended" : mode === false ? "simple" : mode;
    this.session.engine.print(`${await this.session.engine.explain(this.plan, chosen)}\n`);
  }
  /** The files that the rows are read from, as far as they are known without reading them. */
  inputFiles(): Promise<string[]> {
    return this.session.engine.inputFiles(this.plan);
  }
  /** Whether both compute the same result by the same plan, names of columns aside. False says nothing. */
  async sameSemantics(other: { readonly plan: LogicalPlan }): Promise<boolean> {
    const { engine } = this.session;
    return (await engine.canonicalText(this.plan)) === (await engine.canonicalText(other.plan));
  }
  /** A number that is the same for plans of the same semantics. */
  async semanticHash(): Promise<number> {
    const text = await this.session.engine.canonicalText(this.plan);
    let hash = 0;
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    return hash;
  }
  /** Gives the DataFrame a name that `spark.table` and SQL text know; replaces a view of that name. */
  createOrReplaceTempView(name: string): void {
    this.session.engine.tables.createView(name, this.plan, true);
  }
  /** As `createOrReplaceTempView`, but an error when the name is taken. */
  createTempView(name: string): void {
    this.session.engine.tables.createView(name, this.plan, false);
  }
  /** A view that all sessions of the program see, as `global_temp.name`; an error when the name is taken. */
  createGlobalTempView(name: string): void {
    this.session.engine.tables.createGlobalView(name, this.plan, false);
  }
  /** As `createGlobalTempView`, but replaces a view of that name. */
  createOrReplaceGlobalTempView(name: string): void {
    this.session.engine.tables.createGlobalView(name, this.plan, true);
  }

  /** The session's time zone. */
  protected timeZone(): string {
    return this.session.engine.conf.get("spark.sql.session.timeZone") ?? "UTC";
  }
  async #rows(plan: LogicalPlan, options?: ActionOptions): Promise<Row<S, O>[]> {
    const rows: Row<S, O>[] = [];
    const read = rowReader<Row<S, O>>(this.session.values);
    for await (const batch of this.session.engine.execute(plan, options?.signal)) rows.push(...read(batch));
    return rows;
  }
}

/** The rows from a position on, in memory of their own. */
function ownRows(batch: RecordBatch, from: number): RecordBatch {
  return compactBatch(sliceBatch(batch, from, batch.length));
}
