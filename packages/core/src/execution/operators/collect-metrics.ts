/** `observe`: passes rows on and aggregates them on the way; the batch asks for the result when it is done. */
import { compileFinalAggregation, compilePartialAggregation } from "../../codegen/compile-aggregate.ts";
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { CollectMetricsExec } from "../../physical-plan/physical-plan.ts";
import { partialSchema } from "../../physical-plan/partial-schema.ts";
import { structType } from "../../types/data-type.ts";
import { compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileCollectMetrics(plan: CollectMetricsExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const { aggregates } = plan;
  const shape = { keyFields: [], aggregates };
  const buffers = partialSchema([], aggregates);
  const results = structType(
    aggregates.map((call, i) => ({ name: `metric ${i}`, type: call.type, nullable: call.nullable })),
  );
  const calls = aggregates.flatMap((call) => [...call.args, ...(call.filter === undefined ? [] : [call.filter])]);
  const partial = compiledPerUse(environment, calls, () =>
    compilePartialAggregation([], input.schema, [], shape, environment.codegen),
  );
  const final = compiledPerUse(environment, [], () => compileFinalAggregation(buffers, shape, environment.codegen));
  const output = compiledPerUse(environment, plan.metrics, () =>
    compilePipeline(
      [{ kind: "project", expressions: plan.metrics, schema: plan.metricsSchema }],
      results,
      environment.codegen,
    ),
  );
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      const partials: RecordBatch[] = [];
      context.observe(plan.name, plan.observer, () => {
        const merged = final(0).start();
        for (const batch of partials) merged.add(batch);
        const row: RecordBatch = { schema: results, length: merged.groups, columns: merged.results() };
        return output(0).run(row);
      });
      return partitions.map((partition, p) =>
        lazily(async function* () {
          const aggregation = partial(p).start();
          let rows = 0;
          try {
            for await (const batch of partition) {
              rows += batch.length;
              aggregation.add(batch);
              yield batch;
            }
          } finally {
            // Also when the consumer wants no more: what passed is what was observed.
            if (rows > 0) partials.push({ schema: buffers, ...aggregation.partials() });
          }
        }),
      );
    },
  };
}
