/**
 * Groups by key, behind one face for generated code and the interpreter: numbers for the keys of a batch's rows.
 */
import { BytesKeyTable, type AssignOptions } from "../columnar/bytes-key-table.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { Vector } from "../columnar/vector.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { assertInvariant } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { identifier, js, negated } from "../functions/code.ts";
import type { DataType, SqlValue, StructType } from "../types/data-type.ts";
import { InputRow } from "./column-reader.ts";
import { type CodegenOptions, compileColumn } from "./compile-pipeline.ts";
import { FunctionEmitter } from "./emit-context.ts";
import { ExpressionEmitter } from "./emit-expression.ts";
import { GroupEmitter } from "./emit-group.ts";
import { GroupTable, keyLayout } from "./group-table.ts";
import { bindInterpreter } from "./interpreter.ts";
import { canonicalBytes, canonicalText, hashKeyBytes } from "./key-hash.ts";

/** The distinct keys met so far, numbered from 0 in order of appearance. */
export interface KeyTable {
  readonly count: number;
  /** What the table takes, about. */
  readonly memoryBytes: number;
  keys(from?: number, to?: number): Vector[];
  /** Nothing of the table is used any more. */
  release(): void;
}

/** Computes keys of rows and their numbers in a table made by the same {@link KeyCompiler}. */
export interface KeyAssigner {
  readonly source: string;
  /** Writes the group number of each row, or −1: an absent key when finding, a key with a NULL when those are left out. */
  assign(table: KeyTable, batch: RecordBatch, groups: Int32Array): void;
}

export interface KeyOptions {
  readonly missing: "insert" | "find";
  /** NULL as a key like any other (GROUP BY), or never a match (joins). */
  readonly nulls: "group" | "skip";
  /** Keys for which NULL is a value although others are left out with it (`<=>`); none when absent. */
  readonly nullSafe?: readonly boolean[];
}

/** Keys of one list of types. The types' nullability must cover all expressions whose keys go in. */
export class KeyCompiler {
  readonly #schema: StructType;
  readonly #options: CodegenOptions;
  constructor(schema: StructType, options: CodegenOptions) {
    this.#schema = schema;
    this.#options = options;
  }

