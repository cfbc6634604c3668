/** What a streaming query is started with. Everything here is plain data or a function of the session's. */
import type { SinkFact } from "../checkpoint/engine-files.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { CompiledPlan, OpenScan } from "../execution/context.ts";
import type { Read } from "../logical-plan/logical-plan.ts";
import type { PhysicalPlan, ScanExec } from "../physical-plan/physical-plan.ts";
import type { OperatorState } from "../physical-plan/stateful.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { OutputMode, StreamSink } from "../sinks/contract.ts";
import type { MicroBatchSource, PushedFilter, ScanRequest } from "../sources/contract.ts";
import type { StateProvider } from "../state/state-store.ts";
import type { StreamTrigger } from "./contract.ts";
import type { LateRowsOrigin } from "./late-rows.ts";

/** The steps of a micro-batch, as docs/reliability.md names them. A step is announced when it begins. */
export type StepName = "P0" | "P1" | "P2" | "P3" | "P4" | "P5" | "P6" | "P7" | "P8" | "P9" | "P10" | "P11";

/** The physical plan of the query and what runs it. */
export interface QueryPlan {
  readonly physical: PhysicalPlan;
  readonly compiled: CompiledPlan;
}

/** Settings that the first batch of a query fixes for its whole life, read back from the offset log. */
export interface PinnedSettings {
  /** Value of a setting: the logged one, else the session's. */
  conf(key: string): string | undefined;
  /** `spark.sql.shuffle.partitions`: number of state partitions. */
  readonly shufflePartitions: number;
}

/** Ids of operators by their places. */
export type OperatorIds = (operators: readonly OperatorState[]) => readonly number[];

/** What sources and sinks are told about the query when they are opened. */
export interface QueryResources {
  readonly queryId: string;
  readonly runId: string;
  /** Counts the runs of the checkpoint; a sink that can fence refuses a run with a smaller one. */
  readonly epoch: number;
  readonly durability: "fsync" | "spark";
  /** Batches of which the sink was not told: they had no rows. */
  readonly batchesWithoutSink: readonly number[];
  /** Aborted when the query stops or fails. */
  readonly signal: AbortSignal;
}

/** The tables that a stream is joined with, as one batch reads them: whole, and anew in each batch. */
export interface StaticScans {
  openScan(scan: ScanExec, filter: PushedFilter | undefined): Promise<OpenScan>;
  /** Whether {@link isUnchanged} can tell of what was opened. */
  readonly knowsChanges: boolean;
  /** Whether all that was opened would be read the same when it was opened now. */
  isUnchanged(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StreamingQueryInput {
  readonly runtime: Runtime;
  readonly name: string | null;
  readonly outputMode: OutputMode;
  /** Where the rows go, as the checkpoint records it. */
  readonly sink: SinkFact;
  readonly trigger: StreamTrigger;
  /** Absolute path of the checkpoint; null: a temporary one, removed when the query ends without an error. */
  readonly checkpointPath: string | null;
  /** Session settings; undefined when neither set nor defaulted. */
  conf(key: string): string | undefined;
  /** The distinct streaming sources, by their number in the plan. */
  readonly sources: readonly Read[];
  /**
   * Plans and compiles the query; called once, after the checkpoint told which settings it was started with.
   * @param idsOf tells the ids of the operators with state, which come as they are counted from the sink
   */
  plan(settings: PinnedSettings, idsOf: OperatorIds): QueryPlan | Promise<QueryPlan>;
  /** How state is kept; called once when the query has any. Absent: in memory. */
  stateProvider?(): Promise<StateProvider>;
  openSource(
    read: Read,
    request: ScanRequest,
    resources: QueryResources & { readonly metadataPath: string },
  ): Promise<MicroBatchSource>;
  openStaticScans(signal: AbortSignal): StaticScans;
  openSink(resources: QueryResources): Promise<StreamSink>;
  /**
   * Gets the rows that an operator dropped as late in a batch, when the batch is durable and before it counts as done: at
   * least once, again with the same batch id when the batch is repeated.
   */
  takeLateRows?(rows: readonly RecordBatch[], origin: LateRowsOrigin): Promise<void>;
  /** The text that `query.explain` prints. */
  explain(extended: boolean, plan: QueryPlan): string;
  /** Aborting it stops the query. */
  readonly signal?: AbortSignal;
  /** Called when a step begins, and waited for; what it throws fails the query there. For tests. */
  readonly onStep?: (step: StepName, batchId: number) => void | Promise<void>;
}
