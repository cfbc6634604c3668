/**
 * Hash aggregation. The partial side is one loop with the steps before it: find the row's group, update its aggregates.
 * The final side finds the groups of partial rows and merges their buffers column by column.
 */
import { returnMemory } from "../columnar/batch-memory.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { Vector } from "../columnar/vector.ts";
import type { AggregateCall, Expr } from "../expressions/expression.ts";
import { referencesTo } from "../expressions/traverse.ts";
import { identifier, js, number } from "../functions/code.ts";
import type { Code } from "../functions/emitter.ts";
import { type Field, type SqlValue, type StructType, structType } from "../types/data-type.ts";
import { type AggregatePlan, planAggregate } from "./aggregate-plan.ts";
import type { AccumulatorStore, AggregateStore } from "./aggregate-stores.ts";
import { InputRow } from "./column-reader.ts";
import {
  type CodegenOptions,
  type CompiledPipeline,
  compilePipeline,
  emitSteps,
  type LoopStep,
} from "./compile-pipeline.ts";
import { emitUpdate, storeCode } from "./emit-aggregate.ts";
import { FunctionEmitter } from "./emit-context.ts";
import { ExpressionEmitter } from "./emit-expression.ts";
import { GroupEmitter } from "./emit-group.ts";
import { KeyCompiler, type KeyTable, onlyBytesKey } from "./group-keys.ts";
import { GroupTable, keyLayout } from "./group-table.ts";
import { bindInterpreter } from "./interpreter.ts";
import {
  NumericAggregation,
  NumericRuntime,
  type OtherGroups,
  type PartialAggregation,
  type Rows,
} from "./numeric-groups.ts";
import type { PipelineStep } from "./pipeline.ts";
import { compileNumericAggregation } from "./wasm-aggregate.ts";

/** A partial aggregation that is ready to run any number of times. */
export interface CompiledPartialAggregation {
  readonly source: string;
  start(): PartialAggregation;
}

/** An aggregation that is ready to run any number of times. */
export interface CompiledAggregation extends CompiledPartialAggregation {
  start(): Aggregation;
}

/** One whose groups others can be merged into. */
interface CompiledStored extends CompiledPartialAggregation {
  start(): StoredAggregation;
}

/** Merged groups. */
export interface Aggregation extends PartialAggregation {
  /** Keys, then the value of each aggregate. The aggregation must not be used afterwards. */
  results(): Vector[];
}

/** What is grouped: the aggregates and the keys' fields as the output names them. */
export interface AggregationShape {
  readonly keyFields: readonly Field[];
  readonly aggregates: readonly AggregateCall[];
}

/** Adds rows: runs the steps, computes keys and arguments. */
export function compilePartialAggregation(
  steps: readonly PipelineStep[],
  input: StructType,
  keys: readonly Expr[],
  shape: AggregationShape,
  options: CodegenOptions,
): CompiledPartialAggregation {
  const plans = shape.aggregates.map((call) => planAggregate(call, options.context, options.codegen));
  const inOneLoop = options.codegen && onlyBytesKey(structType(shape.keyFields)) === undefined;
  // What stands before the last generator is a pipeline of its own.
  const fusedFrom = inOneLoop ? steps.findLastIndex((step) => step.kind === "generate") + 1 : steps.length;
  const fused = steps.slice(fusedFrom) as LoopStep[];
  const calls = shape.aggregates.flatMap(({ args, filter }) => (filter === undefined ? args : [...args, filter]));
  const after = { steps: fused, expressions: [...keys, ...calls] };
  const before = compilePipeline(steps.slice(0, fusedFrom), input, options, after);
  if (inOneLoop) {
    const generated = generatedPartial(before, fused, keys, shape, plans, options);
    return numericPartial(steps, input, keys, shape, plans, generated, options) ?? generated;
  }
  return options.codegen
    ? bytesPartial(before, keys, shape, plans, options)
    : interpretedPartial(before, keys, shape, plans, options);
}

