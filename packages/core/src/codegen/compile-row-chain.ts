/**
 * Adjoining closures over rows (`map`, `filterRows`, `flatMap`) as one loop: between two closures a row is a few local variables,
 * and only rows that pass all steps become columns.
 *
 * What a closure is given is the same as if every step had written columns and the next had read them: an object of its
 * own, with the declared fields in the declared order and nothing else, values checked and converted.
 */
import { rowWriter } from "../columnar/external-input.ts";
import { type RecordBatch, targetBatchRows } from "../columnar/record-batch.ts";
import type { VectorBuilder } from "../columnar/vector-builder.ts";
import type { UserFunction } from "../expressions/expression.ts";
import type { Code } from "../functions/emitter.ts";
import { identifier, js, joinCode, number } from "../functions/code.ts";
import type { DataType, SqlValue, StructType } from "../types/data-type.ts";
import { quoteIfNeeded } from "../types/identifier.ts";
import { FunctionEmitter } from "./emit-context.ts";
import {
  BatchFields,
  emitAccept,
  emitAppend,
  rowConstructor,
  type RowOptions,
  type RowsInput,
  safeInteger,
} from "./row-objects.ts";

export interface RowChainStep {
  readonly how: "map" | "filter" | "flatMap";
  readonly fn: UserFunction;
  /** Of the rows that come out. */
  readonly schema: StructType;
}

/** What the loop and its caller share; one for each run over a partition. */
export interface RowChainState {
  /** By step: wraps what its closure has thrown. */
  readonly codes: readonly { failure(error: unknown): Error }[];
  /** By step: rows that came out of it. */
  readonly passed: Float64Array;
  /** Of the result; empty for a chain of filters. */
  readonly builders: readonly VectorBuilder[];
  /** Of a chain of filters: the rows that passed. */
  selection: Int32Array;
  selected: number;
  /** The loop ended because a `flatMap` has given enough rows for a batch, not because somebody must be waited for. */
  full: boolean;
  /** Where a closure returned a promise: the step (−1: none), what it returned, the row's values before the step. */
  step: number;
  pending: unknown;
  values: RowValues;
  /** The elements of a `flatMap` that come after that, the innermost last. */
  rest: readonly RestOfElements[];
}

export interface RestOfElements {
  readonly step: number;
  readonly elements: readonly unknown[];
  readonly next: number;
}

/** A row between two steps as its closure sees it; undefined while it is still the row of the batch. */
export type RowValues = readonly unknown[] | undefined;

export interface RowChain {
  readonly source: string;
  /** Some step is a `map` or `flatMap`: the result is built, not selected. */
  readonly maps: boolean;
  /** Some step is a `flatMap`: more rows may come out than go in. */
  readonly expands: boolean;
  /** Prepares reading a batch; undefined when a column has another layout than its type: its rows go one by one. */
  open(batch: RecordBatch): RowsInput | undefined;
  /** Runs rows `[from, input.length)`. @returns the row at which it stopped, see the state, or `input.length` */
  run(input: RowsInput, from: number, state: RowChainState): number;
  /** The values of a row that the closure of a step has given. */
  accept(step: number, result: unknown): readonly unknown[];
  /** The object that a step is given, after a `map`. */
  rowOf(step: number, values: readonly unknown[]): object;
  /** Appends a row that has passed all steps. */
  append(values: readonly unknown[], builders: readonly VectorBuilder[]): void;
}

