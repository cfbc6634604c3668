/**
 * The physical plan: plain data, one node per operator. Expressions in it are bound to input positions. `execution/`
 * makes running operators of it; nodes without user closures can be sent to a worker.
 */
import type { PipelineStep } from "../codegen/pipeline.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { AggregateCall, Expr, SortOrder, UserFunction, WindowExpression } from "../expressions/expression.ts";
import type {
  GroupLimit,
  JoinType,
  KeyedGroups,
  MetricsObserver,
  Read,
  Repartition,
  TableSchema,
  UserRows,
} from "../logical-plan/logical-plan.ts";
import type { StructType } from "../types/data-type.ts";
import type { StatefulExec } from "./stateful.ts";

export interface PlanNode {
  /** Number within the plan, in the order of explain (`(3)`), keys the metrics. */
  readonly id: number;
  readonly schema: StructType;
}

export interface ScanExec extends PlanNode {
  readonly kind: "Scan";
  readonly read: Read;
  readonly tableSchema: TableSchema;
  /** Bound to `schema`. Applied again by a Filter step above unless the source says that it filtered. */
  readonly filters: readonly Expr[];
  /** −1 for a batch read. */
  readonly sourceIndex: number;
}
export interface LocalScanExec extends PlanNode {
  readonly kind: "LocalScan";
  readonly batch: RecordBatch;
  readonly columns: readonly number[];
}
export interface RangeExec extends PlanNode {
  readonly kind: "Range";
  readonly start: bigint;
  readonly end: bigint;
  readonly step: bigint;
  readonly numPartitions: number;
}
/** Filters, projections, expansions and generators fused into one generated loop. */
export interface PipelineExec extends PlanNode {
  readonly kind: "Pipeline";
  readonly input: PhysicalPlan;
  readonly steps: readonly PipelineStep[];
}
export interface UserRowsExec extends PlanNode {
  readonly kind: "UserRows";
  readonly input: PhysicalPlan;
  readonly plan: UserRows;
}
export interface KeyedGroupsExec extends PlanNode {
  readonly kind: "KeyedGroups";
  readonly input: PhysicalPlan;
  readonly plan: KeyedGroups;
}
/** Appends a column with the key that a closure computes of each row. */
export interface UserKeysExec extends PlanNode {
  readonly kind: "UserKeys";
  readonly input: PhysicalPlan;
  readonly key: UserFunction;
}
/** Columns out: keys, then the buffer fields of each aggregate. Input steps before it are fused into its loop. */
export interface PartialAggregateExec extends PlanNode {
  readonly kind: "PartialAggregate";
  readonly input: PhysicalPlan;
  readonly steps: readonly PipelineStep[];
  readonly keys: readonly Expr[];
  readonly aggregates: readonly AggregateCall[];
}
/** Input: partial results (keys, buffers). Output: keys, then final values. */
export interface FinalAggregateExec extends PlanNode {
  readonly kind: "FinalAggregate";
  readonly input: PhysicalPlan;
  readonly keyCount: number;
  readonly aggregates: readonly AggregateCall[];
}
/**
 * As FinalAggregate, with a key that is a session: rows of equal other keys whose sessions overlap or touch are one group,
 * from the first start to the last end. Input: partial results in the order of the other keys and the session.
 */
export interface MergeSessionsExec extends PlanNode {
  readonly kind: "MergeSessions";
  readonly input: PhysicalPlan;
  readonly keyCount: number;
  /** Positions of the session among the keys: one, or several when it is written several times. */
  readonly sessions: readonly number[];
  readonly aggregates: readonly AggregateCall[];
}
export type Partitioning =
  | { readonly kind: "hash"; readonly keys: readonly number[]; readonly partitions: number }
  | { readonly kind: "single" };
