/**
 * The operators that keep state from batch to batch. Each says as plain data, in its `state`, all that the rest of the engine
 * must know of it: which stores it keeps, and how it goes with watermarks. What it does with rows is in
 * `execution/stateful/`, one file per operator.
 */
import type { StateLimit } from "../analyzer/join-times.ts";
import type { AggregateCall, Expr } from "../expressions/expression.ts";
import type { JoinType } from "../logical-plan/logical-plan.ts";
import type { GroupsWork, StateVariable } from "../logical-plan/stateful-groups.ts";
import type { StructType } from "../types/data-type.ts";
import type { PhysicalPlan, PlanNode } from "./physical-plan.ts";

/** A store of an operator, in each of its partitions: rows of the value by rows of the key. */
export interface StateStoreDescription {
  /** `default` is the partition's directory itself; others are directories in it. */
  readonly name: string;
  readonly key: StructType;
  readonly value: StructType;
  /** As Spark records it: by so many columns at the beginning of the key Spark looks entries up; 0: by whole keys only. */
  readonly prefixColumns: number;
  /** Fields that can be NULL may be added at the end of its values, or of their first field: rows tell how many they have. */
  readonly evolves?: "row" | "value";
  /** The operator can go without it, and take it up with any batch. */
  readonly optional?: true;
  /** Of a processor's variable, as Spark names it: `ValueState`, `ListState`, `MapState`. */
  readonly variableType?: string;
}

