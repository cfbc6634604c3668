/** DELTA_BINARY_PACKED: integers as differences to the one before, in blocks of bit-packed miniblocks. */
import { ParquetFormatError } from "./format-error.ts";
import { unpackBits } from "./rle-decoder.ts";

/** Values that are unpacked at a time; miniblocks hold a multiple of it. */
const chunk = 32;

function cutOff(): ParquetFormatError {
  return new ParquetFormatError("delta-encoded values are cut off");
}

/** Reads the numbers of a delta encoding's headers: up to 64 bits in two halves. */
class Headers {
  readonly bytes: Uint8Array;
  at: number;
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  count(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 5; i++) {
      if (this.at >= this.bytes.length) throw cutOff();
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new ParquetFormatError("a count of delta-encoded values is damaged");
  }

  /** A zigzag number into {@link low} and {@link high}. */
  zigzag(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.at >= this.bytes.length || shift > 63) throw cutOff();
      const byte = this.bytes[this.at++]!;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 25) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32);
      if (byte < 0x80) break;
    }
    const sign = -(low & 1);
    this.low = ((low >>> 1) | (high << 31)) ^ sign;
    this.high = (high >>> 1) ^ sign;
  }
}

interface DeltaHeader {
  readonly blockSize: number;
  readonly miniblocks: number;
  readonly total: number;
}

function readHeader(headers: Headers): DeltaHeader {
  const blockSize = headers.count();
  const miniblocks = headers.count();
  const total = headers.count();
  headers.zigzag();
  const size = blockSize / miniblocks;
  if (miniblocks === 0 || !Number.isInteger(size) || size % chunk !== 0 || size === 0 || miniblocks > 1 << 16) {
    throw new ParquetFormatError(`delta-encoded blocks of ${blockSize} values in ${miniblocks} parts cannot be`);
  }
  return { blockSize, miniblocks, total };
}

/** Where the encoding that begins at `at` ends, and how many values it has. */
export function deltaEnd(bytes: Uint8Array, at: number): { readonly end: number; readonly total: number } {
  const headers = new Headers(bytes, at);
  const { blockSize, miniblocks, total } = readHeader(headers);
  const size = blockSize / miniblocks;
  for (let left = total - 1; left > 0; left -= blockSize) {
    headers.zigzag();
    const widths = headers.at;
    headers.at += miniblocks;
    for (let m = 0; m < miniblocks && m * size < left; m++) headers.at += (size / 8) * (bytes[widths + m] ?? 0);
    if (headers.at > bytes.length) throw cutOff();
  }
  return { end: headers.at, total };
}

export class DeltaDecoder {
  readonly #headers: Headers;
  readonly #view: DataView;
  readonly #header: DeltaHeader;
  readonly #miniblockSize: number;
  /** Values that are left, the first one included. */
  left: number;
  #low: number;
  #high: number;
  #minLow = 0;
  #minHigh = 0;
  #first = true;
  /** Widths of the block's miniblocks, and the one that is read. */
  #widths = 0;
  #miniblock = 0;
  #leftInMiniblock = 0;
  readonly #lows = new Int32Array(chunk);
  readonly #highs = new Int32Array(chunk);
  /** Next of the unpacked differences. */
  #next = chunk;

  constructor(bytes: Uint8Array, at: number) {
    this.#headers = new Headers(bytes, at);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#header = readHeader(this.#headers);
    this.#miniblockSize = this.#header.blockSize / this.#header.miniblocks;
    this.#miniblock = this.#header.miniblocks;
    this.left = this.#header.total;
    this.#low = this.#headers.low;
    this.#high = this.#headers.high;
  }

  #unpack(): void {
    const headers = this.#headers;
    if (this.#leftInMiniblock === 0) {
      if (++this.#miniblock >= this.#header.miniblocks) {
        headers.zigzag();
        this.#minLow = headers.low;
        this.#minHigh = headers.high;
        this.#widths = headers.at;
        headers.at += this.#header.miniblocks;
        if (headers.at > headers.bytes.length) throw cutOff();
        this.#miniblock = 0;
      }
      this.#leftInMiniblock = this.#miniblockSize;
    }
    const width = headers.bytes[this.#widths + this.#miniblock]!;
    if (width > 64 || (width > 0 && headers.at >= headers.bytes.length)) throw cutOff();
    if (width <= 32) {
      unpackBits(headers.bytes, this.#view, headers.at, 0, width, this.#lows, 0, chunk);
      this.#highs.fill(0);
    } else this.#unpackWide(width);
    headers.at += (chunk / 8) * width;
    this.#leftInMiniblock -= chunk;
    this.#next = 0;
  }

  #unpackWide(width: number): void {
    const { bytes, at } = this.#headers;
    for (let i = 0, bit = 0; i < chunk; i++, bit += width) {
      let low = 0;
      let high = 0;
      // Bits arrive bytewise, each byte shifted to its place.
      for (let k = bit >> 3, place = -(bit & 7); place < width; k++, place += 8) {
        const byte = bytes[at + k] ?? 0;
        if (place < 0) low |= byte >>> -place;
        else if (place < 32) {
          low |= byte << place;
          if (place > 24) high |= byte >>> (32 - place);
        } else high |= byte << (place - 32);
      }
      this.#lows[i] = low;
      this.#highs[i] = width === 64 ? high : high & ((1 << (width - 32)) - 1);
    }
  }

  #advance(): void {
    if (this.left-- <= 0) throw cutOff();
    if (this.#first) {
      this.#first = false;
      return;
    }
    if (this.#next === chunk) this.#unpack();
    const k = this.#next++;
    this.#add(this.#lows[k]!, this.#highs[k]!);
  }

  /** Adds a difference, and the block's least difference, to the value; 64-bit addition in halves. */
  #add(low: number, high: number): void {
    const delta = (low + this.#minLow) | 0;
    const carry = delta >>> 0 < low >>> 0 ? 1 : 0;
    const sum = (this.#low + delta) | 0;
    const carried = sum >>> 0 < delta >>> 0 ? 1 : 0;
    this.#high = (this.#high + high + this.#minHigh + carry + carried) | 0;
    this.#low = sum;
  }

  /** 32-bit values. */
  readInt32(target: Int32Array, at: number, count: number): void {
    for (let i = at; i < at + count; i++) {
      this.#advance();
      target[i] = this.#low;
    }
  }

  /** 64-bit values as low and high halves at 2i and 2i + 1. */
  readHalves(target: Int32Array, at: number, count: number): void {
    for (let i = at; i < at + count; i++) {
      this.#advance();
      target[2 * i] = this.#low;
      target[2 * i + 1] = this.#high;
    }
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#advance();
  }
}
