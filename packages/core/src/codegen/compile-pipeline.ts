/**
 * Pipelines to code: filters, projections and expansions between two generators become one loop over the input batch.
 *
 * What the loop looks like (names are numbers, never the user's words):
 *
 *     for (let i = 0; i < rows; i++) l0: {
 *       const v1 = c1[i];                       // columns are read when first needed: after the filters that precede them
 *       if (!(v1 > 5n)) break l0;
 *       o1[k] = v1 + 1n;                        // computed columns
 *       sel[k++] = i;                           // columns that pass through are gathered by position afterwards
 *     }
 */
import { passMemory } from "../columnar/batch-memory.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { Vector } from "../columnar/vector.ts";
import type { Expr } from "../expressions/expression.ts";
import { ordinalsOf, someExpression } from "../expressions/traverse.ts";
import { identifier, js, joinCode, number } from "../functions/code.ts";
import type { Code, Emitted } from "../functions/emitter.ts";
import type { EvalContext } from "../functions/function.ts";
import { type DataType, type StructType, structType } from "../types/data-type.ts";
import { InputRow } from "./column-reader.ts";
import { allocateBuffers, ColumnWriter, type ColumnBuffer, finishColumn, type OutputColumn } from "./column-writer.ts";
import { FunctionEmitter } from "./emit-context.ts";
import { ExpressionEmitter, type RowScope } from "./emit-expression.ts";
import { isRepeatable } from "./expression-ids.ts";
import { bindGenerate, type ColumnCompiler } from "./generate.ts";
import { interpretStep } from "./interpret-pipeline.ts";
import type { PipelineStep } from "./pipeline.ts";

export interface CodegenOptions {
  readonly context: EvalContext;
  /** false: the interpreter; no `new Function`. */
  readonly codegen: boolean;
  /** User functions get BIGINT as bigint. */
  readonly bigint: boolean;
  /** `temporal`: user functions get dates and times as Temporal objects. */
  readonly timestamps?: "date" | "temporal";
}

/** A batch transformation. Batches may come out with no rows, and with memory of the pipeline's that it takes back. */
export interface CompiledPipeline {
  readonly schema: StructType;
  /** The generated source; empty for the interpreter and for nothing to do. */
  readonly source: string;
  run(batch: RecordBatch): RecordBatch;
}

export type LoopStep = Exclude<PipelineStep, { readonly kind: "generate" }>;

/** The schema of rows after a step. */
export function schemaAfter(step: PipelineStep, input: StructType): StructType {
  return step.kind === "filter" ? input : step.schema;
}

/** @param after what reads the rows of the pipeline, when not all their columns are wanted */
export function compilePipeline(
  steps: readonly PipelineStep[],
  input: StructType,
  options: CodegenOptions,
  after?: { readonly steps: readonly PipelineStep[]; readonly expressions: readonly Expr[] },
): CompiledPipeline {
  const parts: { readonly source: string; run(batch: RecordBatch): RecordBatch }[] = [];
  let schema = input;
  let open: LoopStep[] = [];
  const close = (): void => {
    if (open.length > 0) parts.push(compileLoop(open, schema, options));
    for (const step of open) schema = schemaAfter(step, schema);
    open = [];
  };
  for (const [at, step] of steps.entries()) {
    if (step.kind !== "generate") {
      open.push(step);
      continue;
    }
    close();
    const rest = [...steps.slice(at + 1), ...(after?.steps ?? [])];
    const needed = ordinalsRead(rest, step.schema.fields.length, after?.expressions);
    const columnInput = schema;
    const column: ColumnCompiler = (expr, type) => compileColumn(expr, type, columnInput, options);
    parts.push({ source: "", run: bindGenerate(step, schema, options, needed, column) });
    schema = step.schema;
  }
  close();
  return {
    schema,
    source: parts.flatMap((part) => (part.source === "" ? [] : [part.source])).join("\n\n"),
    run(batch) {
      let current = batch;
      for (const part of parts) {
        const result = part.run(current);
        // The input's memory is the caller's business.
        if (current !== batch) passMemory(current, result);
        current = result;
      }
      return current;
    },
  };
}

