/** Consecutive numbers, cut into partitions as Spark cuts them: partition p of n has elements ⌊p·N/n⌋ … ⌊(p+1)·N/n⌋ − 1. */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { targetBatchRows } from "../../columnar/record-batch.ts";
import { bigintType } from "../../types/data-type.ts";
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
    for (let at = from; at < to; at += size) {
      const length = Number(to - at < size ? to - at : size);
      const values = new BigInt64Array(length);
      let value = BigInt.asIntN(64, start + at * step);
      for (let i = 0; i < length; i++) {
        values[i] = value;
        value = BigInt.asIntN(64, value + step);
      }
      yield {
        schema: plan.schema,
        length,
        columns: [{ kind: "i64", type: bigintType, length, validity: null, values }],
      };
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
