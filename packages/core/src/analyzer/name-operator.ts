import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";

/**
 * Gives a name to the operator with state that a stream comes from: through projections, filters and what else keeps rows as they
 * are. Of a table nothing has state, and nothing is named.
 * @throws MillraceError STATEFUL_OPERATOR_NAME.NO_STATE
 */
export function nameOperator(plan: LogicalPlan, name: string): LogicalPlan {
  if (!isStreamingPlan(plan)) return plan;
  switch (plan.kind) {
    case "Aggregate":
    case "StreamingDeduplicate":
    case "ResolvedStatefulGroups":
    case "Limit":
      return { ...plan, operatorName: name };
    case "Join":
      if (isStreamingPlan(plan.left) && isStreamingPlan(plan.right)) return { ...plan, operatorName: name };
      break;
    case "Project":
    case "Filter":
    case "SubqueryAlias":
    case "Hint":
    case "CollectMetrics":
    case "Generate":
    case "ResolvedUserRows":
    case "EventTimeWatermark":
    case "Sort":
      return { ...plan, input: nameOperator(plan.input, name) };
    default:
  }
  throw new MillraceError("STATEFUL_OPERATOR_NAME.NO_STATE", { name });
}
