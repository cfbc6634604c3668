/**
 * What a sink is. The engine commits batch N to the sink exactly once as far as the sink can: it is told (queryId,
 * batchId), and after a crash between the sink's commit and the commit log it is given the same batch again, with the
 * same rows in the same order. A sink that remembers the last batch id skips it.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { OptionMap } from "../logical-plan/logical-plan.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { StructType } from "../types/data-type.ts";

export type OutputMode = "append" | "update" | "complete";

export interface SinkContext {
  readonly runtime: Runtime;
  readonly options: OptionMap;
  /** `start(path)` or `save(path)`. */
  readonly path: string | undefined;
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly timeZone: string;
  conf(key: string): string | undefined;
  warn(message: string): void;
  /** External-row settings of the session, for sinks that call user code. */
  readonly bigint: boolean;
  /** `temporal`: user code gets dates and times as Temporal objects. Default `date`. */
  readonly timestamps?: "date" | "temporal";
}

export interface StreamSinkContext extends SinkContext {
  readonly queryId: string;
  readonly outputMode: OutputMode;
  /** Where the query keeps its checkpoint; undefined for a temporary one. */
  readonly checkpointPath?: string;
  readonly durability: "fsync" | "spark";
  /** Batches that the sink was not told of, since they had no rows: state was dealt out to other partitions in them. */
  readonly batchesWithoutSink?: readonly number[];
  readonly signal: AbortSignal;
}

/** One micro-batch on its way out. `partitions` are pulled one after another, in order. */
export interface SinkBatch {
  readonly batchId: number;
  readonly schema: StructType;
  readonly partitions: readonly AsyncIterable<RecordBatch>[];
  readonly signal: AbortSignal;
}

export interface StreamSink {
  /** Shown in progress, such as `FileSink[/out]`. */
  readonly description: string;
  readonly guarantee: "exactly-once" | "at-least-once";
  /**
   * The last batch that is durably in the sink under this query, or null when unknown or none. The engine refuses to go
   * on when the sink is more than one batch ahead of the checkpoint (a checkpoint restored from an old copy).
   */
  lastCommittedBatch?(): Promise<number | null>;
  /**
   * Pulls all partitions and prepares the rows (P6). Whatever it writes must be invisible until `commit`. A batch that is
   * in the sink already must still be pulled, since the pull computes the state, and is then not written again.
   */
  write(batch: SinkBatch): Promise<PreparedWrite>;
  /** Begins a batch of the trigger `realTime`, at least once for each row. Absent: the sink only takes whole batches. */
  beginRealTime?(batch: RealTimeSinkBatch): RealTimeWrite;
  close(): Promise<void>;
}

/** The rows of one batch on their way out while it lasts. */
export interface RealTimeSinkBatch {
  readonly batchId: number;
  readonly schema: StructType;
  readonly signal: AbortSignal;
}

/** A batch in real time: what `write` took is out. After a crash all rows since the last batch that ended come again. */
export interface RealTimeWrite {
  /** So far. */
  readonly numOutputRows: number;
  /** Gives rows out; called one after another. The rows may lie in buffers that are reused when it has resolved. */
  write(rows: RecordBatch, partition: number): Promise<void>;
  /** The batch is over and its offsets are durable. */
  end(): Promise<void>;
  /** The batch failed, or the query stops; called instead of `end`. Must not throw. */
  abort(error: unknown): Promise<void>;
}

export interface PreparedWrite {
  /** Rows written, −1 when unknown. */
  readonly numOutputRows: number;
  /** Makes the batch visible, all or nothing where the sink can (P8). Called after all state of the batch is durable. */
  commit(): Promise<void>;
  /** Forgets the batch; called instead of `commit` when the batch failed. Must not throw. */
  abort(): Promise<void>;
}

/** A result written once: `df.write`. */
export interface BatchSink {
  write(partitions: readonly AsyncIterable<RecordBatch>[], signal: AbortSignal): Promise<{ readonly rows: number }>;
}

export type SaveMode = "append" | "overwrite" | "errorifexists" | "ignore";

export interface SinkProvider {
  readonly names: readonly string[];
  readonly outputModes: readonly OutputMode[];
  /** Sinks that need no checkpoint location (console, memory, noop, foreach): a temporary one is used and removed. */
  readonly temporaryCheckpointAllowed: boolean;
  openStream?(context: StreamSinkContext): Promise<StreamSink>;
  openBatch?(context: SinkContext, mode: SaveMode): Promise<BatchSink>;
}
