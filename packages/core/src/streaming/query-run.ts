/** The state of one run of a streaming query, shared by the steps of the loop. */
import type { OffsetLogEntry } from "../checkpoint/offset-log.ts";
import type { StreamSink } from "../sinks/contract.ts";
import type { CommittedBatches } from "./committed-batches.ts";
import type { StreamTrigger } from "./contract.ts";
import type { BatchWork } from "./batch-work.ts";
import type { NextBatch } from "./look-ahead.ts";
import type { DurationRecorder } from "./progress.ts";
import type { QueryCheckpoint } from "./query-checkpoint.ts";
import type { PinnedSettings, QueryPlan, StepName, StreamingQueryInput } from "./query-input.ts";
import type { QueryState } from "./query-state.ts";
import type { StreamingSource } from "./streaming-source.ts";
import type { WatermarkTracker } from "./watermark-tracker.ts";

/** The batch that is constructed or runs now. */
export interface CurrentBatch {
  readonly batchId: number;
  readonly entry: OffsetLogEntry;
  /** Watermark of the batch before: rows at or before it are late. */
  readonly lateWatermarkMs: number;
  /** Fulfilled when the batch is durable in the offset log, as a batch that is run again is from the start. */
  readonly logged: Promise<void>;
  /** What it computes with, when that was made ahead. */
  readonly work: BatchWork | null;
}

export interface QueryRun {
  readonly input: StreamingQueryInput;
  readonly runId: string;
  readonly checkpoint: QueryCheckpoint;
  readonly settings: PinnedSettings;
  /** What is logged with each batch. */
  readonly loggedConf: ReadonlyMap<string, string>;
  readonly plan: QueryPlan;
  readonly sources: readonly StreamingSource[];
  readonly sink: StreamSink;
  readonly state: QueryState;
  readonly committed: CommittedBatches;
  readonly trigger: StreamTrigger;
  readonly minBatchesToRetain: number;
  readonly noDataBatches: boolean;
  /** Aborted when the running batch must not go on. */
  readonly abort: AbortSignal;
  /** Aborted when no new batch may start. */
  readonly stop: AbortSignal;
  tracker: WatermarkTracker;
  /** Lines of the offset log: one for each source, and for each that was removed, whose offset stays as it was. */
  readonly slots: number;
  readonly removedOffsets: ReadonlyMap<number, string | null>;
  /** Rows that operators dropped as late in this run, by operator id. */
  readonly lateRows: Map<number, number>;
  /**
   * When a stateful operator wants a batch, also without data: ms since the epoch; Infinity: none does, or there are no
   * batches without data. −Infinity before the first batch of a run that goes on with timers or timeouts: nobody knows yet.
   */
  dueMs: number;
  durations: DurationRecorder;
  /** The batch to run next, when it is constructed. */
  batch: CurrentBatch | null;
  /** The batch after the running one, when it is chosen already; null in it: there is none. */
  ahead: Promise<NextBatch | null> | null;
  /** Whether the last batch could tell of all tables that it read when they change; false before the first. */
  tablesAreWatched: boolean;
  /** Id of the next batch to construct. */
  nextBatchId: number;
  /** The last batch whose state can be read; null: none yet. */
  committedBatchId: number | null;
  /** Timestamp and watermark of the newest batch in the offset log; −1 and 0 before the first. */
  lastTimestampMs: number;
  lastWatermarkMs: number;
  setStatus(message: string, isDataAvailable?: boolean): void;
  step(name: StepName, batchId: number): Promise<void>;
}
