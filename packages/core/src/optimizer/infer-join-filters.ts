/**
 * What is known of a join key on one side holds for the key of the other side, where rows without a partner are dropped:
 * `a.k = b.k` and `a.k > 5` give `b.k > 5`. Runs once, between two rounds of moving filters.
 */
import type { Attribute, Expr } from "../expressions/expression.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";
import { sameTypeIgnoringNullability } from "../types/data-type.ts";
import { referencesOf, splitConjunction } from "../expressions/conjunction.ts";
import { isDeterministic } from "./deterministic.ts";
import { dropsUnmatched, filtered } from "./push-join-condition.ts";
import type { Rule } from "./rule.ts";
import { substitute } from "./substitute.ts";

export const inferJoinFilters: Rule = {
  name: "inferJoinFilters",
  apply: (plan) => transformPlanUp(plan, (node) => (node.kind === "Join" ? infer(node) : node)),
};

interface KeyPair {
  readonly left: Attribute;
  readonly right: Attribute;
}

function infer(join: Join): LogicalPlan {
  const pairs = keyPairs(join);
  if (pairs.length === 0) return join;
  const known = { left: constraintsOf(join.left), right: constraintsOf(join.right) };
  const left = dropsUnmatched(join, "left") ? transferred(known.right, known.left, pairs, "right", "left") : [];
  const right = dropsUnmatched(join, "right") ? transferred(known.left, known.right, pairs, "left", "right") : [];
  if (left.length + right.length === 0) return join;
  return { ...join, left: filtered(join.left, left), right: filtered(join.right, right) };
}

/** Columns of equal type that the condition equates. */
function keyPairs(join: Join): KeyPair[] {
  const left = new Set(outputOf(join.left).map((a) => a.id));
  const right = new Set(outputOf(join.right).map((a) => a.id));
  const pairs: KeyPair[] = [];
  for (const term of join.condition === undefined ? [] : splitConjunction(join.condition)) {
    if (term.kind !== "Call" || term.fn !== "=") continue;
    const [a, b] = term.args;
    if (a?.kind !== "Attribute" || b?.kind !== "Attribute" || !sameTypeIgnoringNullability(a.type, b.type)) continue;
    // 0.0 = -0.0, but not everything that is computed of them is equal.
    if (a.type.kind === "float" || a.type.kind === "double") continue;
    if (left.has(a.id) && right.has(b.id)) pairs.push({ left: a, right: b });
    else if (left.has(b.id) && right.has(a.id)) pairs.push({ left: b, right: a });
  }
  return pairs;
}

function transferred(
  from: readonly Expr[],
  there: readonly Expr[],
  pairs: readonly KeyPair[],
  source: "left" | "right",
  target: "left" | "right",
): Expr[] {
  const result: Expr[] = [];
  for (const pair of pairs) {
    const key = pair[source];
    const mapping = new Map<Attribute["id"], Expr>([[key.id, pair[target]]]);
    for (const term of from) {
      const references = referencesOf(term);
      if (references.size !== 1 || !references.has(key.id) || !isDeterministic(term)) continue;
      const moved = substitute(term, mapping);
      if (![...there, ...result].some((other) => sameExpression(other, moved))) result.push(moved);
    }
  }
  return result;
}

/** Terms that are true for all rows of a plan. */
function constraintsOf(plan: LogicalPlan): readonly Expr[] {
  switch (plan.kind) {
    case "Filter":
      return [...splitConjunction(plan.condition), ...constraintsOf(plan.input)];
    case "Sort":
    case "Repartition":
    case "Limit":
      return constraintsOf(plan.input);
    case "Project": {
      const kept = new Set(plan.expressions.flatMap((e) => (e.kind === "Attribute" ? [e.id] : [])));
      return constraintsOf(plan.input).filter((term) => [...referencesOf(term)].every((id) => kept.has(id)));
    }
    case "Join":
      switch (plan.joinType) {
        case "inner":
        case "cross":
          return [...constraintsOf(plan.left), ...constraintsOf(plan.right)];
        case "leftOuter":
        case "leftSemi":
        case "leftAnti":
          return constraintsOf(plan.left);
        case "rightOuter":
          return constraintsOf(plan.right);
        case "fullOuter":
          return [];
      }
    default:
      return [];
  }
}
