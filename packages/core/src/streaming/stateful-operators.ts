/** What the micro-batch loop asks of a plan: its stateful operators, its watermark nodes, and how watermarks flow through it. */
import { unreachable } from "../errors/index.ts";
import type {
  EventTimeWatermarkExec,
  PhysicalPlan,
  ScanExec,
  StateAggregateExec,
} from "../physical-plan/physical-plan.ts";

export type StatefulOperator = StateAggregateExec;

function inputsOf(plan: PhysicalPlan): readonly PhysicalPlan[] {
  switch (plan.kind) {
    case "Scan":
    case "LocalScan":
    case "Range":
    case "FragmentInput":
      return [];
    case "Union":
      return plan.inputs;
    case "HashJoin":
    case "NestedLoopJoin":
      return [plan.left, plan.right];
    case "Pipeline":
    case "UserRows":
    case "KeyedGroups":
    case "PartialAggregate":
    case "FinalAggregate":
    case "StateAggregate":
    case "Exchange":
    case "Sort":
    case "MergeSorted":
    case "Limit":
    case "Offset":
    case "Repartition":
    case "CollectMetrics":
    case "Window":
    case "GroupTopK":
    case "EventTimeWatermark":
    case "Parallel":
      return [plan.input];
    default:
      return unreachable(plan);
  }
}

function* nodesOf(plan: PhysicalPlan): Generator<PhysicalPlan> {
  yield plan;
  for (const input of inputsOf(plan)) yield* nodesOf(input);
}

/** By operator id: the one nearest the sink first. */
export function statefulOperatorsOf(plan: PhysicalPlan): readonly StatefulOperator[] {
  return [...nodesOf(plan)]
    .filter((node) => node.kind === "StateAggregate")
    .sort((a, b) => a.operatorId - b.operatorId);
}

/** Watermark nodes by their number; a node that occurs twice in the plan stands once. */
export function watermarkNodesOf(plan: PhysicalPlan): readonly EventTimeWatermarkExec[] {
  const byNode = new Map<number, EventTimeWatermarkExec>();
  for (const node of nodesOf(plan)) if (node.kind === "EventTimeWatermark") byNode.set(node.node, node);
  return [...byNode.values()].sort((a, b) => a.node - b.node);
}

/** The scans of streaming sources, in plan order. */
export function streamingScansOf(plan: PhysicalPlan): readonly ScanExec[] {
  return [...nodesOf(plan)].filter((node) => node.kind === "Scan").filter((scan) => scan.sourceIndex >= 0);
}

/** Number of state partitions of an operator: that of the exchange below it. */
export function statePartitionsOf(operator: StatefulOperator): number {
  for (const node of nodesOf(operator.input)) {
    if (node.kind === "Exchange") return node.partitioning.kind === "hash" ? node.partitioning.partitions : 1;
  }
  return 1;
}

/**
 * Input watermark of each stateful operator when the query's watermark is `globalMs`, in ms by operator id; null where no
 * watermark reaches the operator. A watermark node outputs the query's watermark, other nodes pass the least of their inputs.
 * @see Spark `PropagateWatermarkSimulator`
 */
export function inputWatermarks(plan: PhysicalPlan, globalMs: number): ReadonlyMap<number, number | null> {
  const found = new Map<number, number | null>();
  const output = (node: PhysicalPlan): number | null => {
    let least: number | null = null;
    for (const input of inputsOf(node)) {
      const value = output(input);
      if (value !== null && (least === null || value < least)) least = value;
    }
    if (node.kind === "EventTimeWatermark") return globalMs;
    if (node.kind === "StateAggregate") found.set(node.operatorId, least);
    return least;
  };
  output(plan);
  return found;
}

/** Whether a batch without data would emit or drop state: the watermark passed the one that the last batch evicted by. */
export function needsBatchWithoutData(plan: PhysicalPlan, lastMs: number, nextMs: number): boolean {
  if (nextMs <= lastMs) return false;
  const last = inputWatermarks(plan, lastMs);
  const next = inputWatermarks(plan, nextMs);
  return statefulOperatorsOf(plan).some((operator) => {
    const after = next.get(operator.operatorId) ?? null;
    return (
      operator.eventTime !== undefined &&
      operator.outputMode !== "complete" &&
      after !== null &&
      after > (last.get(operator.operatorId) ?? 0)
    );
  });
}
