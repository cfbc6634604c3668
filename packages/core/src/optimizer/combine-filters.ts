import { transformPlanUp } from "../logical-plan/traverse.ts";
import { joinConjunction, splitConjunction } from "../expressions/conjunction.ts";
import { isDeterministic } from "./deterministic.ts";
import type { Rule } from "./rule.ts";

/** Merges neighbouring filters; the lower condition is tested first. */
export const combineFilters: Rule = {
  name: "combineFilters",
  apply: (plan) =>
    transformPlanUp(plan, (node) => {
      if (node.kind !== "Filter" || node.input.kind !== "Filter") return node;
      if (!isDeterministic(node.condition) || !isDeterministic(node.input.condition)) return node;
      const terms = [...splitConjunction(node.input.condition), ...splitConjunction(node.condition)];
      return { kind: "Filter", input: node.input.input, condition: joinConjunction(terms)! };
    }),
};
