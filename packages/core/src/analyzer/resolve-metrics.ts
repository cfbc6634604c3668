import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { someExpression } from "../expressions/traverse.ts";
import type { CollectMetrics, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { AnalysisContext } from "./context.ts";
import { resolveAggregate } from "./resolve-aggregate.ts";

/** `observe`: the metrics are resolved as an aggregation over all rows, which runs beside the rows that pass. */
export function resolveMetrics(plan: CollectMetrics, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  if (plan.name === "") throw new MillraceError("INVALID_OBSERVED_METRICS.MISSING_NAME", { operator: "observe" });
  const resolved = resolveAggregate([], plan.metrics, input, context);
  const aggregate = resolved.kind === "Project" ? resolved.input : resolved;
  if (aggregate.kind !== "Aggregate") {
    throw new MillraceError("INTERNAL_ERROR", { message: "metrics that are no aggregation" });
  }
  const aggregates = aggregate.aggregates.flatMap((expr) => (expr.kind === "Alias" ? [expr] : []));
  for (const expr of aggregates) {
    if (someExpression(expr, (node: Expr) => node.kind === "AggregateCall" && node.distinct)) {
      throw new MillraceError("INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED", {
        expr: printExpression(expr.child),
      });
    }
  }
  const metrics = resolved.kind === "Project" ? resolved.expressions : outputOf(aggregate);
  return { ...plan, input: aggregate.input, metrics, aggregates };
}
