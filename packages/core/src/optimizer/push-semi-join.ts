/**
 * Moves a semi join of two streams below the projection of its left side, as Spark does: its state then has the columns as
 * they come from the source, and can be handed over. The rows are the same: a semi join only leaves rows out.
 * @see Spark `PushDownLeftSemiAntiJoin`
 */
import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isStreamingPlan, transformPlanUp } from "../logical-plan/traverse.ts";
import { isDeterministic } from "./deterministic.ts";
import type { Rule } from "./rule.ts";
import { definitionsOf, substitute } from "./substitute.ts";

export const pushSemiJoin: Rule = {
  name: "pushSemiJoin",
  apply: (plan) => transformPlanUp(plan, (node) => (node.kind === "Join" ? push(node) : node)),
};

function push(join: Join): LogicalPlan {
  const { left, right, condition, joinType } = join;
  if (joinType !== "leftSemi" || left.kind !== "Project" || !left.expressions.every(isDeterministic)) return join;
  if (!isStreamingPlan(left) || !isStreamingPlan(right)) return join;
  const pushed = push({
    ...join,
    left: left.input,
    ...(condition === undefined ? {} : { condition: substitute(condition, definitionsOf(left.expressions)) }),
  });
  return { ...left, input: pushed };
}
