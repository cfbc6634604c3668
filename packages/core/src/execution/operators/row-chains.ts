/** Adjoining `map`, `filterRows` and `flatMap` as one operator over the loop of `codegen/compile-row-chain.ts`. */
import {
  compileRowChain,
  type RestOfElements,
  type RowChainState,
  type RowValues,
} from "../../codegen/compile-row-chain.ts";
import { passesBetweenClosures } from "../../codegen/row-objects.ts";
import { rowReaderOf } from "../../columnar/external-values.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { PhysicalPlan, UserRowsExec } from "../../physical-plan/physical-plan.ts";
import type { BatchContext } from "../context.ts";
import { lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";
import { isThenable, UserCode } from "./user-code.ts";

type ChainedRows = UserRowsExec & { readonly plan: { readonly how: "map" | "filter" | "flatMap" } };

/** Beyond so many fields that a loop reads or writes, it would be too long for V8 to optimize. */
const mostFields = 400;

export function isChained(plan: PhysicalPlan): plan is ChainedRows {
  return plan.kind === "UserRows" && plan.plan.how !== "mapPartitions" && fieldsOf(plan) <= mostFields;
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
    if (below.plan.how !== "filter" && !below.schema.fields.every((field) => passesBetweenClosures(field.type))) break;
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
  const last = steps.length - 1;
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
      full: false,
      step: -1,
      pending: undefined,
      values: undefined,
      rest: [],
    };

    /** Takes a row through the steps from `first` on, one at a time, waiting where a closure has to be waited for. */
    const finish = async (batch: RecordBatch, i: number, first: number, before: RowValues): Promise<void> => {
      let values = before;
      for (let s = first; s < steps.length; s++) {
        const result = codes[s]!.call(values === undefined ? rowsOf(batch)(i) : chain.rowOf(s, values));
        const passed = await proceed(batch, i, s, values, result);
        if (passed === null) return;
        values = passed;
        state.passed[s]!++;
      }
      if (values === undefined) state.selection[state.selected++] = i;
      else chain.append(values, builders);
    };
    /** The values of the row after a step that returned `result`; null when it ends there or goes on by itself. */
    const proceed = async (batch: RecordBatch, i: number, s: number, values: RowValues, result: unknown) => {
      const { how } = steps[s]!.plan;
      if (how !== "flatMap") {
        const settled = isThenable(result) ? await codes[s]!.settled(result) : result;
        if (how === "map") return chain.accept(s, settled);
        return settled === true ? values : null;
      }
      if (Array.isArray(result)) await elements(batch, i, { step: s, elements: result, next: 0 });
      else for await (const element of codes[s]!.elements(result)) await oneElement(batch, i, s, element);
      return null;
    };
    /** Takes the elements of what a `flatMap` has returned through the steps after it. */
    const elements = async (batch: RecordBatch, i: number, { step, elements, next }: RestOfElements) => {
      for (let k = next; k < elements.length; k++) {
        const element = elements[k];
        await oneElement(batch, i, step, isThenable(element) ? await codes[step]!.settled(element) : element);
      }
    };
    const oneElement = async (batch: RecordBatch, i: number, s: number, element: unknown): Promise<void> => {
      const values = chain.accept(s, element);
      state.passed[s]!++;
      await finish(batch, i, s + 1, values);
    };
    /** Completes the row at which the loop stopped for a promise. */
    const resume = async (batch: RecordBatch, i: number): Promise<void> => {
      const { step, pending, values, rest } = state;
      if (step >= 0) {
        const passed = await proceed(batch, i, step, values, pending);
        if (passed !== null) {
          state.passed[step]!++;
          await finish(batch, i, step + 1, passed);
        }
      }
      for (const level of rest.toReversed()) await elements(batch, i, level);
    };
    /** The rows so far, if there are any. */
    const take = (batch: RecordBatch): RecordBatch | undefined => {
      for (let s = 0; s < last; s++) context.metrics.rows(steps[s]!.id, state.passed[s]!);
      const length = state.passed[last]!;
      state.passed.fill(0);
      if (length === 0) return undefined;
      return chain.maps
        ? { schema: plan.schema, length, columns: builders.map((builder) => builder.finish()) }
        : { ...gatherBatch(batch, state.selection, length), schema: plan.schema };
    };

    for await (const batch of partition) {
      if (!chain.maps) state.selection = new Int32Array(batch.length);
      state.selected = 0;
      const rows = chain.open(batch);
      for (let i = 0; i < batch.length; i++) {
        state.full = false;
        if (rows === undefined) await finish(batch, i, 0, undefined);
        else {
          i = chain.run(rows, i, state);
          if (i < batch.length && !state.full) await resume(batch, i);
        }
        // A chain without flatMap gives no more rows than it is given.
        if (chain.expands && state.passed[last]! >= targetBatchRows) yield take(batch)!;
      }
      const result = take(batch);
      if (result !== undefined) yield result;
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
