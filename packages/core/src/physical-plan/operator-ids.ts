import type { PhysicalPlan } from "./physical-plan.ts";
import { isStateful, type OperatorState } from "./stateful.ts";
import { inputsOf } from "./traverse.ts";

/** The plan with other descriptions of its operators with state. */
export function withOperatorStates(plan: PhysicalPlan, change: (state: OperatorState) => OperatorState): PhysicalPlan {
  const inputs = inputsOf(plan).map((input) => withOperatorStates(input, change));
  const over = withInputs(plan, inputs);
  return isStateful(over) ? { ...over, state: change(over.state) } : over;
}

function withInputs(plan: PhysicalPlan, inputs: readonly PhysicalPlan[]): PhysicalPlan {
  switch (plan.kind) {
    case "HashJoin":
    case "NestedLoopJoin":
    case "StateJoin":
      return { ...plan, left: inputs[0]!, right: inputs[1]! };
    case "Union":
      return { ...plan, inputs };
    case "StateGroups":
      return plan.initial === undefined
        ? { ...plan, input: inputs[0]! }
        : { ...plan, input: inputs[0]!, initial: inputs[1]! };
    default:
      return inputs.length === 0 ? plan : ({ ...plan, input: inputs[0]! } as PhysicalPlan);
  }
}
