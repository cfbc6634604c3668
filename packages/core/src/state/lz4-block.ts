/**
 * The framing of lz4-java's `LZ4BlockOutputStream`, in which Spark writes state files: blocks of
 * `"LZ4Block"`, a token (high nibble 1 raw or 2 LZ4, low nibble log2(block size) - 10), compressed length, original length
 * and checksum as little-endian 32-bit numbers, then the data; a block of length zero ends the stream.
 */
import { lz4Bound, lz4Decompress } from "./lz4.ts";
import { kernelBlock, lz4Kernel } from "./lz4-kernel.ts";
import { xxHash32 } from "./xxhash32.ts";

const magic = new Uint8Array([0x4c, 0x5a, 0x34, 0x42, 0x6c, 0x6f, 0x63, 0x6b]);
const headerLength = 21;
const checksumSeed = 0x9747b28c;
const methodRaw = 0x10;
const methodLz4 = 0x20;
/** 32 KB, as Spark configures (`spark.io.compression.lz4.blockSize`). */
export const blockSize: number = kernelBlock;
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

/** The stream has the lower bits of checksums only. */
const checksumBits = 0x0fffffff;

function checksumOf(bytes: Uint8Array, start: number, end: number): number {
  return xxHash32(bytes, start, end, checksumSeed) & checksumBits;
}

/** The memory of the last stream, for the next one: fresh memory of this size would cost more than what is written. */
let spare: Uint8Array = new Uint8Array(65_536);
const largestSpare = 64 << 20;

/** Writes a framed stream, block by block. Deterministic. */
export class Lz4BlockWriter {
  #bytes: Uint8Array = spare;
  #end = 0;

  /** Appends a block of at most {@link blockSize} bytes. */
  block(source: Uint8Array, start: number, end: number): void {
    this.#reserve(headerLength + lz4Bound(blockSize));
    const kernel = lz4Kernel();
    const data = this.#end + headerLength;
    const { length, checksum } = kernel.compress(source, start, end, checksumSeed);
    const isRaw = length >= end - start;
    const method = isRaw ? methodRaw : methodLz4;
    const size = isRaw ? end - start : length;
    writeHeader(this.#bytes, this.#end, method, size, end - start, checksum & checksumBits);
    if (isRaw) this.#bytes.set(source.subarray(start, end), data);
    else kernel.copyTo(this.#bytes, data, length);
    this.#end = data + size;
  }

  /**
   * The whole stream, or a piece of it.
   * @param last whether the stream ends here; otherwise more blocks are to follow
   */
  finish(last = true): Uint8Array {
    if (last) {
      this.#reserve(headerLength);
      writeHeader(this.#bytes, this.#end, methodRaw, 0, 0, 0);
      this.#end += headerLength;
    }
    if (this.#bytes.length <= largestSpare) spare = this.#bytes;
    return this.#bytes.slice(0, this.#end);
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * this.#bytes.length + length);
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

/** The framed and compressed form of `bytes`. */
export function encodeLz4Blocks(bytes: Uint8Array): Uint8Array {
  const writer = new Lz4BlockWriter();
  for (let start = 0; start < bytes.length; start += blockSize) {
    writer.block(bytes, start, Math.min(bytes.length, start + blockSize));
  }
  return writer.finish();
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
    decodeBlock(bytes, block, result, out);
    out += block.originalLength;
  }
  return result;
}

/** @throws {@link Lz4FormatError} */
function decodeBlock(bytes: Uint8Array, block: Block, target: Uint8Array, at: number): void {
  const { data, length, originalLength, checksum } = block;
  const end = data + length;
  if (block.method === methodLz4 && originalLength <= blockSize && length <= originalLength) {
    const made = lz4Kernel().decompress(bytes, data, end, target, at, originalLength, checksumSeed);
    if (made >= 0 && (made & checksumBits) === checksum) return;
    // Damaged: the code below says how.
  }
  if (block.method === methodRaw) {
    target.set(bytes.subarray(data, end), at);
  } else {
    const wrong = lz4Decompress(bytes, data, end, target, at, originalLength);
    if (wrong !== null) throw new Lz4FormatError(`the block at byte ${block.at} is damaged: ${wrong}`);
  }
  if (checksumOf(target, at, at + originalLength) !== checksum) {
    throw new Lz4FormatError(`the checksum of the block at byte ${block.at} does not match`);
  }
}
