import { assertInvariant } from "../errors/index.ts";
import type { Expr, SortOrder, WindowExpression } from "../expressions/expression.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import type { LogicalPlan, Window } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { StructType } from "../types/data-type.ts";
import { bindExpression } from "./bind.ts";
import type { PhysicalPlan } from "./physical-plan.ts";

interface WindowPlanner {
  plan(plan: LogicalPlan): PhysicalPlan;
  newId(): number;
}

/**
 * Rows sorted by partition and order, then the window functions over runs of equal partition keys. Windows of the same
 * partitioning one above the other sort once, when the lower one's order begins with the upper one's.
 */
export function planWindow(plan: Window, schema: StructType, planner: WindowPlanner): PhysicalPlan {
  const columns = outputOf(plan.input);
  const partitionBy = plan.partitionBy.map((key) => bindExpression(key, columns));
  const orderBy = plan.orderBy.map((item) => ({ ...item, child: bindExpression(item.child, columns) }));
  const functions = plan.functions.map((alias): WindowExpression => {
    const bound = bindExpression(alias.child, columns);
    assertInvariant(bound.kind === "WindowExpression", "a window's function that is not a window expression");
    return bound;
  });
  const input = planner.plan(plan.input);
  const sorted = isSorted(plan) ? input : sort(plan, input, partitionBy, orderBy, planner);
  return { kind: "Window", id: planner.newId(), schema, input: sorted, partitionBy, orderBy, functions };
}

function sort(
  plan: Window,
  input: PhysicalPlan,
  partitionBy: readonly Expr[],
  orderBy: readonly SortOrder[],
  planner: WindowPlanner,
): PhysicalPlan {
  const { schema } = input;
  if (plan.groupLimit !== undefined) {
    return { kind: "GroupTopK", id: planner.newId(), schema, input, partitionBy, orderBy, ...plan.groupLimit };
  }
  const byPartition = partitionBy.map((child): SortOrder => ({
    kind: "SortOrder",
    child,
    direction: "ascending",
    nulls: "first",
  }));
  const order = [...byPartition, ...orderBy];
  return order.length === 0 ? input : { kind: "Sort", id: planner.newId(), schema, input, order };
}

/** Whether the input is a window whose sort is good for this one. */
function isSorted({ input, partitionBy, orderBy, groupLimit }: Window): boolean {
  return (
    groupLimit === undefined &&
    input.kind === "Window" &&
    input.partitionBy.length === partitionBy.length &&
    partitionBy.every((key, i) => sameExpression(key, input.partitionBy[i]!)) &&
    input.orderBy.length >= orderBy.length &&
    orderBy.every((item, i) => sameExpression(item, input.orderBy[i]!))
  );
}
