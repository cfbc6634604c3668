/**
 * Passes rows on and notes their event times. A NULL event time counts as the epoch, as Spark's operator reads it.
 */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isValid, type Vector } from "../../columnar/vector.ts";
import { assertInvariant } from "../../errors/index.ts";
import type { EventTimeWatermarkExec } from "../../physical-plan/physical-plan.ts";
import { lazily, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileEventTimeWatermark(plan: EventTimeWatermarkExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      return partitions.map((partition) =>
        lazily(async function* () {
          const seen = new EventTimes();
          try {
            for await (const batch of partition) {
              seen.add(batch, plan.ordinal);
              yield { ...batch, schema: plan.schema };
            }
          } finally {
            context.recordEventTime(plan.node, {
              count: seen.count,
              minMicros: seen.count === 0 ? 0n : seen.min,
              maxMicros: seen.count === 0 ? 0n : seen.max,
              sumMillis: seen.sumMillis,
            });
          }
        }),
      );
    },
  };
}

class EventTimes {
  count = 0;
  min: bigint = 2n ** 63n - 1n;
  max: bigint = -(2n ** 63n);
  sumMillis = 0;

  add(batch: RecordBatch, ordinal: number): void {
    const column = batch.columns[ordinal]!;
    const times = eventTimes(column);
    const halves = new Int32Array(times.values.buffer, times.values.byteOffset, 2 * batch.length);
    let [min, max] = [Infinity, -Infinity];
    let sum = 0;
    for (let i = 0; i < batch.length; i++) {
      const present = isValid(column, i) && isValid(times, i);
      const time = present ? halves[2 * i + 1]! * 4_294_967_296 + (halves[2 * i]! >>> 0) : 0;
      if (time < min) min = time;
      if (time > max) max = time;
      if (present) sum += Math.floor(time / 1000);
    }
    if (batch.length > 0) this.#extend(batch.length, column, times, min, max);
    this.sumMillis += sum;
    this.count += batch.length;
  }

  /** Least and greatest are doubles, which are exact until the year 2255: beyond, the rows are looked at once more. */
  #extend(length: number, column: Vector, times: Int64Times, least: number, greatest: number): void {
    const take = (time: bigint): void => {
      if (time < this.min) this.min = time;
      if (time > this.max) this.max = time;
    };
    if (Number.isSafeInteger(least) && Number.isSafeInteger(greatest)) {
      take(BigInt(least));
      take(BigInt(greatest));
      return;
    }
    for (let i = 0; i < length; i++) take(isValid(column, i) && isValid(times, i) ? times.values[i]! : 0n);
  }
}

type Int64Times = Extract<Vector, { readonly kind: "i64" }>;

/** The times of an event-time column; of a window its end. */
export function eventTimes(column: Vector): Int64Times {
  const times = column.kind === "struct" ? column.children[1]! : column;
  assertInvariant(times.kind === "i64", "an event time is a timestamp or a window");
  return times;
}
