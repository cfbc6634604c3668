/**
 * Sums and averages of decimals per group. A group's sum is a double that holds whole units exactly below 2^53; what would
 * leave that range moves to a bigint of the group, so that a bigint is made once in thousands of rows.
 */
import { decimalWords, readDecimal, writeDecimal } from "../columnar/decimal-values.ts";
import { allPresent, bitAt, clearBit, setBit } from "../columnar/validity.ts";
import type { BooleanVector, DecimalVector, Float64Vector, Int64Vector, Validity, Vector } from "../columnar/vector.ts";
import {
  averageSumType,
  finishDecimalAverage,
  finishDecimalSum,
  finishShortAverage,
} from "../functions/aggregates/sum.ts";
import { fitsPrecision, powerOfTen } from "../functions/decimal.ts";
import { exactLimit } from "../functions/exact-decimal.ts";
import { int64OfNumber, numberOfInt64 } from "../functions/kernels/int64.ts";
import { booleanType, type DecimalType, doubleType } from "../types/data-type.ts";
import { type AggregateStore, countColumn, SumLongStore } from "./aggregate-stores.ts";
import { resized } from "./group-table.ts";

const present = (validity: Validity, i: number): boolean => validity === null || bitAt(validity, i);

/** The sums of groups. Generated code adds to `near` what stays below 2^53, and calls {@link carry} for the rest. */
export class DecimalSums {
  near: Float64Array = new Float64Array(0);
  /** What does not lie in `near`; null once a part of the sum was lost by overflow. */
  readonly #far = new Map<number, bigint | null>();

  ensure(groups: number): void {
    if (groups > this.near.length) this.near = resized(this.near, groups);
  }

  /** Adds a value and moves the sum out of `near`. */
  carry(group: number, value: bigint): void {
    const far = this.#far.get(group);
    if (far === null) return;
    this.#far.set(group, (far ?? 0n) + int64OfNumber(this.near[group]!) + value);
    this.near[group] = 0;
  }

  add(group: number, value: bigint): void {
    const sum = this.near[group]! + Number(value);
    // Rounding is monotone: a sum below 2^53 is exact if the value was, and the value is if its double is below 2^53.
    if (Math.abs(sum) < exactLimit && Math.abs(Number(value)) < exactLimit) this.near[group] = sum;
    else this.carry(group, value);
  }

  lose(group: number): void {
    this.#far.set(group, null);
  }

  /** Adds row `i` of a decimal column. */
  addRow(group: number, words: Int32Array, values: BigInt64Array, i: number): void {
    const low = words[4 * i + 1]!;
    const sign = low >> 31;
    const value = low * 4_294_967_296 + (words[4 * i]! >>> 0);
    const sum = this.near[group]! + value;
    const exact = words[4 * i + 2] === sign && words[4 * i + 3] === sign && Math.abs(value) < exactLimit;
    if (exact && Math.abs(sum) < exactLimit) this.near[group] = sum;
    else this.carry(group, readDecimal(values, i));
  }

  total(group: number): bigint | null {
    const far = this.#far.get(group);
    if (far === null) return null;
    return (far ?? 0n) + int64OfNumber(this.near[group]!);
  }

  /** The sums as a column; NULL what overflowed or has too many digits. */
  column(type: DecimalType, groups: number): Vector {
    const values = new BigInt64Array(2 * groups);
    const words = decimalWords(values);
    let validity: Uint8Array | null = null;
    for (let g = 0; g < groups; g++) {
      const near = this.near[g]!;
      words[4 * g] = near;
      words[4 * g + 1] = Math.floor(near / 4_294_967_296);
      words[4 * g + 2] = words[4 * g + 3] = near < 0 ? -1 : 0;
    }
    for (const g of this.#far.keys()) {
      if (g >= groups) continue;
      const sum = this.total(g);
      if (sum !== null && fitsPrecision(sum, type.precision)) writeDecimal(values, g, sum);
      else clearBit((validity ??= allPresent(groups)), g);
    }
    return { kind: "decimal", type, length: groups, validity, values };
  }
}

/** A decimal column of values that may be NULL. */
function decimalColumn(type: DecimalType, groups: number, valueOf: (group: number) => bigint | null): Vector {
  const values = new BigInt64Array(2 * groups);
  let validity: Uint8Array | null = null;
  for (let g = 0; g < groups; g++) {
    const value = valueOf(g);
    if (value === null) clearBit((validity ??= allPresent(groups)), g);
    else writeDecimal(values, g, value);
  }
  return { kind: "decimal", type, length: groups, validity, values };
}

