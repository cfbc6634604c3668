/**
 * Rows of batches as the objects that users' closures see, and back, in generated code: objects are made by constructors that are
 * generated per schema; names and types are bound values.
 */
import { externalWriter, rowWriter } from "../columnar/external-input.ts";
import {
  type ExternalReader,
  externalReader,
  halvesOf,
  rowPrototype,
  rowReaderOf,
} from "../columnar/external-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { RepeatedStrings } from "../columnar/repeated-strings.ts";
import { type Vector, type VectorKind, vectorKindOf } from "../columnar/vector.ts";
import type { VectorBuilder } from "../columnar/vector-builder.ts";
import { MillraceError } from "../errors/index.ts";
import type { Code } from "../functions/emitter.ts";
import { identifier, js, joinCode, number } from "../functions/code.ts";
import type { DataType, SqlValue, StructType } from "../types/data-type.ts";
import { quoteIfNeeded } from "../types/identifier.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { CodegenOptions } from "./compile-pipeline.ts";
import { FunctionEmitter } from "./emit-context.ts";

type Field = StructType["fields"][number];

export type RowOptions = CodegenOptions & { readonly timeZone: string };

/** Beyond so many fields that code reads or writes, it would be too long for V8 to optimize. */
const mostFields = 400;

export interface RowsInput {
  readonly columns: readonly Vector[];
  readonly length: number;
  /** By column; of those that the loop does not read itself. */
  readonly readers: readonly (ExternalReader | undefined)[];
}

/** As `rowReaderOf`. */
export function compileRowReader(
  schema: StructType,
  options: CodegenOptions,
): (batch: RecordBatch) => (row: number) => object {
  const byField = rowReaderOf(schema, options);
  if (!options.codegen || schema.fields.length > mostFields) return byField;
  const out = new FunctionEmitter(options.context);
  const fields = new BatchFields(out, schema, options);
  const body = out.block(() => {
    const values = fields.emit().map((value) => value());
    out.line(js`return new ${out.bind(rowConstructor(schema, options))}(${joinCode(values, ", ")});`);
  });
  const { run } = out.build([js`input`], js`return function (row) {\n${body}\n};`);
  return (batch) => {
    const input = fields.open(batch);
    return input === undefined ? byField(batch) : (run as (input: RowsInput) => (row: number) => object)(input);
  };
}

/**
 * Prepares appending values that users give.
 * @param path how errors name them
 */
export function compileValueAppender(
  field: Field,
  path: string,
  options: RowOptions,
): (builder: VectorBuilder) => (value: unknown) => void {
  if (!options.codegen) {
    const write = externalWriter(field.type, field.nullable, path, { timeZone: options.timeZone });
    return (builder) => (value) => builder.append(write(value));
  }
  const out = new FunctionEmitter(options.context);
  const body = out.block(() => {
    emitCheck(out, field, js`value`, options, true, path);
    emitAppend(out, field.type, js`builder`, js`value`);
  });
  const { run } = out.build([js`builder`], js`return function (value) {\n${body}\n};`);
  return run as unknown as (builder: VectorBuilder) => (value: unknown) => void;
}

/** Prepares appending rows that users give, one value to each builder. */
export function compileRowAppender(
  schema: StructType,
  options: RowOptions,
): (builders: readonly VectorBuilder[]) => (row: unknown) => void {
  const write = rowWriter(schema, { timeZone: options.timeZone });
  if (!options.codegen || schema.fields.length > mostFields) {
    return (builders) => (row) => {
      const values = write(row);
      for (let k = 0; k < values.length; k++) builders[k]!.append(values[k]!);
    };
  }
  const out = new FunctionEmitter(options.context);
  const body = out.block(() => {
    const values = emitAccept(out, schema, js`given`, write, options, true);
    for (const [k, field] of schema.fields.entries()) {
      out.hoist(js`const ${identifier("builder", k)} = builders[${number(k)}];`);
      emitAppend(out, field.type, identifier("builder", k), values[k]!);
    }
  });
  const { run } = out.build([js`builders`], js`return function (given) {\n${body}\n};`);
  return run as unknown as (builders: readonly VectorBuilder[]) => (row: unknown) => void;
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

export type RowConstructor = new (...values: readonly unknown[]) => object;

/**
 * Constructors by names and types of fields. A query that runs again finds the one it had: with a new hidden class each
 * time, a closure's property accesses would become slow after a few runs.
 */
const rowConstructors = new Map<string, RowConstructor>();
const mostConstructors = 500;

/** A constructor whose objects look like those of `rowReaderOf`. */
export function rowConstructor(schema: StructType, options: CodegenOptions): RowConstructor {
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

/** A BIGINT as a number. @throws BIGINT_OUT_OF_SAFE_RANGE */
export function safeInteger(column: string): (value: SqlValue) => number | null {
  return (value) => {
    if (value === null) return null;
    const safe = Number(value);
    if (Number.isSafeInteger(safe)) return safe;
    throw new MillraceError("BIGINT_OUT_OF_SAFE_RANGE", { value: String(value), column });
  };
}

/** Appends what {@link emitAccept} has given, or a closure has seen: whole numbers go into a BIGINT column as they are. */
export function emitAppend(out: FunctionEmitter, type: DataType, builder: Code, value: Code): void {
  if (type.kind !== "bigint") return out.line(js`${builder}.append(${value});`);
  out.line(js`if (typeof ${value} === "number") ${builder}.appendNumber(${value}); else ${builder}.append(${value});`);
}

/** Puts a row that a closure has given into variables: a plain object here, everything else by `accept`. */
export function emitAccept(
  out: FunctionEmitter,
  schema: StructType,
  result: Code,
  accept: (result: unknown) => readonly unknown[],
  options: RowOptions,
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

/**
 * Values of the expected form stay; others go through the writer of the type, which converts or refuses them. After the last
 * step a BIGINT is a whole number or a bigint, see {@link emitAppend}.
 */
function emitCheck(
  out: FunctionEmitter,
  field: Field,
  value: Code,
  options: RowOptions,
  last: boolean,
  path: string = quoteIfNeeded(field.name),
): void {
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
      if (last) return out.line(js`if (!Number.isSafeInteger(${value})) ${value} = ${written};`);
      if (options.bigint) return out.line(js`${value} = ${written};`);
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
export class BatchFields {
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

  open(batch: RecordBatch): RowsInput | undefined {
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
