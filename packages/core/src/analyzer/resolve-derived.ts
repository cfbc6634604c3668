import { MillraceError, unreachable } from "../errors/index.ts";
import type { Derived } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { AnalysisContext } from "./context.ts";
import { nameOperator } from "./name-operator.ts";
import { resolveGuarded } from "./resolve-guarded.ts";
import { resolveMatchSchema } from "./resolve-match-schema.ts";
import { resolveNaDrop, resolveNaFill, resolveNaReplace } from "./resolve-na.ts";
import { resolvePivot } from "./resolve-pivot.ts";
import { resolveSample } from "./resolve-sample.ts";
import { resolveSummary } from "./resolve-summary.ts";
import { resolveUnpivot } from "./resolve-unpivot.ts";

/** A derived relation as the relations that it stands for. */
export function resolveDerived({ relation }: Derived, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  switch (relation.kind) {
    case "Hint":
      return { kind: "Hint", input, name: relation.name };
    case "OperatorName":
      return nameOperator(input, relation.name);
    case "Guarded":
      return resolveGuarded(relation, input, context);
    case "NaDrop":
      return resolveNaDrop(relation, input, context);
    case "NaFill":
      return resolveNaFill(relation, input, context);
    case "NaReplace":
      return resolveNaReplace(relation, input, context);
    case "Unpivot":
      return resolveUnpivot(relation, input, context);
    case "Pivot":
      return resolvePivot(relation, input, context);
    case "Transpose":
      throw new MillraceError("INTERNAL_ERROR", { message: "a transposition reached the analyzer" });
    case "MatchSchema":
      return resolveMatchSchema(relation, input, context);
    case "Summary":
      return resolveSummary(relation, input, context);
    case "Sample":
      return resolveSample(relation, input, context);
    default:
      return unreachable(relation);
  }
}
