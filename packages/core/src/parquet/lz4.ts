/** LZ4 blocks without a frame, and the frame that Hadoop puts around them. */
import { ParquetFormatError } from "./format-error.ts";

function damaged(): ParquetFormatError {
  return new ParquetFormatError("an LZ4 block is damaged");
}

/** Decompresses one block into `target[out …]`; returns the end. */
function decompressBlock(
  source: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
  start: number,
  limit: number,
): number {
  let at = from;
  let out = start;
  while (at < end) {
    const token = source[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (at >= end) throw damaged();
        more = source[at++]!;
        literals += more;
      } while (more === 255);
    }
    if (literals > end - at || literals > limit - out) throw damaged();
    if (literals < 32) for (let k = 0; k < literals; k++) target[out + k] = source[at + k]!;
    else target.set(source.subarray(at, at + literals), out);
    at += literals;
    out += literals;
    // The last sequence has no match.
    if (at === end) return out;
    if (at + 2 > end) throw damaged();
    const offset = source[at]! | (source[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + 4;
    if ((token & 15) === 15) {
      let more: number;
      do {
        if (at >= end) throw damaged();
        more = source[at++]!;
        length += more;
      } while (more === 255);
    }
    if (offset === 0 || offset > out - start || length > limit - out) throw damaged();
    if (offset >= length && length >= 32) target.copyWithin(out, out - offset, out - offset + length);
    else for (let k = 0; k < length; k++) target[out + k] = target[out - offset + k]!;
    out += length;
  }
  return out;
}

/** The codec LZ4_RAW. */
export function decompressLz4Raw(source: Uint8Array, target: Uint8Array, size: number): void {
  if (decompressBlock(source, 0, source.length, target, 0, size) !== size) throw damaged();
}

/** The deprecated codec LZ4: blocks with two lengths in front of each; some writers leave the lengths away. */
export function decompressLz4Hadoop(source: Uint8Array, target: Uint8Array, size: number): void {
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  let at = 0;
  let out = 0;
  while (at + 8 <= source.length) {
    const plain = view.getUint32(at);
    const compressed = view.getUint32(at + 4);
    if (plain > size - out || compressed > source.length - at - 8) break;
    at += 8;
    const end = decompressBlock(source, at, at + compressed, target, out, out + plain);
    if (end !== out + plain) throw damaged();
    out = end;
    at += compressed;
  }
  if (at === source.length && out === size) return;
  decompressLz4Raw(source, target, size);
}
