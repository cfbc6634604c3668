/** Consecutive numbers, cut into partitions as Spark cuts them: partition p of n has elements ⌊p·N/n⌋ … ⌊(p+1)·N/n⌋ − 1. */
import { lendMemory } from "../../columnar/batch-memory.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { targetBatchRows } from "../../columnar/record-batch.ts";
import { sequenceVector } from "../../columnar/sequence.ts";
import type { RangeExec } from "../../physical-plan/physical-plan.ts";
import { lazily, type Operator } from "./operator.ts";

export function compileRange(plan: RangeExec): Operator {
  const { start, step, end } = plan;
  const distance = end - start;
  const whole = distance / step;
  const elements =
    whole < 0n ? 0n : whole * step === distance ? whole : whole < 0n ? 0n : whole + (distance * step > 0n ? 1n : 0n);
  const partitions = BigInt(Math.max(1, plan.numPartitions));
  async function* rows(from: bigint, to: bigint): AsyncGenerator<RecordBatch, void, undefined> {
    const size = BigInt(targetBatchRows);
    // An array that came back is filled again.
    let spare: BigInt64Array | null = null;
    for (let at = from; at < to; at += size) {
      const length = Number(to - at < size ? to - at : size);
      let written: BigInt64Array | null = null;
      const memory = (): BigInt64Array => {
        const array = spare ?? new BigInt64Array(targetBatchRows);
        spare = null;
        written = array;
        return array;
      };
      const column = sequenceVector({ first: start + at * step, step }, length, memory);
      const batch: RecordBatch = { schema: plan.schema, length, columns: [column] };
      lendMemory(batch, () => (spare = written ?? spare));
      yield batch;
    }
  }
  return {
    schema: plan.schema,
    async open() {
      return Array.from({ length: Number(partitions) }, (_, p) =>
        lazily(() => rows((BigInt(p) * elements) / partitions, (BigInt(p + 1) * elements) / partitions)),
      );
    },
  };
}
