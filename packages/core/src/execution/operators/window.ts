/**
 * Window functions over sorted rows. Batches are kept until the last partition that they hold is complete, so a batch of
 * many small partitions is computed as one, column by column. Of a partition that does not fit into memory, the columns
 * that the functions read must.
 */
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import { compactBatch } from "../../columnar/compact.ts";
import { sliceBatch } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import type { Vector } from "../../columnar/vector.ts";
import { ordinalsOf } from "../../expressions/traverse.ts";
import { childrenOfWindow } from "../../expressions/window-expression.ts";
import type { WindowExec } from "../../physical-plan/physical-plan.ts";
import { KeptRows } from "../window/kept-rows.ts";
import { columnsOf, compileWindowFunction, type Projection } from "../window/window-function.ts";
import { runStarts, sameKeys, WindowRows } from "../window/window-rows.ts";
import { chain, compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileWindow(plan: WindowExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const project: Projection = (expressions, schema) =>
    compilePipeline([{ kind: "project", expressions, schema }], input.schema, environment.codegen);
  const expressions = [...plan.partitionBy, ...plan.orderBy, ...plan.functions.flatMap(childrenOfWindow)];
  const read = new Set(expressions.flatMap(ordinalsOf));
  const directions = plan.orderBy.map((item) => ({
    descending: item.direction === "descending",
    nullsFirst: item.nulls === "first",
  }));
  const compiled = compiledPerUse(environment, expressions, () => {
    const keysOf = columnsOf(plan.partitionBy, project);
    const orderOf = columnsOf(
      plan.orderBy.map((item) => item.child),
      project,
    );
    const functions = plan.functions.map((fn) => compileWindowFunction(fn, project, environment.codegen.context));
    return { keysOf, orderOf, functions };
  });
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return [
        lazily(async function* () {
          const { keysOf, orderOf, functions } = compiled(0);
          const compute = (batch: RecordBatch): readonly Vector[] => {
            const starts = runStarts(keysOf(batch), batch.length, undefined);
            const rows = new WindowRows(batch, starts, orderOf(batch), directions);
            return functions.map((fn) => fn(rows));
          };
          /** Rows of the last partition seen, whose end is not known, perhaps with complete ones before. */
          const kept = new KeptRows(input.schema, read, context.memory);
          let lastKeys: readonly Vector[] | undefined;
          try {
            for await (const next of chain(partitions)) {
              if (next.length === 0) continue;
              const batch = next.length > targetBatchRows / 4 ? next : compactBatch(next);
              const keys = keysOf(batch);
              const starts = runStarts(keys, batch.length, undefined);
              const last = starts[starts.length - 2]!;
              const previous = lastKeys;
              const goesOn = previous === undefined || sameKeys(previous, keys)(previous[0]!.length - 1, 0) === 0;
              lastKeys = keys.length === 0 ? undefined : keys;
              if (!goesOn && !kept.isEmpty) yield* kept.take(plan.schema, compute);
              if (last > 0) {
                await kept.add(sliceBatch(batch, 0, last));
                yield* kept.take(plan.schema, compute);
              }
              await kept.add(sliceBatch(batch, last, batch.length));
            }
            if (!kept.isEmpty) yield* kept.take(plan.schema, compute);
          } finally {
            await kept.close();
          }
        }),
      ];
    },
  };
}
