import fc from "fast-check";
import { expect, test } from "vitest";
import { lz4Bound, lz4Decompress } from "./lz4.ts";
import { kernelBlock, lz4Kernel } from "./lz4-kernel.ts";
import { xxHash32 } from "./xxhash32.ts";

// The twin of the kernel: the usual greedy compressor with a hash table of positions. It keeps the format's end rules: the last
// five bytes are literals and no match starts within the last twelve.
const minimumMatch = 4;
const lastLiterals = 5;
const matchFindLimit = 12;
const hashBits = 13;
const maximumDistance = 65535;

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function writeLength(target: Uint8Array, at: number, length: number): number {
  let out = at;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[out++] = 255;
  target[out++] = rest;
  return out;
}

function writeLiterals(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  const length = to - from;
  let out = at + 1;
  target[at] = length >= 15 ? 0xf0 : length << 4;
  if (length >= 15) out = writeLength(target, out, length - 15);
  // A view costs more than a short run.
  if (length <= 32) for (let i = 0; i < length; i++) target[out + i] = source[from + i]!;
  else target.set(source.subarray(from, to), out);
  return out + length;
}

function lz4Compress(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  const table = new Int32Array(1 << hashBits);
  const searchEnd = end - matchFindLimit;
  const matchEnd = end - lastLiterals;
  let anchor = start;
  let position = start;
  let out = at;
  while (position < searchEnd) {
    const sequence = read32(source, position);
    const slot = Math.imul(sequence, 0x9e3779b1) >>> (32 - hashBits);
    // Positions are stored plus one, so that 0 means empty.
    const candidate = table[slot]! - 1 + start;
    const known = table[slot]! !== 0;
    table[slot] = position - start + 1;
    if (!known || position - candidate > maximumDistance || read32(source, candidate) !== sequence) {
      // The longer nothing matches, the larger the steps.
      position += 1 + ((position - anchor) >> 6);
      continue;
    }
    let length = minimumMatch;
    while (position + length < matchEnd && source[candidate + length] === source[position + length]) length++;
    const token = out;
    out = writeLiterals(source, anchor, position, target, out);
    const distance = position - candidate;
    target[out++] = distance & 255;
    target[out++] = distance >>> 8;
    const extra = length - minimumMatch;
    if (extra >= 15) {
      target[token]! |= 15;
      out = writeLength(target, out, extra - 15);
    } else {
      target[token]! |= extra;
    }
    position += length;
    anchor = position;
  }
  return writeLiterals(source, anchor, end, target, out);
}

const compressible = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 })), { maxLength: 40 })
  .map((parts) =>
    Uint8Array.from(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())),
  );
/** As in state files: short numbers in long fields. */
const records = fc
  .tuple(fc.nat(2000), fc.nat(255), fc.nat(255))
  .map(([count, a, b]) =>
    Uint8Array.from({ length: 12 * count }, (_, i) => (i % 12 === 0 ? i * a : i % 12 < 3 ? b : 0)),
  );
const blocks = fc.oneof(fc.uint8Array({ maxLength: 300 }), compressible, records);

function check(bytes: Uint8Array, seed: number): void {
  const kernel = lz4Kernel();
  const { length, checksum } = kernel.compress(bytes, 0, bytes.length, seed);
  const made = new Uint8Array(length);
  kernel.copyTo(made, 0, length);
  const plain = new Uint8Array(lz4Bound(bytes.length));
  const end = lz4Compress(bytes, 0, bytes.length, plain, 0);
  expect(Buffer.compare(made, plain.subarray(0, end))).toBe(0);
  expect(checksum).toBe(xxHash32(bytes, 0, bytes.length, seed));
  const back = new Uint8Array(bytes.length + 3);
  expect(kernel.decompress(made, 0, length, back, 3, bytes.length, seed)).toBe(checksum);
  expect(Buffer.compare(back.subarray(3), bytes)).toBe(0);
}

test("the kernel compresses as its twin does, and gives back what it was given", () => {
  fc.assert(
    fc.property(blocks, fc.nat(), (bytes, seed) => check(bytes.subarray(0, kernelBlock), seed)),
    { numRuns: 300 },
  );
  check(new Uint8Array(kernelBlock), 1);
  check(
    Uint8Array.from({ length: kernelBlock }, (_, i) => (i * i) >> 7),
    2,
  );
  // Nothing in it repeats: the largest that a block can become.
  let state = 1;
  check(
    Uint8Array.from({ length: kernelBlock }, () => ((state = Math.imul(state, 1_103_515_245) + 12_345) >>> 16) & 255),
    3,
  );
});

test("the kernel takes and refuses the same blocks as the code that says what is wrong", () => {
  const kernel = lz4Kernel();
  fc.assert(
    fc.property(blocks, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(3), (bytes, flips, cut) => {
      const length = Math.min(bytes.length, kernelBlock);
      const packed = new Uint8Array(lz4Bound(length));
      const size = Math.max(0, lz4Compress(bytes, 0, length, packed, 0) - cut);
      for (const [at, mask] of flips) if (size > 0) packed[at % size]! ^= mask;
      if (size > length) return;
      const plain = new Uint8Array(length);
      const wrong = lz4Decompress(packed, 0, size, plain, 0, length);
      const back = new Uint8Array(length);
      const checksum = kernel.decompress(packed, 0, size, back, 0, length, 0);
      expect(checksum >= 0).toBe(wrong === null);
      if (wrong === null) expect(Buffer.compare(back, plain)).toBe(0);
    }),
    { numRuns: 500 },
  );
});
