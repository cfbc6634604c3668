import { transformPlanUp } from "../logical-plan/traverse.ts";
import { splitConjunction } from "../expressions/conjunction.ts";
import { isDeterministic } from "./deterministic.ts";
import { someExpression } from "../expressions/traverse.ts";
import type { Expr } from "../expressions/expression.ts";
import type { Rule } from "./rule.ts";

/**
 * Moves a filter just above a scan into it: the source applies it where it can, and the executing scan applies it where
 * the source did not.
 */
export const pushFilterIntoScan: Rule = {
  name: "pushFilterIntoScan",
  apply: (plan) =>
    transformPlanUp(plan, (node) => {
      if (node.kind !== "Filter" || node.input.kind !== "Scan") return node;
      const terms = splitConjunction(node.condition);
      // All or nothing: a filter of which only a part moved would be tested twice.
      if (!terms.every(canPush)) return node;
      return { ...node.input, filters: [...node.input.filters, ...terms] };
    }),
};

function canPush(term: Expr): boolean {
  return isDeterministic(term) && !someExpression(term, (e) => e.kind === "UserFunctionCall");
}
