import { MillraceError } from "../errors/index.ts";
import { argumentInfo } from "../functions/fold.ts";
import { unexpectedInput } from "../functions/resolution.ts";
import type { LogicalPlan, Repartition } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { AnalysisContext } from "./context.ts";
import { resolveExpression } from "./resolve-expression.ts";

export function resolveRepartition(plan: Repartition, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const { partitions } = plan;
  if (partitions !== undefined && (!Number.isSafeInteger(partitions) || partitions <= 0)) {
    throw new MillraceError("INVALID_OPTION", {
      option: "numPartitions",
      provider: plan.how === "coalesce" ? "coalesce" : "repartition",
      value: `${partitions}`,
      expected: "It must be a whole number of at least 1.",
    });
  }
  const scope = { attributes: outputOf(input) };
  const expressions = plan.expressions.map((expr) => resolveExpression(expr, scope, context));
  const number = plan.how === "id" ? argumentInfo(expressions[0]!, context.evaluation) : undefined;
  if (number !== undefined && number.type.kind !== "int") {
    throw unexpectedInput(number, "INT", 0, {
      sql: `direct_shuffle_partition_id(${number.sql})`,
      ansi: context.evaluation.ansi,
    });
  }
  return { ...plan, input, expressions };
}