/** The loop as WebAssembly, when all that it computes is numbers. */
function numericPartial(
  steps: readonly PipelineStep[],
  input: StructType,
  keys: readonly Expr[],
  shape: AggregationShape,
  plans: readonly AggregatePlan[],
  generated: CompiledStored,
  options: CodegenOptions,
): CompiledPartialAggregation | undefined {
  const program = compileNumericAggregation(steps, input, keys, structType(shape.keyFields), plans);
  if (program === undefined) return undefined;
  const runtime = new NumericRuntime(program);
  const partial = structType([...shape.keyFields, ...plans.flatMap(({ buffer }) => buffer)]);
  let merge: ((batch: RecordBatch, into: StoredAggregation) => void) | undefined;
  const startOther = (): OtherGroups => {
    const groups = generated.start();
    return { groups, merge: (rows) => (merge ??= partialMerger(partial, plans, options).merge)(rows, groups) };
  };
  return {
    source: `// WebAssembly, ${program.binary.length} bytes. Rows that it leaves out run through:\n${generated.source}`,
    start: () => new NumericAggregation(runtime, program, plans, partial, startOther),
  };
}

/** Adds rows of partial results, keys and then buffers, to the groups of another aggregation. */
function partialMerger(
  input: StructType,
  plans: readonly AggregatePlan[],
  options: CodegenOptions,
): { readonly source: string; merge(batch: RecordBatch, into: StoredAggregation): void } {
  const keyCount = input.fields.length - plans.reduce((sum, { buffer }) => sum + buffer.length, 0);
  const keyFields = input.fields.slice(0, keyCount);
  const compiler = new KeyCompiler(structType(keyFields), options);
  const assigner = compiler.assigner(referencesTo(keyFields), input, { missing: "insert", nulls: "group" });
  return {
    source: assigner.source,
    merge(batch, { table, stores }) {
      const groups = new Int32Array(batch.length);
      // Without keys there is one group from the start.
      if (keyCount > 0) assigner.assign(table, batch, groups);
      mergeBuffers(batch, keyCount, groups, table, plans, stores);
    },
  };
}

type PartialLoop = (
  columns: readonly Vector[],
  rows: number,
  table: GroupTable,
  stores: readonly AggregateStore[],
) => void;

function generatedPartial(
  before: CompiledPipeline,
  steps: readonly LoopStep[],
  keys: readonly Expr[],
  shape: AggregationShape,
  plans: readonly AggregatePlan[],
  options: CodegenOptions,
): CompiledStored {
  const layout = keyLayout(structType(shape.keyFields));
  const out = new FunctionEmitter(options.context);
  const expressions = new ExpressionEmitter(out, options);
  const [columns, rows, table, stores] = [
    identifier("cols", 0),
    identifier("rows", 0),
    identifier("table", 0),
    identifier("stores", 0),
  ];
  const i = identifier("row", 0);
  const input = new InputRow(out, before.schema, columns, i);
  const groups = new GroupEmitter(out, layout, table, (bytes) => input.isStable(bytes));
  const storeCodes = plans.map((plan, k) => {
    const store = out.fresh("o");
    out.hoist(js`const ${store} = ${stores}[${number(k)}];`);
    return storeCode(plan, store, (value) => groups.variable(value));
  });
  const body = out.block(() => {
    emitSteps(out, expressions, steps, input, (row) => {
      const values = keys.map((key) => expressions.emit(key, row));
      const group = keys.length === 0 ? number(0) : groups.emit(values, "insert");
      plans.forEach((plan, k) => emitUpdate(plan, out, expressions, row, group, storeCodes[k]!));
    });
  });
  const text = js`for (let ${i} = 0; ${i} < ${rows}; ${i}++) {\n${body}\n}\n${groups.epilogue}`;
  const { run, source } = out.build([columns, rows, table, stores], text);
  const loop = run as unknown as PartialLoop;
  return {
    source: before.source === "" ? source : `${before.source}\n\n${source}`,
    start() {
      const groupTable = new GroupTable(layout);
      const groupStores = plans.map((plan) => plan.create());
      const ensure = (capacity: number): void => groupStores.forEach((store) => store.ensure(capacity));
      ensure(groupTable.capacity);
      groupTable.onGrow = ensure;
      if (keys.length === 0) groupTable.count = 1;
      return new StoredAggregation(groupTable, groupStores, (batch) => {
        const ready = before.run(batch);
        loop(ready.columns, ready.length, groupTable, groupStores);
        if (ready !== batch) returnMemory(ready);
      });
    },
  };
}

