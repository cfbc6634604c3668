/** User code with state of its own: `mapGroupsWithState`, `flatMapGroupsWithState`, `transformWithState`. */
import { compileRowReader } from "../../../codegen/row-objects.ts";
import type { StateGroupsExec } from "../../../physical-plan/stateful.ts";
import type { BatchContext } from "../../context.ts";
import { structType } from "../../../types/data-type.ts";
import type { Operator, OperatorEnvironment, Partition } from "../../operators/operator.ts";
import { rowBuffers } from "../../operators/user-rows.ts";
import { LeavingByStore } from "../leaving-entries.ts";
import { statefulOperator, type StatePartition } from "../state-partition.ts";
import { GroupedInput } from "./grouped-input.ts";
import { GroupsWithStateRun } from "./groups-with-state.ts";
import { TransformWithStateRun } from "./transform-with-state.ts";
import { UserCalls } from "./user-calls.ts";

/** Keys between two looks at the clock. */
const keysPerTurn = 256;

export function compileStateGroups(plan: StateGroupsExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const initial = plan.initial === undefined ? undefined : inFirstBatch(environment.compile(plan.initial), plan);
  const { work } = plan;
  const leaving = new LeavingByStore();
  /** Keys of the last partition of a batch: the next one has about as many. */
  let expected = 0;
  const rowOptions = { ...environment.codegen, timeZone: environment.options.timeZone };
  const options = { ...rowOptions, code: rowOptions };
  const output = rowBuffers(plan.schema, rowOptions);
  /** Of the rows of an input: of all columns but the key, which is the last one. */
  const readerOf = ({ schema }: Operator) => compileRowReader(structType(schema.fields.slice(0, -1)), rowOptions);
  const readers = { input: readerOf(input), initial: initial === undefined ? undefined : readerOf(initial) };
  const runOf = (state: StatePartition, calls: UserCalls): GroupsWithStateRun | TransformWithStateRun =>
    work.kind === "groupsWithState"
      ? new GroupsWithStateRun(plan, work, state, calls, leaving.of(state.index), options)
      : new TransformWithStateRun(plan, work, state, calls, leaving, options);
  return statefulOperator(plan, initial === undefined ? [input] : [input, initial], async function* (state, ...inputs) {
    const { context } = state;
    state.holds(() => leaving.memoryBytes(state.index));
    const memory = context.memory.budget.reserve("the rows of a batch by key");
    try {
      const grouped = (partition: Partition, of: Operator, rowsOf: ReturnType<typeof readerOf>, eventTime?: number) =>
        GroupedInput.of(
          partition,
          of.schema,
          rowsOf,
          options,
          state,
          eventTime,
          memory,
          plan.state.partitions > 1,
          expected,
        );
      const begun =
        initial === undefined || !isFirst(context) ? undefined : await grouped(inputs[1]!, initial, readers.initial!);
      const rows = await grouped(inputs[0]!, input, readers.input, plan.eventTime);
      expected = rows.groups.count;
      const calls = new UserCalls(plan, state, output());
      const run = runOf(state, calls);
      let keys = 0;
      for (const _ of run.run(rows, begun)) {
        if (calls.full) yield calls.rows();
        if (++keys % keysPerTurn !== 0) continue;
        state.relieve();
        const turn = context.turns?.due();
        if (turn !== undefined) await turn;
        context.signal.throwIfAborted();
      }
      if (!calls.isEmpty) yield calls.rows();
      if (plan.state.batchWithoutData === "whenDue") state.dueMs = run.nextTimerMs + 1;
      if (plan.state.batchWithoutData === "whenWatermarkMoves") state.leavesNext = run.nextTimerMs * 1000;
    } finally {
      memory.release();
    }
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
