/**
 * What running operators are given. A {@link CompiledPlan} is made once per query and executed once per batch; all that
 * changes from batch to batch arrives in the {@link BatchContext}.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { MetricsObserver } from "../logical-plan/logical-plan.ts";
import type { ScanExec } from "../physical-plan/physical-plan.ts";
import type { PushedFilter, SourceSplit } from "../sources/contract.ts";
import type { StateStore } from "../state/state-store.ts";
import type { StructType } from "../types/data-type.ts";
import type { OperatorMemory } from "./memory/operator-memory.ts";
import type { JoinRun } from "./operators/join-core.ts";
import type { WorkerPool } from "./parallel/worker-pool.ts";
import type { Turns } from "./turns.ts";

/** Fixed for the life of a compiled plan. */
export interface CompileOptions {
  readonly timeZone: string;
  readonly ansi: boolean;
  /** Of equal keys put into a map the last one stays. */
  readonly lastMapKeyWins?: boolean;
  /** false: expressions run in the interpreter; no `new Function`. */
  readonly codegen: boolean;
  /** User closures get BIGINT as bigint. */
  readonly bigint: boolean;
  /** `temporal`: user closures get dates and times as Temporal objects. Default `date`. */
  readonly timestamps?: "date" | "temporal";
  /** The threads that Parallel operators use. Absent: they run on the calling thread. */
  readonly parallel?: ParallelExecution;
}

export interface ParallelExecution {
  readonly pool: WorkerPool;
  /** The session's settings of now. */
  conf(): readonly (readonly [key: string, value: string])[];
  /** Reading less than so many bytes (or numbers of a range) is not worth a message to another thread. */
  readonly minBytes: number;
}

/** One scan opened for one batch (or for a batch query). */
export interface OpenScan {
  readonly splits: readonly SourceSplit[];
  readonly filtered: boolean;
  read(split: SourceSplit, signal: AbortSignal): AsyncIterable<RecordBatch>;
  /** Another thread has read so many records of the splits. */
  readElsewhere?(rows: number): void;
}

export interface BatchContext {
  /** −1 for a batch query. */
  readonly batchId: number;
  /** `current_timestamp()`: µs since the epoch, the batch's timestamp. */
  readonly nowMicros: bigint;
  /** Seed for rand(): derived from (query id, batch id). */
  readonly seed: bigint;
  readonly signal: AbortSignal;
  /** Asked between two batches; absent where nobody else needs the thread. */
  readonly turns?: Turns;
  /** The rows of a scan in this batch. */
  openScan(scan: ScanExec, filter: PushedFilter | undefined): Promise<OpenScan>;
  /** A store of a stateful operator's partition, opened at this batch's version. The caller commits or aborts it. */
  openState(operatorId: number, partition: number, storeName: string): Promise<StateStore>;
  /**
   * Tells what memory a partition of a stateful operator holds beside its stores.
   * @throws STATE_STORE_TOO_LARGE when that is too much together with what all stores hold
   */
  holdState?(operatorId: number, partition: number, bytes: number): void;
  /** Watermarks of this batch for a stateful operator, µs: rows at or before `late` are dropped, keys at or before `evict` leave. */
  watermark(operatorId: number): { readonly late: bigint; readonly evict: bigint };
  /** Statistics of an EventTimeWatermark node: called once per partition with what it saw (µs). */
  recordEventTime(node: number, stats: EventTimeStats): void;
  /** Who takes the rows that a LateRows node (by its id) finds; absent, or undefined: nobody. */
  lateRows?(node: number): LateRowsTaker | undefined;
  /** Notes metrics that the run asks for when all rows have passed: a batch of one row. */
  observe(name: string, observer: MetricsObserver | undefined, result: () => RecordBatch): void;
  readonly metrics: MetricsRecorder;
  /**
   * By join: build sides that stay as they are over several executions, since tables that a stream is joined with are read
   * once in a batch. Absent: every execution reads them.
   */
  readonly keptBuilds?: Map<number, JoinRun>;
  /** Calls back once, when the execution is over, however it ended. */
  atEnd(callback: () => void): void;
  /** Memory for rows that operators keep, and disk for what does not fit. Whoever opened it closes it. */
  readonly memory: OperatorMemory;
}

export interface LateRowsTaker {
  /** µs: rows at or before it are late. Known when a partition is pulled. */
  readonly watermark: bigint;
  keep(rows: RecordBatch): void;
}

export interface EventTimeStats {
  readonly count: number;
  readonly minMicros: bigint;
  readonly maxMicros: bigint;
  /** Sum in milliseconds, for the average that progress reports. */
  readonly sumMillis: number;
}

/** Counters per operator (plan node id) and per stateful operator. */
export interface MetricsRecorder {
  /** A clock for the durations in metrics, milliseconds; absent where nobody looks at them. */
  nowMs?(): number;
  rows(node: number, rows: number): void;
  state(operatorId: number, metrics: StateOperatorMetrics): void;
}

/** What one partition of a stateful operator did in one batch; summed over partitions in progress. */
export interface StateOperatorMetrics {
  readonly numRowsTotal: number;
  readonly numRowsUpdated: number;
  readonly numRowsRemoved: number;
  readonly numRowsDroppedByWatermark: number;
  readonly allUpdatesTimeMs: number;
  readonly allRemovalsTimeMs: number;
  /** When the partition wants a batch, also without data: milliseconds since the epoch. Absent: it does not. */
  readonly dueMs?: number;
  readonly memoryUsedBytes: number;
  /** Earliest watermark at which an entry leaves the state, µs since the epoch; absent: none leaves by the watermark. */
  readonly leavesNextMicros?: number;
  /** Counters that only this kind of operator has, such as `numDroppedDuplicateRows`. */
  readonly custom: Readonly<Record<string, number>>;
}

/** A plan ready to run any number of times. */
export interface CompiledPlan {
  readonly schema: StructType;
  /**
   * Runs the plan. The result's partitions must be pulled one after another and in order; a partition that is not
   * needed may be skipped. Errors surface while pulling.
   */
  execute(context: BatchContext): Promise<readonly AsyncIterable<RecordBatch>[]>;
  /**
   * Begins with the next execution while this one runs: what threads compute of the input and of static tables. To be
   * followed by `execute` with the same context, or by the end of that.
   */
  readAhead(context: BatchContext): Promise<void>;
  /** From now on partitions of this execution are pulled, after those of another one. */
  resume(context: Pick<BatchContext, "nowMicros" | "seed">): void;
  /** The generated source per pipeline, for `explain("codegen")`. */
  generatedSource(): readonly { readonly node: number; readonly source: string }[];
}
