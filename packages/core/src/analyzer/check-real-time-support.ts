/**
 * What the trigger `realTime` takes: output mode update, and operators that give out what becomes of a row as soon as it is
 * there and keep nothing.
 * @see Spark `RealTimeModeAllowlist`; it also takes some operators with state since 4.3
 */
import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isStreamingPlan, planNodes } from "../logical-plan/traverse.ts";
import type { StreamOutputMode } from "./check-streaming-support.ts";

/** Of an analyzed plan, whose streaming part is looked at: tables that it is joined with may be anything. */
const allowed: ReadonlySet<LogicalPlan["kind"]> = new Set<LogicalPlan["kind"]>([
  "Scan",
  "Project",
  "Filter",
  "Expand",
  "Generate",
  "ResolvedUserRows",
  "Union",
  "EventTimeWatermark",
  "SubqueryAlias",
  "Hint",
]);

function isAllowed(node: LogicalPlan): boolean {
  if (node.kind === "Join") return !isStreamingPlan(node.left) || !isStreamingPlan(node.right);
  return allowed.has(node.kind);
}

/** As the user knows it. */
function nameOf(node: LogicalPlan): string {
  switch (node.kind) {
    case "Join":
      return "StreamingSymmetricHashJoin";
    case "ResolvedStatefulGroups":
      return node.plan.work.name;
    case "StreamingDeduplicate":
      return node.withinWatermark ? "StreamingDeduplicateWithinWatermark" : "StreamingDeduplicate";
    default:
      return node.kind;
  }
}

/**
 * @throws MillraceError STREAMING_REAL_TIME_MODE.OUTPUT_MODE_NOT_SUPPORTED, .OPERATOR_OR_SINK_NOT_IN_ALLOWLIST,
 * .IDENTICAL_SOURCES_IN_UNION_NOT_SUPPORTED
 */
export function checkRealTimeSupport(plan: LogicalPlan, mode: StreamOutputMode): void {
  if (mode !== "update") {
    const outputMode = mode === "append" ? "Append" : "Complete";
    throw new MillraceError("STREAMING_REAL_TIME_MODE.OUTPUT_MODE_NOT_SUPPORTED", { outputMode });
  }
  const streaming = [...planNodes(plan)].filter(isStreamingPlan);
  const refused = [...new Set(streaming.filter((node) => !isAllowed(node)).map(nameOf))].sort();
  if (refused.length > 0) {
    throw new MillraceError("STREAMING_REAL_TIME_MODE.OPERATOR_OR_SINK_NOT_IN_ALLOWLIST", {
      errorType: "operator",
      message: `${refused.join(", ")} ${refused.length === 1 ? "is" : "are"}`,
    });
  }
  const reads = streaming.flatMap((node) => (node.kind === "Scan" ? [node.read] : []));
  if (new Set(reads).size < reads.length) {
    throw new MillraceError("STREAMING_REAL_TIME_MODE.IDENTICAL_SOURCES_IN_UNION_NOT_SUPPORTED", {
      sources: reads.map((read) => [read.format, ...read.paths].join(" ")).join(", "),
    });
  }
}
