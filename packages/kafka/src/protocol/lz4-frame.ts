/** LZ4 frames, as Kafka compresses with LZ4. The checksums of the frame are left alone: the record batch has its own. */
import { KafkaFormatError } from "./byte-reader.ts";

const magic = 0x184d2204;
const minimumMatch = 4;

/** The content of a frame. @throws KafkaFormatError when it is damaged or holds more than `limit` bytes */
export function decompressLz4Frame(source: Uint8Array, limit: number): Uint8Array {
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  if (source.length < 11 || view.getUint32(0, true) !== magic) throw new KafkaFormatError("it is no LZ4 frame");
  const flags = source[4]!;
  const blockBytes = 1 << (8 + 2 * ((source[5]! >> 4) & 7));
  const hasBlockChecksums = (flags & 16) !== 0;
  let at = 6 + ((flags & 8) === 0 ? 0 : 8) + ((flags & 1) === 0 ? 0 : 4) + 1;
  let target = new Uint8Array(Math.min(limit, Math.max(4 * source.length, 1024)));
  let out = 0;
  for (;;) {
    if (at + 4 > source.length) throw damaged();
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return target.subarray(0, out);
    const size = word & 0x7fff_ffff;
    if (size > source.length - at) throw damaged();
    if (target.length - out < blockBytes) {
      if (out >= limit) throw new KafkaFormatError(`it holds more than ${limit} bytes`);
      const grown = new Uint8Array(Math.min(limit, 2 * target.length + blockBytes));
      grown.set(target.subarray(0, out));
      target = grown;
    }
    if (word >>> 31 === 1) {
      if (size > target.length - out) throw damaged();
      target.set(source.subarray(at, at + size), out);
      out += size;
    } else {
      out = decompressBlock(source, at, at + size, target, out);
    }
    at += size + (hasBlockChecksums ? 4 : 0);
  }
}

function damaged(): KafkaFormatError {
  return new KafkaFormatError("its LZ4 frame is damaged");
}

/** Decompresses one block behind what `target` holds already, to which its matches may point; returns the end. */
function decompressBlock(source: Uint8Array, from: number, end: number, target: Uint8Array, start: number): number {
  const limit = target.length;
  let at = from;
  let out = start;
  while (at < end) {
    const token = source[at++]!;
    let literals = token >> 4;
    for (let more = literals === 15 ? 255 : 0; more === 255; literals += more) {
      if (at >= end) throw damaged();
      more = source[at++]!;
    }
    if (literals > end - at || literals > limit - out) throw damaged();
    for (let k = 0; k < literals; k++) target[out + k] = source[at + k]!;
    at += literals;
    out += literals;
    // The last sequence has no match.
    if (at === end) break;
    if (end - at < 2) throw damaged();
    const distance = source[at]! | (source[at + 1]! << 8);
    at += 2;
    let matched = token & 15;
    for (let more = matched === 15 ? 255 : 0; more === 255; matched += more) {
      if (at >= end) throw damaged();
      more = source[at++]!;
    }
    matched += minimumMatch;
    if (distance === 0 || distance > out || matched > limit - out) throw damaged();
    for (let k = 0; k < matched; k++, out++) target[out] = target[out - distance]!;
  }
  return out;
}
