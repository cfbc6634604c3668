/** SQL select lists over a small table, through analyzer, optimizer and operators. */
import { analyze } from "../../analyzer/analyze.ts";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { AttributeIds } from "../../expressions/typing.ts";
import type { LogicalPlan } from "../../logical-plan/logical-plan.ts";
import { optimize } from "../../optimizer/optimize.ts";
import type { PhysicalPlan } from "../../physical-plan/physical-plan.ts";
import { planPhysical } from "../../physical-plan/plan-physical.ts";
import { parseExpression, parseNamedExpressions } from "../../sql/index.ts";
import type { SqlValue, StructType } from "../../types/data-type.ts";
import type { BatchContext } from "../context.ts";
import { rowsOf } from "../execution.test-support.ts";

const evaluation = { timeZone: "UTC", ansi: true, nowMicros: 0n, seed: 1n };

export function relation(schema: StructType, rows: readonly (readonly SqlValue[])[]): LogicalPlan {
  return { kind: "LocalRelation", batch: batchFromValues(schema, rows) };
}
export function select(input: LogicalPlan, list: string): LogicalPlan {
  return { kind: "Project", input, expressions: parseNamedExpressions(list) };
}
export function where(input: LogicalPlan, condition: string): LogicalPlan {
  return { kind: "Filter", input, condition: parseExpression(condition) };
}
export function optimized(plan: LogicalPlan): LogicalPlan {
  const context = {
    ids: new AttributeIds(),
    evaluation,
    caseSensitive: false,
    schemas: new Map(),
    metadataOf: () => undefined,
    table: () => undefined,
  };
  return optimize(analyze(plan, context), { evaluation });
}
export function physical(plan: LogicalPlan): PhysicalPlan {
  return planPhysical(optimized(plan), { shufflePartitions: 2 });
}
export function run(plan: LogicalPlan, codegen = true, changes: Partial<BatchContext> = {}): Promise<SqlValue[][]> {
  return rowsOf(physical(plan), codegen, changes);
}