  /** The type of the only key, when that is a string or bytes: then a kernel has the table. */
  get #onlyBytes(): DataType | undefined {
    return this.#options.codegen ? onlyBytesKey(this.#schema) : undefined;
  }

  table(): KeyTable {
    if (this.#onlyBytes !== undefined) return new BytesKeys(this.#onlyBytes);
    return this.#options.codegen ? new GroupTable(keyLayout(this.#schema)) : new ValueTable(this.#schema);
  }

  assigner(keys: readonly Expr[], input: StructType, how: KeyOptions): KeyAssigner {
    if (this.#onlyBytes !== undefined) return this.#ofBytes(keys[0]!, this.#onlyBytes, input, how);
    return this.#options.codegen ? this.#generated(keys, input, how) : this.#interpreted(keys, how);
  }

  #ofBytes(key: Expr, type: DataType, input: StructType, how: KeyOptions): KeyAssigner {
    const column = compileColumn(key, type, input, this.#options);
    const nulls = how.nulls === "skip" && matters(how, 0) ? "skip" : "group";
    const options: AssignOptions = { nulls, missing: how.missing };
    return {
      source: column.source,
      assign: (to, batch, into) => (to as BytesKeys).table.assign(column.run(batch), batch.length, into, options),
    };
  }

  #generated(keys: readonly Expr[], input: StructType, how: KeyOptions): KeyAssigner {
    const out = new FunctionEmitter(this.#options.context);
    const expressions = new ExpressionEmitter(out, this.#options);
    const [columns, rows, table, groups] = [
      identifier("cols", 0),
      identifier("rows", 0),
      identifier("table", 0),
      identifier("groups", 0),
    ];
    const i = identifier("row", 0);
    const row = new InputRow(out, input, columns, i);
    const emitter = new GroupEmitter(out, keyLayout(this.#schema), table, (bytes) => row.isStable(bytes));
    const body = out.block(() => {
      const values = keys.map((key) => expressions.emit(key, row));
      const skip = how.nulls === "skip" ? GroupEmitter.anyNull(values.filter((_, k) => matters(how, k))) : js.false;
      const search = (): void => out.line(js`${groups}[${i}] = ${emitter.emit(values, how.missing)};`);
      if (skip === js.false) search();
      else out.branch(negated(skip), search, () => out.line(js`${groups}[${i}] = -1;`));
    });
    const text = js`for (let ${i} = 0; ${i} < ${rows}; ${i}++) {\n${body}\n}\n${emitter.epilogue}`;
    const { run, source } = out.build([columns, rows, table, groups], text);
    const loop = run as unknown as (
      columns: readonly Vector[],
      rows: number,
      table: KeyTable,
      groups: Int32Array,
    ) => void;
    return { source, assign: (to, batch, into) => loop(batch.columns, batch.length, to, into) };
  }

  /** Writes a hash of each row's keys, equal for equal keys: to deal rows out. */
  hasher(keys: readonly Expr[], input: StructType): (batch: RecordBatch, hashes: Int32Array) => void {
    const { context } = this.#options;
    if (!this.#options.codegen) {
      const evaluators = keys.map((key) => bindInterpreter(key, context, this.#options));
      return (batch, hashes) => {
        for (let i = 0; i < batch.length; i++) {
          const bytes = canonicalBytes(
            evaluators.map((evaluate) => evaluate(batch, i)),
            this.#schema,
          );
          hashes[i] = hashKeyBytes(bytes, 0, bytes.length);
        }
      };
    }
    const out = new FunctionEmitter(context);
    const expressions = new ExpressionEmitter(out, this.#options);
    const [columns, rows, table] = [identifier("cols", 0), identifier("rows", 0), identifier("table", 0)];
    const hashes = identifier("hashes", 0);
    const i = identifier("row", 0);
    const row = new InputRow(out, input, columns, i);
    const emitter = new GroupEmitter(out, keyLayout(this.#schema), table, (bytes) => row.isStable(bytes));
    const body = out.block(() => {
      out.line(js`${hashes}[${i}] = ${emitter.emitHash(keys.map((key) => expressions.emit(key, row)))};`);
    });
    const text = js`for (let ${i} = 0; ${i} < ${rows}; ${i}++) {\n${body}\n}`;
    const { run } = out.build([columns, rows, table, hashes], text);
    const loop = run as unknown as (
      columns: readonly Vector[],
      rows: number,
      table: KeyTable,
      hashes: Int32Array,
    ) => void;
    const none = new GroupTable(keyLayout(this.#schema));
    return (batch, into) => loop(batch.columns, batch.length, none, into);
  }

  #interpreted(keys: readonly Expr[], how: KeyOptions): KeyAssigner {
    const { context } = this.#options;
    const evaluators = keys.map((key) => bindInterpreter(key, context, this.#options));
    return {
      source: "",
      assign(table, batch, groups) {
        for (let i = 0; i < batch.length; i++) {
          const key = evaluators.map((evaluate) => evaluate(batch, i));
          const none = how.nulls === "skip" && key.some((value, k) => value === null && matters(how, k));
          groups[i] = none ? -1 : (table as ValueTable).find(key, how.missing === "insert");
        }
      },
    };
  }
}

/** The type of a single key of strings or bytes. */
export function onlyBytesKey({ fields }: StructType): DataType | undefined {
  const [only] = fields;
  return fields.length === 1 && (only!.type.kind === "string" || only!.type.kind === "binary") ? only!.type : undefined;
}

/** Keys of strings or bytes, in the kernel's table. */
export class BytesKeys implements KeyTable {
  #table: BytesKeyTable | null = BytesKeyTable.acquire();
  readonly #type: DataType;
  constructor(type: DataType) {
    this.#type = type;
  }
  get table(): BytesKeyTable {
    assertInvariant(this.#table !== null, "the keys are still in use");
    return this.#table;
  }
  get count(): number {
    return this.table.count;
  }
  get memoryBytes(): number {
    return this.#table?.memoryBytes ?? 0;
  }
  keys(from = 0, to: number = this.count): Vector[] {
    return [this.table.keys(this.#type, from, to)];
  }
  release(): void {
    this.#table?.release();
    this.#table = null;
  }
}

/** Whether NULL in key `k` is a NULL that matches nothing. */
function matters(how: KeyOptions, k: number): boolean {
  return how.nullSafe?.[k] !== true;
}

/** A key of the interpreter's table: an array of values and its text, about. */
const valueRowBytes = 200;

/** The interpreter's table: keys as values, found by their canonical text. */
export class ValueTable implements KeyTable {
  readonly #schema: StructType;
  readonly #numbers = new Map<string, number>();
  readonly #rows: (readonly SqlValue[])[] = [];
  constructor(schema: StructType) {
    this.#schema = schema;
  }

  get count(): number {
    return this.#rows.length;
  }
  get memoryBytes(): number {
    return valueRowBytes * this.#rows.length;
  }
  release(): void {}

  find(key: readonly SqlValue[], insert: boolean): number {
    const text = canonicalText(key, this.#schema);
    const found = this.#numbers.get(text);
    if (found !== undefined || !insert) return found ?? -1;
    this.#numbers.set(text, this.#rows.length);
    return this.#rows.push(key) - 1;
  }

  keys(from = 0, to: number = this.count): Vector[] {
    return this.#schema.fields.map((f, k) => {
      const builder = createBuilder(f.type, to - from);
      for (let g = from; g < to; g++) builder.append(withoutNegativeZero(this.#rows[g]![k]!, f.type));
      return builder.finish();
    });
  }
}

/** Zero has no sign in keys, also within structs. */
function withoutNegativeZero(value: SqlValue, type: DataType): SqlValue {
  if (value === null) return null;
  if (type.kind === "float" || type.kind === "double") return (value as number) + 0;
  if (type.kind !== "struct") return value;
  const values = value as readonly SqlValue[];
  return type.fields.map((f, i) => withoutNegativeZero(values[i]!, f.type));
}
