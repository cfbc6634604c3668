/**
 * Values of a leaf on their way into pages: with a dictionary for as long as it pays, then plainly. A value is one or two
 * 32-bit words, or bytes.
 */
import { readDecimal } from "../columnar/decimal-values.ts";
import { compareByteRanges } from "../columnar/utf8.ts";
import type { Vector } from "../columnar/vector.ts";
import { MillraceError } from "../errors/index.ts";
import { ByteBuffer } from "../columnar/byte-buffer.ts";
import { grown } from "./byte-ranges.ts";
import { physicalType } from "./metadata.ts";
import type { WriteLeaf } from "./write-schema.ts";

/** Bytes of a dictionary beyond which values are written plainly. */
const largestDictionary = 1 << 20;

export interface PageValues {
  readonly dictionary: boolean;
  readonly count: number;
  /** Positions in the dictionary. */
  readonly indices: Int32Array;
  /** Plain values. */
  readonly plain: Uint8Array;
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
}

/** Open-addressing table from values to their positions in the dictionary. */
class Dictionary {
  /** Plain encoding of the values, one after another. */
  readonly bytes: ByteBuffer = new ByteBuffer(1024);
  size = 0;
  #starts: Int32Array = new Int32Array(256);
  #slots: Int32Array = new Int32Array(1024).fill(-1);

  /** Position of the value whose plain encoding is `source[start, end)`. */
  indexOf(source: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ source[i]!, 0x01000193);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    hash ^= hash >>> 12;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!;
      if (found < 0) {
        this.#slots[slot] = this.size;
        return this.#add(source, start, end);
      }
      if (this.#equals(found, source, start, end)) return found;
    }
  }

  #equals(index: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[index]!;
    const to = index + 1 < this.size ? this.#starts[index + 1]! : this.bytes.length;
    if (to - from !== end - start) return false;
    const { bytes } = this.bytes;
    for (let i = start, k = from; i < end; i++, k++) if (source[i] !== bytes[k]) return false;
    return true;
  }

  #add(source: Uint8Array, start: number, end: number): number {
    const index = this.size++;
    if (index === this.#starts.length) this.#starts = grown(this.#starts, index * 2);
    this.#starts[index] = this.bytes.length;
    this.bytes.range(source, start, end);
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    const sizes = this.size;
    const { bytes } = this.bytes;
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = this.#slots.length - 1;
    for (let index = 0; index < sizes; index++) {
      const { from, to } = this.rangeOf(index);
      let hash = to - from;
      for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
      hash ^= hash >>> 15;
      hash = Math.imul(hash, 0x2c1b3c6d);
      hash ^= hash >>> 12;
      let slot = hash & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = index;
    }
  }

  rangeOf(index: number): { readonly from: number; readonly to: number } {
    return { from: this.#starts[index]!, to: index + 1 < this.size ? this.#starts[index + 1]! : this.bytes.length };
  }
}

export class ValueEncoder {
  readonly #leaf: WriteLeaf;
  #dictionary: Dictionary | null;
  #firstPage = true;
  #indices: Int32Array = new Int32Array(1024);
  readonly #plain = new ByteBuffer(1024);
  #count = 0;
  readonly #scratch = new ByteBuffer(1024);
  #scratchEnds: Int32Array = new Int32Array(1024);
  #min: Uint8Array | undefined;
  #max: Uint8Array | undefined;
  #unbounded = false;
  readonly #compare: ((a: Uint8Array, aStart: number, b: Uint8Array, bStart: number) => number) | null;

  constructor(leaf: WriteLeaf) {
    this.#leaf = leaf;
    this.#dictionary = leaf.element.type === physicalType.boolean ? null : new Dictionary();
    this.#compare = numberOrder(leaf.element.type!);
  }

