/**
 * The logical plan: a closed union of plain data, without behaviour. A plan represents a dataflow tree in which rows
 * flow from the leaves to the root.
 *
 * Two groups. The relations that the doors build mirror Spark Connect's `Relation`; the analyzer resolves names and types
 * in them and replaces some by the nodes of the second group. Deliberate differences to Spark Connect: schemas are
 * {@link StructType}, not strings; `LocalRelation` holds a RecordBatch; user functions are closures in the plan
 * (`UserRows`, `KeyedGroups`, `StatefulGroups`); a streaming read of a user's async iterable holds the source object itself.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type {
  Alias,
  Attribute,
  AttributeId,
  Expr,
  Origin,
  SortOrder,
  UserFunction,
} from "../expressions/expression.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import type { Derived } from "./derived.ts";
import type { ResolvedStatefulGroups, StatefulGroups } from "./stateful-groups.ts";

// ---- relations as built by the doors -------------------------------------------------------------------------------

/** A table of a data source by format and options. */
export interface Read {
  readonly kind: "Read";
  readonly format: string;
  readonly options: OptionMap;
  readonly paths: readonly string[];
  /** As the user gave it; without it the source infers one. */
  readonly schema?: StructType;
  readonly streaming: boolean;
  /** By which a checkpoint knows the source of a stream. */
  readonly name?: string;
  /** A source object of the user's (`readStream.from`), when the format is not a registered one. */
  readonly provider?: unknown;
}
/** Format of reads that stand for a cached plan. */
export const inMemoryFormat = "InMemoryTableScan";

export interface LocalRelation {
  readonly kind: "LocalRelation";
  readonly batch: RecordBatch;
}
/** One BIGINT column `id` from `start` (inclusive) to `end` (exclusive). */
export interface Range {
  readonly kind: "Range";
  readonly start: bigint;
  readonly end: bigint;
  readonly step: bigint;
  readonly numPartitions?: number;
}
export interface Project {
  readonly kind: "Project";
  readonly input: LogicalPlan;
  readonly expressions: readonly Expr[];
}
export interface Filter {
  readonly kind: "Filter";
  readonly input: LogicalPlan;
  readonly condition: Expr;
}
export type JoinType = "inner" | "leftOuter" | "rightOuter" | "fullOuter" | "leftSemi" | "leftAnti" | "cross";
export interface Join {
  readonly kind: "Join";
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly joinType: JoinType;
  readonly condition?: Expr;
  /** Column names that both sides have; each appears once in the result. */
  readonly using?: readonly string[];
  /** After optimization: the side that a hint wants in memory. */
  readonly broadcast?: "left" | "right";
  /** Where the user's program named them. */
  readonly origin?: Origin;
  /** Of a stream: the user's name for what keeps its state. */
  readonly operatorName?: string;
}
export interface Union {
  readonly kind: "Union";
  readonly inputs: readonly LogicalPlan[];
  readonly byName: boolean;
  readonly allowMissingColumns: boolean;
}
/** `intersect` and `except`: rows compared as GROUP BY compares them. `all` keeps duplicates, as often as the counts allow. */
export interface SetOperation {
  readonly kind: "SetOperation";
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly operation: "intersect" | "except";
  readonly all: boolean;
}
export interface Sort {
  readonly kind: "Sort";
  readonly input: LogicalPlan;
  readonly order: readonly SortOrder[];
  /** Sorts the rows of each partition for itself. */
  readonly withinPartitions?: true;
}
export interface Limit {
  readonly kind: "Limit";
  readonly input: LogicalPlan;
  readonly limit: number;
  /** Of a stream: the user's name for what keeps its state. */
  readonly operatorName?: string;
}
/** All rows but the first `offset`. */
export interface Offset {
  readonly kind: "Offset";
  readonly input: LogicalPlan;
  readonly offset: number;
}
/**
 * Other partitions: by the hash of expressions, by their order, by a column that says which (`id`), one row to each in turn,
 * or neighbours joined to at most `partitions` (`coalesce`).
 */
