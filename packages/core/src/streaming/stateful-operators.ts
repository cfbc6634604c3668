/** What the micro-batch loop asks of a plan: its stateful operators, its watermark nodes, and how watermarks flow through it. */
import type { EventTimeWatermarkExec, PhysicalPlan, ScanExec } from "../physical-plan/physical-plan.ts";
import { isStateful, type OperatorState } from "../physical-plan/stateful.ts";
import { inputsOf, operatorsOf } from "../physical-plan/traverse.ts";

/** By operator id: the one nearest the sink first. */
export function statefulOperatorsOf(plan: PhysicalPlan): readonly OperatorState[] {
  return [...operatorsOf(plan)]
    .filter(isStateful)
    .map(({ state }) => state)
    .sort((a, b) => a.operatorId - b.operatorId);
}

/** Watermark nodes by their number; a node that occurs twice in the plan stands once. */
export function watermarkNodesOf(plan: PhysicalPlan): readonly EventTimeWatermarkExec[] {
  const byNode = new Map<number, EventTimeWatermarkExec>();
  for (const node of operatorsOf(plan)) if (node.kind === "EventTimeWatermark") byNode.set(node.node, node);
  return [...byNode.values()].sort((a, b) => a.node - b.node);
}

/** The scans of streaming sources, in plan order. */
export function streamingScansOf(plan: PhysicalPlan): readonly ScanExec[] {
  return [...operatorsOf(plan)].filter((node) => node.kind === "Scan").filter((scan) => scan.sourceIndex >= 0);
}

/** The stateful operator that drops what a LateRows node finds, by the id of the node. */
export function lateRowsOwners(plan: PhysicalPlan): ReadonlyMap<number, OperatorState> {
  const found = new Map<number, OperatorState>();
  const visit = (node: PhysicalPlan, owner: OperatorState | undefined): void => {
    if (node.kind === "LateRows" && owner !== undefined) found.set(node.id, owner);
    for (const input of inputsOf(node)) visit(input, isStateful(node) ? node.state : owner);
  };
  visit(plan, undefined);
  return found;
}

/**
 * Input watermark of each stateful operator when the query's watermark is `globalMs`, in ms by operator id; 0 where no
 * watermark reaches the operator. A watermark node outputs the query's watermark; a stateful operator what it says that its
 * rows are newer than; others pass on the least of their inputs.
 * @see Spark `PropagateWatermarkSimulator`
 */
export function inputWatermarks(plan: PhysicalPlan, globalMs: number): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const output = (node: PhysicalPlan): number | null => {
    const inputs = inputsOf(node)
      .map(output)
      .filter((watermark) => watermark !== null);
    if (node.kind === "EventTimeWatermark") return globalMs;
    const least = inputs.length === 0 ? null : Math.min(...inputs);
    if (!isStateful(node)) return least;
    const { operatorId, outputDelayMs } = node.state;
    found.set(operatorId, Math.max(0, least ?? 0));
    return least === null || outputDelayMs === null ? null : least - outputDelayMs;
  };
  output(plan);
  return found;
}

/**
 * Whether a batch without data would emit or drop state.
 * @param lastMs the watermark that the last batch evicted by
 * @param nextMs the watermark of the next batch
 * @param isDue  whether the clock has come to the time that an operator has told
 */
export function needsBatchWithoutData(plan: PhysicalPlan, lastMs: number, nextMs: number, isDue: boolean): boolean {
  const last = inputWatermarks(plan, lastMs);
  const next = inputWatermarks(plan, nextMs);
  return statefulOperatorsOf(plan).some(({ operatorId, batchWithoutData }) => {
    if (batchWithoutData === "whenDue") return isDue;
    return batchWithoutData === "whenWatermarkMoves" && next.get(operatorId)! > last.get(operatorId)!;
  });
}
