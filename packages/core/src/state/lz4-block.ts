/**
 * The framing of lz4-java's `LZ4BlockOutputStream`, in which Spark writes state files: blocks of
 * `"LZ4Block"`, a token (high nibble 1 raw or 2 LZ4, low nibble log2(block size) - 10), compressed length, original length
 * and checksum as little-endian 32-bit numbers, then the data; a block of length zero ends the stream.
 */
import { lz4Bound, lz4Compress, lz4Decompress } from "./lz4.ts";
import { xxHash32 } from "./xxhash32.ts";

const magic = new Uint8Array([0x4c, 0x5a, 0x34, 0x42, 0x6c, 0x6f, 0x63, 0x6b]);
const headerLength = 21;
const checksumSeed = 0x9747b28c;
const methodRaw = 0x10;
const methodLz4 = 0x20;
/** 32 KB, as Spark configures (`spark.io.compression.lz4.blockSize`). */
const blockSize = 32 * 1024;
const blockLevel = 5;
/** Larger blocks than this are refused before memory is allocated for them. */
const largestBlock = 64 * 1024 * 1024;

function writeHeader(
  target: Uint8Array,
  at: number,
  method: number,
  compressedLength: number,
  originalLength: number,
  checksum: number,
): void {
  target.set(magic, at);
  target[at + 8] = method | blockLevel;
  write32(target, at + 9, compressedLength);
  write32(target, at + 13, originalLength);
  write32(target, at + 17, checksum);
}

function write32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function checksumOf(bytes: Uint8Array, start: number, end: number): number {
  return xxHash32(bytes, start, end, checksumSeed) & 0x0fffffff;
}

/** The framed and compressed form of `bytes`. Deterministic. */
export function encodeLz4Blocks(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / blockSize);
  const result = new Uint8Array((blocks + 1) * headerLength + blocks * lz4Bound(blockSize));
  let out = 0;
  for (let start = 0; start < bytes.length; start += blockSize) {
    const end = Math.min(bytes.length, start + blockSize);
    const data = out + headerLength;
    let method = methodLz4;
    let length = lz4Compress(bytes, start, end, result, data) - data;
    if (length >= end - start) {
      method = methodRaw;
      length = end - start;
      result.set(bytes.subarray(start, end), data);
    }
    writeHeader(result, out, method, length, end - start, checksumOf(bytes, start, end));
    out = data + length;
  }
  writeHeader(result, out, methodRaw, 0, 0, 0);
  return result.slice(0, out + headerLength);
}

/** A framed stream that cannot be read; `reason` says what is wrong and at which byte. */
export class Lz4FormatError extends Error {
  override readonly name = "Lz4FormatError";
}

interface Block {
  readonly at: number;
  readonly method: number;
  readonly data: number;
  readonly length: number;
  readonly originalLength: number;
  readonly checksum: number;
}

function readHeader(bytes: Uint8Array, at: number): Block {
  if (bytes.length - at < headerLength) throw new Lz4FormatError(`it ends within a block header at byte ${at}`);
  for (let i = 0; i < magic.length; i++) {
    if (bytes[at + i] !== magic[i]) throw new Lz4FormatError(`there is no LZ4 block at byte ${at}`);
  }
  const token = bytes[at + 8]!;
  const method = token & 0xf0;
  const length = read32(bytes, at + 9);
  const originalLength = read32(bytes, at + 13);
  const checksum = read32(bytes, at + 17);
  const sizeLimit = Math.min(largestBlock, 1 << ((token & 0x0f) + 10));
  const sound =
    (method === methodRaw || method === methodLz4) &&
    length >= 0 &&
    originalLength >= 0 &&
    originalLength <= sizeLimit &&
    (length === 0) === (originalLength === 0) &&
    (method !== methodRaw || length === originalLength) &&
    (originalLength !== 0 || checksum === 0);
  if (!sound) throw new Lz4FormatError(`the block header at byte ${at} is not valid`);
  if (bytes.length - at - headerLength < length) throw new Lz4FormatError(`the block at byte ${at} is cut off`);
  return { at, method, data: at + headerLength, length, originalLength, checksum };
}

/**
 * The content of a framed stream, every checksum verified. The stream must end with its end mark and with nothing after.
 * @throws {@link Lz4FormatError}
 */
export function decodeLz4Blocks(bytes: Uint8Array): Uint8Array {
  const blocks: Block[] = [];
  let total = 0;
  let at = 0;
  for (;;) {
    const block = readHeader(bytes, at);
    at = block.data + block.length;
    if (block.originalLength === 0) break;
    blocks.push(block);
    total += block.originalLength;
  }
  if (at !== bytes.length) throw new Lz4FormatError(`${bytes.length - at} bytes follow the end mark at byte ${at}`);
  const result = new Uint8Array(total);
  let out = 0;
  for (const block of blocks) {
    const end = block.data + block.length;
    if (block.method === methodRaw) {
      result.set(bytes.subarray(block.data, end), out);
    } else {
      const wrong = lz4Decompress(bytes, block.data, end, result, out, block.originalLength);
      if (wrong !== null) throw new Lz4FormatError(`the block at byte ${block.at} is damaged: ${wrong}`);
    }
    if (checksumOf(result, out, out + block.originalLength) !== block.checksum) {
      throw new Lz4FormatError(`the checksum of the block at byte ${block.at} does not match`);
    }
    out += block.originalLength;
  }
  return result;
}
