/**
 * Spark's hash of rows (`Murmur3Hash`, MurmurHash3 x86 32 bit) by which it chooses the partition of a key. It differs
 * from the original in the tail of byte strings: the last bytes are mixed one by one, each as a signed 32-bit word. The
 * columns of a row are chained: the hash of one is the seed of the next, and a NULL leaves it unchanged. This is a format:
 * the partition of a key in an existing checkpoint depends on it.
 */
import { isValid, type DecimalVector, type Vector } from "../columnar/vector.ts";
import { unreachable } from "../errors/index.ts";

export const partitionSeed = 42;

function mixK1(k: number): number {
  const scaled = Math.imul(k, 0xcc9e2d51);
  return Math.imul((scaled << 15) | (scaled >>> 17), 0x1b873593);
}
function mixH1(h: number, k: number): number {
  const mixed = h ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
function finish(h: number, length: number): number {
  let x = h ^ length;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

export function hashInt32(value: number, seed: number): number {
  return finish(mixH1(seed, mixK1(value)), 4);
}
/** Hash of a 64-bit integer given as its two halves. */
export function hashInt64(low: number, high: number, seed: number): number {
  return finish(mixH1(mixH1(seed, mixK1(low)), mixK1(high)), 8);
}
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed;
  let at = start;
  for (const aligned = end - ((end - start) & 3); at < aligned; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    h = mixH1(h, mixK1(word));
  }
  for (; at < end; at++) h = mixH1(h, mixK1((bytes[at]! << 24) >> 24));
  return finish(h, end - start);
}

/** {@link hashBytes} of whole words, read as such. */
export function hashWords(words: Int32Array, start: number, end: number, seed: number): number {
  let h = seed;
  for (let at = start; at < end; at++) h = mixH1(h, mixK1(words[at]!));
  return finish(h, (end - start) * 4);
}

/** Bits of a float with -0 as 0 and one NaN, as Java's `floatToIntBits` after Spark's normalisation. */
function floatBits(bits: number): number {
  if (bits === -0x80000000) return 0;
  return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits;
}
function hashDoubleBits(low: number, high: number, seed: number): number {
  const magnitude = high & 0x7fffffff;
  if (magnitude === 0 && low === 0) return hashInt64(0, 0, seed);
  if (magnitude > 0x7ff00000 || (magnitude === 0x7ff00000 && low !== 0)) return hashInt64(0, 0x7ff80000, seed);
  return hashInt64(low, high, seed);
}

const decimalBytes = new Uint8Array(16);

/** Shortest big-endian two's complement form of a 128-bit value in `target`; returns where it starts (it ends at 16). */
export function bigEndianDecimal(words: Int32Array, at: number, target: Uint8Array): number {
  for (let word = 0; word < 4; word++) {
    const value = words[at + word]!;
    const out = 12 - 4 * word;
    target[out] = value >>> 24;
    target[out + 1] = value >>> 16;
    target[out + 2] = value >>> 8;
    target[out + 3] = value;
  }
  const fill = words[at + 3]! < 0 ? 255 : 0;
  let start = 0;
  while (start < 15 && target[start] === fill && (target[start + 1]! & 0x80) === (fill & 0x80)) start++;
  return start;
}

function isLongDecimal(vector: DecimalVector): boolean {
  return vector.type.kind === "decimal" && vector.type.precision <= 18;
}

function wordsOf(values: BigInt64Array | Float64Array | Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}

/** Hash of one present or absent value. */
function hashValue(vector: Vector, i: number, seed: number): number {
  if (!isValid(vector, i)) return seed;
  switch (vector.kind) {
    case "null":
      return seed;
    case "bool":
      return hashInt32((vector.values[i >> 3]! >> (i & 7)) & 1, seed);
    case "i8":
    case "i16":
    case "i32":
      return hashInt32(vector.values[i]!, seed);
    case "i64": {
      const words = wordsOf(vector.values);
      return hashInt64(words[2 * i]!, words[2 * i + 1]!, seed);
    }
    case "f32":
      return hashInt32(floatBits(wordsOf(vector.values)[i]!), seed);
    case "f64": {
      const words = wordsOf(vector.values);
      return hashDoubleBits(words[2 * i]!, words[2 * i + 1]!, seed);
    }
    case "decimal": {
      const words = wordsOf(vector.values);
      if (isLongDecimal(vector)) return hashInt64(words[4 * i]!, words[4 * i + 1]!, seed);
      return hashBytes(decimalBytes, bigEndianDecimal(words, 4 * i, decimalBytes), 16, seed);
    }
    case "bytes":
      return hashBytes(vector.bytes, vector.starts[i]!, vector.ends[i]!, seed);
    case "list": {
      let h = seed;
      for (let j = vector.offsets[i]!; j < vector.offsets[i + 1]!; j++) h = hashValue(vector.child, j, h);
      return h;
    }
    case "map": {
      let h = seed;
      for (let j = vector.offsets[i]!; j < vector.offsets[i + 1]!; j++) {
        h = hashValue(vector.values, j, hashValue(vector.keys, j, h));
      }
      return h;
    }
    case "struct":
      return vector.children.reduce((h, child) => hashValue(child, i, h), seed);
    default:
      return unreachable(vector);
  }
}

/** Mixes one column into the hashes of the rows. The loops of the common kinds touch typed arrays only. */
function mixColumn(vector: Vector, length: number, hashes: Int32Array): void {
  const validity = vector.kind === "null" ? null : vector.validity;
  if (validity === null) {
    switch (vector.kind) {
      case "null":
        return;
      case "i8":
      case "i16":
      case "i32": {
        const values = vector.values;
        for (let i = 0; i < length; i++) hashes[i] = hashInt32(values[i]!, hashes[i]!);
        return;
      }
      case "i64": {
        const words = wordsOf(vector.values);
        for (let i = 0; i < length; i++) hashes[i] = hashInt64(words[2 * i]!, words[2 * i + 1]!, hashes[i]!);
        return;
      }
      case "bytes": {
        const { bytes, starts, ends } = vector;
        for (let i = 0; i < length; i++) hashes[i] = hashBytes(bytes, starts[i]!, ends[i]!, hashes[i]!);
        return;
      }
      case "struct":
        for (const child of vector.children) mixColumn(child, length, hashes);
        return;
      default:
    }
  }
  for (let i = 0; i < length; i++) hashes[i] = hashValue(vector, i, hashes[i]!);
}

/**
 * Spark's `hash(columns…)` of each row.
 * @param length number of rows; columns may be longer
 * @returns signed 32-bit hashes, one per row
 */
export function hashColumns(columns: readonly Vector[], length: number, seed: number = partitionSeed): Int32Array {
  const hashes = new Int32Array(length).fill(seed);
  for (const column of columns) mixColumn(column, length, hashes);
  return hashes;
}

/** The partition of a hash: the non-negative remainder (Spark's `pmod`). */
export function partitionOf(hash: number, partitions: number): number {
  const remainder = hash % partitions;
  return remainder < 0 ? remainder + partitions : remainder;
}
