/**
 * Adjoining closures over rows (`map`, `filterRows`, `flatMap`) as one loop: between two closures a row is a few local variables,
 * and only rows that pass all steps become columns.
 *
 * What a closure is given is the same as if every step had written columns and the next had read them: an object of its
 * own, with the declared fields in the declared order and nothing else, values checked and converted. Rows are made by
 * constructors that are generated per schema; names, closures and types are bound values.
 */
import { externalWriter, rowWriter } from "../columnar/external-input.ts";
import { type ExternalReader, externalReader, halvesOf, rowPrototype } from "../columnar/external-values.ts";
import { type RecordBatch, targetBatchRows } from "../columnar/record-batch.ts";
import { RepeatedStrings } from "../columnar/repeated-strings.ts";
import { type Vector, type VectorKind, vectorKindOf } from "../columnar/vector.ts";
import type { VectorBuilder } from "../columnar/vector-builder.ts";
import { MillraceError } from "../errors/index.ts";
import type { UserFunction } from "../expressions/expression.ts";
import type { Code } from "../functions/emitter.ts";
import { identifier, js, joinCode, number } from "../functions/code.ts";
import type { DataType, SqlValue, StructType } from "../types/data-type.ts";
import { quoteIfNeeded } from "../types/identifier.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { CodegenOptions } from "./compile-pipeline.ts";
import { FunctionEmitter } from "./emit-context.ts";

type Field = StructType["fields"][number];

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
  open(batch: RecordBatch): RowChainInput | undefined;
  /** Runs rows `[from, input.length)`. @returns the row at which it stopped, see the state, or `input.length` */
  run(input: RowChainInput, from: number, state: RowChainState): number;
  /** The values of a row that the closure of a step has given. */
  accept(step: number, result: unknown): readonly unknown[];
  /** The object that a step is given, after a `map`. */
  rowOf(step: number, values: readonly unknown[]): object;
  /** Appends a row that has passed all steps. */
  append(values: readonly unknown[], builders: readonly VectorBuilder[]): void;
}

export interface RowChainInput {
  readonly columns: readonly Vector[];
  readonly length: number;
  /** By column; of those that the loop does not read itself. */
  readonly readers: readonly (ExternalReader | undefined)[];
}

/** Types whose values, as users see them, are JavaScript primitives that only need a check between two closures. */
export function passesBetweenClosures(type: DataType): boolean {
  return layoutOf(type) !== undefined;
}

const primitives: ReadonlySet<DataType["kind"]> = new Set([
  "boolean",
  "tinyint",
  "smallint",
  "int",
  "bigint",
  "float",
  "double",
  "string",
]);

function layoutOf(type: DataType): VectorKind | undefined {
  return primitives.has(type.kind) ? vectorKindOf(type) : undefined;
}

