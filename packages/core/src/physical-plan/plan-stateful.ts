/** Plans the operators that keep state. A stateful operator takes its id before its inputs are planned: 0 lies nearest the sink. */
import { watermarkedKey } from "../analyzer/watermark-columns.ts";
import type { AggregateCall, Expr } from "../expressions/expression.ts";
import { type StructType, structType } from "../types/data-type.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import type { OperatorState, StateAggregateExec, StatefulOutputMode } from "./stateful.ts";

/** What planning a stateful operator needs of the planner. */
export interface StatefulPlanner {
  newId(): number;
  /** State partitions of the query. */
  readonly statePartitions: number;
  readonly outputMode: StatefulOutputMode;
}

/** Rows by the hash of their key columns in the state partitions of the query; all in one partition without keys. */
export function exchangeByKeys(
  input: PhysicalPlan,
  keys: readonly number[],
  partitions: number,
  planner: Pick<StatefulPlanner, "newId">,
): PhysicalPlan {
  return {
    kind: "Exchange",
    id: planner.newId(),
    schema: input.schema,
    input,
    partitioning: keys.length === 0 || partitions === 1 ? { kind: "single" } : { kind: "hash", keys, partitions },
  };
}

/**
 * Merges partial results with the state.
 * @param partial keys, then buffers; its first `grouping.length` columns are the keys
 */
export function planStateAggregate(
  partial: PhysicalPlan,
  plan: { readonly grouping: readonly Expr[]; readonly aggregates: readonly AggregateCall[]; readonly schema: StructType },
  operatorId: number,
  planner: StatefulPlanner,
): StateAggregateExec {
  const keyCount = plan.grouping.length;
  const { statePartitions, outputMode } = planner;
  const keys = plan.schema.fields.slice(0, keyCount);
  const eventTime = keyEventTimeOf(plan.grouping, plan.schema);
  const state: OperatorState = {
    operatorId,
    operatorName: "stateStoreSave",
    partitions: keyCount === 0 ? 1 : statePartitions,
    recordedPartitions: statePartitions,
    stores: [
      {
        name: "default",
        key: structType(keys),
        value: structType(partial.schema.fields.slice(keyCount)),
        prefixColumns: 0,
      },
    ],
    batchWithoutData: outputMode === "complete" ? "never" : "whenWatermarkMoves",
    outputDelayMs: 0,
  };
  return {
    kind: "StateAggregate",
    id: planner.newId(),
    schema: plan.schema,
    input: exchangeByKeys(partial, keys.map((_, i) => i), statePartitions, planner),
    state,
    keyCount,
    aggregates: plan.aggregates,
    outputMode,
    ...(eventTime === undefined ? {} : { eventTime }),
  };
}

/** Event time of a key: its watermarked column, or the end of the window that is the column. */
function keyEventTimeOf(keys: readonly Expr[], schema: StructType): Expr | undefined {
  const ordinal = watermarkedKey(keys);
  if (ordinal === undefined) return undefined;
  const key = schema.fields[ordinal]!;
  const reference: Expr = { kind: "BoundReference", ordinal, type: key.type, nullable: key.nullable };
  if (key.type.kind !== "struct") return reference;
  const end = key.type.fields[1]!;
  return { kind: "GetStructField", child: reference, ordinal: 1, name: end.name, type: end.type, nullable: true };
}
