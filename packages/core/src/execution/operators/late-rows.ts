/**
 * Passes rows on, and keeps a copy of those that the operator above drops as late, for the query's `lateRows`. By the same
 * rule: the event time, of a window its end, is at or before the watermark of the batch before; a NULL never is.
 */
import { compactBatch } from "../../columnar/compact.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { isValid } from "../../columnar/vector.ts";
import type { LateRowsExec } from "../../physical-plan/physical-plan.ts";
import { eventTimes } from "./event-time-watermark.ts";
import { lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileLateRows(plan: LateRowsExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      const taker = context.lateRows?.(plan.id);
      if (taker === undefined) return partitions;
      return partitions.map((partition) =>
        lazily(async function* () {
          const { watermark } = taker;
          for await (const batch of partition) {
            const column = batch.columns[plan.ordinal]!;
            const times = eventTimes(column);
            const selection = new Int32Array(batch.length);
            let count = 0;
            for (let i = 0; i < batch.length; i++) {
              const late = isValid(column, i) && isValid(times, i) && times.values[i]! <= watermark;
              if (late) selection[count++] = i;
            }
            if (count > 0) taker.keep(compactBatch(gatherBatch(batch, selection, count)));
            yield batch;
          }
        }),
      );
    },
  };
}
