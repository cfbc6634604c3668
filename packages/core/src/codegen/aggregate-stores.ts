/**
 * What aggregates keep per group. The common ones keep typed arrays that generated code updates row by row
 * (`emit-aggregate.ts`); all others go through the function's {@link Accumulators}. Merging works on whole vectors.
 */
import { allPresent, bitAt, clearBit } from "../columnar/validity.ts";
import { valueReader } from "../columnar/value-at.ts";
import type { FixedVector, Validity, Vector } from "../columnar/vector.ts";
import { vectorKindOf } from "../columnar/vector.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import type { Accumulators } from "../functions/function.ts";
import { overflow } from "../functions/kernels/checked.ts";
import { int64OfNumber, numberOfInt64 } from "../functions/kernels/int64.ts";
import { bigintType, type DataType, doubleType, type Field, type SqlValue } from "../types/data-type.ts";
import { resized } from "./group-table.ts";

export interface AggregateStore {
  /** Makes room for groups below `groups`. */
  ensure(groups: number): void;
  /** Merges row i of the buffer columns into group `groups[i]`. */
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void;
  /** The buffer columns of groups `[0, groups)`; may share memory with the store. */
  buffers(groups: number): Vector[];
  /** The final values of groups `[0, groups)`. */
  results(groups: number): Vector;
}

function validityOf(seen: Uint8Array, groups: number): Validity {
  let bits: Uint8Array | null = null;
  for (let g = 0; g < groups; g++) if (seen[g] === 0) clearBit((bits ??= allPresent(groups)), g);
  return bits;
}
const longs = (values: BigInt64Array, length: number, validity: Validity = null): Vector => ({
  kind: "i64",
  type: bigintType,
  length,
  validity,
  values: values.subarray(0, length),
});
const doubles = (values: Float64Array, length: number, validity: Validity = null): Vector => ({
  kind: "f64",
  type: doubleType,
  length,
  validity,
  values: values.subarray(0, length),
});
const present = (validity: Validity, i: number): boolean => validity === null || bitAt(validity, i);

/** Counts are doubles, exact below 2^53: adding to them is fast before the generated code is optimized too. */
export function countColumn(counts: Float64Array, groups: number): Vector {
  const values = new BigInt64Array(groups);
  for (let g = 0; g < groups; g++) values[g] = int64OfNumber(counts[g]!);
  return longs(values, groups);
}

