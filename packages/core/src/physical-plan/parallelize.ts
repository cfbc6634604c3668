/** Finds the parts of a plan that several threads can run at once, and puts a Parallel operator over each. */
import { expressionsOfPlan } from "./expressions-of-plan.ts";
import { isRepeatable } from "../codegen/expression-ids.ts";
import { someExpression } from "../expressions/traverse.ts";
import type { Read } from "../logical-plan/logical-plan.ts";
import type { HashJoinExec, PhysicalPlan, RangeExec, ScanExec, SortExec } from "./physical-plan.ts";

export interface ParallelOptions {
  readonly threads: number;
  /** Whether a thread can read splits of this source on its own. */
  canRead(read: Read): boolean;
}

/** Join types in which a row of the probe side decides alone what it gives. */
const perProbeRow: ReadonlySet<HashJoinExec["joinType"]> = new Set([
  "inner",
  "leftOuter",
  "rightOuter",
  "leftSemi",
  "leftAnti",
]);

/** The sides of a join by what is done with them. */
export function joinSides(plan: HashJoinExec): { readonly build: PhysicalPlan; readonly probe: PhysicalPlan } {
  return plan.buildSide === "left" ? { build: plan.left, probe: plan.right } : { build: plan.right, probe: plan.left };
}

/** The scan whose splits the rows of a fragment come from, one after another and each for itself; undefined when there is none. */
export function splitLeafOf(plan: PhysicalPlan, options: ParallelOptions): ScanExec | RangeExec | undefined {
  if (expressionsOfPlan(plan).some(holdsClosure)) return undefined;
  switch (plan.kind) {
    case "Scan":
      return options.canRead(plan.read) ? plan : undefined;
    case "Range":
      return plan.numPartitions > 1 ? plan : undefined;
    case "Pipeline":
    case "PartialAggregate":
    case "EventTimeWatermark":
      return splitLeafOf(plan.input, options);
    case "Sort":
      return plan.withinPartitions === true ? splitLeafOf(plan.input, options) : undefined;
    case "HashJoin": {
      // The build side's own rows must not come out of a join: each thread would give them.
      const keepsBuild = plan.joinType === (plan.buildSide === "left" ? "leftOuter" : "rightOuter");
      if (plan.broadcast !== true || !perProbeRow.has(plan.joinType) || keepsBuild) return undefined;
      return splitLeafOf(joinSides(plan).probe, options);
    }
    default:
      return undefined;
  }
}

/** Closures live on the calling thread; functions that a module exports are found by every thread. */
export function holdsClosure(expr: Parameters<typeof someExpression>[0]): boolean {
  return someExpression(expr, (e) => e.kind === "UserFunctionCall" && e.fn.module === undefined);
}

export function parallelize(plan: PhysicalPlan, options: ParallelOptions, newId: () => number): PhysicalPlan {
  if (options.threads < 2) return plan;
  const { threads } = options;
  const visit = (node: PhysicalPlan): PhysicalPlan => {
    if (splitLeafOf(node, options) !== undefined) return inThreads(insideOf(node));
    if (node.kind === "Sort" && isSortedInParts(node, options)) {
      // What the user looks up by its number is the operator that gives the rows.
      const { id, schema, order, limit } = node;
      const sorted = inThreads({ ...node, id: newId(), input: insideOf(node.input), parts: threads });
      return { kind: "MergeSorted", id, schema, input: sorted, order, ...(limit === undefined ? {} : { limit }) };
    }
    return withInputs(node, visit);
  };
  const inThreads = (input: PhysicalPlan): PhysicalPlan => ({
    kind: "Parallel",
    id: newId(),
    schema: input.schema,
    input,
    threads,
  });
  // Inside of a fragment only the build sides may be parallel once more.
  const insideOf = (node: PhysicalPlan): PhysicalPlan => {
    switch (node.kind) {
      case "Pipeline":
      case "PartialAggregate":
      case "EventTimeWatermark":
      case "Sort":
        return { ...node, input: insideOf(node.input) };
      case "HashJoin":
        return node.buildSide === "left"
          ? { ...node, left: visit(node.left), right: insideOf(node.right) }
          : { ...node, left: insideOf(node.left), right: visit(node.right) };
      default:
        return node;
    }
  };
  return visit(plan);
}

/** Whether threads can sort parts of the rows, by keys that are the same wherever they are computed. */
function isSortedInParts(plan: SortExec, options: ParallelOptions): boolean {
  const keys = plan.order.map(({ child }) => child);
  if (keys.some((key) => holdsClosure(key) || someExpression(key, (e) => !isRepeatable(e)))) return false;
  return splitLeafOf(plan.input, options) !== undefined;
}

function withInputs(plan: PhysicalPlan, change: (input: PhysicalPlan) => PhysicalPlan): PhysicalPlan {
  switch (plan.kind) {
    case "Scan":
    case "LocalScan":
    case "Range":
    case "FragmentInput":
      return plan;
    case "Limit":
      // Threads would read ahead what nobody asks for.
      return splitLeafIsDirect(plan.input) ? plan : { ...plan, input: change(plan.input) };
    case "HashJoin":
    case "NestedLoopJoin":
    case "StateJoin":
      return { ...plan, left: change(plan.left), right: change(plan.right) };
    case "Union":
      return { ...plan, inputs: plan.inputs.map(change) };
    default:
      return { ...plan, input: change(plan.input) };
  }
}

/** Whether rows come out as they are read, without an operator that wants all of them first. */
function splitLeafIsDirect(plan: PhysicalPlan): boolean {
  switch (plan.kind) {
    case "Scan":
    case "Range":
      return true;
    case "Pipeline":
    case "EventTimeWatermark":
      return splitLeafIsDirect(plan.input);
    default:
      return false;
  }
}
