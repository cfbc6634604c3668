/** Writes the RLE / bit-packed hybrid. */
import type { ByteBuffer } from "../columnar/byte-buffer.ts";

/** Repetitions from which on a run is shorter than the packed values. */
const shortestRun = 8;

export function encodeRle(values: Int32Array | Uint8Array, count: number, width: number, out: ByteBuffer): void {
  let packedFrom = 0;
  let i = 0;
  while (i < count) {
    const value = values[i]!;
    let end = i + 1;
    while (end < count && values[end] === value) end++;
    // Packed values come in groups of eight: the run gives some of its values to complete the group before it.
    const missing = (8 - ((i - packedFrom) & 7)) & 7;
    if (end - i - missing >= shortestRun) {
      packed(values, packedFrom, i + missing, width, out);
      out.varint((end - i - missing) * 2);
      for (let bit = 0; bit < width; bit += 8) out.byte(value >>> bit);
      packedFrom = end;
    }
    i = end;
  }
  packed(values, packedFrom, count, width, out);
}

function packed(values: Int32Array | Uint8Array, from: number, to: number, width: number, out: ByteBuffer): void {
  if (from === to) return;
  const groups = (to - from + 7) >> 3;
  out.varint(groups * 2 + 1);
  out.reserve(groups * width);
  const { bytes } = out;
  let at = out.length;
  let word = 0;
  let have = 0;
  for (let i = from, end = from + groups * 8; i < end; i++) {
    // A value is at most 24 bits wide here, so that it fits beside the up to seven bits that are left over.
    word |= (i < to ? values[i]! : 0) << have;
    have += width;
    while (have >= 8) {
      bytes[at++] = word;
      word >>>= 8;
      have -= 8;
    }
  }
  out.length = at;
}
