/** Operations on validity bitmaps (least significant bit first, 1 = present, `null` = all present). */
import type { Validity } from "./vector.ts";

/** Bit `i` of a bitmap. */
export function bitAt(bits: Uint8Array, i: number): boolean {
  return ((bits[i >> 3]! >> (i & 7)) & 1) === 1;
}

export function setBit(bits: Uint8Array, i: number): void {
  bits[i >> 3]! |= 1 << (i & 7);
}

export function clearBit(bits: Uint8Array, i: number): void {
  bits[i >> 3]! &= ~(1 << (i & 7));
}

/** A bitmap for `length` values, all present. Bits beyond `length` are 1 too. */
export function allPresent(length: number): Uint8Array {
  return new Uint8Array((length + 7) >> 3).fill(0xff);
}

/** A bitmap for `length` values, all null. */
export function allNull(length: number): Uint8Array {
  return new Uint8Array((length + 7) >> 3);
}

/** Bits `[from, to)` as a bitmap that starts at bit 0; shares the memory when `from` is at a byte. */
export function sliceBits(bits: Uint8Array, from: number, to: number): Uint8Array {
  const first = from >> 3;
  const size = (to - from + 7) >> 3;
  const shift = from & 7;
  if (shift === 0) return bits.subarray(first, first + size);
  const result = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    result[i] = (bits[first + i]! >> shift) | ((bits[first + i + 1] ?? 0) << (8 - shift));
  }
  return result;
}

/** Copies `count` bits of `source` to `target` from bit `at` on. The target's bits must be 0 there. */
export function appendBits(target: Uint8Array, at: number, source: Uint8Array, count: number): void {
  const shift = at & 7;
  const first = at >> 3;
  const whole = count >> 3;
  if (shift === 0) {
    target.set(source.subarray(0, whole), first);
  } else {
    for (let i = 0; i < whole; i++) {
      const byte = source[i]!;
      target[first + i]! |= byte << shift;
      target[first + i + 1]! |= byte >> (8 - shift);
    }
  }
  for (let i = whole << 3; i < count; i++) if (bitAt(source, i)) setBit(target, at + i);
}

/** Sets bits `[from, from + count)`. */
export function setBits(target: Uint8Array, from: number, count: number): void {
  const to = from + count;
  let i = from;
  for (; i < to && (i & 7) !== 0; i++) setBit(target, i);
  const wholeEnd = to & ~7;
  if (wholeEnd > i) {
    target.fill(0xff, i >> 3, wholeEnd >> 3);
    i = wholeEnd;
  }
  for (; i < to; i++) setBit(target, i);
}

/** Bits of `bits` at the given positions, as a new bitmap. */
export function gatherBits(bits: Uint8Array, indices: Int32Array, count: number): Uint8Array {
  const result = new Uint8Array((count + 7) >> 3);
  for (let i = 0; i < count; i++) {
    const from = indices[i]!;
    result[i >> 3]! |= ((bits[from >> 3]! >> (from & 7)) & 1) << (i & 7);
  }
  return result;
}

/** The values present in both (a null bitmap stands for all present); may share memory with an argument. */
export function intersectValidity(a: Validity, b: Validity, length: number): Validity {
  if (a === null) return b;
  if (b === null) return a;
  const size = (length + 7) >> 3;
  const result = new Uint8Array(size);
  for (let i = 0; i < size; i++) result[i] = a[i]! & b[i]!;
  return result;
}

/** How many of the first `length` values are null. */
export function countNulls(validity: Validity, length: number): number {
  return validity === null ? 0 : length - countBits(validity, length);
}

/** How many of the first `length` bits are 1. */
export function countBits(bits: Uint8Array, length: number): number {
  let ones = 0;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) ones += onesInByte[bits[i]!]!;
  const rest = length & 7;
  if (rest !== 0) ones += onesInByte[bits[whole]! & ((1 << rest) - 1)]!;
  return ones;
}

const onesInByte = new Uint8Array(256);
for (let i = 1; i < 256; i++) onesInByte[i] = onesInByte[i >> 1]! + (i & 1);