type UpdateLoop = (
  columns: readonly Vector[],
  rows: number,
  groups: Int32Array,
  stores: readonly AggregateStore[],
) => void;

/** Grouped by a single string: the kernel finds the groups of a batch, then one loop updates the aggregates. */
function bytesPartial(
  before: CompiledPipeline,
  keys: readonly Expr[],
  shape: AggregationShape,
  plans: readonly AggregatePlan[],
  options: CodegenOptions,
): CompiledAggregation {
  const compiler = new KeyCompiler(structType(shape.keyFields), options);
  const assigner = compiler.assigner(keys, before.schema, { missing: "insert", nulls: "group" });
  const out = new FunctionEmitter(options.context);
  const expressions = new ExpressionEmitter(out, options);
  const [columns, rows, groups, stores] = [
    identifier("cols", 0),
    identifier("rows", 0),
    identifier("groups", 0),
    identifier("stores", 0),
  ];
  const i = identifier("row", 0);
  const input = new InputRow(out, before.schema, columns, i);
  const hoisted = (value: Code): Code => {
    const name = out.fresh("o");
    out.hoist(js`const ${name} = ${value};`);
    return name;
  };
  const storeCodes = plans.map((plan, k) => storeCode(plan, hoisted(js`${stores}[${number(k)}]`), hoisted));
  const body = out.block(() => {
    const group = out.fresh("i");
    out.line(js`const ${group} = ${groups}[${i}];`);
    plans.forEach((plan, k) => emitUpdate(plan, out, expressions, input, group, storeCodes[k]!));
  });
  const text = js`for (let ${i} = 0; ${i} < ${rows}; ${i}++) {\n${body}\n}`;
  const { run, source } = out.build([columns, rows, groups, stores], text);
  const loop = run as unknown as UpdateLoop;
  return {
    source: [before.source, assigner.source, source].filter((part) => part !== "").join("\n\n"),
    start() {
      const table = compiler.table();
      const groupStores = plans.map((plan) => plan.create());
      let numbers = new Int32Array(0);
      return new StoredAggregation(table, groupStores, (batch) => {
        const ready = before.run(batch);
        if (numbers.length < ready.length) numbers = new Int32Array(ready.length);
        assigner.assign(table, ready, numbers);
        const capacity = roomFor(table.count);
        groupStores.forEach((store) => store.ensure(capacity));
        loop(ready.columns, ready.length, numbers, groupStores);
        if (ready !== batch) returnMemory(ready);
      });
    },
  };
}

/** Arrays for so many groups have room for a few more. */
function roomFor(groups: number): number {
  return Math.max(16, 1 << (32 - Math.clz32(groups)));
}

function interpretedPartial(
  before: CompiledPipeline,
  keys: readonly Expr[],
  shape: AggregationShape,
  plans: readonly AggregatePlan[],
  options: CodegenOptions,
): CompiledAggregation {
  const compiler = new KeyCompiler(structType(shape.keyFields), options);
  const evaluate = (expr: Expr): ((batch: RecordBatch, i: number) => SqlValue) =>
    bindInterpreter(expr, options.context, options);
  const assigner = compiler.assigner(keys, before.schema, { missing: "insert", nulls: "group" });
  const updates = plans.map(({ call }) => ({
    args: call.args.map(evaluate),
    filter: call.filter === undefined ? undefined : evaluate(call.filter),
  }));
  return {
    source: "",
    start() {
      const table = compiler.table();
      const stores = plans.map((plan) => plan.create() as AccumulatorStore);
      if (keys.length === 0) addOnlyGroup(compiler, table);
      stores.forEach((store) => store.ensure(table.count));
      return new StoredAggregation(table, stores, (batch) => {
        const ready = before.run(batch);
        const groups = new Int32Array(ready.length);
        assigner.assign(table, ready, groups);
        updates.forEach(({ args, filter }, k) => {
          const { accumulators } = stores[k]!;
          accumulators.ensure(table.count);
          for (let i = 0; i < ready.length; i++) {
            if (filter !== undefined && filter(ready, i) !== true) continue;
            accumulators.update(
              groups[i]!,
              args.map((arg) => arg(ready, i)),
            );
          }
        });
      });
    },
  };
}

