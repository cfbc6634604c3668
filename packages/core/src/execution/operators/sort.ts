/** Sorts all rows, stable. With a limit it keeps only the best rows while it reads. */
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { sortIndices } from "../../columnar/sort.ts";
import { nullableOf, typeOf } from "../../expressions/typing.ts";
import type { SortExec } from "../../physical-plan/physical-plan.ts";
import { structType } from "../../types/data-type.ts";
import { chain, compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileSort(plan: SortExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const expressions = plan.order.map((order) => order.child);
  const schema = structType(
    expressions.map((expr, i) => ({ name: `order ${i}`, type: typeOf(expr), nullable: nullableOf(expr) })),
  );
  const directions = plan.order.map((order) => ({
    descending: order.direction === "descending",
    nullsFirst: order.nulls === "first",
  }));
  const compiled = compiledPerUse(environment, expressions, () =>
    compilePipeline([{ kind: "project", expressions, schema }], input.schema, environment.codegen),
  );
  const limit = plan.limit ?? Number.POSITIVE_INFINITY;
  const keepAtMost = Math.max(2 * limit, 4 * targetBatchRows);
  return {
    schema: plan.schema,
    async open(context) {
      if (limit <= 0) return [];
      const partitions = await input.open(context);
      return [
        lazily(async function* () {
          const keys = compiled(0);
          /** The rows in order, the first `limit` of them. */
          const sorted = (
            rows: RecordBatch,
          ): { readonly rows: RecordBatch; readonly order: Int32Array; readonly length: number } => {
            const order = sortIndices(keys.run(rows).columns, directions);
            return { rows, order, length: Math.min(order.length, limit) };
          };
          let kept: RecordBatch[] = [];
          let count = 0;
          for await (const batch of chain(partitions)) {
            if (batch.length === 0) continue;
            kept.push(batch.length > targetBatchRows / 4 ? batch : compactBatch(batch));
            count += batch.length;
            if (count > keepAtMost) {
              const best = sorted(concatBatches(plan.schema, kept));
              kept = [compactBatch(gatherBatch(best.rows, best.order, best.length))];
              count = best.length;
            }
          }
          if (count === 0) return;
          const all = sorted(concatBatches(plan.schema, kept));
          kept = [];
          for (let from = 0; from < all.length; from += targetBatchRows) {
            const part = all.order.subarray(from, Math.min(from + targetBatchRows, all.length));
            yield { ...gatherBatch(all.rows, part, part.length), schema: plan.schema };
          }
        }),
      ];
    },
  };
}
