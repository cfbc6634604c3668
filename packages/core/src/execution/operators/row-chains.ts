/** Adjoining `map` and `filterRows` as one operator over the loop of `codegen/compile-row-chain.ts`. */
import {
  compileRowChain,
  passesBetweenClosures,
  type RowChainState,
  type RowValues,
} from "../../codegen/compile-row-chain.ts";
import { rowReaderOf } from "../../columnar/external-values.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { PhysicalPlan, UserRowsExec } from "../../physical-plan/physical-plan.ts";
import type { BatchContext } from "../context.ts";
import { lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";
import { isThenable, UserCode } from "./user-code.ts";

type ChainedRows = UserRowsExec & { readonly plan: { readonly how: "map" | "filter" } };

/** Beyond so many fields that a loop reads or writes, it would be too long for V8 to optimize. */
const mostFields = 400;

export function isChained(plan: PhysicalPlan): plan is ChainedRows {
  if (plan.kind !== "UserRows" || (plan.plan.how !== "map" && plan.plan.how !== "filter")) return false;
  return fieldsOf(plan) <= mostFields;
}

function fieldsOf(plan: UserRowsExec): number {
  return 8 + plan.input.schema.fields.length + plan.schema.fields.length;
}

/** The steps that run as one, in their order: rows between them have only primitive values. */
function chainOf(plan: ChainedRows): readonly ChainedRows[] {
  const chain = [plan];
  let fields = fieldsOf(plan);
  for (let below = plan.input; isChained(below); below = below.input) {
    fields += fieldsOf(below);
    if (fields > mostFields) break;
    if (below.plan.how === "map" && !below.schema.fields.every((field) => passesBetweenClosures(field.type))) break;
    chain.unshift(below);
  }
  return chain;
}

export function compileRowChains(plan: ChainedRows, environment: OperatorEnvironment): Operator {
  const steps = chainOf(plan);
  const input = environment.compile(steps[0]!.input);
  const { timeZone } = environment.options;
  const rowsOf = rowReaderOf(input.schema, environment.options);
  const schemas = [input.schema, ...steps.map((step) => step.schema)];
  const chain = compileRowChain(
    steps.map((step) => ({ how: step.plan.how, fn: step.plan.fn, schema: step.schema })),
    input.schema,
    { ...environment.codegen, timeZone },
  );
  environment.source(plan.id, chain.source);

  async function* run(partition: Partition, context: BatchContext): AsyncGenerator<RecordBatch, void, undefined> {
    const codes = steps.map(({ plan: { how, fn } }, s) => {
      return new UserCode(fn, schemas[s]!, how === "filter" ? undefined : schemas[s + 1], context.signal);
    });
    const builders = chain.maps ? plan.schema.fields.map((field) => createBuilder(field.type)) : [];
    const state: RowChainState = {
      codes,
      passed: new Float64Array(steps.length),
      builders,
      selection: new Int32Array(0),
      selected: 0,
      step: 0,
      pending: undefined,
      values: undefined,
    };

    /** Takes a row through the steps from `first` on; `returned` is the promise of the first one, if it has run. */
    const finish = async (batch: RecordBatch, i: number, first: number, before: RowValues, returned?: unknown) => {
      let values = before;
      for (let s = first; s < steps.length; s++) {
        let result = returned;
        if (s > first || returned === undefined) {
          result = codes[s]!.call(values === undefined ? rowsOf(batch)(i) : chain.rowOf(s, values));
        }
        if (isThenable(result)) result = await codes[s]!.settled(result);
        if (steps[s]!.plan.how === "map") values = chain.accept(s, result);
        else if (result !== true) return;
        state.passed[s]!++;
      }
      if (values === undefined) state.selection[state.selected++] = i;
      else chain.append(values, builders);
    };

    for await (const batch of partition) {
      if (!chain.maps) state.selection = new Int32Array(batch.length);
      state.selected = 0;
      state.passed.fill(0);
      const rows = chain.open(batch);
      if (rows === undefined) {
        for (let i = 0; i < batch.length; i++) await finish(batch, i, 0, undefined);
      } else {
        for (let i = chain.run(rows, 0, state); i < batch.length; i = chain.run(rows, i + 1, state)) {
          await finish(batch, i, state.step, state.values, state.pending);
        }
      }
      for (let s = 0; s < steps.length - 1; s++) context.metrics.rows(steps[s]!.id, state.passed[s]!);
      const length = state.passed[steps.length - 1]!;
      if (length === 0) continue;
      yield chain.maps
        ? { schema: plan.schema, length, columns: builders.map((builder) => builder.finish()) }
        : { ...gatherBatch(batch, state.selection, length), schema: plan.schema };
    }
  }
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return partitions.map((partition) => lazily(() => run(partition, context)));
    },
  };
}
