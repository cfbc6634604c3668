import { unreachable } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { collect } from "../expressions/traverse.ts";
import type { GroupsWork } from "../logical-plan/stateful-groups.ts";
import { inMemoryFormat } from "../logical-plan/logical-plan.ts";
import { expressionsOfPlan } from "./expressions-of-plan.ts";
import { holdsClosure } from "./parallelize.ts";
import type { PhysicalPlan, ScanExec } from "./physical-plan.ts";
import type { StateJoinSide } from "./stateful.ts";
import { inputsOf } from "./traverse.ts";

/** One line per operator, inputs below with Spark's branches. Columns of the input are printed as `#0`, `#1` …. */
export function printPhysicalPlan(plan: PhysicalPlan): string {
  const lines: string[] = [];
  const visit = (node: PhysicalPlan, prefix: string, branch: string): void => {
    lines.push(`${prefix}${branch}${describeOperator(node)}`);
    const inputs = inputsOf(node);
    const childPrefix = branch === "" ? prefix : prefix + (branch === "+- " ? "   " : ":  ");
    inputs.forEach((input, i) => visit(input, childPrefix, i === inputs.length - 1 ? "+- " : ":- "));
  };
  visit(plan, "", "");
  return lines.join("\n");
}

const list = (items: readonly Expr[]): string => `[${items.map((item) => printExpression(item)).join(", ")}]`;

/** The conditions of a scan that decide about whole directories, and the others. */
function filtersOfScan(plan: ScanExec): { readonly partition: readonly Expr[]; readonly pushed: readonly Expr[] } {
  const { partitionColumns } = plan.tableSchema;
  if (partitionColumns === undefined) return { partition: [], pushed: plan.filters };
  const names = new Set(partitionColumns);
  const isPartition = (filter: Expr): boolean => {
    const references = collect(filter, (e) => e.kind === "BoundReference");
    return references.length > 0 && references.every(({ ordinal }) => names.has(plan.schema.fields[ordinal]!.name));
  };
  return { partition: plan.filters.filter(isPartition), pushed: plan.filters.filter((f) => !isPartition(f)) };
}

/** When the rows of a side of a stream–stream join leave the state. */
function describeLeaving({ leaves, time }: StateJoinSide): string {
  switch (leaves.kind) {
    case "never":
      return "never";
    case "byKey":
      return `by key ${leaves.key}`;
    case "byTime":
      return `by #${time!} ${leaves.limits.map(({ micros, inclusive }) => `${inclusive ? "<" : "<="} watermark${micros < 0 ? "" : "+"}${micros / 1000} ms`).join(" and ")}`;
  }
}

