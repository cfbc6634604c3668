import { MillraceError, unreachable } from "../errors/index.ts";
import type { Attribute } from "../expressions/expression.ts";
import { attributeOf, isNamed } from "../expressions/typing.ts";
import { type StructType, structType } from "../types/data-type.ts";
import { findCommonType } from "../functions/coercion.ts";
import { sameType } from "../types/data-type.ts";
import type { LogicalPlan } from "./logical-plan.ts";

function optional(attributes: readonly Attribute[]): readonly Attribute[] {
  return attributes.map((a) => (a.nullable ? a : { ...a, nullable: true }));
}

/** Columns of an analyzed plan. */
export function outputOf(plan: LogicalPlan): readonly Attribute[] {
  switch (plan.kind) {
    case "Scan":
    case "LocalScan":
    case "RangeScan":
    case "Expand":
    case "ResolvedUserRows":
    case "ResolvedKeyedGroups":
    case "ResolvedStatefulGroups":
      return plan.output;
    case "Project":
      return plan.expressions.map(namedOutput);
    case "Aggregate":
      return [...plan.grouping, ...plan.aggregates].map(namedOutput);
    case "Filter":
    case "Sort":
    case "Limit":
    case "Offset":
    case "Repartition":
    case "CollectMetrics":
    case "Hint":
    case "LateRows":
    case "Guard":
    case "StreamingDeduplicate":
      return outputOf(plan.input);
    case "SubqueryAlias":
      return outputOf(plan.input).map((a) => ({ ...a, qualifier: plan.alias }));
    case "Generate":
      return [...outputOf(plan.input), ...plan.generated];
    case "Window":
      return [...outputOf(plan.input), ...plan.functions.map(namedOutput)];
    case "EventTimeWatermark":
      return outputOf(plan.input).map((a) => (a.id === plan.column.id ? plan.column : a));
    case "Union": {
      const inputs = plan.inputs.map(outputOf);
      return inputs[0]!.map((a, i) => {
        const nullable = inputs.some((input) => input[i]!.nullable);
        // The types differ at most in what can be NULL inside of them.
        const type = inputs.reduce((common, input) => findCommonType(common, input[i]!.type) ?? common, a.type);
        return nullable === a.nullable && sameType(type, a.type) ? a : { ...a, type, nullable };
      });
    }
    case "Join": {
      const left = outputOf(plan.left);
      const right = outputOf(plan.right);
      switch (plan.joinType) {
        case "leftSemi":
        case "leftAnti":
          return left;
        case "leftOuter":
          return [...left, ...optional(right)];
        case "rightOuter":
          return [...optional(left), ...right];
        case "fullOuter":
          return [...optional(left), ...optional(right)];
        case "inner":
        case "cross":
          return [...left, ...right];
        default:
          return unreachable(plan.joinType);
      }
    }
    default:
      break;
  }
  throw new MillraceError("INTERNAL_ERROR", { message: `output of an unresolved plan node (${plan.kind})` });
}

function namedOutput(expr: Parameters<typeof isNamed>[0]): Attribute {
  if (isNamed(expr)) return attributeOf(expr);
  throw new MillraceError("INTERNAL_ERROR", { message: `an unnamed ${expr.kind} in an output list` });
}

/** Schema of an analyzed plan. */
export function schemaOfPlan(plan: LogicalPlan): StructType {
  return schemaOfAttributes(outputOf(plan));
}

export function schemaOfAttributes(attributes: readonly Attribute[]): StructType {
  return structType(
    attributes.map((a) => ({
      name: a.name,
      type: a.type,
      nullable: a.nullable,
      ...(a.metadata === undefined ? {} : { metadata: a.metadata }),
    })),
  );
}
