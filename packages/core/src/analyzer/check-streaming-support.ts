/**
 * Refuses plans that a stream cannot run, before anything starts: operators that need all rows, and output modes that the
 * plan's operators cannot give (the table of Spark's `UnsupportedOperationChecker`).
 */
import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { someExpression } from "../expressions/traverse.ts";
import { attributeOf, isNamed, typeOf } from "../expressions/typing.ts";
import type { JoinType, LogicalPlan, StreamingDeduplicate } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { isStreamingPlan, planNodes, somePlan } from "../logical-plan/traverse.ts";
import { equiKeys } from "./equi-keys.ts";
import { stateLimits } from "./join-times.ts";
import { lossyChain } from "./check-stateful-chains.ts";
import { sessionKeys, watermarkDelayMs, watermarkedKey } from "./watermark-columns.ts";
import { checkManyStatefulGroups, checkStatefulGroups } from "./check-stateful-groups.ts";
import { unsupported } from "./unsupported-operation.ts";

export type StreamOutputMode = "append" | "update" | "complete";

type JoinNode = LogicalPlan & { readonly kind: "Join" };
type AggregateNode = LogicalPlan & { readonly kind: "Aggregate" };

/** Streaming aggregations of a plan, the one nearest the sink first. */
export function streamingAggregates(plan: LogicalPlan): readonly AggregateNode[] {
  return [...planNodes(plan)].filter(
    (node): node is AggregateNode => node.kind === "Aggregate" && isStreamingPlan(node),
  );
}

export interface StreamingChecks {
  /** `spark.sql.streaming.statefulOperator.checkCorrectness.enabled`; false: a chain that may lose rows only warns. */
  readonly correctness: boolean;
  warn(message: string): void;
}

/**
 * @throws MillraceError UNSUPPORTED_STREAMING_OPERATION, STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION,
 * MULTIPLE_EVENT_TIME_COLUMNS
 */
export function checkStreamingSupport(plan: LogicalPlan, mode: StreamOutputMode, checks: StreamingChecks): void {
  const aggregates = streamingAggregates(plan);
  for (const node of planNodes(plan)) checkNode(node, mode, aggregates);
  if (mode === "complete" && aggregates.length === 0) {
    throw new MillraceError("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", {
      outputMode: "Complete",
      operation: "no streaming aggregations on streaming DataFrames/DataSets",
    });
  }
  for (const aggregate of aggregates) {
    if (mode === "update" && sessionKeys(aggregate.grouping).length > 0) {
      throw new MillraceError("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", {
        outputMode: "Update",
        operation: "session window streaming aggregations on streaming DataFrames/DataSets",
      });
    }
    if (mode === "append" && watermarkedKey(aggregate.grouping) === undefined) {
      throw new MillraceError("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", {
        outputMode: "Append",
        operation: "streaming aggregations without watermark on streaming DataFrames/DataSets",
      });
    }
  }
  checkManyStatefulGroups(plan, mode);
  const lossy = lossyChain(plan, mode);
  if (lossy === undefined) return;
  if (checks.correctness) {
    throw unsupported(
      `${lossy} (spark.sql.streaming.statefulOperator.checkCorrectness.enabled = false runs it all the same)`,
    );
  }
  checks.warn(`The streaming query has ${lossy}.`);
}

function checkNode(node: LogicalPlan, mode: StreamOutputMode, aggregates: readonly AggregateNode[]): void {
  if (!isStreamingPlan(node)) return;
  switch (node.kind) {
    case "Window":
      throw nonTimeWindow(node);
    case "Sort":
      if (mode !== "complete" || aggregates.length === 0 || !isStreamingPlan(node.input) || !aggregatedBelow(node)) {
        throw unsupported(
          "sorting on streaming DataFrames/Datasets, unless it is on aggregated DataFrame/Dataset in Complete output mode",
        );
      }
      return;
    case "Limit":
      if (mode === "update") throw unsupported("limits on streaming DataFrames/Datasets in Update output mode");
      return;
    case "StreamingDeduplicate":
      return checkDeduplicate(node);
    case "ResolvedStatefulGroups":
      return checkStatefulGroups(node, mode, aggregates.length > 0);
    case "Union":
      if (node.inputs.some((input) => !isStreamingPlan(input))) {
        throw unsupported("union between streaming and batch DataFrames/Datasets");
      }
      return;
    case "Join":
      return isStreamingPlan(node.left) && isStreamingPlan(node.right)
        ? checkStreamJoin(node, mode, aggregates.length > 0)
        : checkJoin(node);
    case "ResolvedKeyedGroups":
      throw unsupported(`${node.plan.how} after groupByKey on a streaming DataFrame/Dataset (groupBy().agg() is)`);
    case "Project":
      if (node.expressions.some((expr) => someExpression(expr, numbersRows))) {
        throw unsupported(
          "monotonically_increasing_id (also in zipWithIndex), which would begin anew in each batch, on a stream",
        );
      }
      return;
    case "Offset":
      throw unsupported("an offset on a streaming DataFrame/Dataset");
    case "Aggregate":
      if (node.standsFor !== undefined) throw unsupported(`${node.standsFor} on a streaming DataFrame/Dataset`);
      for (const expr of node.aggregates) {
        if (someExpression(expr, (e) => e.kind === "AggregateCall" && e.distinct)) {
          throw unsupported("distinct aggregations on streaming DataFrames/Datasets");
        }
      }
      for (const key of node.grouping) {
        if (typeOf(key).kind === "map") throw unsupported("grouping by a map");
      }
      if (node.grouping.length > 0 && sessionKeys(node.grouping).length === node.grouping.length) {
        throw unsupported("a global aggregation with a session window, without a key besides it,");
      }
      requireOneEventTime(node.grouping.filter(isNamed).map(attributeOf));
      return;
    case "EventTimeWatermark":
      if (somePlan(node.input, (below) => below.kind === "EventTimeWatermark")) {
        throw unsupported("redefining a watermark: a watermark is already set on this DataFrame/Dataset");
      }
      return;
    default:
      return;
  }
}

