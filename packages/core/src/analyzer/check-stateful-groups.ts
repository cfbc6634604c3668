/**
 * Where `mapGroupsWithState`, `flatMapGroupsWithState` and `transformWithState` can stand in a stream.
 * @see Spark `UnsupportedOperationChecker`
 */
import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { GroupsWithState, ResolvedStatefulGroups } from "../logical-plan/stateful-groups.ts";
import { isStreamingPlan, planNodes } from "../logical-plan/traverse.ts";
import type { StreamOutputMode } from "./check-streaming-support.ts";
import { unsupported } from "./unsupported-operation.ts";
import { watermarkDelayMs } from "./watermark-columns.ts";

const streams = "a streaming DataFrame/Dataset";

export function checkStatefulGroups(node: ResolvedStatefulGroups, mode: StreamOutputMode, aggregated: boolean): void {
  const { work } = node.plan;
  if (node.initial !== undefined && isStreamingPlan(node.initial)) {
    throw unsupported(`a stream as the initial state of ${work.name}`);
  }
  const eventTimes = outputOf(node.input).filter((column) => watermarkDelayMs(column) !== undefined);
  if (eventTimes.length > 1) {
    const eventTimeCols = eventTimes.map(({ name }) => `\`${name}\``).join(", ");
    throw new MillraceError("MULTIPLE_EVENT_TIME_COLUMNS", { eventTimeCols });
  }
  const needsWatermark =
    work.kind === "transformWithState" ? work.timeMode === "EventTime" : work.timeout === "EventTimeTimeout";
  if (needsWatermark && eventTimes.length === 0) {
    throw unsupported(
      `event time in ${work.name} without a watermark (specify one on its input by withWatermark: event-time timeouts and timers go by it)`,
    );
  }
  if (work.kind === "groupsWithState") checkOutputMode(work, mode, aggregated);
}

function checkOutputMode(work: GroupsWithState, mode: StreamOutputMode, aggregated: boolean): void {
  const query = `${mode} output mode on ${streams}`;
  if (work.name === "mapGroupsWithState") {
    if (aggregated) throw unsupported(`mapGroupsWithState with aggregation on ${streams}`);
    if (mode !== "update") throw unsupported(`mapGroupsWithState with ${query}`);
    return;
  }
  if (aggregated) {
    if (work.outputMode === "update") {
      throw unsupported(`flatMapGroupsWithState in update mode with aggregation on ${streams}`);
    }
    if (mode === "update") throw unsupported(`flatMapGroupsWithState in append mode with aggregation and ${query}`);
  } else if (work.outputMode !== mode) {
    throw unsupported(`flatMapGroupsWithState in ${work.outputMode} mode with ${query}`);
  }
}

/** Several of them can only follow one another when all give out final rows. */
export function checkManyStatefulGroups(plan: LogicalPlan, mode: StreamOutputMode): void {
  const works = [...planNodes(plan)].flatMap((node) =>
    node.kind === "ResolvedStatefulGroups" && node.plan.work.kind === "groupsWithState" && isStreamingPlan(node)
      ? [node.plan.work]
      : [],
  );
  if (works.length < 2) return;
  const maps = works.filter(({ name }) => name === "mapGroupsWithState").length;
  if (maps === works.length) throw unsupported(`multiple mapGroupsWithStates on ${streams}`);
  if (maps > 0) throw unsupported(`mixing mapGroupsWithStates and flatMapGroupsWithStates on ${streams}`);
  if (mode !== "append" || works.some(({ outputMode }) => outputMode !== "append")) {
    throw unsupported(`multiple flatMapGroupsWithStates on ${streams} that are not all in append mode`);
  }
}
