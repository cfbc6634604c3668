/**
 * Murmur3 (x86, 32 bits) and xxHash64 over SQL values as Spark computes them: a value's hash is the seed of the next one,
 * NULL leaves the seed as it is. Spark's Murmur3 mixes the bytes after the last whole word one at a time, sign-extended.
 */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import type { DataType, SqlMap, SqlValue } from "../../types/data-type.ts";

function rotateLeft(x: number, r: number): number {
  return (x << r) | (x >>> (32 - r));
}
function mix(h: number, word: number): number {
  const k = Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotateLeft(h ^ k, 13), 5) + 0xe6546b64) | 0;
}
function finish(h: number, length: number): number {
  let x = h ^ length;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

export function murmurInt(value: number, seed: number): number {
  return finish(mix(seed, value), 4);
}
/** A 64-bit value by its two halves. */
export function murmurLong(low: number, high: number, seed: number): number {
  return finish(mix(mix(seed, low), high), 8);
}
export function murmurBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed;
  const aligned = start + ((end - start) & ~3);
  for (let i = start; i < aligned; i += 4)
    h = mix(h, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  for (let i = aligned; i < end; i++) h = mix(h, (bytes[i]! << 24) >> 24);
  return finish(h, end - start);
}

const mask = (1n << 64n) - 1n;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;
const rotate64 = (x: bigint, r: bigint): bigint => ((x << r) | (x >> (64n - r))) & mask;
const round64 = (acc: bigint, word: bigint): bigint => (rotate64((acc + word * prime2) & mask, 31n) * prime1) & mask;
function avalanche(h: bigint): bigint {
  let x = h;
  x = ((x ^ (x >> 33n)) * prime2) & mask;
  x = ((x ^ (x >> 29n)) * prime3) & mask;
  return BigInt.asIntN(64, x ^ (x >> 32n));
}

export function xxInt(value: number, seed: bigint): bigint {
  let h = (BigInt.asUintN(64, seed) + prime5 + 4n) & mask;
  h ^= (BigInt(value >>> 0) * prime1) & mask;
  return avalanche((rotate64(h, 23n) * prime2 + prime3) & mask);
}
export function xxLong(value: bigint, seed: bigint): bigint {
  let h = (BigInt.asUintN(64, seed) + prime5 + 8n) & mask;
  h ^= round64(0n, BigInt.asUintN(64, value));
  return avalanche((rotate64(h, 27n) * prime1 + prime4) & mask);
}
export function xxBytes(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const s = BigInt.asUintN(64, seed);
  const length = bytes.length;
  let at = 0;
  let h: bigint;
  if (length >= 32) {
    const lanes = [(s + prime1 + prime2) & mask, (s + prime2) & mask, s, (s - prime1) & mask];
    for (; at + 32 <= length; at += 32)
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round64(lanes[lane]!, view.getBigUint64(at + lane * 8, true));
    h =
      (rotate64(lanes[0]!, 1n) + rotate64(lanes[1]!, 7n) + rotate64(lanes[2]!, 12n) + rotate64(lanes[3]!, 18n)) & mask;
    for (const lane of lanes) h = ((h ^ round64(0n, lane)) * prime1 + prime4) & mask;
  } else h = (s + prime5) & mask;
  h = (h + BigInt(length)) & mask;
  for (; at + 8 <= length; at += 8)
    h = (rotate64(h ^ round64(0n, view.getBigUint64(at, true)), 27n) * prime1 + prime4) & mask;
  if (at + 4 <= length) {
    h = (rotate64(h ^ ((BigInt(view.getUint32(at, true)) * prime1) & mask), 23n) * prime2 + prime3) & mask;
    at += 4;
  }
  for (; at < length; at++) h = (rotate64(h ^ ((BigInt(bytes[at]!) * prime5) & mask), 11n) * prime1) & mask;
  return avalanche(h);
}

/** One hash function over the primitive forms. */
export interface Hash<H> {
  int(value: number, seed: H): H;
  long(value: bigint, seed: H): H;
  bytes(value: Uint8Array, seed: H): H;
}
export const murmur3: Hash<number> = {
  int: murmurInt,
  long: (value, seed) => murmurLong(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)), seed),
  bytes: (value, seed) => murmurBytes(value, 0, value.length, seed),
};
export const xxHash64: Hash<bigint> = { int: xxInt, long: xxLong, bytes: xxBytes };

const scratch = new DataView(new ArrayBuffer(8));

/** The hash of values of a type, starting from a seed. */
export function hashOf<H>(hash: Hash<H>, type: DataType): (value: SqlValue, seed: H) => H {
  const present = presentHash(hash, type);
  return (value, seed) => (value === null ? seed : present(value, seed));
}

function presentHash<H>(hash: Hash<H>, type: DataType): (value: SqlValue, seed: H) => H {
  switch (type.kind) {
    case "null":
      return (_, seed) => seed;
    case "boolean":
      return (v, seed) => hash.int(v === true ? 1 : 0, seed);
    case "float":
      return (v, seed) => {
        scratch.setFloat32(0, v === 0 ? 0 : (v as number));
        return hash.int(scratch.getInt32(0), seed);
      };
    case "double":
      return (v, seed) => {
        scratch.setFloat64(0, v === 0 ? 0 : (v as number));
        return hash.long(scratch.getBigInt64(0), seed);
      };
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
      return (v, seed) => hash.long(v as bigint, seed);
    case "decimal":
      return type.precision <= 18
        ? (v, seed) => hash.long(v as bigint, seed)
        : (v, seed) => hash.bytes(bigEndianBytes(v as bigint), seed);
    case "string":
      return (v, seed) => hash.bytes(encodeUtf8(v as string), seed);
    case "binary":
      return (v, seed) => hash.bytes(v as Uint8Array, seed);
    case "array": {
      const element = hashOf(hash, type.element);
      return (v, seed) => (v as readonly SqlValue[]).reduce<H>((h, item) => element(item, h), seed);
    }
    case "struct": {
      const fields = type.fields.map((f) => hashOf(hash, f.type));
      return (v, seed) => fields.reduce<H>((h, field, i) => field((v as readonly SqlValue[])[i]!, h), seed);
    }
    case "map": {
      const key = hashOf(hash, type.key);
      const value = hashOf(hash, type.value);
      return (v, seed) => (v as SqlMap).keys.reduce<H>((h, k, i) => value((v as SqlMap).values[i]!, key(k, h)), seed);
    }
    default:
      return (v, seed) => hash.int(v as number, seed);
  }
}

/** Java's `BigInteger.toByteArray`: the shortest two's complement form, most significant byte first. */
export function bigEndianBytes(value: bigint): Uint8Array {
  let width = 1;
  while (BigInt.asIntN(width * 8, value) !== value) width++;
  const bytes = new Uint8Array(width);
  let rest = value;
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}