function numbersRows(expr: Expr): boolean {
  return expr.kind === "Call" && expr.fn === "monotonically_increasing_id";
}

function checkDeduplicate(node: StreamingDeduplicate): void {
  const columns = outputOf(node.input);
  requireOneEventTime(columns);
  if (node.withinWatermark && columns.every((column) => watermarkDelayMs(column) === undefined)) {
    throw unsupported("dropDuplicatesWithinWatermark on streaming DataFrames/DataSets without watermark");
  }
}

function requireOneEventTime(columns: readonly Attribute[]): void {
  const eventTimes = columns.filter((column) => watermarkDelayMs(column) !== undefined);
  if (eventTimes.length < 2) return;
  const eventTimeCols = eventTimes.map(({ name }) => `\`${name}\``).join(", ");
  throw new MillraceError("MULTIPLE_EVENT_TIME_COLUMNS", { eventTimeCols });
}

function nonTimeWindow({ functions }: LogicalPlan & { readonly kind: "Window" }): MillraceError {
  const { name, child } = functions[0]!;
  const [windowFunc, windowSpec] = printExpression(child).split(" OVER ");
  return new MillraceError("NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", {
    windowFunc: windowFunc!,
    columnName: name,
    windowSpec: windowSpec ?? "",
  });
}

function aggregatedBelow(node: LogicalPlan): boolean {
  return streamingAggregates(node).length > 0;
}

/** A join of a stream with rows that do not change. */
function checkJoin(node: JoinNode): void {
  const left = isStreamingPlan(node.left);
  const right = isStreamingPlan(node.right);
  const refused = (type: string, side: string): MillraceError =>
    unsupported(`${type} join with a streaming DataFrame/Dataset on the ${side} and a static one on the other side`);
  switch (node.joinType) {
    case "inner":
    case "cross":
      return;
    case "leftOuter":
      if (right) throw refused("left outer", "right");
      return;
    case "leftSemi":
      if (right) throw refused("left semi", "right");
      return;
    case "leftAnti":
      if (right) throw refused("left anti", "right");
      return;
    case "rightOuter":
      if (left) throw refused("right outer", "left");
      return;
    case "fullOuter":
      throw refused("full outer", left ? "left" : "right");
  }
}

/** Join types as Spark's messages have them. */
const joinTypeNames: Readonly<Record<JoinType, string>> = {
  inner: "Inner",
  cross: "Cross",
  leftOuter: "LeftOuter",
  rightOuter: "RightOuter",
  fullOuter: "FullOuter",
  leftSemi: "LeftSemi",
  leftAnti: "LeftAnti",
};

/** A join of two streams. That its condition has an equality is seen when it is planned: filters above may bring one. */
function checkStreamJoin(node: JoinNode, mode: StreamOutputMode, aggregated: boolean): void {
  const { joinType } = node;
  const name = joinTypeNames[joinType];
  if (joinType === "leftAnti") {
    throw unsupported(`a ${name} join with a streaming DataFrame/Dataset on the right`);
  }
  const shown = mode === "complete" ? "Complete" : "Update";
  const isOuter = joinType === "leftOuter" || joinType === "rightOuter" || joinType === "fullOuter";
  // Without an aggregation the mode is refused as a whole.
  if ((mode === "complete" && aggregated) || (mode === "update" && isOuter)) {
    const modes = isOuter ? "Append output mode" : "Append and Update output modes";
    throw unsupported(
      `a ${name} join between two streaming DataFrames/Datasets in ${shown} output mode (only in ${modes})`,
    );
  }
  const [left, right] = [outputOf(node.left), outputOf(node.right)];
  requireOneEventTime(left);
  requireOneEventTime(right);
  if (joinType === "inner" || joinType === "cross") return;
  const { keys } = equiKeys(node.condition, left, right);
  const hasWatermark = (key: Expr): boolean => key.kind === "Attribute" && watermarkDelayMs(key) !== undefined;
  if (keys.some((key) => hasWatermark(key.left) || hasWatermark(key.right))) return;
  const leaves = {
    left: () => stateLimits(node.condition, left, right).length > 0,
    right: () => stateLimits(node.condition, right, left).length > 0,
  };
  const bounded =
    joinType === "fullOuter"
      ? leaves.left() || leaves.right()
      : joinType === "rightOuter"
        ? leaves.right()
        : leaves.left();
  if (bounded) return;
  throw unsupported(
    `a stream-stream ${name} join between two streaming DataFrames/Datasets that has neither a watermark in the join keys nor a watermark on the nullable side and an appropriate range condition`,
  );
}
