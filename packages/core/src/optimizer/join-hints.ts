import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";
import type { Rule } from "./rule.ts";

const broadcastNames: ReadonlySet<string> = new Set(["broadcast", "broadcastjoin", "mapjoin"]);

/** Notes at each join which side a hint wants in memory, and removes the hints. */
export const joinHints: Rule = {
  name: "joinHints",
  apply: (plan) =>
    transformPlanUp(
      transformPlanUp(plan, (node) => (node.kind === "Join" ? hinted(node) : node)),
      (node) => (node.kind === "Hint" ? node.input : node),
    ),
};

function hinted(join: Join): LogicalPlan {
  if (isBroadcast(join.right)) return { ...join, broadcast: "right" };
  return isBroadcast(join.left) ? { ...join, broadcast: "left" } : join;
}

/** A hint counts through what keeps the rows what they are. */
function isBroadcast(plan: LogicalPlan): boolean {
  switch (plan.kind) {
    case "Hint":
      return broadcastNames.has(plan.name.toLowerCase()) || isBroadcast(plan.input);
    case "SubqueryAlias":
    case "Project":
    case "Filter":
      return isBroadcast(plan.input);
    default:
      return false;
  }
}
