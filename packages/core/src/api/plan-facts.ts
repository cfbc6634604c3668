/** What can be said of a plan before it is analyzed. */
import { MillraceError } from "../errors/index.ts";
import type { JoinType, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { childrenOfPlan } from "../logical-plan/traverse.ts";
import type { EngineTables } from "../session/engine.ts";

/** Whether a streaming source is somewhere in the plan. */
export function isStreamingPlan(plan: LogicalPlan, tables: EngineTables): boolean {
  const pending: LogicalPlan[] = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === "Read" && node.streaming) return true;
    if (node.kind === "NamedTable" && (node.streaming || tables.find(node.name)?.streaming === true)) return true;
    pending.push(...childrenOfPlan(node));
  }
  return false;
}

const joinTypes: ReadonlyMap<string, JoinType> = new Map<string, JoinType>([
  ["inner", "inner"],
  ["cross", "cross"],
  ["outer", "fullOuter"],
  ["full", "fullOuter"],
  ["fullouter", "fullOuter"],
  ["left", "leftOuter"],
  ["leftouter", "leftOuter"],
  ["right", "rightOuter"],
  ["rightouter", "rightOuter"],
  ["semi", "leftSemi"],
  ["leftsemi", "leftSemi"],
  ["anti", "leftAnti"],
  ["leftanti", "leftAnti"],
]);

/** A join type in any spelling that Spark takes. */
export function joinTypeOf(how: string): JoinType {
  const found = joinTypes.get(how.toLowerCase().replaceAll("_", ""));
  if (found !== undefined) return found;
  throw new MillraceError("UNSUPPORTED_JOIN_TYPE", { typ: how, supported: [...joinTypes.keys()].join(", ") });
}