export interface Repartition {
  readonly kind: "Repartition";
  readonly input: LogicalPlan;
  readonly how: "hash" | "range" | "id" | "roundRobin" | "coalesce";
  /** Absent: as many as a shuffle has. */
  readonly partitions?: number;
  /** Of `range`: sort orders. */
  readonly expressions: readonly Expr[];
}
/** `observe`: passes its input on and computes aggregates over it. */
export interface CollectMetrics {
  readonly kind: "CollectMetrics";
  readonly input: LogicalPlan;
  readonly name: string;
  readonly metrics: readonly Expr[];
  /** After analysis: what `metrics` are computed from, plain aggregate calls. */
  readonly aggregates?: readonly Alias[];
  /** Hears of the result of each run of a batch query. */
  readonly observer?: MetricsObserver;
}
/** Is given the one row of metrics when a run has ended. */
export interface MetricsObserver {
  completed(metrics: RecordBatch): void;
}
export interface Aggregate {
  readonly kind: "Aggregate";
  readonly input: LogicalPlan;
  readonly grouping: readonly Expr[];
  /** Positions of the grouping expressions of each grouping set (`rollup`, `cube`); gone after analysis. */
  readonly groupingSets?: readonly (readonly number[])[];
  /** What the result adds after the grouping columns. After analysis: the complete output list (grouping first). */
  readonly aggregates: readonly Expr[];
  /** The operator that the analyzer has put this aggregation in for. */
  readonly standsFor?: string;
  /** Of a stream: the user's name for what keeps its state. */
  readonly operatorName?: string;
}
/** `distinct`, `dropDuplicates` and `dropDuplicatesWithinWatermark`: no `columns` means all. */
export interface Deduplicate {
  readonly kind: "Deduplicate";
  readonly input: LogicalPlan;
  readonly columns?: readonly string[];
  readonly withinWatermark?: true;
}
/** Advice of the user's (a resolved `Derived` hint): `broadcast` makes the input the side of a join that is in memory. */
export interface Hint {
  readonly kind: "Hint";
  readonly input: LogicalPlan;
  readonly name: string;
}
export interface SubqueryAlias {
  readonly kind: "SubqueryAlias";
  readonly input: LogicalPlan;
  readonly alias: string;
}
export interface WithColumns {
  readonly kind: "WithColumns";
  readonly input: LogicalPlan;
  readonly columns: readonly Alias[];
}
export interface WithColumnsRenamed {
  readonly kind: "WithColumnsRenamed";
  readonly input: LogicalPlan;
  readonly renames: readonly { readonly from: string; readonly to: string }[];
}
/** The same columns under new names, all of them in order. */
export interface ToDF {
  readonly kind: "ToDF";
  readonly input: LogicalPlan;
  readonly names: readonly string[];
}
export interface Drop {
  readonly kind: "Drop";
  readonly input: LogicalPlan;
  readonly columns: readonly Expr[];
}
export interface WithWatermark {
  readonly kind: "WithWatermark";
  readonly input: LogicalPlan;
  readonly eventTime: string;
  /** As written, such as `10 seconds`. */
  readonly delay: string;
  readonly origin?: Origin;
}
/** A closure over typed rows: `map` (one row each), `flatMap` (an iterable of rows), `filter` (a boolean), `mapPartitions`. */
export interface UserRows {
  readonly kind: "UserRows";
  readonly input: LogicalPlan;
  readonly how: "map" | "flatMap" | "filter" | "mapPartitions";
  readonly fn: UserFunction;
  /** Schema of the rows that the function returns; absent for `filter`. */
  readonly schema?: StructType;
}
/**
 * `groupByKey(key)` and what follows: `reduce` (a, b) → row per key; `mapGroups` (key, rows) → row;
 * `flatMapGroups` (key, rows) → rows. Output: column `key`, then `value` for reduce, or the fields of `schema`.
 */
export interface KeyedGroups {
  readonly kind: "KeyedGroups";
  readonly input: LogicalPlan;
  readonly key: UserFunction;
  readonly keyType: DataType;
  readonly how: "reduce" | "mapGroups" | "flatMapGroups";
  readonly fn: UserFunction;
  /** Fields that the function's rows have; absent for `reduce`, whose `value` is a struct with the input's columns. */
  readonly schema?: StructType;
}
/** A registered view or the table of a memory sink. */
export interface NamedTable {
  readonly kind: "NamedTable";
  readonly name: string;
  readonly streaming: boolean;
}

// ---- nodes of the analyzed plan ------------------------------------------------------------------------------------

/** The columns of a source, and which of them come from somewhere else than its records. */
export interface TableSchema extends StructType {
  /** Columns whose values stand in the names of directories. */
  readonly partitionColumns?: readonly string[];
  /** What the files of a partitioned source hold; absent: everything but the partition columns. */
  readonly dataSchema?: StructType;
}

