/**
 * What a source is. A connector implements {@link SourceProvider}; the same provider serves batch reads and streams.
 *
 * A streaming source hands out ranges: `latestOffset` says how far it could read, the engine writes that to the
 * checkpoint, and `read(start, end)` gives the rows of the range. For a replayable source the same range gives the same
 * rows for as long as the batch may be repeated.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { Expr } from "../expressions/expression.ts";
import type { OptionMap, TableSchema } from "../logical-plan/logical-plan.ts";
import type { FileSystem } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Field, StructType } from "../types/data-type.ts";

/** What the engine gives a source when it opens it. */
export interface SourceContext {
  readonly runtime: Runtime;
  readonly options: OptionMap;
  readonly paths: readonly string[];
  readonly timeZone: string;
  /** Session settings, such as `spark.sql.files.ignoreMissingFiles`. */
  conf(key: string): string | undefined;
  readonly signal: AbortSignal;
  /** Diagnostics for the user (a skipped file, a changed file). */
  warn(message: string): void;
  /** The files of a checkpoint as they were before they were encrypted, if they are. Absent: as they are. */
  checkpointFiles?(checkpoint: string): Promise<FileSystem>;
}

export interface SourceProvider {
  /** Format names, the first is the main one. */
  readonly names: readonly string[];
  /** Schema when the user gave none; throws when the source needs one. `given` is the user's, to be checked or completed. */
  inferSchema(context: SourceContext, given: StructType | undefined, streaming: boolean): Promise<TableSchema>;
  /** A column that is read when its name is asked for, and belongs to no star: `_metadata` of files. */
  readonly metadataColumn?: Field;
  /**
   * Reads splits of this source, of a batch or a stream, in another thread than the one that planned them. Absent, or
   * `canReadElsewhere` false for the options: the source is read on the calling thread.
   */
  openReader?(context: SourceContext, request: ScanRequest): SplitReader;
  canReadElsewhere?(options: OptionMap): boolean;
  /** Bytes that a batch read would read, about, for the choice of joins. Absent or undefined: unknown. */
  sizeInBytes?(context: SourceContext): Promise<number | undefined>;
  /** A batch read. Absent: the format cannot be read as a batch. */
  openBatch?(context: SourceContext, request: ScanRequest): Promise<BatchSource>;
  /** A stream. Absent: the format cannot be read as a stream. */
  openStream?(context: StreamSourceContext, request: ScanRequest): Promise<MicroBatchSource>;
}

/** What the query needs of a source. */
export interface ScanRequest {
  /** Full schema of the relation, as `inferSchema` gave it. */
  readonly schema: TableSchema;
  /** The columns to produce, a subset of `schema` in output order. */
  readonly columns: StructType;
  /**
   * Compiled conjunction that rows must satisfy, over a batch of the columns `filter.columns`; a source may use it to
   * skip rows early (late materialization) and reports by `filtered` of its rows whether it did.
   */
  readonly filter?: PushedFilter;
}

export interface PushedFilter {
  /** Ordinals into `ScanRequest.columns` that the predicate reads. */
  readonly columns: readonly number[];
  /** The bound conjuncts (ordinals into `ScanRequest.columns`), for sources that translate them. */
  readonly conjuncts: readonly Expr[];
  /**
   * Writes the positions of the rows that pass into `selection` and returns their number. `batch` has the full width of
   * `ScanRequest.columns`; columns that are not in `columns` may be null-typed placeholders.
   */
  select(batch: RecordBatch, selection: Int32Array): number;
  /**
   * The same in steps, for sources that read the columns of a step only for the rows which the steps before left: the
   * batch of a step holds those.
   */
  readonly stages?: readonly Pick<PushedFilter, "columns" | "select">[];
  /** The same for some of the conjuncts alone, for sources that leave out whole parts of the data by them. */
  part?(conjuncts: readonly Expr[]): (batch: RecordBatch, selection: Int32Array) => number;
}

/** A part of a scan that one task reads. Plain data, so that it can be sent to a worker. */
export interface SourceSplit {
  readonly description: string;
  readonly data: unknown;
  /** Bytes to read, about; absent when unknown. */
  readonly bytes?: number;
}

/** Reads splits that another thread has planned. */
export interface SplitReader {
  readonly filtered: boolean;
  /** Records read so far, before the filter dropped any. */
  readonly rowsRead: number;
  read(split: SourceSplit, signal: AbortSignal): AsyncIterable<RecordBatch>;
}

