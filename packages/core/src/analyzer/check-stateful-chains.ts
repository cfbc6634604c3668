/**
 * Stateful operators one above the other. An operator drops what is older than its watermark; one below it that gives out older
 * rows all the same would lose them.
 * @see Spark `UnsupportedOperationChecker.checkStreamingQueryGlobalWatermarkLimit`
 */
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isStreamingPlan, planNodes } from "../logical-plan/traverse.ts";
import type { StreamOutputMode } from "./check-streaming-support.ts";
import { watermarkDelayMs } from "./watermark-columns.ts";

/** Whether rows that come out of the operator may be older than the watermark that goes on above it. */
function emitsLateRows(node: LogicalPlan, mode: StreamOutputMode): boolean {
  // Groups that are shown before they are final, and whatever a function makes of a timeout.
  if (node.kind === "ResolvedStatefulGroups") {
    return node.plan.work.kind === "groupsWithState" && node.plan.work.timeout === "EventTimeTimeout";
  }
  return node.kind === "Aggregate" && mode !== "append";
}

/** Whether the operator drops rows, or forgets state, by the watermark. */
function goesByWatermark(node: LogicalPlan): boolean {
  switch (node.kind) {
    case "Aggregate":
    case "ResolvedStatefulGroups":
      return true;
    case "Join":
      return isStreamingPlan(node.left) && isStreamingPlan(node.right);
    case "StreamingDeduplicate":
      return node.withinWatermark || node.keys.some((key) => watermarkDelayMs(key) !== undefined);
    default:
      return false;
  }
}

function nameOf(node: LogicalPlan): string {
  switch (node.kind) {
    case "Aggregate":
      return "an aggregation";
    case "Join":
      return "a join of two streams";
    case "ResolvedStatefulGroups":
      return node.plan.work.name;
    case "StreamingDeduplicate":
      return node.withinWatermark ? "dropDuplicatesWithinWatermark" : "dropDuplicates";
    default:
      return node.kind;
  }
}

/** What is wrong with the chain of stateful operators of a plan, in words; undefined when rows cannot be lost. */
export function lossyChain(plan: LogicalPlan, mode: StreamOutputMode): string | undefined {
  for (const above of planNodes(plan)) {
    if (!goesByWatermark(above) || !isStreamingPlan(above)) continue;
    for (const below of planNodes(above)) {
      if (below === above || !emitsLateRows(below, mode) || !isStreamingPlan(below)) continue;
      return `${nameOf(above)} after ${nameOf(below)} in output mode ${mode}, which gives out rows that are older than the watermark and would be dropped as late`;
    }
  }
  return undefined;
}