/** @param steps all but the last `map` give only types that {@link passesBetweenClosures} */
export function compileRowChain(steps: readonly RowChainStep[], input: StructType, options: RowOptions): RowChain {
  const out = new FunctionEmitter(options.context);
  const accepts = steps.map((step, s) => acceptor(step.schema, options, s === steps.length - 1));
  const inputs = steps.map((_, s) => (s === 0 ? input : steps[s - 1]!.schema));
  const constructors = inputs.map((schema, s) =>
    s > 0 && schema === inputs[s - 1] ? undefined : rowConstructor(schema, options),
  );
  for (let s = 1; s < steps.length; s++) constructors[s] ??= constructors[s - 1];
  const lastMap = steps.findLastIndex((step) => step.how !== "filter");
  const read = new BatchFields(out, input, options);

  const expands = steps.some((step) => step.how === "flatMap");
  const emitEnd = (values: readonly Code[] | undefined): void => {
    if (values === undefined) return out.line(js`state.selection[state.selected++] = row;`);
    for (const [k, field] of steps[lastMap]!.schema.fields.entries()) {
      emitAppend(out, field.type, identifier("builder", k), values[k]!);
    }
  };
  /** Emits the steps from `s` on, within the loops over elements that `rest` continues. */
  const emitSteps = (
    s: number,
    values: readonly Code[] | undefined,
    first: readonly (() => Code)[],
    rest: readonly Code[],
  ): void => {
    const step = steps[s];
    if (step === undefined) return emitEnd(values);
    const last = s === steps.length - 1;
    const [result, row] = [out.fresh("o"), identifier("r", s)];
    const stop = (at: Code, others: readonly Code[]): Code =>
      js`state.step = ${at}; state.pending = ${result}; state.values = ${
        values === undefined ? js`undefined` : js`[${joinCode(values, ", ")}]`
      }; state.rest = [${joinCode(others, ", ")}]; return row;`;
    const suspend = stop(number(s), rest);
    const passed = js`state.passed[${number(s)}]++;`;
    out.line(js`let ${result};`);
    out.line(
      js`const ${row} = new ${out.bind(constructors[s])}(${joinCode(values ?? first.map((field) => field()), ", ")});`,
    );
    out.line(
      js`try { ${result} = ${out.bind(step.fn.closure)}(${row}); } catch (e) { throw state.codes[${number(s)}].failure(e); }`,
    );
    switch (step.how) {
      case "filter":
        out.line(js`if (${result} !== true) {`);
        out.line(js`if (${isThenable(result)}) { ${suspend} }`);
        out.line(js`continue;\n}`);
        out.line(passed);
        return emitSteps(s + 1, values, first, rest);
      case "map": {
        out.line(js`if (${isThenable(result)}) { ${suspend} }`);
        const mapped = emitAccept(out, step.schema, result, accepts[s]!, options, last);
        out.line(passed);
        return emitSteps(s + 1, mapped, first, rest);
      }
      case "flatMap": {
        const [i, element] = [out.fresh("i"), out.fresh("t")];
        const restAt = (next: Code): readonly Code[] => [
          ...rest,
          js`{ step: ${number(s)}, elements: ${result}, next: ${next} }`,
        ];
        const inner = out.block(() => {
          out.line(js`const ${element} = ${result}[${i}];`);
          out.line(js`if (${isThenable(element)}) { ${stop(number(-1), restAt(i))} }`);
          const mapped = emitAccept(out, step.schema, element, accepts[s]!, options, last);
          out.line(passed);
          emitSteps(s + 1, mapped, first, restAt(js`${i} + 1`));
        });
        out.line(js`if (!Array.isArray(${result})) { ${suspend} }`);
        return out.line(js`for (let ${i} = 0; ${i} < ${result}.length; ${i}++) {\n${inner}\n}`);
      }
    }
  };
  const body = out.block(() => {
    emitSteps(0, undefined, read.emit(), []);
    if (expands) {
      const enough = js`state.passed[${number(steps.length - 1)}] >= ${number(targetBatchRows)}`;
      out.line(js`if (${enough}) { state.full = true; return row; }`);
    }
  });
  if (lastMap >= 0) {
    for (const k of steps[lastMap]!.schema.fields.keys()) {
      out.hoist(js`const ${identifier("builder", k)} = state.builders[${number(k)}];`);
    }
  }
  const loop = js`const to = input.length;\nfor (let row = from; row < to; row++) {\n${body}\n}\nreturn to;`;
  const { run, source } = out.build([js`input`, js`from`, js`state`], loop);
  return {
    source,
    maps: lastMap >= 0,
    expands,
    open: (batch) => read.open(batch),
    run: run as unknown as RowChain["run"],
    accept: (step, result) => accepts[step]!(result),
    rowOf: (step, values) => new constructors[step]!(...values),
    append(values, builders) {
      const fields = steps[lastMap]!.schema.fields;
      for (const [k, field] of fields.entries()) builders[k]!.append(toEngine(field.type, values[k]));
    },
  };
}

/** What a closure has returned as values: as the next closure sees them, or as columns hold them after the last step. */
function acceptor(schema: StructType, options: RowOptions, last: boolean): (result: unknown) => readonly unknown[] {
  const write = rowWriter(schema, { timeZone: options.timeZone });
  if (last || options.bigint) return write;
  const wide = schema.fields.map((field) =>
    field.type.kind === "bigint" ? safeInteger(quoteIfNeeded(field.name)) : undefined,
  );
  if (wide.every((convert) => convert === undefined)) return write;
  return (result) => write(result).map((value, k) => (wide[k] === undefined ? value : wide[k](value)));
}

/** A primitive that a closure saw, as columns hold it. */
function toEngine(type: DataType, value: unknown): SqlValue {
  return type.kind === "bigint" && typeof value === "number" ? BigInt(value) : (value as SqlValue);
}

function isThenable(value: Code): Code {
  return js`typeof ${value} === "object" && ${value} !== null && typeof ${value}.then === "function"`;
}
