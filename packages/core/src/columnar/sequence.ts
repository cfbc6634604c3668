/** Columns of consecutive numbers, which are written down only when somebody reads their array. */
import { bigintType } from "../types/data-type.ts";
import type { Int64Vector } from "./vector.ts";

export interface Sequence {
  readonly first: bigint;
  readonly step: bigint;
}

/** By identity: what is cut out of such a column, or made of it, is a plain column. */
const sequences = new WeakMap<object, Sequence>();

/**
 * The numbers `first`, `first + step` … as a column.
 * @param memory gives an array of at least `length` numbers when the values are asked for
 */
export function sequenceVector(sequence: Sequence, length: number, memory: () => BigInt64Array): Int64Vector {
  let values: BigInt64Array | undefined;
  const vector: Int64Vector = {
    kind: "i64",
    type: bigintType,
    length,
    validity: null,
    get values() {
      if (values === undefined) {
        values = memory().subarray(0, length);
        fill(values, sequence.first, sequence.step);
      }
      return values;
    },
  };
  sequences.set(vector, sequence);
  return vector;
}

/** What a column was made of by {@link sequenceVector}; undefined for others. */
export function sequenceOf(vector: object): Sequence | undefined {
  return sequences.get(vector);
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