/** count: `values`. */
export class CountStore implements AggregateStore {
  values: Float64Array = new Float64Array(0);
  ensure(groups: number): void {
    if (groups > this.values.length) this.values = resized(this.values, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const { values, validity } = buffers[0] as Extract<Vector, { kind: "i64" }>;
    const own = this.values;
    for (let i = 0; i < rows; i++) if (present(validity, i)) own[groups[i]!]! += numberOfInt64(values[i]!);
  }
  buffers(groups: number): Vector[] {
    return [countColumn(this.values, groups)];
  }
  results(groups: number): Vector {
    return countColumn(this.values, groups);
  }
}

/** sum of integers: `values`, NULL where `seen` is 0. */
export class SumLongStore implements AggregateStore {
  values: BigInt64Array = new BigInt64Array(0);
  seen: Uint8Array = new Uint8Array(0);
  readonly #checked: boolean;
  constructor(checked: boolean) {
    this.#checked = checked;
  }
  ensure(groups: number): void {
    if (groups <= this.values.length) return;
    this.values = resized(this.values, groups);
    this.seen = resized(this.seen, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const { values, validity } = buffers[0] as Extract<Vector, { kind: "i64" }>;
    const own = this.values;
    for (let i = 0; i < rows; i++) {
      if (!present(validity, i)) continue;
      const g = groups[i]!;
      const exact = own[g]! + values[i]!;
      own[g] = BigInt.asIntN(64, exact);
      if (this.#checked && own[g] !== exact) sumOverflow();
      this.seen[g] = 1;
    }
  }
  buffers(groups: number): Vector[] {
    return [this.results(groups)];
  }
  results(groups: number): Vector {
    return longs(this.values, groups, validityOf(this.seen, groups));
  }
}

export function sumOverflow(): never {
  return overflow("long overflow", "try_sum");
}

/** sum of floating-point numbers: `values`, NULL where `seen` is 0. */
export class SumDoubleStore implements AggregateStore {
  values: Float64Array = new Float64Array(0);
  seen: Uint8Array = new Uint8Array(0);
  ensure(groups: number): void {
    if (groups <= this.values.length) return;
    this.values = resized(this.values, groups);
    this.seen = resized(this.seen, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const { values, validity } = buffers[0] as Extract<Vector, { kind: "f64" }>;
    for (let i = 0; i < rows; i++) {
      if (!present(validity, i)) continue;
      const g = groups[i]!;
      this.values[g]! += values[i]!;
      this.seen[g] = 1;
    }
  }
  buffers(groups: number): Vector[] {
    return [this.results(groups)];
  }
  results(groups: number): Vector {
    return doubles(this.values, groups, validityOf(this.seen, groups));
  }
}

/** avg: `sums` and `counts`; NULL where the count is 0. */
export class AverageStore implements AggregateStore {
  sums: Float64Array = new Float64Array(0);
  counts: Float64Array = new Float64Array(0);
  ensure(groups: number): void {
    if (groups <= this.sums.length) return;
    this.sums = resized(this.sums, groups);
    this.counts = resized(this.counts, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const sums = buffers[0] as Extract<Vector, { kind: "f64" }>;
    const counts = buffers[1] as Extract<Vector, { kind: "i64" }>;
    for (let i = 0; i < rows; i++) {
      const g = groups[i]!;
      if (present(sums.validity, i)) this.sums[g]! += sums.values[i]!;
      if (present(counts.validity, i)) this.counts[g]! += numberOfInt64(counts.values[i]!);
    }
  }
  buffers(groups: number): Vector[] {
    return [doubles(this.sums, groups), countColumn(this.counts, groups)];
  }
  results(groups: number): Vector {
    const values = new Float64Array(groups);
    let validity: Uint8Array | null = null;
    for (let g = 0; g < groups; g++) {
      const count = this.counts[g]!;
      if (count === 0) clearBit((validity ??= allPresent(groups)), g);
      else values[g] = this.sums[g]! / count;
    }
    return doubles(values, groups, validity);
  }
}

type ExtremeValues = Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** min and max of fixed-width values: `values`, NULL where `seen` is 0. NaN is greater than every number. */
export class ExtremeStore implements AggregateStore {
  values: ExtremeValues;
  seen: Uint8Array = new Uint8Array(0);
  readonly #op: "min" | "max";
  readonly #type: DataType;
  constructor(op: "min" | "max", type: DataType) {
    this.#op = op;
    this.#type = type;
    this.values = emptyValues(type);
  }
  ensure(groups: number): void {
    if (groups <= this.values.length) return;
    this.values = resized(this.values, groups);
    this.seen = resized(this.seen, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const { values, validity } = buffers[0] as FixedVector;
    const own = this.values;
    const max = this.#op === "max";
    for (let i = 0; i < rows; i++) {
      if (!present(validity, i)) continue;
      const g = groups[i]!;
      const value = values[i]!;
      const kept = own[g]!;
      const better = max ? value > kept || value !== value : value < kept || kept !== kept;
      if (this.seen[g] === 0 || better) own[g] = value;
      this.seen[g] = 1;
    }
  }
  buffers(groups: number): Vector[] {
    return [this.results(groups)];
  }
  results(groups: number): Vector {
    const validity = validityOf(this.seen, groups);
    const values = this.values.subarray(0, groups);
    return { kind: vectorKindOf(this.#type), type: this.#type, length: groups, validity, values } as Vector;
  }
}

function emptyValues(type: DataType): ExtremeValues {
  switch (vectorKindOf(type)) {
    case "i8":
      return new Int8Array(0);
    case "i16":
      return new Int16Array(0);
    case "i32":
      return new Int32Array(0);
    case "f32":
      return new Float32Array(0);
    case "f64":
      return new Float64Array(0);
    default:
      return new BigInt64Array(0);
  }
}

/** Any aggregate, values one by one. */
export class AccumulatorStore implements AggregateStore {
  readonly accumulators: Accumulators;
  readonly #buffer: readonly Field[];
  readonly #type: DataType;
  constructor(accumulators: Accumulators, buffer: readonly Field[], type: DataType) {
    this.accumulators = accumulators;
    this.#buffer = buffer;
    this.#type = type;
  }
  ensure(groups: number): void {
    this.accumulators.ensure(groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const readers = buffers.map(valueReader);
    const values: SqlValue[] = [];
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < readers.length; k++) values[k] = readers[k]!(i);
      this.accumulators.merge(groups[i]!, values);
    }
  }
  buffers(groups: number): Vector[] {
    const builders = this.#buffer.map((f) => createBuilder(f.type, groups));
    for (let g = 0; g < groups; g++) {
      const saved = this.accumulators.save(g);
      for (let k = 0; k < builders.length; k++) builders[k]!.append(saved[k]!);
    }
    return builders.map((builder) => builder.finish());
  }
  results(groups: number): Vector {
    const builder = createBuilder(this.#type, groups);
    for (let g = 0; g < groups; g++) builder.append(this.accumulators.evaluate(g));
    return builder.finish();
  }
}
