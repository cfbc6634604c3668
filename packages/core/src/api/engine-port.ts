/**
 * The bridge between the API and the engine that runs its plans: plans and requests go in, batches, schemas and texts come
 * out, all plain data except the functions of the user's that a plan or a request holds. The API knows no engine but
 * through this file, so that the same program runs on the embedded engine and elsewhere.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { MillraceError } from "../errors/index.ts";
import type { LogicalPlan, OptionMap } from "../logical-plan/logical-plan.ts";
import type { OutputMode, SaveMode, SinkProvider } from "../sinks/contract.ts";
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
  readonly streams: EngineStreams;

  /** Schema of the plan's result. */
  schema(plan: LogicalPlan): Promise<StructType>;
  /** The text that `explain` prints, without a trailing newline. */
  explain(plan: LogicalPlan, mode: ExplainMode): Promise<string>;
  /**
   * Runs a batch plan. Nothing runs before the first pull; returning early from the iteration, or aborting the signal, stops
   * the run and releases what it holds. A plan over a streaming source is refused.
   */
  execute(plan: LogicalPlan, signal?: AbortSignal): AsyncIterable<RecordBatch>;
  /** Runs a batch plan and writes its result. */
  write(plan: LogicalPlan, request: WriteRequest): Promise<void>;
  /** Starts a streaming query; resolves when it is registered and its start event was delivered. */
  startStream(plan: LogicalPlan, request: StreamRequest): Promise<StreamingQueryHandle>;

  setLogLevel(level: LogLevel): void;
  /** A session of the same engine with settings and views of its own. */
  newSession(): Promise<Engine>;
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

/** The session's views, and the tables of memory sinks. */
export interface EngineTables {
  /** @throws MillraceError TEMP_TABLE_OR_VIEW_ALREADY_EXISTS when it exists and `replace` is false. */
  createView(name: string, plan: LogicalPlan, replace: boolean): void;
  /** Whether there was one. */
  dropView(name: string): boolean;
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

/** When batches start. An interval of 0 means as soon as the last batch is done and there is data. */
export type StreamTrigger =
  | { readonly kind: "processingTime"; readonly intervalMs: number }
  | { readonly kind: "availableNow" }
  | { readonly kind: "once" };

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
  /** Aborting stops the query as `stop` does. */
  readonly signal?: AbortSignal;
}

/** `query.status`, in Spark's words. */
export interface StreamingQueryStatus {
  readonly message: string;
  readonly isDataAvailable: boolean;
  readonly isTriggerActive: boolean;
}

/** The rows of one committed batch. */
export interface CommittedBatch {
  readonly batchId: number;
  readonly batches: readonly RecordBatch[];
}

/** A running (or ended) streaming query. */
export interface StreamingQueryHandle {
  /** Survives restarts from the same checkpoint. */
  readonly id: string;
  /** New for each start. */
  readonly runId: string;
  readonly name: string | null;
  readonly isActive: boolean;
  readonly status: StreamingQueryStatus;
  /** The newest last. */
  readonly recentProgress: readonly StreamingQueryProgress[];
  /** The error that ended the query (class STREAM_FAILED), or null. */
  readonly exception: MillraceError | null;
  /** Schema of the result. */
  readonly schema: StructType;
  explain(extended: boolean): string;
  /** Resolves when the query has ended: true; after the timeout: false. Rejects with `exception` when the query failed. */
  awaitTermination(timeoutMs?: number): Promise<boolean>;
  /** Resolves when all that the sources had at the time of the call is processed and committed. */
  processAllAvailable(): Promise<void>;
  /** Lets the running batch commit or aborts it, then ends; resolves when nothing of the query runs any more. */
  stop(): Promise<void>;
  /**
   * The result rows of each batch that commits from now on, after it committed. Bounded: the query waits for a slow
   * consumer. Ends with the query; throws when the query failed.
   */
  changes(): AsyncIterable<CommittedBatch>;
}

