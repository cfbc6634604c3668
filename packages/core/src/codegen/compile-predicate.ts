/** Predicates over whole batches, which sources apply early: the positions of the rows for which all conjuncts are true. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { Vector } from "../columnar/vector.ts";
import type { Expr } from "../expressions/expression.ts";
import { ordinalsOf } from "../expressions/traverse.ts";
import { identifier, js } from "../functions/code.ts";
import type { StructType } from "../types/data-type.ts";
import { InputRow } from "./column-reader.ts";
import type { CodegenOptions } from "./compile-pipeline.ts";
import { FunctionEmitter } from "./emit-context.ts";
import { ExpressionEmitter } from "./emit-expression.ts";
import { bindInterpreter } from "./interpreter.ts";

export interface CompiledPredicate {
  readonly source: string;
  /** Writes the positions of the rows that pass into `selection` and returns their number. Unused columns are not read. */
  select(batch: RecordBatch, selection: Int32Array): number;
}

/** Some conjuncts, and the columns that they read. */
export interface PredicateStage {
  readonly columns: readonly number[];
  readonly conjuncts: readonly Expr[];
}

/**
 * The conjuncts in their order, cut before each that needs a column which those before do not read: what a stage leaves
 * out, later columns need not be read for.
 */
export function predicateStages(conjuncts: readonly Expr[]): readonly PredicateStage[] {
  const stages: { readonly columns: Set<number>; readonly conjuncts: Expr[] }[] = [];
  const known = new Set<number>();
  for (const conjunct of conjuncts) {
    const read = ordinalsOf(conjunct);
    let stage = stages.at(-1);
    if (stage === undefined || read.some((ordinal) => !known.has(ordinal)))
      stages.push((stage = { columns: new Set(), conjuncts: [] }));
    stage.conjuncts.push(conjunct);
    for (const ordinal of read) {
      stage.columns.add(ordinal);
      known.add(ordinal);
    }
  }
  return stages.map(({ columns, conjuncts: tested }) => ({ columns: [...columns], conjuncts: tested }));
}

export function compilePredicate(
  conjuncts: readonly Expr[],
  input: StructType,
  options: CodegenOptions,
): CompiledPredicate {
  if (!options.codegen) {
    const conditions = conjuncts.map((conjunct) => bindInterpreter(conjunct, options.context, options));
    return {
      source: "",
      select(batch, selection) {
        let count = 0;
        for (let i = 0; i < batch.length; i++) {
          if (conditions.every((condition) => condition(batch, i) === true)) selection[count++] = i;
        }
        return count;
      },
    };
  }
  const out = new FunctionEmitter(options.context);
  const expressions = new ExpressionEmitter(out, options);
  const [columns, rows, selection] = [identifier("cols", 0), identifier("rows", 0), identifier("sel", 0)];
  const [i, k] = [identifier("row", 0), identifier("pos", 0)];
  const label = identifier("l", 0);
  const row = new InputRow(out, input, columns, i);
  const body = out.block(() => {
    for (const conjunct of conjuncts) expressions.emitFilter(conjunct, row, label);
    out.line(js`${selection}[${k}++] = ${i};`);
  });
  const text = js`let ${k} = 0;\nfor (let ${i} = 0; ${i} < ${rows}; ${i}++) ${label}: {\n${body}\n}\nreturn ${k};`;
  const { run, source } = out.build([columns, rows, selection], text);
  const loop = run as unknown as (columns: readonly Vector[], rows: number, selection: Int32Array) => number;
  return { source, select: (batch, positions) => loop(batch.columns, batch.length, positions) };
}
