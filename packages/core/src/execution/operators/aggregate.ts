/** Hash aggregation: partial results per partition, and the merge of partial results to final values. */
import { compileFinalAggregation, compilePartialAggregation } from "../../codegen/compile-aggregate.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { FinalAggregateExec, PartialAggregateExec } from "../../physical-plan/physical-plan.ts";
import { compiledPerUse, expressionsOf, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

/** A partial aggregation hands on what it has when it reaches this many groups: its memory stays bounded. */
export const maximumPartialGroups: number = 1 << 18;

export function compilePartialAggregate(plan: PartialAggregateExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const shape = { keyFields: plan.schema.fields.slice(0, plan.keys.length), aggregates: plan.aggregates };
  const calls = plan.aggregates.flatMap((call) => [...call.args, ...(call.filter === undefined ? [] : [call.filter])]);
  const compiled = compiledPerUse(environment, [...expressionsOf(plan.steps), ...plan.keys, ...calls], () =>
    compilePartialAggregation(plan.steps, input.schema, plan.keys, shape, environment.codegen),
  );
  environment.source(plan.id, compiled(0).source);
  const keyless = plan.keys.length === 0;
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return partitions.map((partition, p) =>
        lazily(async function* () {
          const aggregation = compiled(p);
          let current = aggregation.start();
          let rows = 0;
          const result = (): RecordBatch => ({
            schema: plan.schema,
            length: current.groups,
            columns: current.partials(),
          });
          for await (const batch of partition) {
            rows += batch.length;
            current.add(batch);
            if (current.groups >= maximumPartialGroups) {
              yield result();
              current = aggregation.start();
              rows = 0;
            }
          }
          if (keyless ? rows > 0 : current.groups > 0) yield result();
        }),
      );
    },
  };
}

export function compileFinalAggregate(plan: FinalAggregateExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const shape = { keyFields: plan.schema.fields.slice(0, plan.keyCount), aggregates: plan.aggregates };
  const compiled = compiledPerUse(environment, [], () =>
    compileFinalAggregation(input.schema, shape, environment.codegen),
  );
  environment.source(plan.id, compiled(0).source);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return partitions.map((partition, p) =>
        lazily(async function* () {
          const aggregation = compiled(p).start();
          for await (const batch of partition) aggregation.add(batch);
          const length = aggregation.groups;
          if (length > 0) yield { schema: plan.schema, length, columns: aggregation.results() };
        }),
      );
    },
  };
}