/** @param steps all but the last `map` give only types that {@link passesBetweenClosures} */
export function compileRowChain(
  steps: readonly RowChainStep[],
  input: StructType,
  options: CodegenOptions & { readonly timeZone: string },
): RowChain {
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
    const external = lastMap < steps.length - 1;
    for (const [k, field] of steps[lastMap]!.schema.fields.entries()) {
      const value = external ? engineCode(field.type, values[k]!) : values[k]!;
      out.line(js`${identifier("builder", k)}.append(${value});`);
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

type RowConstructor = new (...values: readonly unknown[]) => object;

/**
 * Constructors by names and types of fields. A query that runs again finds the one it had: with a new hidden class each
 * time, a closure's property accesses would become slow after a few runs.
 */
const rowConstructors = new Map<string, RowConstructor>();
const mostConstructors = 500;

/** A constructor whose objects look like those of `rowReaderOf`. */
function rowConstructor(schema: StructType, options: CodegenOptions): RowConstructor {
  const key = JSON.stringify(schema.fields.map((field) => [field.name, field.type.kind]));
  const known = rowConstructors.get(key);
  if (known !== undefined) return known;
  const out = new FunctionEmitter(options.context);
  const parameters = schema.fields.map((_, k) => identifier("v", k));
  const lines = schema.fields.map((field, k) => js`this[${out.bind(field.name)}] = ${parameters[k]!};`);
  const { run } = out.build(parameters, joinCode(lines, "\n"));
  const constructor = run as unknown as RowConstructor & { prototype: object };
  constructor.prototype = rowPrototype;
  if (rowConstructors.size >= mostConstructors) rowConstructors.clear();
  rowConstructors.set(key, constructor);
  return constructor;
}

/** What a closure has returned as values: as the next closure sees them, or as columns hold them after the last step. */
function acceptor(
  schema: StructType,
  options: CodegenOptions & { readonly timeZone: string },
  last: boolean,
): (result: unknown) => readonly unknown[] {
  const write = rowWriter(schema, { timeZone: options.timeZone });
  if (last || options.bigint) return write;
  const wide = schema.fields.map((field) =>
    field.type.kind === "bigint" ? safeInteger(quoteIfNeeded(field.name)) : undefined,
  );
  if (wide.every((convert) => convert === undefined)) return write;
  return (result) => write(result).map((value, k) => (wide[k] === undefined ? value : wide[k](value)));
}

/** A BIGINT as a number. @throws BIGINT_OUT_OF_SAFE_RANGE */
function safeInteger(column: string): (value: SqlValue) => number | null {
  return (value) => {
    if (value === null) return null;
    const safe = Number(value);
    if (Number.isSafeInteger(safe)) return safe;
    throw new MillraceError("BIGINT_OUT_OF_SAFE_RANGE", { value: String(value), column });
  };
}

/** A primitive that a closure saw, as columns hold it. */
function toEngine(type: DataType, value: unknown): SqlValue {
  return type.kind === "bigint" && typeof value === "number" ? BigInt(value) : (value as SqlValue);
}

function engineCode(type: DataType, value: Code): Code {
  return type.kind === "bigint" ? js`typeof ${value} === "number" ? BigInt(${value}) : ${value}` : value;
}

function isThenable(value: Code): Code {
  return js`typeof ${value} === "object" && ${value} !== null && typeof ${value}.then === "function"`;
}

/** Puts a row that a closure has given into variables: a plain object here, everything else by `accept`. */
function emitAccept(
  out: FunctionEmitter,
  schema: StructType,
  result: Code,
  accept: (result: unknown) => readonly unknown[],
  options: CodegenOptions & { readonly timeZone: string },
  last: boolean,
): readonly Code[] {
  const values = schema.fields.map(() => out.fresh("v"));
  if (values.length > 0) out.line(js`let ${joinCode(values, ", ")};`);
  const plain = out.block(() => {
    for (const [k, field] of schema.fields.entries()) {
      out.line(js`${values[k]!} = ${property(out, result, field)};`);
      emitCheck(out, field, values[k]!, options, last);
    }
  });
  const other = out.block(() => {
    out.line(js`const accepted = ${out.bind(accept)}(${result});`);
    for (const [k, value] of values.entries()) out.line(js`${value} = accepted[${number(k)}];`);
  });
  // Written out, after a property was read: then V8 knows the object's hidden class, and with it the prototype.
  const prototype = js`${out.bind(Object.getPrototypeOf)}(${result})`;
  const isPlain = js`typeof ${result} === "object" && ${result} !== null && ${prototype} === ${out.bind(Object.prototype)}`;
  out.line(js`if (${isPlain}) {\n${plain}\n} else {\n${other}\n}`);
  return values;
}

/** A property that is the object's own, never one that every object inherits. */
function property(out: FunctionEmitter, object: Code, field: Field): Code {
  const name = out.bind(field.name);
  return field.name in Object.prototype
    ? js`(Object.hasOwn(${object}, ${name}) ? ${object}[${name}] : undefined)`
    : js`${object}[${name}]`;
}

/** Values of the expected form stay; others go through the writer of the type, which converts or refuses them. */
function emitCheck(
  out: FunctionEmitter,
  field: Field,
  value: Code,
  options: CodegenOptions & { readonly timeZone: string },
  last: boolean,
): void {
  const path = quoteIfNeeded(field.name);
  const write = externalWriter(field.type, field.nullable, path, { timeZone: options.timeZone });
  const written = js`${out.bind(write)}(${value})`;
  const whole = (narrowed: Code): void =>
    out.line(
      js`if (typeof ${value} === "number" && ${value} === (${narrowed})) ${value} |= 0; else ${value} = ${written};`,
    );
  switch (field.type.kind) {
    case "string":
      return out.line(js`if (typeof ${value} !== "string") ${value} = ${written};`);
    case "boolean":
      return out.line(js`if (typeof ${value} !== "boolean") ${value} = ${written};`);
    case "double":
      return out.line(js`if (typeof ${value} !== "number") ${value} = ${written};`);
    case "float":
      return out.line(
        js`if (typeof ${value} === "number") ${value} = Math.fround(${value}); else ${value} = ${written};`,
      );
    case "tinyint":
      return whole(js`${value} << 24 >> 24`);
    case "smallint":
      return whole(js`${value} << 16 >> 16`);
    case "int":
      return whole(js`${value} | 0`);
    case "bigint": {
      if (last || options.bigint) return out.line(js`${value} = ${written};`);
      const narrow = safeInteger(path);
      const bound = out.bind((external: unknown) => narrow(write(external)));
      // Adding 0 makes 0 of −0.
      return out.line(js`if (Number.isSafeInteger(${value})) ${value} += 0; else ${value} = ${bound}(${value});`);
    }
    default:
      return out.line(js`${value} = ${written};`);
  }
}

/** Reads the fields of a batch's row as users see them. */
class BatchFields {
  readonly #out: FunctionEmitter;
  readonly #schema: StructType;
  readonly #bigint: boolean;
  readonly #layouts: readonly (Vector["kind"] | undefined)[];
  readonly #readers: readonly (((vector: Vector) => ExternalReader) | undefined)[];

  constructor(out: FunctionEmitter, schema: StructType, options: ValueOptions) {
    this.#out = out;
    this.#schema = schema;
    this.#bigint = options.bigint === true;
    this.#layouts = schema.fields.map((field) => layoutOf(field.type));
    this.#readers = schema.fields.map((field, k) =>
      this.#layouts[k] === undefined ? externalReader(field.type, options, quoteIfNeeded(field.name)) : undefined,
    );
  }

  open(batch: RecordBatch): RowChainInput | undefined {
    const { columns, length } = batch;
    for (const [k, layout] of this.#layouts.entries()) {
      if (layout !== undefined && columns[k]!.kind !== layout) return undefined;
    }
    return { columns, length, readers: this.#readers.map((reader, k) => reader?.(columns[k]!)) };
  }

  /** Reads the row into variables; the results are what stands for the values, anew for each object. */
  emit(): readonly (() => Code)[] {
    return this.#schema.fields.map((field, k) => this.#emitField(field, k));
  }

  #emitField(field: Field, k: number): () => Code {
    const out = this.#out;
    const column = js`input.columns[${number(k)}]`;
    if (this.#layouts[k] === undefined) {
      // Arrays, structs and Dates can be changed by the closure that is given them: each is given its own.
      const reader = out.fresh("l");
      out.hoist(js`const ${reader} = input.readers[${number(k)}];`);
      return () => js`${reader}(row)`;
    }
    const [value, bits] = [out.fresh("v"), out.fresh("n")];
    out.hoist(js`const ${bits} = ${column}.validity;`);
    out.line(js`let ${value} = null;`);
    const present = out.block(() => this.#emitPresent(field, column, value));
    out.line(js`if (${bits} === null || (${bits}[row >> 3] >> (row & 7) & 1) === 1) {\n${present}\n}`);
    return () => value;
  }

  #emitPresent(field: Field, column: Code, value: Code): void {
    const out = this.#out;
    const values = out.fresh("b");
    switch (field.type.kind) {
      case "string": {
        const [starts, ends] = [out.fresh("s"), out.fresh("e")];
        out.hoist(js`const ${values} = ${column}.bytes, ${starts} = ${column}.starts, ${ends} = ${column}.ends;`);
        const strings = out.bind(new RepeatedStrings());
        return out.line(js`${value} = ${strings}.read(${values}, ${starts}[row], ${ends}[row]);`);
      }
      case "boolean":
        out.hoist(js`const ${values} = ${column}.values;`);
        return out.line(js`${value} = (${values}[row >> 3] >> (row & 7) & 1) === 1;`);
      case "bigint": {
        if (this.#bigint) break;
        const halves = out.fresh("h");
        out.hoist(js`const ${values} = ${column}.values, ${halves} = ${out.bind(halvesOf)}(${values});`);
        const narrow = out.bind(safeInteger(quoteIfNeeded(field.name)));
        out.line(js`${value} = ${halves}[2 * row + 1] * 4294967296 + (${halves}[2 * row] >>> 0);`);
        return out.line(js`if (!Number.isSafeInteger(${value})) ${value} = ${narrow}(${values}[row]);`);
      }
      default:
        break;
    }
    out.hoist(js`const ${values} = ${column}.values;`);
    out.line(js`${value} = ${values}[row];`);
  }
}
