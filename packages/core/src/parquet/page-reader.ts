/** The pages of one column chunk, one after another: their headers, and what is in them when somebody wants it. */
import type { Compression } from "../runtime/compression.ts";
import type { ChunkInput } from "./chunk-input.ts";
import { ParquetFormatError } from "./format-error.ts";
import { type ColumnChunk, encoding, type PageHeader, pageType } from "./metadata.ts";
import { decompressPage, freshMemory, type PageMemory } from "./page-decompression.ts";
import { readPageHeader } from "./read-metadata.ts";
import { readBitPackedLevels, RleDecoder } from "./rle-decoder.ts";

/** Levels of a page, read in pieces. */
export interface Levels {
  /** If the next `count` levels are all the same: takes them and returns the level, else −1. */
  uniform(count: number): number;
  read(target: Uint8Array, from: number, count: number): void;
  skip(count: number): void;
}

export interface DataPage {
  /** Null where all levels are 0. */
  readonly definitions: Levels | null;
  readonly repetitions: Levels | null;
  readonly encoding: number;
  /** The values begin at `at` and end with `bytes`. */
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** A header is rarely longer than this; statistics in it can be. */
const usualHeader = 256;
const largestHeader = 16 << 20;

export class PageReader {
  readonly #input: ChunkInput;
  readonly #chunk: ColumnChunk;
  readonly #compression: Compression;
  readonly #memory: PageMemory;

  constructor(input: ChunkInput, chunk: ColumnChunk, compression: Compression, memory: PageMemory) {
    this.#input = input;
    this.#chunk = chunk;
    this.#compression = compression;
    this.#memory = memory;
  }

  /** The header of the next page, or null at the end. The page itself must be read or skipped before the next call. */
  async next(): Promise<PageHeader | null> {
    while (this.#input.left > 0) {
      const header = await this.#header();
      if (header.type !== pageType.index) return header;
      this.#input.skip(header.compressedSize);
    }
    return null;
  }

  async #header(): Promise<PageHeader> {
    for (let size = usualHeader; ; size *= 4) {
      const bytes = await this.#input.peek(size);
      try {
        const header = readPageHeader(bytes, 0, bytes.length);
        this.#input.skip(header.headerSize);
        if (header.compressedSize > this.#input.left) throw new ParquetFormatError("a page is longer than its column");
        return header;
      } catch (error) {
        if (bytes.length >= this.#input.left || size > largestHeader) throw error;
      }
    }
  }

  skip(header: PageHeader): void {
    this.#input.skip(header.compressedSize);
  }

  async #content(size: number): Promise<Uint8Array> {
    const bytes = await this.#input.peek(size);
    this.#input.skip(size);
    return bytes.subarray(0, size);
  }

  async dictionary(header: PageHeader): Promise<Uint8Array> {
    const source = await this.#content(header.compressedSize);
    return decompressPage(this.#chunk.codec, source, header.uncompressedSize, freshMemory, this.#compression);
  }

  async data(header: PageHeader, maxDefinition: number, maxRepetition: number): Promise<DataPage> {
    const source = await this.#content(header.compressedSize);
    if (header.type === pageType.dataV2) return this.#dataV2(header, source, maxDefinition, maxRepetition);
    if (header.type !== pageType.data) throw new ParquetFormatError(`a page has the unknown type ${header.type}`);
    const { codec } = this.#chunk;
    const bytes = await decompressPage(codec, source, header.uncompressedSize, this.#memory, this.#compression);
    let at = 0;
    const levels = (most: number, kind: number): Levels | null => {
      if (most === 0) return null;
      const width = 32 - Math.clz32(most);
      if (kind === encoding.bitPacked) {
        const result = new BitPackedLevels(bytes, at, width, header.values);
        at += result.size;
        return result;
      }
      if (at + 4 > bytes.length) throw new ParquetFormatError("the levels of a page are cut off");
      const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
      at += 4;
      if (size > bytes.length - at) throw new ParquetFormatError("the levels of a page are cut off");
      at += size;
      return new RleDecoder(bytes, at - size, at, width);
    };
    const repetitions = levels(maxRepetition, header.repetitionEncoding);
    const definitions = levels(maxDefinition, header.definitionEncoding);
    return { definitions, repetitions, encoding: header.encoding, bytes, at };
  }

  async #dataV2(
    header: PageHeader,
    source: Uint8Array,
    maxDefinition: number,
    maxRepetition: number,
  ): Promise<DataPage> {
    const { repetitionBytes, definitionBytes } = header;
    const levelBytes = repetitionBytes + definitionBytes;
    if (levelBytes > source.length || levelBytes > header.uncompressedSize) {
      throw new ParquetFormatError("the levels of a page are cut off");
    }
    const levels = (most: number, from: number, to: number): Levels | null =>
      most === 0 ? null : new RleDecoder(source, from, to, 32 - Math.clz32(most));
    const values = source.subarray(levelBytes);
    const size = header.uncompressedSize - levelBytes;
    // A page of nulls may have no compressed bytes at all.
    const bytes =
      header.compressed && values.length > 0
        ? await decompressPage(this.#chunk.codec, values, size, this.#memory, this.#compression)
        : values;
    return {
      repetitions: levels(maxRepetition, 0, repetitionBytes),
      definitions: levels(maxDefinition, repetitionBytes, levelBytes),
      encoding: header.encoding,
      bytes,
      at: 0,
    };
  }
}

class BitPackedLevels implements Levels {
  readonly #levels: Uint8Array;
  #at = 0;
  /** Bytes that the levels take in the page. */
  readonly size: number;

  constructor(bytes: Uint8Array, from: number, width: number, count: number) {
    this.size = Math.ceil((count * width) / 8);
    if (this.size > bytes.length - from) throw new ParquetFormatError("the levels of a page are cut off");
    this.#levels = new Uint8Array(count);
    readBitPackedLevels(bytes, from, width, this.#levels, count);
  }

  uniform(): number {
    return -1;
  }
  read(target: Uint8Array, from: number, count: number): void {
    target.set(this.#levels.subarray(this.#at, this.#at + count), from);
    this.#at += count;
  }
  skip(count: number): void {
    this.#at += count;
  }
}
