/**
 * What a streaming query is from outside: its handle, its progress, its events and the triggers that start its batches.
 * The API shows these types to users; the micro-batch loop fills them.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { MillraceError } from "../errors/index.ts";
import type { StructType } from "../types/data-type.ts";

/** When batches start. An interval of 0 means as soon as the last batch is done and there is data. */
export type StreamTrigger =
  | { readonly kind: "processingTime"; readonly intervalMs: number }
  | { readonly kind: "availableNow" }
  | { readonly kind: "once" }
  /** Rows leave as they arrive; a batch lasts so long and is logged when it is over. */
  | { readonly kind: "realTime"; readonly durationMs: number };

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

/** How a query ends. */
export interface StopOptions {
  /** Lets the running batch commit. Default: false. */
  readonly drain?: boolean;
}

/** Where the state of an operator lies. */
export interface StateLocation {
  readonly checkpoint: string;
  readonly operatorId: number;
  /** The last committed batch; null: none yet. */
  readonly batchId: number | null;
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
  explain(mode: "simple" | "extended" | "watermark"): string;
  /** @throws MillraceError STATE_OPERATOR_NOT_FOUND */
  stateOf(operator: string): StateLocation;
  /** Resolves when the query has ended: true; after the timeout: false. Rejects with `exception` when the query failed. */
  awaitTermination(timeoutMs?: number): Promise<boolean>;
  /** Resolves when all that the sources had at the time of the call is processed and committed. */
  processAllAvailable(): Promise<void>;
  /**
   * Ends the query; resolves when nothing of it runs any more, also when it failed before. With `drain` the running batch
   * commits first; without, it is aborted and repeated on the next start. A second call without `drain` aborts a draining stop.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * The result rows of each batch that begins from now on, after it committed. Bounded: the query waits for a slow
   * consumer. Ends with the query; throws when the query failed.
   */
  changes(): AsyncIterable<CommittedBatch>;
}

/** The streaming queries of a session. */
export interface StreamingQueries {
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
  /**
   * What `observe` computed over the batch: by the name of the observation, then of the metric. BIGINT is a number where
   * that is exact, otherwise a bigint.
   */
  readonly observedMetrics?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** How far the watermark is after the batch, and what it waits for; absent without a watermark. Not Spark's. */
  readonly watermark?: WatermarkProgress;
}

/** The watermark after a batch. Times are ISO texts; 1970 stands for none yet. */
export interface WatermarkProgress {
  /** Of the query, for the next batch. */
  readonly next: string;
  /** `min`: the least of the columns counts; `max`: the greatest. */
  readonly policy: "min" | "max";
  /** A column for each `withWatermark`. */
  readonly columns: readonly WatermarkNodeProgress[];
  /** As in `stateOperators`. */
  readonly operators: readonly OperatorWatermarkProgress[];
}
export interface WatermarkNodeProgress {
  readonly column: string;
  readonly delayMs: number;
  /** Descriptions of the sources that the rows come from. */
  readonly sources: readonly string[];
  /** Greatest time less the delay; null: no rows in this run. */
  readonly watermark: string | null;
  /** Without rows for `millrace.streaming.idleSourceTimeout`, and so not counted. */
  readonly idle: boolean;
  /** Without this column the query's watermark would be further. */
  readonly holdsBack: boolean;
}
export interface OperatorWatermarkProgress {
  readonly operatorId: number;
  readonly operatorName: string;
  /** By which the operator goes in the next batch. */
  readonly watermark: string;
  /** In this run. */
  readonly numRowsDroppedByWatermark: number;
  /** Earliest watermark at which something leaves the state, such as the end of the next window to close; null: nothing does. */
  readonly nextToLeave: string | null;
  /** What must come before it leaves: from each of these columns (with policy `max`, from one of them) a row of this time or later. */
  readonly waitsFor: readonly WatermarkWait[];
}
export interface WatermarkWait {
  readonly column: string;
  readonly sources: readonly string[];
  readonly eventTime: string;
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
