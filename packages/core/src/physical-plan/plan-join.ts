import type { Attribute, Expr } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { functionRegistry } from "../functions/registry.ts";
import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import { joinConjunction, splitConjunction } from "../optimizer/conjuncts.ts";
import type { StructType } from "../types/data-type.ts";
import { bindExpression } from "./bind.ts";
import type { PhysicalPlan } from "./physical-plan.ts";

interface JoinPlanner {
  plan(plan: LogicalPlan): PhysicalPlan;
  newId(): number;
}

/** A hash join when the condition has equalities between the sides, else a nested loop. */
export function planJoin(plan: Join, schema: StructType, planner: JoinPlanner): PhysicalPlan {
  const leftOutput = outputOf(plan.left);
  const rightOutput = outputOf(plan.right);
  const both = [...leftOutput, ...rightOutput];
  const leftKeys: Expr[] = [];
  const rightKeys: Expr[] = [];
  const rest: Expr[] = [];
  const equals = functionRegistry.scalar("=")!.name;
  for (const term of plan.condition === undefined ? [] : splitConjunction(plan.condition)) {
    const [a, b] = term.kind === "Call" && term.fn === equals ? term.args : [];
    if (a !== undefined && b !== undefined && reads(a, leftOutput) && reads(b, rightOutput)) {
      leftKeys.push(bindExpression(a, leftOutput));
      rightKeys.push(bindExpression(b, rightOutput));
    } else if (a !== undefined && b !== undefined && reads(b, leftOutput) && reads(a, rightOutput)) {
      leftKeys.push(bindExpression(b, leftOutput));
      rightKeys.push(bindExpression(a, rightOutput));
    } else {
      rest.push(term);
    }
  }
  const residual = joinConjunction(rest);
  const condition = residual === undefined ? {} : { condition: bindExpression(residual, both) };
  const left = planner.plan(plan.left);
  const right = planner.plan(plan.right);
  const common = { id: planner.newId(), schema, left, right, joinType: plan.joinType, ...condition };
  if (leftKeys.length === 0) return { kind: "NestedLoopJoin", ...common };
  return { kind: "HashJoin", ...common, leftKeys, rightKeys, buildSide: buildSideOf(plan) };
}

/** The side that is read whole first: never the stream, never the side whose unmatched rows must be kept one by one. */
function buildSideOf(plan: Join): "left" | "right" {
  if (plan.joinType === "rightOuter") return "left";
  return plan.joinType === "inner" && isStreamingPlan(plan.right) ? "left" : "right";
}

/** Whether an expression reads columns, and only these. */
function reads(expr: Expr, attributes: readonly Attribute[]): boolean {
  let any = false;
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "Attribute") {
      const id = next.id;
      if (!attributes.some((a) => a.id === id)) return false;
      any = true;
    }
    pending.push(...childrenOf(next));
  }
  return any;
}
