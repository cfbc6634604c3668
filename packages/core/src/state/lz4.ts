/**
 * The LZ4 block format: sequences of (token, literals, match offset, match length).
 * The compressor is the usual greedy one with a hash table of positions; it keeps the format's end rules: the last five
 * bytes are literals and no match starts within the last twelve.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
const minimumMatch = 4;
const lastLiterals = 5;
const matchFindLimit = 12;
const hashBits = 13;
const maximumDistance = 65535;

/** Largest size that a block of `length` bytes can have when compressed. */
export function lz4Bound(length: number): number {
  return length + Math.floor(length / 255) + 16;
}

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

/**
 * Compresses `source[start, end)` into `target` at `at` (which must have room for {@link lz4Bound}).
 * @returns the position after the last byte written.
 */
export function lz4Compress(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
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

/**
 * Decompresses `source[start, end)` into `target[at, at + length)`. Never reads or writes outside of these ranges.
 * @returns null when the block is exactly `length` bytes, otherwise what is wrong with it.
 */
export function lz4Decompress(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  length: number,
): string | null {
  const limit = at + length;
  let input = start;
  let out = at;
  while (input < end) {
    const token = source[input++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (input >= end) return "a length is cut off";
        more = source[input++]!;
        literals += more;
      }
    }
    if (literals > end - input || literals > limit - out) return "literals run over the end";
    for (let i = 0; i < literals; i++) target[out++] = source[input++]!;
    if (input === end) break;
    if (end - input < 2) return "a match offset is cut off";
    const distance = source[input]! | (source[input + 1]! << 8);
    input += 2;
    if (distance === 0 || distance > out - at) return "a match points before the block";
    let matched = (token & 15) + minimumMatch;
    if ((token & 15) === 15) {
      let more = 255;
      while (more === 255) {
        if (input >= end) return "a length is cut off";
        more = source[input++]!;
        matched += more;
      }
    }
    if (matched > limit - out) return "a match runs over the end";
    for (let i = 0; i < matched; i++, out++) target[out] = target[out - distance]!;
  }
  return out === limit ? null : `the block holds ${out - at} bytes instead of ${length}`;
}
