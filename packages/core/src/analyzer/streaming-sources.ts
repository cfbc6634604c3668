import type { LogicalPlan, Read } from "../logical-plan/logical-plan.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";

export interface NumberedPlan {
  readonly plan: LogicalPlan;
  /** The distinct streaming sources, in the order of their first occurrence: the index is the `sources/<i>` of the checkpoint. */
  readonly sources: readonly Read[];
  readonly watermarks: number;
}

/**
 * Gives the streaming scans of an analyzed plan the number of their source, and the watermark nodes theirs. A read that
 * occurs twice (a self-union) is one source.
 */
export function numberStreamingNodes(plan: LogicalPlan): NumberedPlan {
  const sources: Read[] = [];
  let watermarks = 0;
  const numbered = transformPlanUp(plan, (node) => {
    if (node.kind === "EventTimeWatermark") return { ...node, node: watermarks++ };
    if (node.kind !== "Scan" || !node.read.streaming) return node;
    let index = sources.indexOf(node.read);
    if (index < 0) index = sources.push(node.read) - 1;
    return { ...node, sourceIndex: index };
  });
  return { plan: numbered, sources, watermarks };
}
