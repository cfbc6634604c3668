/** What progress and `explain("watermark")` tell of a query's watermark: how far each column is, and what each operator waits for. */
import type { EventTimeWatermarkExec } from "../physical-plan/physical-plan.ts";
import { operatorsOf } from "../physical-plan/traverse.ts";
import type { BatchMetrics } from "./batch-metrics.ts";
import type { OperatorWatermarkProgress, WatermarkNodeProgress, WatermarkProgress, WatermarkWait } from "./contract.ts";
import { formatTimestamp } from "./progress.ts";
import type { QueryRun } from "./query-run.ts";
import { inputWatermarks, statefulOperatorsOf, watermarkNodesOf } from "./stateful-operators.ts";
import { floorMillis } from "./watermark-tracker.ts";

/**
 * Where the watermark is for the next batch; null: the query has none.
 * @param metrics of the last batch; null before the first
 */
export function watermarkProgress(run: QueryRun, metrics: BatchMetrics | null): WatermarkProgress | null {
  const plan = run.plan.physical;
  const execs = watermarkNodesOf(plan);
  if (execs.length === 0) return null;
  const { tracker } = run;
  const inputs = inputWatermarks(plan, tracker.currentMs);
  const states = tracker.nodes;
  const nodes = execs.map((exec, i): WatermarkNodeProgress => {
    const { valueMs, idle, holdsBack } = states[i]!;
    return {
      column: exec.schema.fields[exec.ordinal]!.name,
      delayMs: floorMillis(exec.delayMicros),
      sources: sourcesOf(exec, run),
      watermark: valueMs === null ? null : formatTimestamp(valueMs),
      idle,
      holdsBack,
    };
  });
  const operators = statefulOperatorsOf(plan).map(({ operatorId, operatorName }): OperatorWatermarkProgress => {
    const inputMs = inputs.get(operatorId) ?? 0;
    const leavesNext = metrics?.stateOf(operatorId).leavesNextMicros;
    const leavesNextMs = leavesNext === undefined ? null : Math.ceil(leavesNext / 1000);
    return {
      operatorId,
      operatorName,
      watermark: formatTimestamp(inputMs),
      numRowsDroppedByWatermark: run.lateRows.get(operatorId) ?? 0,
      nextToLeave: leavesNextMs === null ? null : formatTimestamp(leavesNextMs),
      // The operator's watermark lies behind the query's by what the operators below it hold back.
      waitsFor: leavesNextMs === null ? [] : waits(nodes, states, leavesNextMs + tracker.currentMs - inputMs),
    };
  });
  return { next: formatTimestamp(tracker.currentMs), policy: tracker.policy, columns: nodes, operators };
}

function sourcesOf(node: EventTimeWatermarkExec, run: QueryRun): readonly string[] {
  const indexes = [...operatorsOf(node)].flatMap((plan) =>
    plan.kind === "Scan" && plan.sourceIndex >= 0 ? [plan.sourceIndex] : [],
  );
  return [...new Set(indexes)].map((index) => run.sources[index]!.source.description);
}

/** The columns that have not yet seen a time that brings the query's watermark to `wantedMs`. */
function waits(
  nodes: readonly WatermarkNodeProgress[],
  states: QueryRun["tracker"]["nodes"],
  wantedMs: number,
): readonly WatermarkWait[] {
  return nodes.flatMap(({ column, sources, delayMs }, i) => {
    const { valueMs, idle } = states[i]!;
    if (idle || (valueMs ?? 0) >= wantedMs) return [];
    return [{ column, sources, eventTime: formatTimestamp(wantedMs + delayMs) }];
  });
}

/** The text of `explain("watermark")`. */
export function watermarkText(progress: WatermarkProgress | null): string {
  if (progress === null)
    return "== Watermark ==\nThe query has no watermark: no row is late, and no state leaves by time.";
  const { next, policy, columns, operators } = progress;
  const lines = [
    "== Watermark ==",
    `Next batch: ${shown(next)}${columns.length < 2 ? "" : `, the ${policy === "min" ? "least" : "greatest"} of its columns`}`,
    ...columns.map((column) => {
      const marks = `${column.holdsBack ? ", holds the watermark back" : ""}${column.idle ? ", idle: does not count" : ""}`;
      const value = column.watermark === null ? "no rows yet" : shown(column.watermark);
      return `  ${column.column} less ${column.delayMs} ms, from ${column.sources.join(", ")}: ${value}${marks}`;
    }),
  ];
  if (operators.length > 0) lines.push("== Operators with state ==");
  for (const operator of operators) {
    const { operatorId, operatorName, watermark, numRowsDroppedByWatermark, nextToLeave, waitsFor } = operator;
    lines.push(
      `(${operatorId}) ${operatorName}: watermark ${shown(watermark)}, ${numRowsDroppedByWatermark} rows dropped as late`,
    );
    if (nextToLeave === null) {
      lines.push("  nothing in its state waits for the watermark");
      continue;
    }
    lines.push(`  next to leave its state: ${nextToLeave}`);
    if (waitsFor.length === 0) lines.push("  leaves with the next batch");
    const word = policy === "max" && waitsFor.length > 1 ? "waits for one of" : "waits for";
    for (const { column, sources, eventTime } of waitsFor) {
      lines.push(`  ${word}: a row with ${column} from ${eventTime} on, from ${sources.join(", ")}`);
    }
  }
  return lines.join("\n");
}

function shown(time: string): string {
  return Date.parse(time) === 0 ? "none yet" : time;
}
