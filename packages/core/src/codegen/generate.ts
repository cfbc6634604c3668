/** Generators (`explode` and its like): each input row is repeated once per generated row. */
import { lendMemory } from "../columnar/batch-memory.ts";
import { gather } from "../columnar/gather.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { encodeUtf8 } from "../columnar/utf8.ts";
import { type ColumnParts, splitColumn } from "../columnar/text-kernel.ts";
import { bitAt } from "../columnar/validity.ts";
import type { ListVector, Vector } from "../columnar/vector.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { assertInvariant } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { plainSeparator } from "../functions/regex/text-regex.ts";
import { functionRegistry } from "../functions/registry.ts";
import { type DataType, intType, stringType, type StructType } from "../types/data-type.ts";
import type { CodegenOptions } from "./compile-pipeline.ts";
import { bindInterpreter } from "./interpreter.ts";
import type { PipelineStep } from "./pipeline.ts";

type Generate = Extract<PipelineStep, { readonly kind: "generate" }>;

/** Rows of a generator for a batch. */
interface Generated {
  /** The input row of each; not asked for when neither columns of the input nor positions are needed. */
  rows(): Int32Array;
  /** The generated columns, but for positions. */
  readonly columns: readonly Vector[];
  readonly count: number;
  /** Nothing looks at the columns any more. */
  readonly takeBack?: () => void;
}

/** Computes an expression over a batch. */
export type ColumnCompiler = (expr: Expr, type: DataType) => { run(batch: RecordBatch): Vector };

/** @param needed the columns of the result that are looked at afterwards; the others are left empty */
export function bindGenerate(
  step: Generate,
  input: StructType,
  options: CodegenOptions,
  needed: ReadonlySet<number>,
  compileColumn: ColumnCompiler,
): (batch: RecordBatch) => RecordBatch {
  const generate = (options.codegen ? explodedColumns(step, compileColumn) : undefined) ?? byRow(step, input, options);
  const repeats = input.fields.some((_, i) => needed.has(i));
  return (batch) => {
    const { rows, columns, count, takeBack } = generate(batch);
    const from = repeats ? rows() : new Int32Array(0);
    const passed = batch.columns.map((column, i): Vector => {
      if (needed.has(i)) return gather(column, from, count);
      return { kind: "null", type: column.type, length: count, validity: null };
    });
    const result = { schema: step.schema, length: count, columns: [...passed, ...columns] };
    if (takeBack !== undefined) lendMemory(result, takeBack);
    return result;
  };
}

function byRow(step: Generate, input: StructType, options: CodegenOptions): (batch: RecordBatch) => Generated {
  const generator = functionRegistry.generator(step.generator);
  assertInvariant(generator !== undefined, "a resolved generator names a function of the registry");
  const generate = generator.bind(step.args.map(typeOf));
  const args = step.args.map((arg) => bindInterpreter(arg, options.context, options));
  const generated = step.schema.fields.slice(input.fields.length);
  return (batch) => {
    const builders = generated.map((f) => createBuilder(f.type, batch.length));
    let rows = new Int32Array(Math.max(16, batch.length));
    let count = 0;
    for (let i = 0; i < batch.length; i++) {
      for (const row of generate(...args.map((arg) => arg(batch, i)))) {
        if (count === rows.length) {
          const grown = new Int32Array(2 * count);
          grown.set(rows);
          rows = grown;
        }
        rows[count++] = i;
        for (let j = 0; j < builders.length; j++) builders[j]!.append(row[j]!);
      }
    }
    return { rows: () => rows, count, columns: builders.map((builder) => builder.finish()) };
  };
}

/** `explode` and `posexplode` of arrays, a column at a time; undefined for what goes row by row. */
function explodedColumns(
  step: Generate,
  compileColumn: ColumnCompiler,
): ((batch: RecordBatch) => Generated) | undefined {
  if (step.generator !== "explode" && step.generator !== "posexplode") return undefined;
  const withPositions = step.generator === "posexplode";
  const arg = step.args[0]!;
  const type = typeOf(arg);
  if (type.kind !== "array") return undefined;
  const finish = (rows: () => Int32Array, elements: Vector, count: number): Generated => {
    const columns = withPositions ? [positions(rows(), count), elements] : [elements];
    return { rows, columns, count };
  };
  const none = (): Generated => finish(() => new Int32Array(0), createBuilder(type.element, 0).finish(), 0);
  const plain = splitAtPlain(arg);
  if (plain !== undefined) {
    const text = compileColumn(plain.text, stringType);
    let spare: Pick<ColumnParts, "starts" | "ends"> | undefined;
    return (batch) => {
      const column = text.run(batch);
      if (column.kind !== "bytes") return none();
      const parts = splitColumn(column, batch.length, plain.separator, spare);
      spare = undefined;
      const { count: length, starts, ends } = parts;
      const elements = {
        kind: "bytes",
        type: stringType,
        length,
        validity: null,
        bytes: column.bytes,
        starts,
        ends,
      } as const;
      return { ...finish(() => repeated(parts.counts, length), elements, length), takeBack: () => (spare = parts) };
    };
  }
  if (arg.kind !== "BoundReference") return undefined;
  return (batch) => {
    const list = batch.columns[arg.ordinal]!;
    if (list.kind !== "list") return none();
    const { rows, elements, count } = elementsOf(list, batch.length);
    return finish(() => rows, gather(list.child, elements, count), count);
  };
}

/** Each position so often as `counts` says. */
function repeated(counts: Int32Array, length: number): Int32Array {
  const rows = new Int32Array(length);
  for (let i = 0, at = 0; i < counts.length; i++) {
    const end = at + counts[i]!;
    rows.fill(i, at, end);
    at = end;
  }
  return rows;
}

/** Text and separator of a call of `split` that needs no regular expression. */
function splitAtPlain(expr: Expr): { readonly text: Expr; readonly separator: Uint8Array } | undefined {
  if (expr.kind !== "Call" || expr.fn !== "split") return undefined;
  const [text, pattern, limit] = expr.args;
  if (pattern?.kind !== "Literal" || typeof pattern.value !== "string") return undefined;
  const separator = plainSeparator(pattern.value);
  const unlimited = limit === undefined || (limit.kind === "Literal" && Number(limit.value ?? 1) <= 0);
  return unlimited && separator !== undefined ? { text: text!, separator: encodeUtf8(separator) } : undefined;
}

function elementsOf(
  list: ListVector,
  length: number,
): { readonly rows: Int32Array; readonly elements: Int32Array; readonly count: number } {
  const { offsets, validity } = list;
  const most = offsets[length]! - offsets[0]!;
  const rows = new Int32Array(most);
  const elements = new Int32Array(most);
  let count = 0;
  for (let i = 0; i < length; i++) {
    if (validity !== null && !bitAt(validity, i)) continue;
    const end = offsets[i + 1]!;
    for (let e = offsets[i]!; e < end; e++) {
      rows[count] = i;
      elements[count++] = e;
    }
  }
  return { rows, elements, count };
}

/** Number of each generated row within its input row. */
function positions(rows: Int32Array, count: number): Vector {
  const values = new Int32Array(count);
  for (let i = 1; i < count; i++) values[i] = rows[i] === rows[i - 1] ? values[i - 1]! + 1 : 0;
  return { kind: "i32", type: intType, length: count, validity: null, values };
}
