/**
 * Sorted rows, of each partition only those up to a rank: `row_number() <= 3` and the like. Reads with a bounded memory:
 * when enough rows have come together they are sorted and those beyond the rank are let go.
 */
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { gather, gatherBatch, sliceBatch } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { sortIndices } from "../../columnar/row-order.ts";
import { ascending } from "../../columnar/sort.ts";
import type { Vector } from "../../columnar/vector.ts";
import { nullableOf, typeOf } from "../../expressions/typing.ts";
import type { GroupTopKExec } from "../../physical-plan/physical-plan.ts";
import { structType } from "../../types/data-type.ts";
import { denseRanks, ranks, rowNumbers } from "../window/ranks.ts";
import { runStarts, WindowRows } from "../window/window-rows.ts";
import { chain, compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

const rankColumns = { row_number: rowNumbers, rank: ranks, dense_rank: denseRanks } as const;

export function compileGroupTopK(plan: GroupTopKExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const expressions = [...plan.partitionBy, ...plan.orderBy.map((item) => item.child)];
  const schema = structType(
    expressions.map((expr, i) => ({ name: `order ${i}`, type: typeOf(expr), nullable: nullableOf(expr) })),
  );
  const orders = plan.orderBy.map((item) => ({
    descending: item.direction === "descending",
    nullsFirst: item.nulls === "first",
  }));
  const keyCount = plan.partitionBy.length;
  const directions = [...plan.partitionBy.map(() => ascending), ...orders];
  const compiled = compiledPerUse(environment, expressions, () =>
    compilePipeline([{ kind: "project", expressions, schema }], input.schema, environment.codegen),
  );
  return {
    schema: plan.schema,
    async open(context) {
      if (plan.limit <= 0) return [];
      const partitions = await input.open(context);
      return [
        lazily(async function* () {
          const project = compiled(0);
          const memory = context.memory.budget.reserve("the first rows of each group");
          /** The rows in order, without those beyond the rank. */
          const best = (rows: RecordBatch): RecordBatch => {
            const columns = project.run(rows).columns;
            const order = sortIndices(columns, directions);
            const sorted = columns.map((column) => gather(column, order, order.length));
            const count = keepRanked(order, sorted, rows);
            return gatherBatch(rows, order, count);
          };
          const keepRanked = (order: Int32Array, sorted: readonly Vector[], rows: RecordBatch): number => {
            const starts = runStarts(sorted.slice(0, keyCount), rows.length, undefined);
            const ranked = rankColumns[plan.rank](new WindowRows(rows, starts, sorted.slice(keyCount), orders));
            const values = (ranked as Vector & { readonly kind: "i32" }).values;
            let count = 0;
            for (let i = 0; i < order.length; i++) if (values[i]! <= plan.limit) order[count++] = order[i]!;
            return count;
          };
          let kept: RecordBatch[] = [];
          let count = 0;
          let cutAt = 4 * targetBatchRows;
          try {
            for await (const batch of chain(partitions)) {
              if (batch.length === 0) continue;
              kept.push(batch.length > targetBatchRows / 4 ? batch : compactBatch(batch));
              count += batch.length;
              if (count < cutAt) continue;
              const rows = compactBatch(best(concatBatches(input.schema, kept)));
              memory.require(batchMemorySize(rows));
              kept = [rows];
              count = rows.length;
              // Where most rows stay, the next cut waits until it is worth a sort.
              cutAt = Math.max(4 * targetBatchRows, 2 * count);
            }
            if (count === 0) return;
            const rows = best(concatBatches(input.schema, kept));
            for (let from = 0; from < rows.length; from += targetBatchRows) {
              const part = sliceBatch(rows, from, Math.min(from + targetBatchRows, rows.length));
              yield { ...part, schema: plan.schema };
            }
          } finally {
            memory.release();
          }
        }),
      ];
    },
  };
}
