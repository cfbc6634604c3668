/** All rows but the first, over all partitions. */
import { sliceBatch } from "../../columnar/gather.ts";
import type { OffsetExec } from "../../physical-plan/physical-plan.ts";
import { chain, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileOffset(plan: OffsetExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return [
        lazily(async function* () {
          let left = plan.offset;
          for await (const batch of chain(partitions)) {
            const skipped = Math.min(left, batch.length);
            left -= skipped;
            if (skipped < batch.length) yield skipped === 0 ? batch : sliceBatch(batch, skipped, batch.length);
          }
        }),
      ];
    },
  };
}
