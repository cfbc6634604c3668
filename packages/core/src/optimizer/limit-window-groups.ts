import type { Attribute, Expr } from "../expressions/expression.ts";
import type { GroupLimit, Window } from "../logical-plan/logical-plan.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";
import { splitConjunction } from "../expressions/conjunction.ts";
import type { Rule } from "./rule.ts";

/** Beyond this, sorting the best rows again and again costs more than sorting all once. */
const greatestLimit = 1000;

/**
 * The first rows of each group: a filter `rank <= n` right above the window that computes the rank. The window then needs
 * no rows of a greater rank, and its input is cut while it is read. Safe when the window computes ranks only, since a
 * rank depends on no row behind it. The filter stays.
 * @see Spark, `InferWindowGroupLimit`
 */
export const limitWindowGroups: Rule = {
  name: "limitWindowGroups",
  apply: (plan) =>
    transformPlanUp(plan, (node) => {
      if (node.kind !== "Filter" || node.input.kind !== "Window" || node.input.groupLimit !== undefined) return node;
      const groupLimit = limitOf(node.condition, node.input);
      return groupLimit === undefined ? node : { ...node, input: { ...node.input, groupLimit } };
    }),
};

function limitOf(condition: Expr, window: Window): GroupLimit | undefined {
  const ranks = new Map<Attribute["id"], GroupLimit["rank"]>();
  for (const { child, id } of window.functions) {
    const name = child.kind === "WindowExpression" && child.fn.kind === "WindowCall" ? child.fn.fn : "";
    if (name !== "row_number" && name !== "rank" && name !== "dense_rank") return undefined;
    ranks.set(id!, name);
  }
  let best: GroupLimit | undefined;
  for (const term of splitConjunction(condition)) {
    const bound = upperBound(term);
    const rank = bound === undefined ? undefined : ranks.get(bound.id);
    if (bound === undefined || rank === undefined || (best !== undefined && best.limit <= bound.limit)) continue;
    best = { rank, limit: bound.limit };
  }
  return best !== undefined && best.limit <= greatestLimit ? best : undefined;
}

/** `column <= n`, `column < n`, `column = n`, and the same with the sides exchanged. */
function upperBound(term: Expr): { readonly id: Attribute["id"]; readonly limit: number } | undefined {
  if (term.kind !== "Call") return undefined;
  const [a, b] = term.args;
  const flipped = b?.kind === "Attribute";
  const [column, constant] = flipped ? [b, a] : [a, b];
  if (column?.kind !== "Attribute" || constant?.kind !== "Literal" || typeof constant.value !== "number")
    return undefined;
  const operator = flipped ? (mirrored.get(term.fn) ?? term.fn) : term.fn;
  const value = Math.floor(constant.value);
  switch (operator) {
    case "<=":
    case "=":
      return { id: column.id, limit: Math.max(0, value) };
    case "<":
      return { id: column.id, limit: Math.max(0, value - 1) };
    default:
      return undefined;
  }
}
const mirrored: ReadonlyMap<string, string> = new Map([
  [">=", "<="],
  [">", "<"],
  ["<", ">"],
  ["<=", ">="],
]);
