import { literal } from "../expressions/typing.ts";
import { isOrderable } from "../functions/coercion.ts";
import type { Sample } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType, doubleType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { resolveFilter, resolveProject, resolveSort } from "./resolve-project.ts";
import { replicated } from "./resolve-set-operation.ts";
import { alias, fn } from "./written.ts";

/**
 * Rows chosen by a number that is drawn for each: those that Spark chooses for the same seed, partitions and order.
 * @see Spark, `SampleExec`
 */
export function resolveSample(relation: Sample, given: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const orderable = outputOf(given).filter(({ type }) => isOrderable(type));
  const input = !relation.sorted
    ? given
    : resolveSort(
        orderable.map((child) => ({ kind: "SortOrder", child, direction: "ascending", nulls: "first" })),
        given,
        context,
        true,
      );
  const [lower, upper] = [literal(relation.lower, doubleType), literal(relation.upper, doubleType)];
  const seed = literal(relation.seed, bigintType);
  if (!relation.withReplacement) return resolveFilter(fn("bernoulli_sample", lower, upper, seed), input, context);
  const columns = outputOf(input);
  const drawn = resolveProject([...columns, alias(fn("poisson_sample", upper, seed), "copies")], input, context);
  return replicated(drawn, columns, context);
}
