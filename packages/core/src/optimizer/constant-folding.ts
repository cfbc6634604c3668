import { isMillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { constantValue } from "../functions/fold.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";
import { mapExpressionNodes } from "./plan-expressions.ts";
import type { Rule, RuleContext } from "./rule.ts";

/**
 * Computes expressions without columns once. One whose evaluation fails stays: it must fail only when a row reaches it.
 * Also `x AND TRUE`, `x OR FALSE`, `x AND FALSE`, `x OR TRUE`.
 */
export const constantFolding: Rule = {
  name: "constantFolding",
  apply: (plan, context) =>
    transformPlanUp(plan, (node) => mapExpressionNodes(node, (expr) => simplify(fold(expr, context)))),
};

function fold(expr: Expr, context: RuleContext): Expr {
  if (expr.kind !== "Call" && expr.kind !== "Cast") return expr;
  const args = expr.kind === "Call" ? expr.args : [expr.child];
  // Children are folded before their parents, so that only the constant leaves need a look.
  if (args.length === 0 || !args.every((arg) => arg.kind === "Literal")) return expr;
  try {
    const constant = constantValue(expr, context.evaluation);
    if (constant === undefined) return expr;
    const redacted = args.some((arg) => arg.kind === "Literal" && arg.redacted === true);
    return { kind: "Literal", value: constant.value, type: typeOf(expr), ...(redacted ? { redacted } : {}) };
  } catch (error) {
    if (isMillraceError(error)) return expr;
    throw error;
  }
}

function simplify(expr: Expr): Expr {
  if (expr.kind !== "Call" || (expr.fn !== "and" && expr.fn !== "or")) return expr;
  const neutral = expr.fn === "and";
  const [left, right] = [expr.args[0]!, expr.args[1]!];
  for (const [constant, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (constant.kind !== "Literal" || typeof constant.value !== "boolean") continue;
    return constant.value === neutral ? other : constant;
  }
  return expr;
}
