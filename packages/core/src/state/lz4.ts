/**
 * The LZ4 block format: sequences of (token, literals, match offset, match length). Compressing, and decompressing what is sound,
 * is the work of the kernel (`lz4-kernel.ts`); the code here reads any bytes, and says what is wrong with them.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
const minimumMatch = 4;

/** Largest size that a block of `length` bytes can have when compressed. */
export function lz4Bound(length: number): number {
  return length + Math.floor(length / 255) + 16;
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
