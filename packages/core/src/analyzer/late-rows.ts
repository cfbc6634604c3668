/** Where rows that come too late can be caught: below each operator that drops them, with all their columns. */
import type { Attribute } from "../expressions/expression.ts";
import { attributeOf, isNamed } from "../expressions/typing.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { isStreamingPlan, transformPlanUp } from "../logical-plan/traverse.ts";
import type { StreamOutputMode } from "./check-streaming-support.ts";
import { sessionKeys, watermarkDelayMs, watermarkedKey } from "./watermark-columns.ts";

/** The plan with a LateRows node below each such operator; the same plan when it has none. */
export function withLateRows(plan: LogicalPlan, mode: StreamOutputMode): LogicalPlan {
  return transformPlanUp(plan, (node) => {
    const column = lateColumnOf(node, mode);
    if (column === undefined || !("input" in node)) return node;
    return { ...node, input: { kind: "LateRows", input: node.input, column } };
  });
}

/** The input column by which the operator drops rows. */
function lateColumnOf(node: LogicalPlan, mode: StreamOutputMode): Attribute | undefined {
  if (node.kind === "StreamingDeduplicate") {
    return outputOf(node.input).find((column) => watermarkDelayMs(column) !== undefined);
  }
  if (node.kind !== "Aggregate" || !isStreamingPlan(node.input)) return undefined;
  // Complete results have every row, but sessions that were given up cannot go on.
  if (mode === "complete" && sessionKeys(node.grouping).length === 0) return undefined;
  const at = watermarkedKey(node.grouping);
  const key = at === undefined ? undefined : node.grouping[at]!;
  if (key === undefined || !isNamed(key)) return undefined;
  const source = key.kind === "Alias" && key.child.kind === "Attribute" ? key.child : attributeOf(key);
  return outputOf(node.input).find((column) => column.id === source.id);
}
