/**
 * The bridge between the API and the engine that runs its plans: plans and requests go in, batches, schemas and texts come
 * out, all plain data except the functions of the user's that a plan or a request holds. The API knows no engine but
 * through this file, so that the same program runs on the embedded engine and elsewhere.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { Expr } from "../expressions/expression.ts";
import type { LogicalPlan, OptionMap } from "../logical-plan/logical-plan.ts";
import type { OutputMode, SaveMode, SinkProvider } from "../sinks/contract.ts";
import type { StreamingQueries, StreamingQueryHandle, StreamTrigger } from "../streaming/contract.ts";
import type { LateRowsOrigin } from "../streaming/late-rows.ts";
import type { StructType } from "../types/data-type.ts";

/** What a session is opened with. */
export interface EngineRequest {
  readonly appName: string;
  /** As given to `master`, such as `local[4]`. */
  readonly master: string;
  /** Spark's settings by name, such as `spark.sql.shuffle.partitions`. */
  readonly conf: ReadonlyMap<string, string>;
  /** User code gets BIGINT as bigint. */
  readonly bigint: boolean;
  /** User code gets dates and times as Temporal objects. */
  readonly temporal: boolean;
  /** What the session may see of views with policies. Default: none. */
  readonly roles?: readonly string[];
  /** The session reads views of other sessions and rows of its own, and nothing by format and path. */
  readonly viewsOnly?: boolean;
}

/** What a session is opened with by another one. */
export interface NewSessionOptions {
  /** Some of the session's; absent: all of them. */
  readonly roles?: readonly string[];
  /** As in {@link EngineRequest}; true where it is true of the session. */
  readonly viewsOnly?: boolean;
}

/** Opens an engine. */
export type EngineFactory = (request: EngineRequest) => Promise<Engine>;

export type ExplainMode = "simple" | "extended" | "codegen" | "cost" | "formatted";

/** One session of an engine. Everything that takes a plan takes an unresolved one and rejects with analysis errors. */
export interface Engine {
  /** Version of the engine, such as `0.1.0`. */
  readonly version: string;
  readonly conf: EngineConf;
  readonly tables: EngineTables;
  readonly streams: StreamingQueries;
  readonly cache: EngineCache;

  /** Schema of the plan's result. */
  schema(plan: LogicalPlan): Promise<StructType>;
  /** The text that `explain` prints, without a trailing newline. */
  explain(plan: LogicalPlan, mode: ExplainMode): Promise<string>;
  /**
   * Runs a batch plan. Nothing runs before the first pull; returning early from the iteration, or aborting the signal, stops
   * the run and releases what it holds. A plan over a streaming source is refused.
   */
  execute(plan: LogicalPlan, signal?: AbortSignal): AsyncIterable<RecordBatch>;
  /** As {@link execute}, partition by partition; a partition that is not pulled is skipped. */
  executePartitions(plan: LogicalPlan, signal?: AbortSignal): AsyncIterable<AsyncIterable<RecordBatch>>;
  /** The files that a batch plan reads, each once. */
  inputFiles(plan: LogicalPlan): Promise<string[]>;
  /** The optimized plan as a text that is the same for plans that differ in names only. */
  canonicalText(plan: LogicalPlan): Promise<string>;
  /** A seed for what the user gave none for. */
  randomSeed(): bigint;
  /** Runs a batch plan and writes its result. */
  write(plan: LogicalPlan, request: WriteRequest): Promise<void>;
  /** Starts a streaming query; resolves when it is registered and its start event was delivered. */
  startStream(plan: LogicalPlan, request: StreamRequest): Promise<StreamingQueryHandle>;

  /** Writes text to where the user reads it, the standard output. */
  print(text: string): void;
  setLogLevel(level: LogLevel): void;
  /**
   * A session of the same engine with settings and views of its own.
   * @throws MillraceError INSUFFICIENT_PERMISSIONS for a role that this session does not have
   */
  newSession(options?: NewSessionOptions): Promise<Engine>;
  /** Stops the streaming queries of the session and releases everything. Safe to call twice. */
  stop(): Promise<void>;
}

export type LogLevel = "ALL" | "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL" | "OFF";

/** The session's settings. */
export interface EngineConf {
  /** The value set, or the default of a known setting; undefined for an unknown one that was never set. */
  get(key: string): string | undefined;
  /** @throws MillraceError when the setting cannot be changed while the session runs, or does not take this value. */
  set(key: string, value: string): void;
  unset(key: string): void;
  /** Everything that was set, in the order of names. */
  all(): ReadonlyMap<string, string>;
  isModifiable(key: string): boolean;
}