export interface ExchangeExec extends PlanNode {
  readonly kind: "Exchange";
  readonly input: PhysicalPlan;
  readonly partitioning: Partitioning;
}
/** Output: left columns then right columns (semi/anti: left only). The build side is read whole first. */
export interface HashJoinExec extends PlanNode {
  readonly kind: "HashJoin";
  readonly left: PhysicalPlan;
  readonly right: PhysicalPlan;
  readonly joinType: JoinType;
  readonly leftKeys: readonly Expr[];
  readonly rightKeys: readonly Expr[];
  /** Keys that are compared by `<=>`: NULL finds NULL. Absent: none. */
  readonly nullSafe?: readonly boolean[];
  /** Over left ++ right columns. */
  readonly condition?: Expr;
  readonly buildSide: "left" | "right";
  /** The build side is small, by its estimated size or by a hint: worth having whole in every thread. */
  readonly broadcast?: boolean;
}
export interface NestedLoopJoinExec extends PlanNode {
  readonly kind: "NestedLoopJoin";
  readonly left: PhysicalPlan;
  readonly right: PhysicalPlan;
  readonly joinType: JoinType;
  readonly condition?: Expr;
  /** Default: right. */
  readonly buildSide?: "left" | "right";
}
export interface SortExec extends PlanNode {
  readonly kind: "Sort";
  readonly input: PhysicalPlan;
  readonly order: readonly SortOrder[];
  /** Sorts the rows of each partition for itself. */
  readonly withinPartitions?: true;
  /** Makes so many partitions, each the sorted rows of adjoining partitions of the input: what threads do of a sort. */
  readonly parts?: number;
  /** With a limit only the first rows are kept (top-k). */
  readonly limit?: number;
}
/** Rows of sorted partitions in one order; of equal rows those of the earlier partition come first. */
export interface MergeSortedExec extends PlanNode {
  readonly kind: "MergeSorted";
  readonly input: PhysicalPlan;
  readonly order: readonly SortOrder[];
  readonly limit?: number;
}
export interface LimitExec extends PlanNode {
  readonly kind: "Limit";
  readonly input: PhysicalPlan;
  readonly limit: number;
  /** Rows beyond the limit are read too, since they belong to the state and the watermark of a stream below. */
  readonly readsAll?: true;
}
/** Drops the first rows over all partitions. */
export interface OffsetExec extends PlanNode {
  readonly kind: "Offset";
  readonly input: PhysicalPlan;
  readonly offset: number;
}
/** Keys are bound to the input; those of `range` are sort orders. */
export interface RepartitionExec extends PlanNode {
  readonly kind: "Repartition";
  readonly input: PhysicalPlan;
  readonly how: Repartition["how"];
  readonly partitions: number;
  readonly keys: readonly Expr[];
}
/** Passes its input on and aggregates it on the way. */
export interface CollectMetricsExec extends PlanNode {
  readonly kind: "CollectMetrics";
  readonly input: PhysicalPlan;
  readonly name: string;
  readonly aggregates: readonly AggregateCall[];
  /** Over the results of `aggregates`. */
  readonly metrics: readonly Expr[];
  readonly metricsSchema: StructType;
  readonly observer?: MetricsObserver;
}
/** Input: rows sorted by partition and order. Output: the input's columns, then the values of the functions. */
export interface WindowExec extends PlanNode {
  readonly kind: "Window";
  readonly input: PhysicalPlan;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortOrder[];
  readonly functions: readonly WindowExpression[];
}
/** Rows sorted by partition and order, of each partition only those up to a rank. */
export interface GroupTopKExec extends PlanNode, GroupLimit {
  readonly kind: "GroupTopK";
  readonly input: PhysicalPlan;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortOrder[];
}
export interface UnionExec extends PlanNode {
  readonly kind: "Union";
  readonly inputs: readonly PhysicalPlan[];
}
/** Passes its input on and records the greatest event time of the batch. */
export interface EventTimeWatermarkExec extends PlanNode {
  readonly kind: "EventTimeWatermark";
  readonly input: PhysicalPlan;
  readonly ordinal: number;
  readonly delayMicros: bigint;
  readonly node: number;
}

/** Keeps the rows that the stateful operator above drops as late by a column, and passes all rows on. */
export interface LateRowsExec extends PlanNode {
  readonly kind: "LateRows";
  readonly input: PhysicalPlan;
  readonly ordinal: number;
}

/** Runs its input in the threads of the pool, split by split; see `parallelize`. */
export interface ParallelExec extends PlanNode {
  readonly kind: "Parallel";
  readonly input: PhysicalPlan;
  readonly threads: number;
}
/** In a fragment that runs elsewhere: rows that the calling thread computed for it. */
export interface FragmentInputExec extends PlanNode {
  readonly kind: "FragmentInput";
  readonly index: number;
}

export type PhysicalPlan =
  | ScanExec
  | LocalScanExec
  | RangeExec
  | PipelineExec
  | UserRowsExec
  | KeyedGroupsExec
  | UserKeysExec
  | PartialAggregateExec
  | FinalAggregateExec
  | MergeSessionsExec
  | StatefulExec
  | ExchangeExec
  | HashJoinExec
  | NestedLoopJoinExec
  | SortExec
  | MergeSortedExec
  | LimitExec
  | OffsetExec
  | RepartitionExec
  | CollectMetricsExec
  | WindowExec
  | GroupTopKExec
  | UnionExec
  | EventTimeWatermarkExec
  | LateRowsExec
  | ParallelExec
  | FragmentInputExec;
