/** Consecutive numbers, cut into partitions as Spark cuts them: partition p of n has elements ⌊p·N/n⌋ … ⌊(p+1)·N/n⌋ − 1. */
import { lendMemory } from "../../columnar/batch-memory.ts";
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
    // An array that came back is filled again.
    let spare: BigInt64Array | null = null;
    for (let at = from; at < to; at += size) {
      const length = Number(to - at < size ? to - at : size);
      const array = spare ?? new BigInt64Array(targetBatchRows);
      spare = null;
      const values = length === array.length ? array : array.subarray(0, length);
      fill(values, start + at * step, step);
      const column = { kind: "i64", type: bigintType, length, validity: null, values } as const;
      const batch: RecordBatch = { schema: plan.schema, length, columns: [column] };
      lendMemory(batch, () => (spare = array));
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

/** Writes `first`, `first + step` …, as halves of 32 bits where the upper half is the same for all. */
function fill(values: BigInt64Array, first: bigint, step: bigint): void {
  const last = first + BigInt(values.length - 1) * step;
  if (first >> 32n === last >> 32n && step === BigInt.asIntN(32, step)) {
    const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    const high = Number(BigInt.asIntN(32, first >> 32n));
    const difference = Number(step);
    let low = Number(BigInt.asIntN(32, first));
    for (let i = 0; i < halves.length; i += 2) {
      halves[i] = low;
      halves[i + 1] = high;
      low = (low + difference) | 0;
    }
    return;
  }
  let value = first;
  for (let i = 0; i < values.length; i++) {
    values[i] = value;
    value += step;
  }
}