/** The streaming queries of a session. */
export interface EngineStreams {
  readonly active: readonly StreamingQueryHandle[];
  /** By id. */
  get(id: string): StreamingQueryHandle | undefined;
  /**
   * Resolves when any query of the session has ended since the session began or `resetTerminated` was called: true; after
   * the timeout: false. Rejects with the exception of a query that failed.
   */
  awaitAnyTermination(timeoutMs?: number): Promise<boolean>;
  resetTerminated(): void;
  addListener(listener: StreamingQueryListener): void;
  removeListener(listener: StreamingQueryListener): void;
}

// ---- progress and events, as Spark names them -----------------------------------------------------------------------

/**
 * What one trigger did: the object form of Spark's progress JSON, in its order. Rates and averages that would not be finite
 * numbers, and empty maps, are absent.
 */
export interface StreamingQueryProgress {
  readonly id: string;
  readonly runId: string;
  readonly name: string | null;
  /** Start of the trigger, `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'`. */
  readonly timestamp: string;
  readonly batchId: number;
  /** Milliseconds. */
  readonly batchDuration: number;
  readonly numInputRows: number;
  readonly inputRowsPerSecond?: number;
  readonly processedRowsPerSecond?: number;
  /** Milliseconds by step: `addBatch`, `walCommit`, `commitOffsets` and so on. */
  readonly durationMs: Readonly<Record<string, number>>;
  /** `avg`, `max`, `min` and `watermark` as ISO texts. */
  readonly eventTime?: Readonly<Record<string, string>>;
  readonly stateOperators: readonly StateOperatorProgress[];
  readonly sources: readonly SourceProgress[];
  readonly sink: SinkProgress;
}

export interface StateOperatorProgress {
  readonly operatorName: string;
  readonly numRowsTotal: number;
  readonly numRowsUpdated: number;
  readonly allUpdatesTimeMs: number;
  readonly numRowsRemoved: number;
  readonly allRemovalsTimeMs: number;
  readonly commitTimeMs: number;
  readonly memoryUsedBytes: number;
  readonly numRowsDroppedByWatermark: number;
  readonly numShufflePartitions: number;
  readonly numStateStoreInstances: number;
  readonly customMetrics?: Readonly<Record<string, number>>;
}

export interface SourceProgress {
  readonly description: string;
  /** Offsets as the JSON values that the source writes, or as text when they are not JSON. */
  readonly startOffset: unknown;
  readonly endOffset: unknown;
  readonly latestOffset: unknown;
  readonly numInputRows: number;
  readonly inputRowsPerSecond?: number;
  readonly processedRowsPerSecond?: number;
  readonly metrics?: Readonly<Record<string, string>>;
}

export interface SinkProgress {
  readonly description: string;
  /** −1 when the sink does not know. */
  readonly numOutputRows: number;
  readonly metrics?: Readonly<Record<string, string>>;
}

export interface QueryStartedEvent {
  readonly id: string;
  readonly runId: string;
  readonly name: string | null;
  readonly timestamp: string;
}
export interface QueryProgressEvent {
  readonly progress: StreamingQueryProgress;
}
export interface QueryIdleEvent {
  readonly id: string;
  readonly runId: string;
  readonly timestamp: string;
}
export interface QueryTerminatedEvent {
  readonly id: string;
  readonly runId: string;
  /** Message of the error that ended the query; null after `stop` or a trigger that ends by itself. */
  readonly exception: string | null;
  readonly errorClassOnException: string | null;
}

/**
 * Hears of the session's queries. `onQueryStarted` is called before `start` resolves and before anything else of the query;
 * `onQueryTerminated` is always the last. What a listener throws does not reach the query.
 */
export interface StreamingQueryListener {
  onQueryStarted?(event: QueryStartedEvent): void;
  onQueryProgress?(event: QueryProgressEvent): void;
  onQueryIdle?(event: QueryIdleEvent): void;
  onQueryTerminated?(event: QueryTerminatedEvent): void;
}
