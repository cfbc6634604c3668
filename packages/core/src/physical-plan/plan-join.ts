import { equiKeys } from "../analyzer/equi-keys.ts";
import { joinConjunction } from "../expressions/conjunction.ts";
import type { Join, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import type { StructType } from "../types/data-type.ts";
import { bindExpression } from "./bind.ts";
import { estimateBytes, type SourceSizes } from "./estimate-size.ts";
import type { PhysicalPlan } from "./physical-plan.ts";

interface JoinPlanner {
  plan(plan: LogicalPlan): PhysicalPlan;
  newId(): number;
  /** `spark.sql.autoBroadcastJoinThreshold`; negative: only hints. */
  readonly broadcastBytes: number;
  readonly sizes: SourceSizes;
}

/** A hash join when the condition has equalities between the sides, else a nested loop. */
export function planJoin(plan: Join, schema: StructType, planner: JoinPlanner): PhysicalPlan {
  const leftOutput = outputOf(plan.left);
  const rightOutput = outputOf(plan.right);
  const both = [...leftOutput, ...rightOutput];
  const { keys, rest } = equiKeys(plan.condition, leftOutput, rightOutput);
  const leftKeys = keys.map((key) => bindExpression(key.left, leftOutput));
  const rightKeys = keys.map((key) => bindExpression(key.right, rightOutput));
  const nullSafe = keys.map((key) => key.nullSafe);
  const residual = joinConjunction(rest);
  const condition = residual === undefined ? {} : { condition: bindExpression(residual, both) };
  const left = planner.plan(plan.left);
  const right = planner.plan(plan.right);
  const { buildSide, broadcast } = chooseBuildSide(plan, planner);
  const common = { id: planner.newId(), schema, left, right, joinType: plan.joinType, ...condition, buildSide };
  if (leftKeys.length === 0) return { kind: "NestedLoopJoin", ...common };
  return {
    kind: "HashJoin",
    ...common,
    leftKeys,
    rightKeys,
    ...(nullSafe.includes(true) ? { nullSafe } : {}),
    ...(broadcast ? { broadcast } : {}),
  };
}

type Side = "left" | "right";

/** A side must be this many times smaller to be read first although its unmatched rows then come out last. */
const clearlySmaller = 3;

/**
 * The side that is read whole first: what a hint says, else the smaller one, the right one when nobody knows; never a
 * stream.
 */
function chooseBuildSide(
  plan: Join,
  { broadcastBytes, sizes: sourceSizes }: JoinPlanner,
): { readonly buildSide: Side; readonly broadcast: boolean } {
  const usual: Side = plan.joinType === "rightOuter" ? "left" : "right";
  if (isStreamingPlan(plan.left) || isStreamingPlan(plan.right)) {
    const swap = (plan.joinType === "inner" || plan.joinType === "cross") && isStreamingPlan(plan.right);
    return { buildSide: swap ? "left" : usual, broadcast: true };
  }
  if (plan.broadcast !== undefined && mayBroadcast(plan, plan.broadcast)) {
    return { buildSide: plan.broadcast, broadcast: true };
  }
  const sizes = { left: estimateBytes(plan.left, sourceSizes), right: estimateBytes(plan.right, sourceSizes) };
  const other: Side = usual === "left" ? "right" : "left";
  const inner = plan.joinType === "inner" || plan.joinType === "cross";
  const [own, others] = [sizes[usual] ?? Number.POSITIVE_INFINITY, sizes[other] ?? Number.POSITIVE_INFINITY];
  // A small side stays where it is: only an inner join gives the same order of rows either way.
  const swap = inner ? others < own : own > broadcastBytes && others * clearlySmaller < own;
  const buildSide = swap && others < Number.POSITIVE_INFINITY ? other : usual;
  const size = sizes[buildSide];
  return { buildSide, broadcast: size !== undefined && size <= broadcastBytes && mayBroadcast(plan, buildSide) };
}

/** Whether every thread may have its own copy of a side: not when its rows come out on their own. */
function mayBroadcast({ joinType }: Join, side: Side): boolean {
  switch (joinType) {
    case "inner":
    case "cross":
      return true;
    case "leftOuter":
    case "leftSemi":
    case "leftAnti":
      return side === "right";
    case "rightOuter":
      return side === "left";
    case "fullOuter":
      return false;
  }
}
