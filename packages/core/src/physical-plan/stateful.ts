/**
 * The operators that keep state from batch to batch. Each says as plain data, in its `state`, all that the rest of the engine
 * must know of it: which stores it keeps, and how it goes with watermarks. What it does with rows is in
 * `execution/stateful/`, one file per operator.
 */
import type { AggregateCall, Expr } from "../expressions/expression.ts";
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
}

/** What the checkpoint, the micro-batch loop and progress know of a stateful operator. */
export interface OperatorState {
  /** Durable: names the directory. 0 is the operator nearest the sink. */
  readonly operatorId: number;
  /** As Spark records it, such as `stateStoreSave`, `dedupe`, `symmetricHashJoin`. */
  readonly operatorName: string;
  /** Partitions with stores of their own: as many as each input of the operator has. */
  readonly partitions: number;
  /** As Spark records it: the state partitions of the query, also for an operator that keeps all rows in one. */
  readonly recordedPartitions: number;
  readonly stores: readonly StateStoreDescription[];
  /** When the operator has something to do in a batch without data: when its input watermark has moved, or each time. */
  readonly batchWithoutData: "never" | "whenWatermarkMoves" | "always";
  /**
   * The rows that come out are newer than the operator's input watermark less this, in milliseconds; null: they may be of
   * any time, so that no watermark goes on.
   */
  readonly outputDelayMs: number | null;
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

export type StatefulExec = StateAggregateExec | StateSessionsExec | StateDeduplicateExec | StateLimitExec;

/** The operators of {@link StatefulExec}. */
const statefulKinds = {
  StateAggregate: true,
  StateSessions: true,
  StateDeduplicate: true,
  StateLimit: true,
} satisfies Record<StatefulExec["kind"], true>;

export function isStateful(plan: PhysicalPlan): plan is StatefulExec {
  return Object.hasOwn(statefulKinds, plan.kind);
}
