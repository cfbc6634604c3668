import { transformPlanUp } from "../logical-plan/traverse.ts";
import type { Rule } from "./rule.ts";

/** Removes relation aliases: their names have been resolved. */
export const eliminateAliases: Rule = {
  name: "eliminateAliases",
  apply: (plan) => transformPlanUp(plan, (node) => (node.kind === "SubqueryAlias" ? node.input : node)),
};