  /** The dictionary's plain values, when pages refer to it. */
  get dictionary(): { readonly bytes: Uint8Array; readonly size: number } | null {
    const dictionary = this.#kept;
    return dictionary === null ? null : { bytes: dictionary.bytes.view(), size: dictionary.size };
  }
  /** Stays when later pages are plain. */
  #kept: Dictionary | null = null;

  /** Bytes that the open page takes, about. */
  get pageSize(): number {
    return this.#plain.length + this.#count * (this.#dictionary === null ? 0 : 2);
  }

  /** Bytes of the dictionary. */
  get dictionarySize(): number {
    return (this.#dictionary ?? this.#kept)?.bytes.length ?? 0;
  }

  /** Adds the values of the leaf's vector at `positions[0 … count)`. */
  append(vector: Vector, positions: Int32Array, count: number): void {
    if (this.#leaf.element.type === physicalType.boolean) {
      this.#appendBooleans(vector, positions, count);
      return;
    }
    const scratch = this.#scratch;
    scratch.length = 0;
    if (this.#scratchEnds.length < count) this.#scratchEnds = new Int32Array(count);
    const ends = this.#scratchEnds;
    encodePlain(this.#leaf, vector, positions, count, scratch, ends);
    this.#bound(scratch.bytes, ends, count);
    const dictionary = this.#dictionary;
    if (dictionary === null) {
      this.#plain.range(scratch.bytes, 0, scratch.length);
      this.#count += count;
      return;
    }
    if (this.#count + count > this.#indices.length) {
      this.#indices = grown(this.#indices, Math.max(this.#count + count, this.#indices.length * 2));
    }
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      this.#indices[this.#count++] = dictionary.indexOf(scratch.bytes, start, end);
      start = end;
    }
  }

  #appendBooleans(vector: Vector, positions: Int32Array, count: number): void {
    if (vector.kind !== "bool") throw new TypeError("booleans are expected");
    const { values } = vector;
    for (let i = 0; i < count; i++) {
      const position = positions[i]!;
      const bit = (values[position >> 3]! >> (position & 7)) & 1;
      if ((this.#count & 7) === 0) this.#plain.byte(0);
      this.#plain.bytes[this.#plain.length - 1]! |= bit << (this.#count & 7);
      this.#count++;
      if (this.#min === undefined || bit < this.#min[0]!) this.#min = Uint8Array.of(bit);
      if (this.#max === undefined || bit > this.#max[0]!) this.#max = Uint8Array.of(bit);
    }
  }

  /** Keeps least and greatest value of the page. */
  #bound(bytes: Uint8Array, ends: Int32Array, count: number): void {
    const type = this.#leaf.element.type!;
    if (type === physicalType.int96 || count === 0) return;
    const prefix = type === physicalType.byteArray ? 4 : 0;
    const compare = this.#compare;
    let low = -1;
    let high = -1;
    let lowEnd = 0;
    let highEnd = 0;
    let start = 0;
    const signed = type === physicalType.fixed;
    const order = (aStart: number, aEnd: number, bStart: number, bEnd: number): number =>
      compare === null
        ? byteOrder(bytes, aStart, aEnd, bytes, bStart, bEnd, signed)
        : compare(bytes, aStart, bytes, bStart);
    for (let i = 0; i < count; i++) {
      const from = start + prefix;
      const end = ends[i]!;
      start = end;
      // Readers would pass over a NaN, which is larger than all bounds: then there are none.
      if (compare !== null && compare(bytes, from, bytes, from) !== 0) {
        this.#unbounded = true;
        return;
      }
      if (low < 0 || order(from, end, low, lowEnd) < 0) [low, lowEnd] = [from, end];
      if (high < 0 || order(from, end, high, highEnd) > 0) [high, highEnd] = [from, end];
    }
    if (low < 0) return;
    this.#min = smaller(bytes.subarray(low, lowEnd), this.#min, (a, b) => this.order(a, b));
    this.#max = smaller(bytes.subarray(high, highEnd), this.#max, (a, b) => -this.order(a, b));
  }

  /** The order of two values in plain encoding (byte arrays without their length). */
  order(a: Uint8Array, b: Uint8Array): number {
    const type = this.#leaf.element.type!;
    if (type === physicalType.boolean) return a[0]! - b[0]!;
    const compare = this.#compare;
    return compare === null
      ? byteOrder(a, 0, a.length, b, 0, b.length, type === physicalType.fixed)
      : compare(a, 0, b, 0);
  }

  /** The values since the last page; decides after the first page whether the dictionary pays. */
  takePage(): PageValues {
    const dictionary = this.#dictionary;
    const indices = this.#indices.slice(0, dictionary === null ? 0 : this.#count);
    let result: Omit<PageValues, "min" | "max">;
    const count = this.#count;
    if (dictionary === null) result = { dictionary: false, count, indices, plain: this.#plain.take() };
    else {
      const pays = !this.#firstPage || dictionary.size <= count / 2 || count < 64;
      if (pays) {
        this.#kept = dictionary;
        result = { dictionary: true, count, indices, plain: new Uint8Array(0) };
      } else result = { dictionary: false, count, indices, plain: plainOf(dictionary, indices) };
      if (!pays || dictionary.bytes.length > largestDictionary) this.#dictionary = null;
    }
    this.#firstPage = false;
    this.#count = 0;
    const page = {
      ...result,
      min: this.#unbounded ? undefined : this.#min,
      max: this.#unbounded ? undefined : this.#max,
    };
    this.#min = this.#max = undefined;
    this.#unbounded = false;
    return page;
  }
}

function plainOf(dictionary: Dictionary, indices: Int32Array): Uint8Array {
  const out = new ByteBuffer(indices.length * 8);
  for (const index of indices) {
    const { from, to } = dictionary.rangeOf(index);
    out.range(dictionary.bytes.bytes, from, to);
  }
  return out.take();
}

function smaller(
  value: Uint8Array,
  other: Uint8Array | undefined,
  order: (a: Uint8Array, b: Uint8Array) => number,
): Uint8Array {
  return other === undefined || order(value, other) < 0 ? value.slice() : other;
}

function byteOrder(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
  signed: boolean,
): number {
  if (signed && aStart < aEnd && bStart < bEnd) {
    const first = ((a[aStart]! << 24) >> 24) - ((b[bStart]! << 24) >> 24);
    if (first !== 0) return first;
  }
  return compareByteRanges(a, aStart, aEnd, b, bStart, bEnd);
}

function halvesOrder(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  const high = word(a, aStart + 4) - word(b, bStart + 4);
  return high !== 0 ? high : (word(a, aStart) >>> 0) - (word(b, bStart) >>> 0);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

const floatBits = new Int32Array(2);
const asFloat = new Float32Array(floatBits.buffer);
const asDouble = new Float64Array(floatBits.buffer);

function floatAt(bytes: Uint8Array, at: number): number {
  floatBits[0] = word(bytes, at);
  return asFloat[0]!;
}
function doubleAt(bytes: Uint8Array, at: number): number {
  floatBits[0] = word(bytes, at);
  floatBits[1] = word(bytes, at + 4);
  return asDouble[0]!;
}

/** The order of numbers in plain encoding; NaN compares with nothing, so it is no bound. Null for bytes. */
function numberOrder(type: number): ((a: Uint8Array, aStart: number, b: Uint8Array, bStart: number) => number) | null {
  switch (type) {
    case physicalType.int32:
      return (a, aStart, b, bStart) => word(a, aStart) - word(b, bStart);
    case physicalType.int64:
      return halvesOrder;
    case physicalType.float:
      return (a, aStart, b, bStart) => numbersOrder(floatAt(a, aStart), floatAt(b, bStart));
    case physicalType.double:
      return (a, aStart, b, bStart) => numbersOrder(doubleAt(a, aStart), doubleAt(b, bStart));
    default:
      return null;
  }
}

function numbersOrder(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN;
}

/** Plain encoding of values, and where each ends. */
function encodePlain(
  leaf: WriteLeaf,
  vector: Vector,
  positions: Int32Array,
  count: number,
  out: ByteBuffer,
  ends: Int32Array,
): void {
  switch (vector.kind) {
    case "i8":
    case "i16":
    case "i32":
      out.reserve(count * 4);
      for (let i = 0; i < count; i++) {
        out.int32(vector.values[positions[i]!]!);
        ends[i] = out.length;
      }
      return;
    case "f32": {
      const bits = new Int32Array(vector.values.buffer, vector.values.byteOffset, vector.values.length);
      for (let i = 0; i < count; i++) {
        out.int32(bits[positions[i]!]!);
        ends[i] = out.length;
      }
      return;
    }
    case "f64":
    case "i64": {
      const values = vector.kind === "i64" ? scaled(leaf, vector.values, positions, count) : vector.values;
      const at = values === vector.values ? positions : null;
      const bits = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
      if (leaf.element.type === physicalType.int96) {
        int96(values as BigInt64Array, positions, count, out, ends);
        return;
      }
      for (let i = 0; i < count; i++) {
        const k = 2 * (at === null ? i : at[i]!);
        out.int32(bits[k]!);
        out.int32(bits[k + 1]!);
        ends[i] = out.length;
      }
      return;
    }
    case "decimal":
      encodeDecimals(leaf, vector.values, positions, count, out, ends);
      return;
    case "bytes":
      for (let i = 0; i < count; i++) {
        const position = positions[i]!;
        const start = vector.starts[position]!;
        const end = vector.ends[position]!;
        out.int32(end - start);
        out.range(vector.bytes, start, end);
        ends[i] = out.length;
      }
      return;
    default:
      throw new MillraceError("INTERNAL_ERROR", { message: `a ${vector.kind} vector cannot be a Parquet column` });
  }
}

/** 64-bit values in the unit of the file; the given array itself when that is the unit in memory. */
function scaled(leaf: WriteLeaf, values: BigInt64Array, positions: Int32Array, count: number): BigInt64Array {
  const logical = leaf.element.logicalType;
  const divides =
    (logical?.kind === "timestamp" && logical.unit === "millis") ||
    (logical?.kind === "time" && logical.unit === "micros");
  if (!divides) return values;
  const result = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const value = values[positions[i]!]!;
    const whole = value / 1000n;
    result[i] = whole * 1000n > value ? whole - 1n : whole;
  }
  return result;
}

const dayMicros = 86_400_000_000n;

function int96(values: BigInt64Array, positions: Int32Array, count: number, out: ByteBuffer, ends: Int32Array): void {
  for (let i = 0; i < count; i++) {
    const value = values[positions[i]!]!;
    let day = value / dayMicros;
    if (day * dayMicros > value) day -= 1n;
    const nanos = (value - day * dayMicros) * 1000n;
    out.int32(Number(BigInt.asIntN(32, nanos)));
    out.int32(Number(nanos >> 32n));
    out.int32(Number(day) + 2_440_588);
    ends[i] = out.length;
  }
}

function encodeDecimals(
  leaf: WriteLeaf,
  values: BigInt64Array,
  positions: Int32Array,
  count: number,
  out: ByteBuffer,
  ends: Int32Array,
): void {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const { type, typeLength } = leaf.element;
  for (let i = 0; i < count; i++) {
    const k = 4 * positions[i]!;
    if (type === physicalType.fixed) {
      let rest = readDecimal(values, positions[i]!);
      out.reserve(typeLength!);
      for (let b = out.length + typeLength! - 1; b >= out.length; b--) {
        out.bytes[b] = Number(rest & 0xffn);
        rest >>= 8n;
      }
      out.length += typeLength!;
    } else {
      out.int32(words[k]!);
      if (type === physicalType.int64) out.int32(words[k + 1]!);
    }
    ends[i] = out.length;
  }
}
