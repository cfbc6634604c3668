import type { EvalContext } from "../functions/function.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";

export interface RuleContext {
  readonly evaluation: EvalContext;
}

/** One rewriting of the plan. It keeps the output: the same columns with the same types in the same order. */
export interface Rule {
  readonly name: string;
  apply(plan: LogicalPlan, context: RuleContext): LogicalPlan;
}