/** One operator in one line. */
export function describeOperator(plan: PhysicalPlan): string {
  const columns = `[${plan.schema.fields.map((f) => f.name).join(", ")}]`;
  const name = (() => {
    switch (plan.kind) {
      case "Scan": {
        const { partition, pushed } = filtersOfScan(plan);
        const filters =
          (partition.length === 0 ? "" : `, PartitionFilters: ${list(partition)}`) +
          (pushed.length === 0 ? "" : `, PushedFilters: ${list(pushed)}`);
        const where = plan.read.paths.length === 0 ? "" : ` [${plan.read.paths.join(", ")}]`;
        if (plan.read.format === inMemoryFormat) return `${inMemoryFormat} ${columns}${filters}`;
        return `${plan.read.streaming ? "StreamingScan" : "Scan"} ${plan.read.format}${where} ${columns}${filters}`;
      }
      case "LocalScan":
        return `LocalTableScan ${columns}`;
      case "Range":
        return `Range (${plan.start}, ${plan.end}, step=${plan.step}, splits=${plan.numPartitions})`;
      case "Pipeline":
        return `Pipeline ${plan.steps.map((s) => describeStep(s)).join(" → ")}`;
      case "UserRows":
        return `${plan.plan.how} ${plan.plan.fn.name} ${columns} (on the calling thread: a closure)`;
      case "KeyedGroups":
        return `${plan.plan.how} ${plan.plan.fn.name} ${columns} (on the calling thread: a closure)`;
      case "PartialAggregate": {
        const steps = plan.steps.length === 0 ? "" : `${plan.steps.map((s) => describeStep(s)).join(" → ")} → `;
        return `${steps}PartialAggregate keys=${list(plan.keys)} functions=${list(plan.aggregates)}`;
      }
      case "FinalAggregate":
        return `FinalAggregate ${columns} functions=${list(plan.aggregates)}`;
      case "MergeSessions":
        return `MergeSessions ${columns} sessions=[${plan.sessions.map((k) => `#${k}`).join(", ")}], functions=${list(plan.aggregates)}`;
      case "StateSessions":
        return `StateSessions ${columns} sessions=[${plan.sessions.map((k) => `#${k}`).join(", ")}], functions=${list(plan.aggregates)}, ${plan.outputMode}, state ${plan.state.operatorId}`;
      case "StateAggregate":
        return `StateAggregate ${columns} functions=${list(plan.aggregates)}, ${plan.outputMode}, state ${plan.state.operatorId}`;
      case "StateDeduplicate": {
        const within = plan.forgets.kind === "afterFirst" ? "WithinWatermark" : "";
        return `StateDeduplicate${within} [${plan.keys.map((k) => `#${k}`).join(", ")}], state ${plan.state.operatorId}`;
      }
      case "StateJoin": {
        const { left, right } = plan.sides;
        const keys = (side: StateJoinSide): string => side.keys.map((key) => `#${key}`).join(", ");
        const condition = plan.condition === undefined ? "" : `, condition ${printExpression(plan.condition)}`;
        return `StateJoin ${plan.joinType} [${keys(left)}] = [${keys(right)}]${condition}, left leaves ${describeLeaving(left)}, right leaves ${describeLeaving(right)}, state ${plan.state.operatorId}`;
      }
      case "StateLimit":
        return `StateLimit ${plan.limit}, state ${plan.state.operatorId}`;
      case "UserKeys":
        return `UserKeys ${plan.key.name} (on the calling thread: a closure)`;
      case "StateGroups": {
        const state = plan.state.operatorId < 0 ? "" : `, state ${plan.state.operatorId}`;
        return `${plan.work.name} ${plan.work.fn.name} ${columns}, ${modeOf(plan.work)}${state} (on the calling thread: a closure)`;
      }
      case "Exchange":
        return plan.partitioning.kind === "single"
          ? "Exchange single"
          : `Exchange hash(${plan.partitioning.keys.map((k) => `#${k}`).join(", ")}, ${plan.partitioning.partitions})`;
      case "HashJoin":
        return `${plan.broadcast === true ? "BroadcastHashJoin" : "ShuffledHashJoin"} ${plan.joinType} ${list(plan.leftKeys)} ${plan.nullSafe === undefined ? "=" : "<=>"} ${list(plan.rightKeys)}, build ${plan.buildSide}${plan.condition === undefined ? "" : `, condition ${printExpression(plan.condition)}`}`;
      case "NestedLoopJoin":
        return `NestedLoopJoin ${plan.joinType}, build ${plan.buildSide ?? "right"}${plan.condition === undefined ? "" : `, condition ${printExpression(plan.condition)}`}`;
      case "Sort":
        return `${plan.limit === undefined ? "Sort" : `TopK ${plan.limit}`} ${list(plan.order)}${plan.withinPartitions === true ? ", within partitions" : ""}${plan.parts === undefined ? "" : `, in ${plan.parts} parts`}`;
      case "MergeSorted":
        return `MergeSorted${plan.limit === undefined ? "" : ` ${plan.limit}`} ${list(plan.order)}`;
      case "Limit":
        return `Limit ${plan.limit}${plan.readsAll === true ? ", reads all" : ""}`;
      case "Offset":
        return `Offset ${plan.offset}`;
      case "Repartition":
        return plan.how === "coalesce"
          ? `Coalesce ${plan.partitions}`
          : `Repartition ${plan.how}${plan.keys.length === 0 ? "" : ` ${list(plan.keys)}`}, ${plan.partitions}`;
      case "CollectMetrics":
        return `CollectMetrics ${plan.name}, functions=${list(plan.aggregates)}`;
      case "Window":
        return `Window ${list(plan.functions)}`;
      case "GroupTopK":
        return `GroupTopK ${plan.rank} <= ${plan.limit} ${list(plan.partitionBy)} ${list(plan.orderBy)}`;
      case "Union":
        return "Union";
      case "Parallel":
        return `Parallel, ${plan.threads} threads`;
      case "FragmentInput":
        return `FragmentInput ${plan.index}`;
      case "EventTimeWatermark":
        return `EventTimeWatermark #${plan.ordinal}, delay ${plan.delayMicros / 1000n} ms`;
      case "LateRows":
        return `LateRows #${plan.ordinal}`;
      default:
        return unreachable(plan);
    }
  })();
  const closure = expressionsOfPlan(plan).some(holdsClosure) ? " (on the calling thread: a closure)" : "";
  return `(${plan.id}) ${name}${closure}`;
}

function modeOf(work: GroupsWork): string {
  return work.kind === "transformWithState" ? `timeMode ${work.timeMode}` : work.timeout;
}

function describeStep(step: Extract<PhysicalPlan, { kind: "Pipeline" }>["steps"][number]): string {
  switch (step.kind) {
    case "filter":
      return `Filter ${printExpression(step.condition)}`;
    case "project":
      return `Project ${list(step.expressions)}`;
    case "expand":
      return `Expand ${step.projections.map(list).join(" | ")}`;
    case "generate":
      return `Generate ${step.generator}${list(step.args)}`;
    default:
      return unreachable(step);
  }
}
