/** The first rows over all partitions; stops pulling as soon as it has them, unless all are to be read. */
import { sliceBatch } from "../../columnar/gather.ts";
import type { LimitExec } from "../../physical-plan/physical-plan.ts";
import { chain, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileLimit(plan: LimitExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  return {
    schema: plan.schema,
    async open(context) {
      if (plan.limit <= 0 && plan.readsAll !== true) return [];
      const partitions = await input.open(context);
      return [
        lazily(async function* () {
          let left = plan.limit;
          for await (const batch of chain(partitions)) {
            if (batch.length < left) {
              left -= batch.length;
              yield batch;
              continue;
            }
            // The last batch comes out before the input is closed by the return.
            if (left > 0) yield sliceBatch(batch, 0, left);
            left = 0;
            if (plan.readsAll !== true) return;
          }
        }),
      ];
    },
  };
}
