import type { UserFunctionCall } from "../expressions/expression.ts";
import { collect } from "../expressions/traverse.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { planNodes } from "../logical-plan/traverse.ts";
import { mapExpressions } from "../optimizer/plan-expressions.ts";

/** Loads the functions that a plan names by their modules, so that they can be called. */
export async function loadFunctions(plan: LogicalPlan): Promise<void> {
  const calls: UserFunctionCall[] = [];
  for (const node of planNodes(plan)) {
    mapExpressions(node, (expr) => {
      calls.push(...collect(expr, (each): each is UserFunctionCall => each.kind === "UserFunctionCall"));
      return expr;
    });
  }
  for (const { fn } of calls) await fn.load?.();
}