const oneRow: RecordBatch = { schema: structType([]), length: 1, columns: [] };

/** Adds partial results: keys, then buffers. Without keys there is one group from the start. */
export function compileFinalAggregation(
  input: StructType,
  shape: AggregationShape,
  options: CodegenOptions,
): CompiledAggregation {
  const plans = shape.aggregates.map((call) => planAggregate(call, options.context, options.codegen));
  const compiler = new KeyCompiler(structType(input.fields.slice(0, shape.keyFields.length)), options);
  const merger = partialMerger(input, plans, options);
  return {
    source: merger.source,
    start() {
      const table = compiler.table();
      const stores = plans.map((plan) => plan.create());
      if (shape.keyFields.length === 0) addOnlyGroup(compiler, table);
      stores.forEach((store) => store.ensure(table.count));
      const merged: StoredAggregation = new StoredAggregation(table, stores, (batch) => merger.merge(batch, merged));
      return merged;
    },
  };
}

/** The group that an aggregation without keys has from the start. */
function addOnlyGroup(compiler: KeyCompiler, table: KeyTable): void {
  const assigner = compiler.assigner([], oneRow.schema, { missing: "insert", nulls: "group" });
  assigner.assign(table, oneRow, new Int32Array(1));
}

/** Merges the buffer columns of a batch of partial results into the groups of its rows. */
export function mergeBuffers(
  batch: RecordBatch,
  keyCount: number,
  groups: Int32Array,
  table: KeyTable,
  plans: readonly AggregatePlan[],
  stores: readonly AggregateStore[],
): void {
  let at = keyCount;
  plans.forEach((plan, k) => {
    const next = at + plan.buffer.length;
    const store = stores[k]!;
    store.ensure(roomFor(table.count));
    store.merge(groups, batch.length, batch.columns.slice(at, next));
    at = next;
  });
}

/** The final values of rows of buffers, each of which is a group. */
export function evaluateBuffers(
  plans: readonly AggregatePlan[],
  buffers: readonly Vector[],
  length: number,
): readonly Vector[] {
  const groups = Int32Array.from({ length }, (_, i) => i);
  let at = 0;
  return plans.map((plan) => {
    const store = plan.create();
    store.ensure(length);
    const next = at + plan.buffer.length;
    store.merge(groups, length, buffers.slice(at, next));
    at = next;
    return store.results(length);
  });
}

/** An aggregate's state of one group, about. */
const bytesPerValue = 24;

class StoredAggregation implements Aggregation {
  readonly table: KeyTable;
  readonly stores: readonly AggregateStore[];
  readonly add: (batch: RecordBatch) => void;
  constructor(table: KeyTable, stores: readonly AggregateStore[], add: (batch: RecordBatch) => void) {
    this.table = table;
    this.stores = stores;
    this.add = add;
  }
  get groups(): number {
    return this.table.count;
  }
  get memoryBytes(): number {
    return this.table.memoryBytes + bytesPerValue * this.table.count * this.stores.length;
  }
  partials(): Rows {
    const { count } = this.table;
    const columns = this.#finished([...this.table.keys(), ...this.stores.flatMap((store) => store.buffers(count))]);
    return { length: count, columns };
  }
  results(): Vector[] {
    const { count } = this.table;
    return this.#finished([...this.table.keys(), ...this.stores.map((store) => store.results(count))]);
  }
  #finished(columns: Vector[]): Vector[] {
    this.table.release();
    return columns;
  }
}
