/** Plans the operators that keep state. A stateful operator takes its id before its inputs are planned: 0 lies nearest the sink. */
import { watermarkDelayMs, watermarkedKey } from "../analyzer/watermark-columns.ts";
import { assertInvariant } from "../errors/index.ts";
import type { AggregateCall, Attribute, Expr } from "../expressions/expression.ts";
import type { Limit, StreamingDeduplicate } from "../logical-plan/logical-plan.ts";
import { outputOf, schemaOfAttributes } from "../logical-plan/output.ts";
import { isStreamingPlan, somePlan } from "../logical-plan/traverse.ts";
import { bigintType, nullType, type StructType, structType } from "../types/data-type.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { otherKeys } from "./plan-sessions.ts";
import type {
  OperatorState,
  StateAggregateExec,
  StateDeduplicateExec,
  StatefulOutputMode,
  StateLimitExec,
  StateSessionsExec,
} from "./stateful.ts";

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
  plan: {
    readonly grouping: readonly Expr[];
    readonly aggregates: readonly AggregateCall[];
    readonly schema: StructType;
  },
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
    input: exchangeByKeys(
      partial,
      keys.map((_, i) => i),
      statePartitions,
      planner,
    ),
    state,
    keyCount,
    aggregates: plan.aggregates,
    outputMode,
    ...(eventTime === undefined ? {} : { eventTime }),
  };
}

/**
 * Merges sessions with those of the state: a store of whole rows (keys, session, buffers) by the other keys and the start.
 * @param partial as for {@link planStateAggregate}
 */
export function planStateSessions(
  partial: PhysicalPlan,
  plan: {
    readonly grouping: readonly Expr[];
    readonly sessions: readonly number[];
    readonly aggregates: readonly AggregateCall[];
    readonly schema: StructType;
  },
  operatorId: number,
  planner: StatefulPlanner,
): StateSessionsExec {
  const { sessions } = plan;
  const keyCount = plan.grouping.length;
  const { statePartitions, outputMode } = planner;
  assertInvariant(outputMode !== "update", "sessions in update mode");
  const keys = otherKeys(keyCount, sessions);
  const sessionType = plan.schema.fields[sessions[0]!]!.type;
  assertInvariant(keys.length > 0 && sessionType.kind === "struct", "sessions of a stream have a key besides them");
  const eventTime = keyEventTimeOf(plan.grouping, plan.schema);
  return {
    kind: "StateSessions",
    id: planner.newId(),
    schema: plan.schema,
    input: exchangeByKeys(partial, keys, statePartitions, planner),
    state: {
      operatorId,
      operatorName: "sessionWindowStateStoreSaveExec",
      partitions: statePartitions,
      recordedPartitions: statePartitions,
      stores: [
        {
          name: "default",
          key: structType([
            ...keys.map((i) => plan.schema.fields[i]!),
            { name: "sessionStartTime", type: sessionType.fields[0]!.type, nullable: false },
          ]),
          value: partial.schema,
          prefixColumns: keys.length,
        },
      ],
      batchWithoutData: outputMode === "complete" ? "never" : "whenWatermarkMoves",
      outputDelayMs: 0,
    },
    keyCount,
    sessions,
    aggregates: plan.aggregates,
    outputMode,
    ...(eventTime === undefined ? {} : { eventTime }),
  };
}

/** Spark's one empty value: a row of a NULL. */
const emptyValue: StructType = structType([{ name: "__dummy__", type: nullType, nullable: true }]);
const expiryValue: StructType = structType([{ name: "expiresAtMicros", type: bigintType, nullable: true }]);

export function planStateDeduplicate(
  plan: StreamingDeduplicate,
  input: PhysicalPlan,
  operatorId: number,
  planner: StatefulPlanner,
): StateDeduplicateExec {
  const columns = outputOf(plan.input);
  const keys = plan.keys.map((key) => columns.findIndex((column) => column.id === key.id));
  const eventTime = columns.findIndex((column) => watermarkDelayMs(column) !== undefined);
  const key = schemaOfAttributes(plan.keys);
  const { statePartitions } = planner;
  return {
    kind: "StateDeduplicate",
    id: planner.newId(),
    schema: input.schema,
    input: exchangeByKeys(input, keys, statePartitions, planner),
    state: {
      operatorId,
      operatorName: plan.withinWatermark ? "dedupeWithinWatermark" : "dedupe",
      partitions: keys.length === 0 ? 1 : statePartitions,
      recordedPartitions: statePartitions,
      stores: [{ name: "default", key, value: plan.withinWatermark ? expiryValue : emptyValue, prefixColumns: 0 }],
      batchWithoutData: "whenWatermarkMoves",
      outputDelayMs: 0,
    },
    keys,
    ...(eventTime < 0 ? {} : { eventTime }),
    forgets: forgettingOf(plan, columns[eventTime], key),
  };
}

function forgettingOf(
  plan: StreamingDeduplicate,
  eventTime: Attribute | undefined,
  key: StructType,
): StateDeduplicateExec["forgets"] {
  if (plan.withinWatermark) {
    assertInvariant(eventTime !== undefined, "dropDuplicatesWithinWatermark needs a watermark");
    return { kind: "afterFirst", delayMicros: BigInt(watermarkDelayMs(eventTime)!) * 1000n };
  }
  const expression = keyEventTimeOf(plan.keys, key);
  return expression === undefined ? { kind: "never" } : { kind: "byKey", eventTime: expression };
}

/**
 * Whether a limit of a stream counts over all batches: all rows that reach it are new ones. Above an aggregation in complete
 * mode each batch brings the whole result, and the limit is that of the batch.
 */
export function limitHasState(plan: Limit, mode: StatefulOutputMode): boolean {
  return (
    plan.limit > 0 &&
    (mode === "append" || !somePlan(plan.input, (node) => node.kind === "Aggregate" && isStreamingPlan(node)))
  );
}

export function planStateLimit(
  limit: number,
  input: PhysicalPlan,
  operatorId: number,
  planner: StatefulPlanner,
): StateLimitExec {
  return {
    kind: "StateLimit",
    id: planner.newId(),
    schema: input.schema,
    input: exchangeByKeys(input, [], planner.statePartitions, planner),
    state: {
      operatorId,
      operatorName: "globalLimit",
      partitions: 1,
      recordedPartitions: planner.statePartitions,
      stores: [
        {
          name: "default",
          key: structType([{ name: "key", type: nullType, nullable: true }]),
          value: structType([{ name: "value", type: bigintType, nullable: true }]),
          prefixColumns: 0,
        },
      ],
      batchWithoutData: "never",
      outputDelayMs: 0,
    },
    limit,
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
