import { unreachable } from "../errors/index.ts";
import type { PhysicalPlan } from "./physical-plan.ts";

/** Inputs of an operator, left to right. */
export function inputsOf(plan: PhysicalPlan): readonly PhysicalPlan[] {
  switch (plan.kind) {
    case "Scan":
    case "LocalScan":
    case "Range":
    case "FragmentInput":
      return [];
    case "StateGroups":
      return plan.initial === undefined ? [plan.input] : [plan.input, plan.initial];
    case "HashJoin":
    case "NestedLoopJoin":
    case "StateJoin":
      return [plan.left, plan.right];
    case "Union":
      return plan.inputs;
    case "Pipeline":
    case "UserRows":
    case "KeyedGroups":
    case "UserKeys":
    case "PartialAggregate":
    case "FinalAggregate":
    case "MergeSessions":
    case "StateAggregate":
    case "StateSessions":
    case "StateDeduplicate":
    case "StateLimit":
    case "Exchange":
    case "Sort":
    case "MergeSorted":
    case "Limit":
    case "Offset":
    case "Repartition":
    case "CollectMetrics":
    case "Window":
    case "GroupTopK":
    case "EventTimeWatermark":
    case "LateRows":
    case "Parallel":
      return [plan.input];
    default:
      return unreachable(plan);
  }
}

/** All operators of a plan, an operator before its inputs. */
export function* operatorsOf(plan: PhysicalPlan): Generator<PhysicalPlan> {
  yield plan;
  for (const input of inputsOf(plan)) yield* operatorsOf(input);
}
