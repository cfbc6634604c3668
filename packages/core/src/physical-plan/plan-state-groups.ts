/** Plans user code with state of its own: keys beside the rows, rows to the partitions of their keys, and the stores. */
import { watermarkDelayMs } from "../analyzer/watermark-columns.ts";
import type { UserFunction } from "../expressions/expression.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { GroupsWork, ResolvedStatefulGroups, StateVariable } from "../logical-plan/stateful-groups.ts";
import { bigintType, type DataType, field, type StructType, structType } from "../types/data-type.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import { exchangeByKeys, type StatefulPlanner } from "./plan-stateful.ts";
import type { OperatorState, StateGroupsExec, StateStoreDescription } from "./stateful.ts";

/** Directory of a variable's store: its name, with what a file name should not have as hexadecimal numbers. */
export function storeOfVariable(name: string): string {
  return encodeURIComponent(name).replaceAll(/[.!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
/** The elements of a list; the variable's own store says which there are. */
export function storeOfElements(name: string): string {
  return `$elements_${storeOfVariable(name)}`;
}
/** Timers by key. */
export const timerStores = { ProcessingTime: "$procTimers", EventTime: "$eventTimers" } as const;

type Planner = Pick<StatefulPlanner, "newId" | "statePartitions">;

/** @param operatorId −1 in a batch query, whose state ends with it */
export function planStateGroups(
  plan: ResolvedStatefulGroups,
  schema: StructType,
  operatorId: number,
  planInput: (input: LogicalPlan) => PhysicalPlan,
  planner: Planner,
): StateGroupsExec {
  const { key, keyType, work, initial } = plan.plan;
  const streaming = operatorId >= 0 && isStreamingPlan(plan.input);
  const columns = outputOf(plan.input);
  const watermarked = columns.findIndex((column) => watermarkDelayMs(column) !== undefined);
  const dropsLate =
    work.kind === "transformWithState" ? work.timeMode === "EventTime" : work.timeout === "EventTimeTimeout";
  const outputEventTime =
    work.kind === "transformWithState" && work.eventTimeColumn !== undefined
      ? schema.fields.findIndex((f) => f.name === work.eventTimeColumn)
      : -1;
  const keyed = (input: PhysicalPlan, fn: UserFunction): PhysicalPlan => {
    const withKey: PhysicalPlan = {
      kind: "UserKeys",
      id: planner.newId(),
      schema: structType([...input.schema.fields, field("key", keyType)]),
      input,
      key: fn,
    };
    return exchangeByKeys(withKey, [input.schema.fields.length], planner.statePartitions, planner);
  };
  const input = keyed(planInput(plan.input), key);
  const initialRows =
    plan.initial === undefined || initial === undefined ? undefined : keyed(planInput(plan.initial), initial.key);
  const { statePartitions } = planner;
  const state: OperatorState = {
    operatorId,
    operatorName: work.kind === "transformWithState" ? "transformWithStateExec" : "flatMapGroupsWithState",
    partitions: statePartitions,
    recordedPartitions: statePartitions,
    stores: storesOf(work, keyType, plan.variables),
    batchWithoutData: batchWithoutData(work),
    outputDelayMs: watermarkPasses(work) ? 0 : null,
    settings: settingsOf(work),
  };
  return {
    kind: "StateGroups",
    id: planner.newId(),
    schema,
    input,
    ...(initialRows === undefined ? {} : { initial: initialRows }),
    state,
    work,
    variables: plan.variables,
    ...(streaming && dropsLate && watermarked >= 0 ? { eventTime: watermarked } : {}),
    watermarked: watermarked >= 0,
    ...(outputEventTime < 0 ? {} : { outputEventTime }),
  };
}

function batchWithoutData(work: GroupsWork): OperatorState["batchWithoutData"] {
  switch (work.kind === "transformWithState" ? work.timeMode : work.timeout) {
    case "ProcessingTime":
    case "ProcessingTimeTimeout":
      return "whenDue";
    case "EventTime":
    case "EventTimeTimeout":
      return "whenWatermarkMoves";
    default:
      return "never";
  }
}

/** As Spark propagates watermarks: none through (flat)MapGroupsWithState, nor where time is the clock's. */
function watermarkPasses(work: GroupsWork): boolean {
  return work.kind === "transformWithState" && work.timeMode !== "ProcessingTime";
}

function settingsOf(work: GroupsWork): Readonly<Record<string, string>> {
  return work.kind === "transformWithState"
    ? { timeMode: work.timeMode, outputMode: work.outputMode }
    : { timeout: work.timeout };
}

const keySchema = (type: DataType): StructType => structType([field("value", type)]);

/** State of (flat)MapGroupsWithState as Spark's format 2 keeps it; a timeout that is not set is −1. */
function storesOf(
  work: GroupsWork,
  keyType: DataType,
  variables: readonly StateVariable[],
): readonly StateStoreDescription[] {
  const key = keySchema(keyType);
  if (work.kind === "groupsWithState") {
    const fields = [field("groupState", work.state.schema)];
    if (work.timeout !== "NoTimeout") fields.push(field("timeoutTimestamp", bigintType, false));
    return [{ name: "default", key, value: structType(fields), prefixColumns: 0 }];
  }
  const stores: StateStoreDescription[] = variables.flatMap((variable) => storesOfVariable(variable, key));
  if (work.timeMode !== "None") {
    stores.push({
      name: timerStores[work.timeMode],
      key,
      value: structType([field("timers", { kind: "array", element: bigintType, containsNull: false })]),
      prefixColumns: 0,
    });
  }
  return stores;
}

function storesOfVariable(variable: StateVariable, key: StructType): readonly StateStoreDescription[] {
  const value =
    variable.ttlMs === undefined
      ? variable.value.schema
      : structType([field("value", variable.value.schema), field("ttlExpirationMs", bigintType, false)]);
  const name = storeOfVariable(variable.name);
  const evolves = variable.ttlMs === undefined ? "row" : "value";
  switch (variable.kind) {
    case "value":
      return [{ name, key, value, prefixColumns: 0, evolves, optional: true, variableType: "ValueState" }];
    case "list":
      return [
        {
          name,
          key,
          value: structType([field("first", bigintType, false), field("next", bigintType, false)]),
          prefixColumns: 0,
          optional: true,
          variableType: "ListState",
        },
        {
          name: storeOfElements(variable.name),
          key: structType([field("key", key), field("index", bigintType, false)]),
          value,
          prefixColumns: 0,
          evolves,
          optional: true,
        },
      ];
    case "map":
      return [
        {
          name,
          key: structType([field("key", key), field("userKey", variable.key!.schema)]),
          value,
          prefixColumns: 1,
          evolves,
          optional: true,
          variableType: "MapState",
        },
      ];
  }
}
