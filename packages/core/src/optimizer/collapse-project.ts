import type { Attribute, Expr } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { attributeOf, isNamed } from "../expressions/typing.ts";
import { outputOf } from "../logical-plan/output.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isDeterministic } from "./deterministic.ts";
import type { Rule } from "./rule.ts";
import { definitionsOf, substitute } from "./substitute.ts";

/** Merges neighbouring projections, and removes one that changes nothing. */
export const collapseProject: Rule = {
  name: "collapseProject",
  apply: (plan) => transformPlanUp(plan, (node) => (node.kind === "Project" ? collapse(node) : node)),
};

function collapse(node: LogicalPlan & { readonly kind: "Project" }): LogicalPlan {
  if (node.expressions.every((e) => e.kind === "Attribute")) {
    const below = outputOf(node.input);
    const same =
      below.length === node.expressions.length &&
      node.expressions.every((e, i) => e.kind === "Attribute" && e.id === below[i]!.id && e.name === below[i]!.name);
    if (same) return node.input;
  }
  if (node.input.kind !== "Project") return node;
  const lower = node.input.expressions;
  const definitions = definitionsOf(lower);
  const uses = countUses(node.expressions, definitions);
  for (const [id, definition] of definitions) {
    const count = uses.get(id) ?? 0;
    if (!isDeterministic(definition)) return node;
    // Work that is needed twice is done once, below.
    if (count > 1 && !isCheap(definition)) return node;
  }
  return {
    kind: "Project",
    input: node.input.input,
    expressions: node.expressions.map((expr) => {
      if (expr.kind === "Attribute") {
        const definition = definitions.get(expr.id);
        if (definition === undefined) return expr;
        const original = lower.find((e) => e.kind === "Alias" && e.id === expr.id);
        return original !== undefined && isNamed(original) && attributeOf(original).name === expr.name
          ? original
          : { kind: "Alias", child: definition, name: expr.name, id: expr.id };
      }
      return substitute(expr, definitions);
    }),
  };
}

function countUses(
  expressions: readonly Expr[],
  definitions: ReadonlyMap<Attribute["id"], Expr>,
): ReadonlyMap<Attribute["id"], number> {
  const uses = new Map<Attribute["id"], number>();
  const pending = [...expressions];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "Attribute" && definitions.has(next.id)) uses.set(next.id, (uses.get(next.id) ?? 0) + 1);
    pending.push(...childrenOf(next));
  }
  return uses;
}

function isCheap(expr: Expr): boolean {
  if (expr.kind === "Literal" || expr.kind === "Attribute") return true;
  return (expr.kind === "GetStructField" || expr.kind === "Alias") && isCheap(expr.child);
}