/** Computes one column for the rows of a batch. */
export function compileColumn(
  expr: Expr,
  type: DataType,
  input: StructType,
  options: CodegenOptions,
): { readonly source: string; run(batch: RecordBatch): Vector } {
  if (expr.kind === "BoundReference") return { source: "", run: (batch) => batch.columns[expr.ordinal]! };
  const schema = structType([{ name: "column", type, nullable: true }]);
  const { source, run } = compilePipeline([{ kind: "project", expressions: [expr], schema }], input, options);
  return { source, run: (batch) => run(batch).columns[0]! };
}

/** Columns that steps read of their input; all when no projection ends the search and `last` is not known. */
function ordinalsRead(
  steps: readonly PipelineStep[],
  width: number,
  last: readonly Expr[] | undefined,
): ReadonlySet<number> {
  const read: Expr[] = [];
  for (const step of steps) {
    if (step.kind === "generate") break;
    if (step.kind === "filter") {
      read.push(step.condition);
      continue;
    }
    read.push(...(step.kind === "project" ? step.expressions : step.projections.flat()));
    return new Set(read.flatMap(ordinalsOf));
  }
  if (last === undefined || steps.some((step) => step.kind === "generate"))
    return new Set(Array.from({ length: width }, (_, i) => i));
  return new Set([...read, ...last].flatMap(ordinalsOf));
}

/** Emits steps and then `body` for each row that comes out of them. */
export function emitSteps(
  out: FunctionEmitter,
  expressions: ExpressionEmitter,
  steps: readonly LoopStep[],
  row: RowScope,
  body: (row: RowScope) => void,
): void {
  const [step, ...rest] = steps;
  if (step === undefined) {
    body(row);
    return;
  }
  switch (step.kind) {
    case "filter": {
      const label = out.fresh("l");
      const inside = out.block(() => {
        expressions.emitFilter(step.condition, row, label);
        emitSteps(out, expressions, rest, row, body);
      });
      out.line(js`${label}: {\n${inside}\n}`);
      return;
    }
    case "project": {
      // What must not be repeated or left out happens here; the rest where it is first used, if it is.
      for (const expr of step.expressions) {
        if (someExpression(expr, (e) => e.kind === "UserFunctionCall" || !isRepeatable(e))) expressions.emit(expr, row);
      }
      const scope: RowScope = {
        id: out.ids.fresh(),
        column: (ordinal) => expressions.emit(step.expressions[ordinal]!, row),
      };
      emitSteps(out, expressions, rest, scope, body);
      return;
    }
    case "expand": {
      const index = out.fresh("i");
      const inside = out.block(() => emitExpansion(out, expressions, step, row, index, rest, body));
      out.line(js`for (let ${index} = 0; ${index} < ${number(step.projections.length)}; ${index}++) {\n${inside}\n}`);
      return;
    }
  }
}

function emitExpansion(
  out: FunctionEmitter,
  expressions: ExpressionEmitter,
  step: Extract<LoopStep, { readonly kind: "expand" }>,
  row: RowScope,
  index: Code,
  rest: readonly LoopStep[],
  body: (row: RowScope) => void,
): void {
  const columns: (Emitted | Expr)[] = step.schema.fields.map((f, j) => {
    const first = step.projections[0]![j]!;
    const same = step.projections.every((p) => out.ids.of(p[j]!, row.id) === out.ids.of(first, row.id));
    return same ? first : out.declare(f.type);
  });
  step.projections.forEach((projection, p) => {
    out.branch(js`${index} === ${number(p)}`, () => {
      projection.forEach((expr, j) => {
        const target = columns[j]!;
        if (!("kind" in target)) out.assign(target, expressions.emit(expr, row));
      });
    });
  });
  const scope: RowScope = {
    id: out.ids.fresh(),
    column(ordinal) {
      const column = columns[ordinal]!;
      return "kind" in column ? expressions.emit(column, row) : column;
    },
  };
  emitSteps(out, expressions, rest, scope, body);
}

