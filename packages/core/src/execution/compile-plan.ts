/** Makes a running plan of a physical plan: a pure function of plan and options, so that a worker can do the same. */
import { BatchEvalContext } from "../codegen/batch-context.ts";
import { unreachable } from "../errors/index.ts";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import type { CompiledPlan, CompileOptions } from "./context.ts";
import { compileFinalAggregate, compilePartialAggregate } from "./operators/aggregate.ts";
import { compileEventTimeWatermark } from "./operators/event-time-watermark.ts";
import { compileExchange } from "./operators/exchange.ts";
import { compileGroupTopK } from "./operators/group-top-k.ts";
import { compileHashJoin } from "./operators/hash-join.ts";
import { compileKeyedGroups } from "./operators/keyed-groups.ts";
import { compileLimit } from "./operators/limit.ts";
import { compileLocalScan } from "./operators/local-scan.ts";
import { compileCollectMetrics } from "./operators/collect-metrics.ts";
import { compileOffset } from "./operators/offset.ts";
import { compileRepartition } from "./operators/repartition.ts";
import { compileNestedLoopJoin } from "./operators/nested-loop-join.ts";
import { observed, type Operator, type OperatorEnvironment, type Partition } from "./operators/operator.ts";
import { compileParallel } from "./operators/parallel.ts";
import { compilePipelineOperator } from "./operators/pipeline.ts";
import { compileRange } from "./operators/range.ts";
import { compileScan } from "./operators/scan.ts";
import { compileLateRows } from "./operators/late-rows.ts";
import { compileMergeSessions } from "./operators/merge-sessions.ts";
import { compileMergeSorted, compileSort } from "./operators/sort.ts";
import { compileUnion } from "./operators/union.ts";
import { compileUserKeys } from "./operators/user-keys.ts";
import { compileUserRows } from "./operators/user-rows.ts";
import { compileWindow } from "./operators/window.ts";
import { compileStateAggregate } from "./stateful/state-aggregate.ts";
import { compileStateDeduplicate } from "./stateful/state-deduplicate.ts";
import { compileStateJoin } from "./stateful/state-join.ts";
import { compileStateGroups } from "./stateful/groups/state-groups.ts";
import { compileStateLimit } from "./stateful/state-limit.ts";
import { compileStateSessions } from "./stateful/state-sessions.ts";

/**
 * Compiles a plan. It can be executed any number of times, but the partitions of one execution must have been pulled before
 * those of the next are: the compiled code is shared and looks at the clock and seed of the running batch.
 * @param fragmentInputs of a fragment: the caller puts the rows of its build sides here before each execution
 */
export function compilePlan(
  plan: PhysicalPlan,
  options: CompileOptions,
  fragmentInputs: readonly (readonly Partition[])[] = [],
): CompiledPlan {
  const context = new BatchEvalContext(options.timeZone, options.ansi, options.lastMapKeyWins);
  const sources: { readonly node: number; readonly source: string }[] = [];
  const environment: OperatorEnvironment = {
    options,
    codegen: { ...options, context },
    openedScans: new Map(),
    readingAhead: [],
    compileApart: (input) => compilePlan(input, options),
    fragmentInputs,
    source(node, source) {
      if (source !== "") sources.push({ node, source });
    },
    compile(input) {
      const operator = compileOperator(input, environment);
      return {
        schema: operator.schema,
        async open(batch) {
          const partitions = await operator.open(batch);
          return partitions.map((partition) => observed(partition, input.id, batch));
        },
      };
    },
  };
  const root = environment.compile(plan);
  return {
    schema: plan.schema,
    async execute(batch) {
      batch.signal.throwIfAborted();
      context.start(batch);
      return await root.open(batch);
    },
    async readAhead(batch) {
      batch.signal.throwIfAborted();
      await Promise.all(environment.readingAhead.map((begin) => begin(batch)));
    },
    resume: (batch) => context.start(batch),
    generatedSource: () => sources,
  };
}

function compileOperator(plan: PhysicalPlan, environment: OperatorEnvironment): Operator {
  switch (plan.kind) {
    case "Scan":
      return compileScan(plan, environment);
    case "LocalScan":
      return compileLocalScan(plan);
    case "Range":
      return compileRange(plan);
    case "Pipeline":
      return compilePipelineOperator(plan, environment);
    case "UserRows":
      return compileUserRows(plan, environment);
    case "UserKeys":
      return compileUserKeys(plan, environment);
    case "KeyedGroups":
      return compileKeyedGroups(plan, environment);
    case "PartialAggregate":
      return compilePartialAggregate(plan, environment);
    case "FinalAggregate":
      return compileFinalAggregate(plan, environment);
    case "MergeSessions":
      return compileMergeSessions(plan, environment);
    case "StateSessions":
      return compileStateSessions(plan, environment);
    case "StateAggregate":
      return compileStateAggregate(plan, environment);
    case "StateDeduplicate":
      return compileStateDeduplicate(plan, environment);
    case "StateJoin":
      return compileStateJoin(plan, environment);
    case "StateGroups":
      return compileStateGroups(plan, environment);
    case "StateLimit":
      return compileStateLimit(plan, environment);
    case "Exchange":
      return compileExchange(plan, environment);
    case "HashJoin":
      return compileHashJoin(plan, environment);
    case "NestedLoopJoin":
      return compileNestedLoopJoin(plan, environment);
    case "Sort":
      return compileSort(plan, environment);
    case "MergeSorted":
      return compileMergeSorted(plan, environment);
    case "Limit":
      return compileLimit(plan, environment);
    case "Offset":
      return compileOffset(plan, environment);
    case "Repartition":
      return compileRepartition(plan, environment);
    case "CollectMetrics":
      return compileCollectMetrics(plan, environment);
    case "Window":
      return compileWindow(plan, environment);
    case "GroupTopK":
      return compileGroupTopK(plan, environment);
    case "Union":
      return compileUnion(plan, environment);
    case "Parallel":
      return compileParallel(plan, environment);
    case "FragmentInput":
      return { schema: plan.schema, open: async () => environment.fragmentInputs[plan.index]! };
    case "EventTimeWatermark":
      return compileEventTimeWatermark(plan, environment);
    case "LateRows":
      return compileLateRows(plan, environment);
    default:
      return unreachable(plan);
  }
}