/** A resolved read. `output` shrinks by pruning; `filters` are conditions that the source may apply on its own. */
export interface Scan {
  readonly kind: "Scan";
  readonly read: Read;
  /** Full schema of the source. */
  readonly schema: TableSchema;
  readonly output: readonly Attribute[];
  readonly filters: readonly Expr[];
  /** Position of a streaming source among the distinct sources of the query; −1 for batch. Given by the streaming planner. */
  readonly sourceIndex: number;
}
/** A LocalRelation with its attributes. */
export interface LocalScan {
  readonly kind: "LocalScan";
  readonly batch: RecordBatch;
  readonly output: readonly Attribute[];
}
/** A Range with its attribute. */
export interface RangeScan {
  readonly kind: "RangeScan";
  readonly range: Range;
  readonly output: readonly Attribute[];
}
/** Each input row becomes one output row per projection (sliding windows). */
export interface Expand {
  readonly kind: "Expand";
  readonly input: LogicalPlan;
  readonly projections: readonly (readonly Expr[])[];
  readonly output: readonly Attribute[];
}
/** A generator function: the input's columns followed by `generated`, one row per generated row. */
export interface Generate {
  readonly kind: "Generate";
  readonly input: LogicalPlan;
  readonly generator: string;
  readonly args: readonly Expr[];
  readonly generated: readonly Attribute[];
}
/**
 * Window functions over one partitioning and order: the input's columns followed by the functions' values. Expressions of
 * the windows are columns of the input or constants.
 */
export interface Window {
  readonly kind: "Window";
  readonly input: LogicalPlan;
  /** Aliases of window expressions; their frames may differ. */
  readonly functions: readonly Alias[];
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortOrder[];
  /** Only rows up to this rank are needed of each partition; all functions are ranks. */
  readonly groupLimit?: GroupLimit;
}
export interface GroupLimit {
  readonly rank: "row_number" | "rank" | "dense_rank";
  readonly limit: number;
}
/** A resolved WithWatermark: the column and the delay in microseconds. */
export interface EventTimeWatermark {
  readonly kind: "EventTimeWatermark";
  readonly input: LogicalPlan;
  readonly column: Attribute;
  readonly delayMicros: bigint;
  /** Position among the watermark nodes of the query. */
  readonly node: number;
}
/** Right below an operator that drops late rows by the column: keeps them for the query's `lateRows`, and passes all rows on. */
export interface LateRows {
  readonly kind: "LateRows";
  readonly input: LogicalPlan;
  /** Of the input: an event time, or a window. */
  readonly column: Attribute;
}
/**
 * Right above the rows of a view that a policy lets through, and below its masks: what is above may not look below. Only
 * conditions that cannot fail and call no code of a user's are moved through it.
 */
export interface Guard {
  readonly kind: "Guard";
  readonly input: LogicalPlan;
  readonly view: string;
}
/** A Deduplicate of a stream: of the rows with equal keys, over all batches, the first one. One of a table is an Aggregate. */
export interface StreamingDeduplicate {
  readonly kind: "StreamingDeduplicate";
  readonly input: LogicalPlan;
  readonly keys: readonly Attribute[];
  /** A key counts as seen until the watermark has passed the time of its first row and the delay. */
  readonly withinWatermark: boolean;
  /** Of a stream: the user's name for what keeps its state. */
  readonly operatorName?: string;
}
/** A resolved UserRows or KeyedGroups with its output. */
export interface ResolvedUserRows {
  readonly kind: "ResolvedUserRows";
  readonly plan: UserRows;
  readonly input: LogicalPlan;
  readonly output: readonly Attribute[];
}
export interface ResolvedKeyedGroups {
  readonly kind: "ResolvedKeyedGroups";
  readonly plan: KeyedGroups;
  readonly input: LogicalPlan;
  readonly output: readonly Attribute[];
}

export type LogicalPlan =
  | Read
  | LocalRelation
  | Range
  | Project
  | Filter
  | Join
  | Union
  | SetOperation
  | Sort
  | Limit
  | Offset
  | Repartition
  | CollectMetrics
  | Aggregate
  | Deduplicate
  | SubqueryAlias
  | Hint
  | WithColumns
  | WithColumnsRenamed
  | ToDF
  | Drop
  | WithWatermark
  | UserRows
  | KeyedGroups
  | StatefulGroups
  | NamedTable
  | Derived
  | Scan
  | LocalScan
  | RangeScan
  | Expand
  | Generate
  | Window
  | EventTimeWatermark
  | LateRows
  | Guard
  | StreamingDeduplicate
  | ResolvedUserRows
  | ResolvedKeyedGroups
  | ResolvedStatefulGroups;

/** Options of a source or sink: names are case-insensitive and stored in lower case. */
export type OptionMap = ReadonlyMap<string, string>;

export type { AttributeId };
