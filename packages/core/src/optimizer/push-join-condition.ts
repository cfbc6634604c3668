/**
 * Moves the terms of a join condition that read one side only to that side, as a filter.
 *
 * Safe: into either side of an inner or semi join, into the side of an outer or anti join whose rows come out only with a
 * partner. Not safe, and left: terms over a preserved side, which decide about partners and not about rows.
 */
import type { Attribute, Expr } from "../expressions/expression.ts";
import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";
import { joinConjunction, referencesOf, splitConjunction } from "../expressions/conjunction.ts";
import { isDeterministic } from "./deterministic.ts";
import type { Rule } from "./rule.ts";

export const pushJoinCondition: Rule = {
  name: "pushJoinCondition",
  apply: (plan) => transformPlanUp(plan, (node) => (node.kind === "Join" ? push(node) : node)),
};

/** Whether a row of a side that fails a term of the condition can be dropped before the join. */
export function dropsUnmatched(join: Join, side: "left" | "right"): boolean {
  switch (join.joinType) {
    case "inner":
    case "cross":
    case "leftSemi":
      return true;
    case "leftOuter":
    case "leftAnti":
      return side === "right";
    case "rightOuter":
      return side === "left";
    case "fullOuter":
      return false;
  }
}

function push(join: Join): LogicalPlan {
  if (join.condition === undefined) return join;
  const sides = {
    left: new Set(outputOf(join.left).map((a) => a.id)),
    right: new Set(outputOf(join.right).map((a) => a.id)),
  };
  const moved: Record<"left" | "right", Expr[]> = { left: [], right: [] };
  const staying: Expr[] = [];
  for (const term of splitConjunction(join.condition)) {
    const references = referencesOf(term);
    const side = (["left", "right"] as const).find(
      (name) => references.size > 0 && dropsUnmatched(join, name) && isCovered(references, sides[name]),
    );
    (side === undefined || !isDeterministic(term) ? staying : moved[side]).push(term);
  }
  if (moved.left.length + moved.right.length === 0) return join;
  const { condition: _, ...rest } = join;
  const condition = joinConjunction(staying);
  return {
    ...rest,
    left: filtered(join.left, moved.left),
    right: filtered(join.right, moved.right),
    ...(condition === undefined ? {} : { condition }),
  };
}

function isCovered(references: ReadonlySet<Attribute["id"]>, ids: ReadonlySet<Attribute["id"]>): boolean {
  return [...references].every((id) => ids.has(id));
}

/** A plan below a filter of all terms. */
export function filtered(plan: LogicalPlan, terms: readonly Expr[]): LogicalPlan {
  const condition = joinConjunction(terms);
  return condition === undefined ? plan : { kind: "Filter", input: plan, condition };
}
