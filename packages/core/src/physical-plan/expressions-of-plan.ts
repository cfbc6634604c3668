import type { Expr } from "../expressions/expression.ts";
import type { PipelineStep } from "../codegen/pipeline.ts";
import type { PhysicalPlan } from "./physical-plan.ts";

/** All expressions of pipeline steps. */
export function expressionsOfSteps(steps: readonly PipelineStep[]): Expr[] {
  return steps.flatMap((step) => {
    switch (step.kind) {
      case "filter":
        return [step.condition];
      case "project":
        return [...step.expressions];
      case "expand":
        return step.projections.flat();
      case "generate":
        return [...step.args];
    }
  });
}

/** The expressions of one operator that a thread can run for itself; none for the others. */
export function expressionsOfPlan(plan: PhysicalPlan): readonly Expr[] {
  switch (plan.kind) {
    case "Scan":
      return plan.filters;
    case "Pipeline":
      return expressionsOfSteps(plan.steps);
    case "PartialAggregate":
      return [...expressionsOfSteps(plan.steps), ...plan.keys, ...plan.aggregates];
    case "Sort":
      return plan.order;
    case "HashJoin":
      return [...plan.leftKeys, ...plan.rightKeys, ...(plan.condition === undefined ? [] : [plan.condition])];
    default:
      return [];
  }
}