/** Where cached rows are kept. */
export interface CacheLevel {
  readonly useDisk: boolean;
  readonly useMemory: boolean;
}

/** Plans whose rows the session keeps. Rows are computed by the first action that reads them. */
export interface EngineCache {
  /** Nothing happens when the plan is cached already. */
  persist(plan: LogicalPlan, level: CacheLevel): void;
  unpersist(plan: LogicalPlan): Promise<void>;
  /** Undefined: not cached. */
  levelOf(plan: LogicalPlan): CacheLevel | undefined;
  clear(): Promise<void>;
  /** A plan that reads the rows of another, which are computed once: at once, or by the first action. */
  checkpoint(plan: LogicalPlan, level: CacheLevel, eager: boolean): Promise<LogicalPlan>;
}

/** A view or table as the catalog lists it. */
export interface TableInfo {
  readonly name: string;
  /** `global_temp` for views of all sessions, nothing for those of one. */
  readonly namespace: readonly string[];
}

/** A row filter or a column mask of a view. */
export interface ViewPolicy {
  readonly expression: Expr;
  /** Sessions with one of these roles are not bound by it. */
  readonly except: readonly string[];
}

/** The session's views, and the tables of memory sinks. */
export interface EngineTables {
  /** What the session may see of views with policies; fixed when it is made. */
  readonly roles: ReadonlySet<string>;
  /**
   * From now on the view shows only rows for which the expression is true; undefined: all rows.
   * @throws MillraceError TABLE_OR_VIEW_NOT_FOUND, INSUFFICIENT_PERMISSIONS
   */
  setRowFilter(view: string, policy: ViewPolicy | undefined): void;
  /** From now on the view shows the expression in the place of a column; undefined: the column. Throws as {@link setRowFilter}. */
  setColumnMask(view: string, column: string, policy: ViewPolicy | undefined): void;
  /** @throws MillraceError TEMP_TABLE_OR_VIEW_ALREADY_EXISTS when it exists and `replace` is false. */
  createView(name: string, plan: LogicalPlan, replace: boolean): void;
  /** As {@link createView}, for all sessions of the engine: `global_temp.name`. */
  createGlobalView(name: string, plan: LogicalPlan, replace: boolean): void;
  /** Whether there was one. */
  dropView(name: string): boolean;
  dropGlobalView(name: string): boolean;
  /** In the order of names. */
  list(): readonly TableInfo[];
  listGlobal(): readonly TableInfo[];
  /** Whether the name is a view or table, and, when it is a view of a streaming plan, that it streams. */
  find(name: string): { readonly streaming: boolean } | undefined;
}

/** `df.write` */
export interface WriteRequest {
  /** Name of a registered format, or a sink of the user's. */
  readonly format: string | SinkProvider;
  readonly mode: SaveMode;
  readonly options: OptionMap;
  readonly path?: string;
  readonly partitionBy: readonly string[];
  readonly signal?: AbortSignal;
}

/** What the user gave `foreach`: called with external rows, one partition after another. */
export interface ForeachCallbacks {
  /** False: the rows of the partition are skipped (`close` is still called). */
  open?(partitionId: number, epochId: number): boolean | Promise<boolean>;
  process(row: unknown): void | Promise<void>;
  close?(error: unknown): void | Promise<void>;
}

/** `df.writeStream` */
export interface StreamRequest {
  readonly queryName?: string;
  /** By which the checkpoint knows the sink. */
  readonly sinkName?: string;
  readonly outputMode: OutputMode;
  readonly trigger: StreamTrigger;
  /** Includes `checkpointlocation` when the user gave one. */
  readonly options: OptionMap;
  readonly partitionBy: readonly string[];
  /** Where the rows go. */
  readonly target:
    | { readonly kind: "format"; readonly format: string | SinkProvider; readonly path?: string }
    | { readonly kind: "foreach"; readonly callbacks: ForeachCallbacks }
    /** Called once per batch with a plan of the batch's rows (a batch plan); the batch commits when it resolves. */
    | { readonly kind: "foreachBatch"; readonly run: (batch: LogicalPlan, batchId: number) => Promise<void> };
  /** Gets the rows that operators dropped as late, as a batch plan, once for each operator and batch that has some. */
  readonly lateRows?: (rows: LogicalPlan, origin: LateRowsOrigin) => Promise<void>;
  /** Aborting stops the query as `stop` does. */
  readonly signal?: AbortSignal;
}
