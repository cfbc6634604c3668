import { transformPlanUp } from "../logical-plan/traverse.ts";
import type { Rule } from "./rule.ts";

/** Removes `WHERE TRUE`. */
export const eliminateFilter: Rule = {
  name: "eliminateFilter",
  apply: (plan) =>
    transformPlanUp(plan, (node) =>
      node.kind === "Filter" && node.condition.kind === "Literal" && node.condition.value === true ? node.input : node,
    ),
};
