/** `WITHIN GROUP (ORDER BY …)`: the order becomes arguments of the aggregate, the directions as a text and then the keys. */
import { MillraceError } from "../errors/index.ts";
import type { Expr, SortOrder, UnresolvedFunction } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import { literal } from "../expressions/typing.ts";
import { orderText } from "../functions/aggregates/ordered.ts";
import { functionRegistry } from "../functions/registry.ts";
import { stringType } from "../types/data-type.ts";

export function resolveWithinGroup(node: UnresolvedFunction): UnresolvedFunction {
  const order = node.args.filter((arg): arg is SortOrder => arg.kind === "SortOrder");
  const aggregate = functionRegistry.aggregate(node.name);
  const rule = aggregate?.withinGroup;
  const context = { context: node.origin ?? {} };
  const funcName = `\`${node.name}\``;
  if (order.length === 0) {
    if (rule?.required === true) {
      throw new MillraceError("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING", { funcName }, context);
    }
    return node;
  }
  if (rule === undefined) {
    throw new MillraceError(
      "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
      { prettyName: funcName, syntax: '"WITHIN GROUP (ORDER BY ...)"' },
      context,
    );
  }
  const [least, most] = rule.keys;
  if (order.length < least || order.length > most) {
    throw new MillraceError(
      "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
      { funcName, expectedNum: String(least), actualNum: String(order.length) },
      context,
    );
  }
  if (node.distinct && rule.distinct !== true)
    throw new MillraceError("INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED", { funcName }, context);
  const plain: Expr[] = node.args.filter((arg) => arg.kind !== "SortOrder");
  if (node.distinct && !(order.length === 1 && sameExpression(plain[0]!, order[0]!.child))) {
    throw new MillraceError(
      "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT",
      {
        funcName,
        funcArg: `"${printExpression(plain[0]!)}"`,
        orderingExpr: order.map(({ child }) => `"${printExpression(child)}"`).join(", "),
      },
      context,
    );
  }
  while (plain.length < rule.plain) plain.push(literal("", stringType));
  return { ...node, args: [...plain, literal(orderText(order), stringType), ...order.map(({ child }) => child)] };
}