export interface BatchSource {
  readonly splits: readonly SourceSplit[];
  /** Whether the pushed filter has been applied to all rows. */
  readonly filtered: boolean;
  read(split: SourceSplit, signal: AbortSignal): AsyncIterable<RecordBatch>;
  /** Whether a read that is opened now would read the same. Absent: nobody can tell. */
  isUnchanged?(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StreamSourceContext extends SourceContext {
  /** Directory for the source's own log (`<checkpoint>/sources/<i>`). */
  readonly metadataPath: string;
  readonly durability: "fsync" | "spark";
  readonly queryId: string;
}

/** How much one batch may take. Several limits hold together. */
export type ReadLimit =
  | { readonly kind: "all" }
  | { readonly kind: "maxRows"; readonly rows: number }
  | { readonly kind: "maxFiles"; readonly files: number }
  | { readonly kind: "maxBytes"; readonly bytes: number };

/** An offset as the JSON text that lies in the offset log. Compared only by the source that made it. */
export type OffsetJson = string;

/**
 * How a source is read in real time: in many small ranges, whose end stands in the offset log only when the batch is over. Its
 * positions are offsets or lie between two; `plan` and `read` take them as they take offsets.
 */
export interface RealTimeReading {
  /** How far rows can be read now: `from` itself when there are none. Never beyond `upTo`, when that is given. */
  latest(from: OffsetJson | null, upTo?: OffsetJson): Promise<OffsetJson | null>;
  /** The first position at or after this one that can stand in the offset log. Absent: every position can. */
  nextOffset?(position: OffsetJson): OffsetJson;
  /** When more rows come after a position, or `upTo` is reached, ms since the epoch. Absent: the source does not know. */
  dueMs?(position: OffsetJson | null, upTo?: OffsetJson): number;
  /** The rows before the position have left the query, and are not asked for again in this run. */
  release?(position: OffsetJson): void;
}

export interface MicroBatchSource {
  /** Shown in progress and explain, such as `FileStreamSource[file:/logs]`. */
  readonly description: string;
  /** `replayable`: the same range can be read again after a crash. `none`: it cannot (a socket), rows may be lost. */
  readonly guarantee: "replayable" | "none";
  /** Offset before the first row; called only when the checkpoint has none. Durable facts (start times) are written here. */
  initialOffset(): Promise<OffsetJson | null>;
  /** The limit that the options ask for. */
  readonly defaultLimit: ReadLimit;
  /**
   * How far the next batch goes: at most `limit` from `start`. Returns `start` itself when there is nothing new. `start`
   * is null only when `initialOffset` gave null and nothing was read yet.
   */
  latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null>;
  /** Whether the last `latestOffset` left rows behind for its limit, so that the next batch has rows for sure. */
  readonly hasBacklog?: boolean;
  /** The offset that would be reached without limits, for progress; null when unknown. */
  reportLatestOffset(): Promise<OffsetJson | null>;
  /** AvailableNow: fixes the end that all later `latestOffset` calls of this run stay below. */
  prepareForAvailableNow?(): Promise<void>;
  /** Splits of the range (start, end]. */
  plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]>;
  readonly filtered: boolean;
  read(split: SourceSplit, signal: AbortSignal): AsyncIterable<RecordBatch>;
  /**
   * The batch that ended at `end` is durable; what lies before is not asked for again. Comes when the next batch is in the
   * offset log, and so beside the reading of that batch.
   */
  commit(end: OffsetJson): Promise<void>;
  /** Source metrics for progress, all values as strings. */
  metrics?(): ReadonlyMap<string, string>;
  /** Side effects of reading that must become durable with the batch (dead letters); asked for after the batch was read. */
  takeBatchFiles?(batchId: number): readonly BatchFile[];
  /**
   * Rows read since the last call, before the pushed filter dropped any, for progress. Absent: the rows that were handed
   * out are counted.
   */
  takeRowsRead?(): number;
  /**
   * Tells the source what to call when it may have new data. A query all of whose sources have this does not poll them
   * while it is idle.
   */
  onAvailable?(callback: () => void): void;
  /** `onAvailable` may miss new data, so that the source is polled all the same. */
  readonly mayMissNews?: boolean;
  /** Absent: the source cannot be read in real time. */
  readonly realTime?: RealTimeReading;
  close(): Promise<void>;
}

/** A file that is written durably before the batch commits; replay of the batch overwrites it with the same bytes. */
export interface BatchFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}
