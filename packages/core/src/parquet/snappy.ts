/**
 * Snappy's raw format. The decoder copies words of four bytes and may write a few bytes too many, which the next ones
 * overwrite: its output array has room for them.
 */
import { ParquetFormatError } from "./format-error.ts";

/** Bytes that a buffer must have beyond the content of a decompressed block. */
export const decoderSlack = 64;

/** A copy of 64 bytes takes at least 3 bytes: a block that claims more is damaged, whatever it says. */
const largestRatio = 22;

/** The size that a block says it has when it is decompressed, and where its content begins. */
function readSize(source: Uint8Array): { readonly size: number; readonly at: number } {
  let size = 0;
  let factor = 1;
  for (let at = 0; at < 5; at++) {
    const byte = source[at];
    if (byte === undefined) break;
    size += (byte & 0x7f) * factor;
    if (byte < 0x80) return { size, at: at + 1 };
    factor *= 128;
  }
  throw new ParquetFormatError("a snappy block has no size");
}

/**
 * Decompresses `source` into `target`, which has room for `size` bytes and {@link decoderSlack} more.
 * @throws ParquetFormatError when the block is damaged or has another size
 */
export function decompressSnappy(source: Uint8Array, target: Uint8Array, size: number): void {
  const header = readSize(source);
  if (header.size !== size) {
    throw new ParquetFormatError(`a snappy block holds ${header.size} bytes, and ${size} are expected`);
  }
  const end = source.length;
  const from = new DataView(source.buffer, source.byteOffset, end);
  const to = new DataView(target.buffer, target.byteOffset, target.length);
  let at = header.at;
  let out = 0;
  while (at < end) {
    const tag = source[at++]!;
    let length: number;
    let offset: number;
    if ((tag & 3) === 0) {
      length = tag >> 2;
      if (length >= 60) {
        const extra = length - 59;
        if (at + extra > end) throw damaged();
        length = source[at]!;
        if (extra > 1) length |= source[at + 1]! << 8;
        if (extra > 2) length |= source[at + 2]! << 16;
        if (extra > 3) length += source[at + 3]! * 0x1000000;
        at += extra;
      }
      length++;
      if (length > end - at || length > size - out) throw damaged();
      if (length <= 16 && at + 16 <= end) {
        to.setInt32(out, from.getInt32(at, true), true);
        if (length > 4) to.setInt32(out + 4, from.getInt32(at + 4, true), true);
        if (length > 8) {
          to.setInt32(out + 8, from.getInt32(at + 8, true), true);
          to.setInt32(out + 12, from.getInt32(at + 12, true), true);
        }
      } else if (length <= 48 && at + 64 <= end) {
        for (let k = 0; k < length; k += 4) to.setInt32(out + k, from.getInt32(at + k, true), true);
      } else {
        target.set(source.subarray(at, at + length), out);
      }
      at += length;
      out += length;
      continue;
    }
    if ((tag & 3) === 1) {
      if (at >= end) throw damaged();
      length = ((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | source[at++]!;
    } else if ((tag & 3) === 2) {
      if (at + 2 > end) throw damaged();
      length = (tag >> 2) + 1;
      offset = source[at]! | (source[at + 1]! << 8);
      at += 2;
    } else {
      if (at + 4 > end) throw damaged();
      length = (tag >> 2) + 1;
      offset = from.getUint32(at, true);
      at += 4;
    }
    if (offset === 0 || offset > out || length > size - out) throw damaged();
    const start = out - offset;
    if (offset >= 4) {
      // Each word is read after the one before was written, so that overlapping copies repeat what they should.
      to.setInt32(out, to.getInt32(start, true), true);
      if (length > 4) {
        to.setInt32(out + 4, to.getInt32(start + 4, true), true);
        for (let k = 8; k < length; k += 4) to.setInt32(out + k, to.getInt32(start + k, true), true);
      }
    } else {
      for (let k = 0; k < length; k++) target[out + k] = target[start + k]!;
    }
    out += length;
  }
  if (out !== size) throw damaged();
}

function damaged(): ParquetFormatError {
  return new ParquetFormatError("a snappy block is damaged");
}

/** Whether a block of `compressed` bytes can hold `size` bytes. */
export function plausibleSnappySize(compressed: number, size: number): boolean {
  return size <= compressed * largestRatio + 64;
}

const hashBits = 14;
const table = new Int32Array(1 << hashBits);
const blockSize = 1 << 16;

/** Compresses `source`; blocks of 64 KiB are compressed on their own, so that offsets fit two bytes. */
export function compressSnappy(source: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = source.length;
  const target = new Uint8Array(32 + length + Math.ceil(length / 6));
  const view = new DataView(source.buffer, source.byteOffset, length);
  let out = 0;
  let rest = length;
  while (rest >= 0x80) {
    target[out++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[out++] = rest;
  for (let from = 0; from < length; from += blockSize) {
    out = compressBlock(source, view, from, Math.min(length, from + blockSize), target, out);
  }
  return target.slice(0, out);
}

function compressBlock(
  source: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  target: Uint8Array,
  start: number,
): number {
  let out = start;
  let literal = from;
  let at = from + 1;
  table.fill(from);
  // Matches are looked for where four bytes can be read.
  const last = to - 15;
  let misses = 32;
  while (at < last) {
    const word = view.getInt32(at, true);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits);
    const candidate = table[slot]!;
    table[slot] = at;
    if (candidate >= at || view.getInt32(candidate, true) !== word) {
      // Data that does not repeat is passed over in growing steps.
      at += misses++ >> 5;
      continue;
    }
    misses = 32;
    if (at > literal) out = emitLiteral(source, literal, at, target, out);
    let length = 4;
    while (at + length < to && source[candidate + length] === source[at + length]) length++;
    out = emitCopy(at - candidate, length, target, out);
    at += length;
    literal = at;
    if (at < last) table[Math.imul(view.getInt32(at - 1, true), 0x1e35a7bd) >>> (32 - hashBits)] = at - 1;
  }
  return literal < to ? emitLiteral(source, literal, to, target, out) : out;
}

function emitLiteral(source: Uint8Array, from: number, to: number, target: Uint8Array, start: number): number {
  let out = start;
  const length = to - from - 1;
  if (length < 60) target[out++] = length << 2;
  else if (length < 0x100) {
    target[out++] = 60 << 2;
    target[out++] = length;
  } else {
    target[out++] = 61 << 2;
    target[out++] = length & 0xff;
    target[out++] = length >> 8;
  }
  if (length < 24) for (let i = from; i < to; i++) target[out++] = source[i]!;
  else {
    target.set(source.subarray(from, to), out);
    out += to - from;
  }
  return out;
}

function emitCopy(offset: number, size: number, target: Uint8Array, start: number): number {
  let out = start;
  let length = size;
  // No piece shorter than four bytes may be left over.
  for (; length >= 68; length -= 64) out = emitShortCopy(offset, 64, target, out);
  if (length > 64) {
    out = emitShortCopy(offset, 60, target, out);
    length -= 60;
  }
  return emitShortCopy(offset, length, target, out);
}

function emitShortCopy(offset: number, length: number, target: Uint8Array, out: number): number {
  if (length < 12 && offset < 2048) {
    target[out] = 1 | ((length - 4) << 2) | ((offset >> 8) << 5);
    target[out + 1] = offset & 0xff;
    return out + 2;
  }
  target[out] = 2 | ((length - 1) << 2);
  target[out + 1] = offset & 0xff;
  target[out + 2] = offset >> 8;
  return out + 3;
}