/** What the checkpoint, the micro-batch loop and progress know of a stateful operator. */
export interface OperatorState {
  /** Durable: names the directory. 0 is the operator nearest the sink. */
  readonly operatorId: number;
  /** As Spark records it, such as `stateStoreSave`, `dedupe`, `symmetricHashJoin`. */
  readonly operatorName: string;
  /** As the user gave it; absent: the operator is known by its place and kind. */
  readonly name?: string;
  /** Partitions with stores of their own: as many as each input of the operator has. */
  readonly partitions: number;
  /** As Spark records it: the state partitions of the query, also for an operator that keeps all rows in one. */
  readonly recordedPartitions: number;
  readonly stores: readonly StateStoreDescription[];
  /**
   * When the operator has something to do in a batch without data: when its input watermark has moved, or when the clock has
   * come to the time that it told in the batch before (`StateOperatorMetrics.dueMs`).
   */
  readonly batchWithoutData: "never" | "whenWatermarkMoves" | "whenDue";
  /**
   * The rows that come out are newer than the operator's input watermark less this, in milliseconds; null: they may be of
   * any time, so that no watermark goes on.
   */
  readonly outputDelayMs: number | null;
  /** What must stay as it is when the query is started again, by name: recorded with the operator. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface StatefulNode extends PlanNode {
  readonly state: OperatorState;
}

export type StatefulOutputMode = "append" | "update" | "complete";

/** As FinalAggregate, merged with the state of earlier batches. */
export interface StateAggregateExec extends StatefulNode {
  readonly kind: "StateAggregate";
  readonly input: PhysicalPlan;
  readonly keyCount: number;
  readonly aggregates: readonly AggregateCall[];
  readonly outputMode: StatefulOutputMode;
  /** Expression over the keys giving the event time (µs) that the watermark is compared with; absent: no watermark. */
  readonly eventTime?: Expr;
}

/** As MergeSessions, merged with the sessions of earlier batches. */
export interface StateSessionsExec extends StatefulNode {
  readonly kind: "StateSessions";
  readonly input: PhysicalPlan;
  readonly keyCount: number;
  /** Positions of the session among the keys: one, or several when it is written several times. */
  readonly sessions: readonly number[];
  readonly aggregates: readonly AggregateCall[];
  /** In update mode sessions would come out that later ones replace. */
  readonly outputMode: "append" | "complete";
  /** Expression over the keys giving the event time (µs) that the watermark is compared with; absent: no watermark. */
  readonly eventTime?: Expr;
}

/** Of the rows with equal keys, over all batches, the first one. */
export interface StateDeduplicateExec extends StatefulNode {
  readonly kind: "StateDeduplicate";
  readonly input: PhysicalPlan;
  /** Key columns of the input, in the order of the state's key. */
  readonly keys: readonly number[];
  /** The input's event-time column; absent: no row is late. */
  readonly eventTime?: number;
  /** When a key leaves the state. */
  readonly forgets:
    | { readonly kind: "never" }
    /** When the watermark has reached its event time: an expression over the keys, µs. */
    | { readonly kind: "byKey"; readonly eventTime: Expr }
    /** When the watermark has reached the event time of its first row plus so many µs. */
    | { readonly kind: "afterFirst"; readonly delayMicros: bigint };
}

/** The first rows over all batches. */
export interface StateLimitExec extends StatefulNode {
  readonly kind: "StateLimit";
  readonly input: PhysicalPlan;
  readonly limit: number;
}

/** Rows of two streams whose keys are equal, and which fulfil the condition: Spark's symmetric hash join. */
export interface StateJoinExec extends StatefulNode {
  readonly kind: "StateJoin";
  readonly left: PhysicalPlan;
  readonly right: PhysicalPlan;
  readonly joinType: JoinType;
  readonly sides: { readonly left: StateJoinSide; readonly right: StateJoinSide };
  /** Over the columns of the left side, then those of the right side. */
  readonly condition?: Expr;
}

/** One input of a join: its columns, and behind them the keys that are computed. */
export interface StateJoinSide {
  /** How many of the input's columns are the side's; these are kept in the state. */
  readonly columns: number;
  /** Columns of the input whose values must be those of the other side's; NULL equals nothing. */
  readonly keys: readonly number[];
  /** Terms of the condition over this side alone: rows that fail them have no partner. */
  readonly condition?: Expr;
  /** The event-time column; absent: no row is late. */
  readonly eventTime?: number;
  /** The column by which rows of equal keys are ordered in memory. */
  readonly time?: number;
  /** Between which values of the time column partners of a row of the other side lie. */
  readonly bounds: readonly TimeRangeBound[];
  /** When rows leave the state. */
  readonly leaves:
    | { readonly kind: "never" }
    /** When the watermark has reached the time in a key, by its position among the keys. */
    | { readonly kind: "byKey"; readonly key: number }
    /** When the watermark, with the least of these, has reached the time column. */
    | { readonly kind: "byTime"; readonly limits: readonly StateLimit[] };
}

export interface TimeRangeBound {
  readonly kind: "lower" | "upper";
  /** Over the columns of the other side. */
  readonly by: Expr;
  /** Added to it, µs. */
  readonly micros: number;
}

/**
 * Rows in groups by a key of the user's, and user code with state of its own for each key. The input's last column is the key;
 * so is that of `initial`, the rows that states begin with.
 */
export interface StateGroupsExec extends StatefulNode {
  readonly kind: "StateGroups";
  readonly input: PhysicalPlan;
  readonly initial?: PhysicalPlan;
  readonly work: GroupsWork;
  readonly variables: readonly StateVariable[];
  /** The input's event-time column; absent: no row is late. */
  readonly eventTime?: number;
  /** Whether a watermark reaches the operator. */
  readonly watermarked: boolean;
  /** The column of the result that is event time for the operators above. */
  readonly outputEventTime?: number;
}

export type StatefulExec =
  | StateAggregateExec
  | StateSessionsExec
  | StateDeduplicateExec
  | StateLimitExec
  | StateJoinExec
  | StateGroupsExec;

/** The operators of {@link StatefulExec}. */
const statefulKinds = {
  StateAggregate: true,
  StateSessions: true,
  StateDeduplicate: true,
  StateLimit: true,
  StateJoin: true,
  StateGroups: true,
} satisfies Record<StatefulExec["kind"], true>;

export function isStateful(plan: PhysicalPlan): plan is StatefulExec {
  return Object.hasOwn(statefulKinds, plan.kind);
}
