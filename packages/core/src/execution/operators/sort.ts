/** Sorts all rows, stable: the few first ones of a small limit in memory, else in runs that may go to disk. */
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Expr } from "../../expressions/expression.ts";
import { nullableOf, typeOf } from "../../expressions/typing.ts";
import type { SortExec } from "../../physical-plan/physical-plan.ts";
import { field, structType } from "../../types/data-type.ts";
import { ExternalSorter } from "../sorting/external-sorter.ts";
import { TopRows } from "../sorting/top-rows.ts";
import { chain, compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

/** Limits up to this many rows are kept in memory while the input is read. */
const smallLimit = 1 << 16;

export function compileSort(plan: SortExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const inputFields = input.schema.fields;
  // Keys that are computed travel with the rows, so that each is computed once.
  const computed: Expr[] = [];
  const ordinals = plan.order.map(({ child }) =>
    child.kind === "BoundReference" ? child.ordinal : inputFields.length + computed.push(child) - 1,
  );
  const keys = computed.map((expr, i) => field(`order ${i}`, typeOf(expr), nullableOf(expr)));
  const order = {
    ordinals,
    directions: plan.order.map((item) => ({
      descending: item.direction === "descending",
      nullsFirst: item.nulls === "first",
    })),
  };
  const wide = structType([...inputFields, ...keys]);
  const compiled = compiledPerUse(environment, computed, () =>
    compilePipeline(
      [{ kind: "project", expressions: computed, schema: structType(keys) }],
      input.schema,
      environment.codegen,
    ),
  );
  const { limit } = plan;
  const narrow = (batch: RecordBatch): RecordBatch => ({
    schema: plan.schema,
    length: batch.length,
    columns: batch.columns.slice(0, inputFields.length),
  });
  return {
    schema: plan.schema,
    async open(context) {
      if (limit !== undefined && limit <= 0) return [];
      const partitions = await input.open(context);
      const sorts = plan.withinPartitions === true ? partitions.map((partition) => [partition]) : [partitions];
      return sorts.map((own, part) =>
        lazily(async function* () {
          const pipeline = compiled(part);
          const widen = (batch: RecordBatch): RecordBatch =>
            computed.length === 0
              ? batch
              : { schema: wide, length: batch.length, columns: [...batch.columns, ...pipeline.run(batch).columns] };
          if (limit !== undefined && limit <= smallLimit) {
            const top = new TopRows(wide, order, limit);
            for await (const batch of chain(own)) top.add(widen(batch));
            for (const batch of top.sorted()) yield narrow(batch);
            return;
          }
          const sorter = new ExternalSorter({
            schema: wide,
            order,
            memory: context.memory,
            ...(limit === undefined ? {} : { limit }),
          });
          try {
            for await (const batch of chain(own)) await sorter.add(widen(batch));
            for await (const batch of sorter.sorted()) yield narrow(batch);
          } finally {
            await sorter.close();
          }
        }),
      );
    },
  };
}