/** sum of decimals: `sums`, NULL where `seen` is 0. */
export class SumDecimalStore implements AggregateStore {
  readonly sums: DecimalSums = new DecimalSums();
  seen: Uint8Array = new Uint8Array(0);
  readonly #type: DecimalType;
  readonly #ansi: boolean;
  constructor(type: DecimalType, ansi: boolean) {
    this.#type = type;
    this.#ansi = ansi;
  }
  ensure(groups: number): void {
    if (groups <= this.seen.length) return;
    this.sums.ensure(groups);
    this.seen = resized(this.seen, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const { values, validity } = buffers[0] as DecimalVector;
    const empty = buffers[1] as BooleanVector;
    const words = decimalWords(values);
    for (let i = 0; i < rows; i++) {
      if (present(empty.validity, i) && bitAt(empty.values, i)) continue;
      const g = groups[i]!;
      this.seen[g] = 1;
      if (present(validity, i)) this.sums.addRow(g, words, values, i);
      else this.sums.lose(g);
    }
  }
  buffers(groups: number): Vector[] {
    const empty = new Uint8Array((groups + 7) >> 3);
    for (let g = 0; g < groups; g++) if (this.seen[g] === 0) setBit(empty, g);
    return [
      this.sums.column(this.#type, groups),
      { kind: "bool", type: booleanType, length: groups, validity: null, values: empty },
    ];
  }
  results(groups: number): Vector {
    return decimalColumn(this.#type, groups, (g) =>
      this.seen[g] === 0 ? null : finishDecimalSum(this.sums.total(g), this.#type, this.#ansi),
    );
  }
}

/** avg of decimals: `sums` and `counts`; NULL where the count is 0. */
export class AverageDecimalStore implements AggregateStore {
  readonly sums: DecimalSums = new DecimalSums();
  counts: Float64Array = new Float64Array(0);
  readonly #from: DecimalType;
  readonly #to: DecimalType;
  readonly #ansi: boolean;
  constructor(from: DecimalType, to: DecimalType, ansi: boolean) {
    this.#from = from;
    this.#to = to;
    this.#ansi = ansi;
  }
  ensure(groups: number): void {
    if (groups <= this.counts.length) return;
    this.sums.ensure(groups);
    this.counts = resized(this.counts, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const { values, validity } = buffers[0] as DecimalVector;
    const counts = buffers[1] as Int64Vector;
    const words = decimalWords(values);
    for (let i = 0; i < rows; i++) {
      const g = groups[i]!;
      if (present(validity, i)) this.sums.addRow(g, words, values, i);
      // An overflowed sum stays overflowed: a value beyond any precision stands for it.
      else this.sums.carry(g, powerOfTen(60));
      if (present(counts.validity, i)) this.counts[g]! += numberOfInt64(counts.values[i]!);
    }
  }
  buffers(groups: number): Vector[] {
    return [this.sums.column(averageSumType(this.#from), groups), countColumn(this.counts, groups)];
  }
  results(groups: number): Vector {
    return decimalColumn(this.#to, groups, (g) =>
      finishDecimalAverage(this.sums.total(g)!, this.counts[g]!, this.#from, this.#to, this.#ansi),
    );
  }
}

/** avg of decimals of few digits: the sum of the digits without the point, as DOUBLE. */
export class AverageShortDecimalStore implements AggregateStore {
  sums: Float64Array = new Float64Array(0);
  counts: Float64Array = new Float64Array(0);
  readonly #from: DecimalType;
  readonly #to: DecimalType;
  constructor(from: DecimalType, to: DecimalType) {
    this.#from = from;
    this.#to = to;
  }
  ensure(groups: number): void {
    if (groups <= this.sums.length) return;
    this.sums = resized(this.sums, groups);
    this.counts = resized(this.counts, groups);
  }
  merge(groups: Int32Array, rows: number, buffers: readonly Vector[]): void {
    const sums = buffers[0] as Float64Vector;
    const counts = buffers[1] as Int64Vector;
    for (let i = 0; i < rows; i++) {
      const g = groups[i]!;
      if (present(sums.validity, i)) this.sums[g]! += sums.values[i]!;
      if (present(counts.validity, i)) this.counts[g]! += numberOfInt64(counts.values[i]!);
    }
  }
  buffers(groups: number): Vector[] {
    const values = this.sums.subarray(0, groups);
    return [
      { kind: "f64", type: doubleType, length: groups, validity: null, values },
      countColumn(this.counts, groups),
    ];
  }
  results(groups: number): Vector {
    return decimalColumn(this.#to, groups, (g) =>
      finishShortAverage(this.sums[g]!, this.counts[g]!, this.#from, this.#to),
    );
  }
}

/** sum of decimals of few digits: BIGINT of the digits without the point until the end. */
export class SumShortDecimalStore extends SumLongStore {
  readonly #type: DecimalType;
  constructor(type: DecimalType, isChecked: boolean) {
    super(isChecked);
    this.#type = type;
  }
  override buffers(groups: number): Vector[] {
    return [super.results(groups)];
  }
  override results(groups: number): Vector {
    const { seen, values } = this;
    return decimalColumn(this.#type, groups, (g) => (seen[g] === 0 ? null : values[g]!));
  }
}
