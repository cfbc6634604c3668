import type { Attribute, Expr } from "../expressions/expression.ts";
import { transformUp } from "../expressions/traverse.ts";

/** Definitions of columns by id: what a projection computes under each name. */
export function definitionsOf(expressions: readonly Expr[]): ReadonlyMap<Attribute["id"], Expr> {
  const definitions = new Map<Attribute["id"], Expr>();
  for (const expr of expressions) {
    if (expr.kind === "Alias" && expr.id !== undefined) definitions.set(expr.id, expr.child);
  }
  return definitions;
}

/** Replaces references by definitions. */
export function substitute(expr: Expr, definitions: ReadonlyMap<Attribute["id"], Expr>): Expr {
  if (definitions.size === 0) return expr;
  return transformUp(expr, (node) => (node.kind === "Attribute" ? (definitions.get(node.id) ?? node) : node));
}
