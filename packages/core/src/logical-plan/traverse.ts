import { unreachable } from "../errors/index.ts";
import type { LogicalPlan } from "./logical-plan.ts";

/** Inputs of a node, left to right. */
export function childrenOfPlan(plan: LogicalPlan): readonly LogicalPlan[] {
  switch (plan.kind) {
    case "Read":
    case "LocalRelation":
    case "Range":
    case "NamedTable":
    case "Scan":
    case "LocalScan":
    case "RangeScan":
      return [];
    case "Join":
    case "SetOperation":
      return [plan.left, plan.right];
    case "Union":
      return plan.inputs;
    case "StatefulGroups":
      return plan.initial === undefined ? [plan.input] : [plan.input, plan.initial.plan];
    case "ResolvedStatefulGroups":
      return plan.initial === undefined ? [plan.input] : [plan.input, plan.initial];
    case "Project":
    case "Filter":
    case "Sort":
    case "Limit":
    case "Offset":
    case "Repartition":
    case "CollectMetrics":
    case "Derived":
    case "Aggregate":
    case "Deduplicate":
    case "SubqueryAlias":
    case "Hint":
    case "WithColumns":
    case "WithColumnsRenamed":
    case "ToDF":
    case "Drop":
    case "WithWatermark":
    case "UserRows":
    case "KeyedGroups":
    case "Expand":
    case "Generate":
    case "Window":
    case "EventTimeWatermark":
    case "LateRows":
    case "Guard":
    case "StreamingDeduplicate":
    case "ResolvedUserRows":
    case "ResolvedKeyedGroups":
      return [plan.input];
    default:
      return unreachable(plan);
  }
}

/** The same node over other inputs; the same object when the inputs are the same. */
export function withPlanChildren(plan: LogicalPlan, children: readonly LogicalPlan[]): LogicalPlan {
  const old = childrenOfPlan(plan);
  if (old.every((child, i) => child === children[i])) return plan;
  if (plan.kind === "Join" || plan.kind === "SetOperation") return { ...plan, left: children[0]!, right: children[1]! };
  if (plan.kind === "Union") return { ...plan, inputs: children };
  if (plan.kind === "StatefulGroups" && plan.initial !== undefined) {
    return { ...plan, input: children[0]!, initial: { ...plan.initial, plan: children[1]! } };
  }
  if (plan.kind === "ResolvedStatefulGroups" && plan.initial !== undefined) {
    return { ...plan, input: children[0]!, initial: children[1]! };
  }
  return { ...plan, input: children[0]! } as LogicalPlan;
}

/** Rewrites from the leaves to the root. */
export function transformPlanUp(plan: LogicalPlan, rewrite: (node: LogicalPlan) => LogicalPlan): LogicalPlan {
  const children = childrenOfPlan(plan);
  return rewrite(
    children.length === 0
      ? plan
      : withPlanChildren(
          plan,
          children.map((child) => transformPlanUp(child, rewrite)),
        ),
  );
}

/** All nodes of a plan, a node before its inputs. */
export function* planNodes(plan: LogicalPlan): Generator<LogicalPlan> {
  yield plan;
  for (const child of childrenOfPlan(plan)) yield* planNodes(child);
}

export function somePlan(plan: LogicalPlan, predicate: (node: LogicalPlan) => boolean): boolean {
  for (const node of planNodes(plan)) if (predicate(node)) return true;
  return false;
}

/** Whether the plan reads a stream. */
export function isStreamingPlan(plan: LogicalPlan): boolean {
  return somePlan(
    plan,
    (node) =>
      (node.kind === "Read" && node.streaming) ||
      (node.kind === "Scan" && node.read.streaming) ||
      (node.kind === "NamedTable" && node.streaming),
  );
}
