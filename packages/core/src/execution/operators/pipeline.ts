/** Filters, projections, expansions and generators in one loop. */
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import { passMemory, returnMemory } from "../../columnar/batch-memory.ts";
import type { PipelineExec } from "../../physical-plan/physical-plan.ts";
import { compiledPerUse, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";
import { expressionsOfSteps } from "../../physical-plan/expressions-of-plan.ts";

export function compilePipelineOperator(plan: PipelineExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const compiled = compiledPerUse(environment, expressionsOfSteps(plan.steps), () =>
    compilePipeline(plan.steps, input.schema, environment.codegen),
  );
  environment.source(plan.id, compiled(0).source);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return partitions.map((partition, p) =>
        lazily(async function* () {
          const pipeline = compiled(p);
          for await (const batch of partition) {
            const result = pipeline.run(batch);
            if (result.length === 0) {
              returnMemory(result);
              returnMemory(batch);
              continue;
            }
            const rows = { ...result, schema: plan.schema };
            passMemory(result, rows);
            passMemory(batch, rows);
            yield rows;
          }
        }),
      );
    },
  };
}
