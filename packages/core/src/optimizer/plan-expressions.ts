import type { Alias, Expr, SortOrder } from "../expressions/expression.ts";
import { transformUp } from "../expressions/traverse.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";

/** Rewrites the expressions of one node; the same object when none changed. */
export function mapExpressions(plan: LogicalPlan, rewrite: (expr: Expr) => Expr): LogicalPlan {
  const list = (exprs: readonly Expr[]): readonly Expr[] => {
    const next = exprs.map(rewrite);
    return next.every((e, i) => e === exprs[i]) ? exprs : next;
  };
  switch (plan.kind) {
    case "Project": {
      const expressions = list(plan.expressions);
      return expressions === plan.expressions ? plan : { ...plan, expressions };
    }
    case "Filter": {
      const condition = rewrite(plan.condition);
      return condition === plan.condition ? plan : { ...plan, condition };
    }
    case "Join": {
      if (plan.condition === undefined) return plan;
      const condition = rewrite(plan.condition);
      return condition === plan.condition ? plan : { ...plan, condition };
    }
    case "Sort": {
      const order = list(plan.order) as readonly SortOrder[];
      return order === plan.order ? plan : { ...plan, order };
    }
    case "Aggregate": {
      const grouping = list(plan.grouping);
      const aggregates = list(plan.aggregates);
      return grouping === plan.grouping && aggregates === plan.aggregates ? plan : { ...plan, grouping, aggregates };
    }
    case "Expand": {
      const projections = plan.projections.map(list);
      return projections.every((p, i) => p === plan.projections[i]) ? plan : { ...plan, projections };
    }
    case "Window": {
      const functions = list(plan.functions) as readonly Alias[];
      const partitionBy = list(plan.partitionBy);
      const orderBy = list(plan.orderBy) as readonly SortOrder[];
      const same = functions === plan.functions && partitionBy === plan.partitionBy && orderBy === plan.orderBy;
      return same ? plan : { ...plan, functions, partitionBy, orderBy };
    }
    case "Generate": {
      const args = list(plan.args);
      return args === plan.args ? plan : { ...plan, args };
    }
    default:
      return plan;
  }
}

/** Rewrites every expression node of one plan node, leaves first. */
export function mapExpressionNodes(plan: LogicalPlan, rewrite: (expr: Expr) => Expr): LogicalPlan {
  return mapExpressions(plan, (expr) => transformUp(expr, rewrite));
}
