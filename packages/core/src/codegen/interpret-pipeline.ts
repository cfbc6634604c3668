/** The steps of a pipeline by the interpreter: batch in, batch out, values one by one. */
import { gatherBatch } from "../columnar/gather.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { operandsOf } from "./bind-call.ts";
import type { CodegenOptions, LoopStep } from "./compile-pipeline.ts";
import { bindInterpreter } from "./interpreter.ts";

export function interpretStep(step: LoopStep, options: CodegenOptions): (batch: RecordBatch) => RecordBatch {
  switch (step.kind) {
    case "filter": {
      // As in generated code: the first conjunct that is not true drops the row, and what follows it is not evaluated.
      const { condition } = step;
      const conjuncts =
        condition.kind === "Call" && condition.fn === "and" ? operandsOf(condition, "and") : [condition];
      const conditions = conjuncts.map((conjunct) => bindInterpreter(conjunct, options.context, options));
      return (batch) => {
        const selection = new Int32Array(batch.length);
        let count = 0;
        for (let i = 0; i < batch.length; i++) {
          if (conditions.every((holds) => holds(batch, i) === true)) selection[count++] = i;
        }
        return count === batch.length ? batch : gatherBatch(batch, selection, count);
      };
    }
    case "project":
    case "expand": {
      const projections = step.kind === "project" ? [step.expressions] : step.projections;
      const evaluators = projections.map((p) => p.map((expr) => bindInterpreter(expr, options.context, options)));
      const { schema } = step;
      return (batch) => {
        const length = batch.length * projections.length;
        const builders = schema.fields.map((f) => createBuilder(f.type, length));
        for (let i = 0; i < batch.length; i++) {
          for (const row of evaluators) row.forEach((evaluate, j) => builders[j]!.append(evaluate(batch, i)));
        }
        return { schema, length, columns: builders.map((builder) => builder.finish()) };
      };
    }
  }
}
