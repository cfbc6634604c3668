import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { nullableOf, typeOf } from "../expressions/typing.ts";
import { argumentInfo } from "../functions/fold.ts";
import { functionRegistry } from "../functions/registry.ts";
import { quotedType } from "../functions/type-text.ts";
import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { booleanType } from "../types/data-type.ts";
import { quoteIdentifier } from "../types/identifier.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { requireNoWindow } from "./extract-windows.ts";
import { castTo, type Scope } from "./resolve-attribute.ts";
import { containsAggregate, resolveExpression } from "./resolve-expression.ts";

/** Joins on a condition, or on columns of the same name that then appear once, first in the result. */
export function resolveJoin(plan: Join, left: LogicalPlan, right: LogicalPlan, context: AnalysisContext): LogicalPlan {
  if (plan.condition !== undefined) requireNoWindow("Join", [plan.condition]);
  const leftOutput = outputOf(left);
  const rightOutput = outputOf(right);
  if (plan.using === undefined) {
    const scope = { attributes: [...leftOutput, ...rightOutput], left: leftOutput, right: rightOutput };
    return {
      kind: "Join",
      left,
      right,
      joinType: plan.joinType,
      ...(plan.condition === undefined ? {} : { condition: joinCondition(plan.condition, scope, context) }),
    };
  }
  const callSite = { context: plan.origin ?? {} };
  const pairs = plan.using.map((name) => {
    const column = (output: readonly Attribute[], side: "left" | "right"): Attribute => {
      const matches = output.filter((a) => sameName(a.name, name, context));
      if (matches.length === 0) {
        throw new MillraceError(
          "UNRESOLVED_USING_COLUMN_FOR_JOIN",
          {
            colName: quoteIdentifier(name),
            side,
            suggestion: output.map((a) => quoteIdentifier(a.name)).join(", "),
          },
          callSite,
        );
      }
      if (matches.length > 1) {
        throw new MillraceError(
          "AMBIGUOUS_REFERENCE",
          { name: `\`${name}\``, referenceNames: `[${matches.map((a) => `\`${a.name}\``).join(", ")}]` },
          callSite,
        );
      }
      return matches[0]!;
    };
    return { left: column(leftOutput, "left"), right: column(rightOutput, "right") };
  });
  const condition = pairs
    .map((pair) => equality(pair.left, pair.right, context))
    .reduce<Expr | undefined>((all, one) => (all === undefined ? one : conjunction(all, one)), undefined);
  const joined: LogicalPlan = {
    kind: "Join",
    left,
    right,
    joinType: plan.joinType,
    ...(condition === undefined ? {} : { condition }),
  };
  const output = outputOf(joined);
  const find = (a: Attribute): Attribute => output.find((o) => o.id === a.id)!;
  const keys = pairs.map((pair): Expr => {
    if (plan.joinType === "rightOuter") return find(pair.right);
    if (plan.joinType !== "fullOuter") return find(pair.left);
    const type = typeOf(pair.left);
    return {
      kind: "Alias",
      name: pair.left.name,
      id: context.ids.next(),
      child: {
        kind: "Call",
        fn: "coalesce",
        args: [find(pair.left), castTo(find(pair.right), type)],
        type,
        nullable: pair.left.nullable && pair.right.nullable,
        ansi: context.evaluation.ansi,
      },
    };
  });
  const isKey = (a: Attribute): boolean => pairs.some((pair) => pair.left.id === a.id || pair.right.id === a.id);
  return { kind: "Project", input: joined, expressions: [...keys, ...output.filter((a) => !isKey(a))] };
}

function joinCondition(condition: Expr, scope: Scope, context: AnalysisContext): Expr {
  const resolved = resolveExpression(condition, scope, context);
  if (containsAggregate(resolved)) {
    throw new MillraceError("UNSUPPORTED_EXPR_FOR_OPERATOR", {
      operator: "Join",
      invalidExprSqls: `"${printExpression(condition)}"`,
    });
  }
  const type = typeOf(resolved);
  if (type.kind === "null") return castTo(resolved, booleanType);
  if (type.kind !== "boolean") {
    throw new MillraceError("JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", {
      joinCondition: `"${printExpression(condition)}"`,
      conditionType: quotedType(type),
    });
  }
  return resolved;
}

/** `left = right` with both sides cast to the common type. */
function equality(left: Expr, right: Expr, context: AnalysisContext): Expr {
  const record = functionRegistry.scalar("=")!;
  const signature = record.resolve([argumentInfo(left, context.evaluation), argumentInfo(right, context.evaluation)], {
    sql: "join keys",
    ansi: context.evaluation.ansi,
  });
  const args = [castTo(left, signature.args[0]!), castTo(right, signature.args[1]!)];
  return {
    kind: "Call",
    fn: record.name,
    args,
    type: booleanType,
    nullable: args.some(nullableOf),
    ansi: context.evaluation.ansi,
  };
}

function conjunction(a: Expr, b: Expr): Expr {
  return {
    kind: "Call",
    fn: "and",
    args: [a, b],
    type: booleanType,
    nullable: nullableOf(a) || nullableOf(b),
    ansi: true,
  };
}