/** The column of the loop's input that output column `ordinal` is, when no step computes it. */
function inputOrdinal(steps: readonly LoopStep[], ordinal: number): number | undefined {
  let at = ordinal;
  for (let s = steps.length - 1; s >= 0; s--) {
    const step = steps[s]!;
    if (step.kind === "filter") continue;
    const choices = step.kind === "project" ? [step.expressions[at]!] : step.projections.map((p) => p[at]!);
    const first = withoutAlias(choices[0]!);
    if (first.kind !== "BoundReference") return undefined;
    for (const other of choices) {
      const reference = withoutAlias(other);
      if (reference.kind !== "BoundReference" || reference.ordinal !== first.ordinal) return undefined;
    }
    at = first.ordinal;
  }
  return at;
}

function withoutAlias(expr: Expr): Expr {
  return expr.kind === "Alias" ? withoutAlias(expr.child) : expr;
}

type Loop = (
  columns: readonly Vector[],
  rows: number,
  buffers: readonly ColumnBuffer[],
  selection: Int32Array | null,
) => number;

function compileLoop(
  steps: readonly LoopStep[],
  input: StructType,
  options: CodegenOptions,
): { readonly source: string; run(batch: RecordBatch): RecordBatch } {
  if (!options.codegen) {
    const runs: ((batch: RecordBatch) => RecordBatch)[] = [];
    let schema = input;
    for (const step of steps) {
      runs.push(interpretStep(step, options));
      schema = schemaAfter(step, schema);
    }
    return { source: "", run: (batch) => runs.reduce((current, run) => run(current), batch) };
  }
  const schema = steps.reduce<StructType>((current, step) => schemaAfter(step, current), input);
  const keepsRows = steps.every((step) => step.kind === "project");
  const growth = steps.reduce(
    (product, step) => (step.kind === "expand" ? product * step.projections.length : product),
    1,
  );
  const { columns, loop, source } = emitLoop(steps, input, schema, keepsRows, options);
  const passes = columns.some((column) => column.kind === "pass");
  return {
    source,
    run(batch) {
      const capacity = batch.length * growth;
      const selection = keepsRows || !passes ? null : new Int32Array(capacity);
      const buffers = allocateBuffers(columns, capacity);
      const length = loop === undefined ? batch.length : loop(batch.columns, batch.length, buffers, selection);
      if (length === batch.length && growth === 1 && steps.every((step) => step.kind === "filter")) return batch;
      return {
        schema,
        length,
        columns: columns.map((column) => finishColumn(column, buffers, length, batch.columns, selection)),
      };
    },
  };
}

function emitLoop(
  steps: readonly LoopStep[],
  input: StructType,
  schema: StructType,
  keepsRows: boolean,
  options: CodegenOptions,
): { readonly columns: readonly OutputColumn[]; readonly loop: Loop | undefined; readonly source: string } {
  const out = new FunctionEmitter(options.context);
  const expressions = new ExpressionEmitter(out, options);
  const [vectors, rows, buffers, selection] = [
    identifier("cols", 0),
    identifier("rows", 0),
    identifier("bufs", 0),
    identifier("sel", 0),
  ];
  const [i, k] = [identifier("row", 0), identifier("pos", 0)];
  const inputRow = new InputRow(out, input, vectors, i);
  const writer = new ColumnWriter(out, buffers, k, (bytes) => inputRow.isStable(bytes) || /^k\d+$/.test(bytes.__code));
  const columns: OutputColumn[] = [];
  const body = out.block(() => {
    emitSteps(out, expressions, steps, inputRow, (row) => {
      schema.fields.forEach((f, ordinal) => {
        const passed = inputOrdinal(steps, ordinal);
        if (passed !== undefined) {
          columns.push({ kind: "pass", ordinal: passed });
          return;
        }
        const value = row.column(ordinal);
        columns.push(writer.write(value, f.type));
      });
      if (!keepsRows && columns.some((column) => column.kind === "pass")) out.line(js`${selection}[${k}] = ${i};`);
      out.line(js`${k}++;`);
    });
  });
  if (keepsRows && columns.every((column) => column.kind === "pass") && body.__code.split("\n").length <= 1) {
    return { columns, loop: undefined, source: "" };
  }
  const text = js`let ${k} = 0;\nfor (let ${i} = 0; ${i} < ${rows}; ${i}++) {\n${body}\n}\n${joinCode(writer.epilogue, "\n")}\nreturn ${k};`;
  const { run, source } = out.build([vectors, rows, buffers, selection], text);
  return { columns, loop: run as unknown as Loop, source };
}
