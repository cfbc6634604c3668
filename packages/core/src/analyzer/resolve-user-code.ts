import { MillraceError } from "../errors/index.ts";
import type { Attribute } from "../expressions/expression.ts";
import type { KeyedGroups, LogicalPlan, UserRows } from "../logical-plan/logical-plan.ts";
import { outputOf, schemaOfPlan } from "../logical-plan/output.ts";
import { field, type StructType, structType } from "../types/data-type.ts";

type NewAttributes = (schema: StructType) => readonly Attribute[];

/** `map`, `flatMap`, `filterRows`, `mapPartitions`: a filter keeps the columns, the others make those of their schema. */
export function resolveUserRows(plan: UserRows, input: LogicalPlan, newAttributes: NewAttributes): LogicalPlan {
  if (plan.how === "filter") return { kind: "ResolvedUserRows", plan, input, output: outputOf(input) };
  if (plan.schema === undefined) {
    throw new MillraceError("INTERNAL_ERROR", { message: `${plan.how} without a result schema` });
  }
  return { kind: "ResolvedUserRows", plan, input, output: newAttributes(plan.schema) };
}

export function resolveKeyedGroups(plan: KeyedGroups, input: LogicalPlan, newAttributes: NewAttributes): LogicalPlan {
  if (plan.how === "reduce") {
    const schema = structType([field("key", plan.keyType), field("value", schemaOfPlan(input))]);
    return { kind: "ResolvedKeyedGroups", plan, input, output: newAttributes(schema) };
  }
  if (plan.schema === undefined) {
    throw new MillraceError("INTERNAL_ERROR", { message: `${plan.how} without a result schema` });
  }
  return { kind: "ResolvedKeyedGroups", plan, input, output: newAttributes(plan.schema) };
}
