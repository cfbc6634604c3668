/** User code with state of its own: `mapGroupsWithState`, `flatMapGroupsWithState`, `transformWithState`. */
import type { StateGroupsExec } from "../../../physical-plan/stateful.ts";
import type { BatchContext } from "../../context.ts";
import type { Operator, OperatorEnvironment, Partition } from "../../operators/operator.ts";
import { statefulOperator, type StatePartition } from "../state-partition.ts";
import { GroupedInput } from "./grouped-input.ts";
import { GroupsWithStateRun } from "./groups-with-state.ts";
import { DueByStore } from "./processor-handle.ts";
import { TransformWithStateRun } from "./transform-with-state.ts";
import { UserCalls } from "./user-calls.ts";

/** Keys between two looks at the clock. */
const keysPerTurn = 256;

export function compileStateGroups(plan: StateGroupsExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const initial = plan.initial === undefined ? undefined : inFirstBatch(environment.compile(plan.initial), plan);
  const { options } = environment;
  const { work } = plan;
  const due = new DueByStore();
  const runOf = (state: StatePartition, calls: UserCalls): GroupsWithStateRun | TransformWithStateRun =>
    work.kind === "groupsWithState"
      ? new GroupsWithStateRun(plan, work, state, calls, due.of("$timers"), options)
      : new TransformWithStateRun(plan, work, state, calls, due, options);
  return statefulOperator(plan, initial === undefined ? [input] : [input, initial], async function* (state, ...inputs) {
    const { context } = state;
    const memory = context.memory.budget.reserve("the rows of a batch by key");
    try {
      const grouped = (partition: Partition, of: Operator, eventTime?: number): Promise<GroupedInput> =>
        GroupedInput.of(partition, of.schema, options, state, eventTime, memory, plan.state.partitions > 1);
      const begun = initial === undefined || !isFirst(context) ? undefined : await grouped(inputs[1]!, initial);
      const rows = await grouped(inputs[0]!, input, plan.eventTime);
      const calls = new UserCalls(plan, state, options.timeZone);
      let keys = 0;
      for (const _ of runOf(state, calls).run(rows, begun)) {
        if (calls.full) yield calls.rows();
        if (++keys % keysPerTurn !== 0) continue;
        const turn = context.turns?.due();
        if (turn !== undefined) await turn;
        context.signal.throwIfAborted();
      }
      if (!calls.isEmpty) yield calls.rows();
    } finally {
      memory.release();
    }
    const dueMs = due.of("$timers").of(state.index);
    if (plan.state.batchWithoutData === "whenDue" && dueMs > -Infinity) state.dueMs = dueMs + 1;
    if (plan.state.batchWithoutData === "whenWatermarkMoves") state.leavesNext = dueMs * 1000;
  });
}

/** Batch queries have the number −1. */
function isFirst(context: BatchContext): boolean {
  return context.batchId <= 0;
}

/** The initial state is not even read in later batches. */
function inFirstBatch(initial: Operator, plan: StateGroupsExec): Operator {
  return {
    schema: initial.schema,
    async open(context) {
      if (isFirst(context)) return await initial.open(context);
      return Array.from({ length: plan.state.partitions }, () => emptyPartition);
    },
  };
}

const emptyPartition: Partition = {
  // eslint-disable-next-line require-yield
  async *[Symbol.asyncIterator]() {},
};
