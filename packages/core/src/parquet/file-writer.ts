/** Writes Parquet files: rows are gathered by column into pages, pages into row groups. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import { unreachable } from "../errors/index.ts";
import type { Compression } from "../runtime/compression.ts";
import { encodeUtf8 } from "../columnar/utf8.ts";
import { toSchemaJson } from "../types/schema-json.ts";
import type { StructType } from "../types/data-type.ts";
import { ByteBuffer } from "../columnar/byte-buffer.ts";
import { codec, encoding, sparkSchemaKey } from "./metadata.ts";
import { encodeRle } from "./rle-encoder.ts";
import { leafVector, shred, Shredded } from "./shred.ts";
import { compressSnappy } from "./snappy.ts";
import { writeThrift } from "./thrift-writer.ts";
import { type PageValues, ValueEncoder } from "./value-encoder.ts";
import {
  columnIndex,
  dataPageHeader,
  dictionaryPageHeader,
  fileMetadata,
  offsetIndex,
  type WrittenChunk,
  type WrittenGroup,
  type WrittenPage,
} from "./write-metadata.ts";
import { type TimestampForm, type WriteLeaf, writeSchema, type WriteSchema } from "./write-schema.ts";

export type WriteCodec = "uncompressed" | "snappy" | "gzip" | "zstd" | "brotli";

export interface ParquetWriteOptions {
  readonly codec: WriteCodec;
  readonly timestamps: TimestampForm;
  /** Bytes of encoded values after which a row group ends. */
  readonly groupBytes: number;
  readonly pageBytes: number;
}

const pageRows = 20_000;
const groupRows = 1 << 20;
/** What an open column takes before it has values. */
const columnBytes = 24 << 10;
const magic: Uint8Array = encodeUtf8("PAR1");
/** Readers judge by it which known faults of a writer to work around; there are none of ours. */
const createdBy = "millrace version 1.0.0 (build 1)";
/** Spark takes dates and times of files of its version 3 and later as they are, without rebasing. */
const sparkVersion: readonly [string, string] = ["org.apache.spark.version", "4.3.0"];

interface ClosedPage extends Omit<WrittenPage, "offset" | "size"> {
  readonly values: number;
  readonly encoding: number;
  readonly bytes: Uint8Array;
  compressed: Uint8Array | null;
}

function compress(kind: WriteCodec, bytes: Uint8Array, compression: Compression): Uint8Array | Promise<Uint8Array> {
  switch (kind) {
    case "uncompressed":
      return bytes;
    case "snappy":
      return compressSnappy(bytes);
    case "gzip":
    case "zstd":
    case "brotli":
      return compression.compressBlock(kind, bytes);
    default:
      return unreachable(kind);
  }
}

/** One column chunk on its way: the open page, and those that are closed. */
class ColumnWriter {
  readonly leaf: WriteLeaf;
  readonly #values: ValueEncoder;
  readonly #definitions = new ByteBuffer(1024);
  readonly #repetitions = new ByteBuffer(1024);
  readonly #shredded = new Shredded();
  #rows = 0;
  #firstRow = 0;
  #present = 0;
  readonly #pageBytes: number;
  readonly pages: ClosedPage[] = [];
  /** Bytes of the closed pages. */
  closedBytes = 0;

  constructor(leaf: WriteLeaf, pageBytes: number) {
    this.leaf = leaf;
    this.#values = new ValueEncoder(leaf);
    this.#pageBytes = pageBytes;
  }

  get size(): number {
    return this.closedBytes + this.#values.dictionarySize + this.#values.pageSize + this.#definitions.length / 8;
  }

  append(batch: RecordBatch, from: number, to: number): void {
    const column = batch.columns[this.leaf.column]!;
    const shredded = this.#shredded;
    shred(column, this.leaf, from, to, shredded);
    this.#definitions.range(shredded.definitions, 0, shredded.entries);
    this.#repetitions.range(shredded.repetitions, 0, shredded.entries);
    this.#values.append(leafVector(column, this.leaf), shredded.positions, shredded.present);
    this.#present += shredded.present;
    this.#rows += to - from;
    if (this.#rows >= pageRows || this.#values.pageSize >= this.#pageBytes) this.closePage();
  }

  closePage(): void {
    if (this.#rows === 0) return;
    const entries = this.#definitions.length;
    const values = this.#values.takePage();
    const out = new ByteBuffer(values.plain.length + (entries >> 2) + 64);
    const { maxDefinition, maxRepetition } = this.leaf;
    if (maxRepetition > 0) levels(this.#repetitions, maxRepetition, out);
    if (maxDefinition > 0) levels(this.#definitions, maxDefinition, out);
    if (values.dictionary) this.#indices(values, out);
    else out.all(values.plain);
    this.pages.push({
      values: entries,
      encoding: values.dictionary ? encoding.rleDictionary : encoding.plain,
      bytes: out.take(),
      compressed: null,
      firstRow: this.#firstRow,
      nullCount: entries - this.#present,
      onlyNulls: this.#present === 0,
      min: values.min,
      max: values.max,
    });
    this.closedBytes += this.pages.at(-1)!.bytes.length;
    this.#firstRow += this.#rows;
    this.#rows = 0;
    this.#present = 0;
    this.#definitions.length = 0;
    this.#repetitions.length = 0;
  }

  #indices(values: PageValues, out: ByteBuffer): void {
    const size = this.#values.dictionary!.size;
    const width = 32 - Math.clz32(size - 1);
    out.byte(width);
    encodeRle(values.indices, values.count, width, out);
  }

  get dictionary(): { readonly bytes: Uint8Array; readonly size: number } | null {
    return this.#values.dictionary;
  }

  order(a: Uint8Array, b: Uint8Array): number {
    return this.#values.order(a, b);
  }
}

/** Levels with their length in front. */
function levels(source: ByteBuffer, most: number, out: ByteBuffer): void {
  const at = out.length;
  out.int32(0);
  encodeRle(source.view(), source.length, 32 - Math.clz32(most), out);
  new DataView(out.bytes.buffer).setUint32(at, out.length - at - 4, true);
}

export class ParquetFileWriter {
  readonly #schema: WriteSchema;
  readonly #sqlSchema: StructType;
  readonly #options: ParquetWriteOptions;
  readonly #compression: Compression;
  readonly #emit: (bytes: Uint8Array) => void;
  /** Bytes emitted so far. */
  #position = 0;
  /** Of the open row group; empty before its first row. */
  #columns: readonly ColumnWriter[] = [];
  #rows = 0;
  readonly #groups: WrittenGroup[] = [];

  /** @param emit takes the bytes of the file in order; it must copy or keep them */
  constructor(
    schema: StructType,
    options: ParquetWriteOptions,
    compression: Compression,
    emit: (bytes: Uint8Array) => void,
  ) {
    this.#sqlSchema = schema;
    this.#schema = writeSchema(schema, options.timestamps);
    this.#options = options;
    this.#compression = compression;
    this.#emit = emit;
    this.#put(magic);
  }

  #put(bytes: Uint8Array): void {
    this.#emit(bytes);
    this.#position += bytes.length;
  }

  /** Bytes of the open row group in memory, about. */
  get held(): number {
    return this.#columns.reduce((sum, column) => sum + column.size + columnBytes, 0);
  }

  /** Takes rows `[from, to)` of a batch; {@link settle} must follow before the next ones. */
  write(batch: RecordBatch, from: number, to: number): void {
    if (this.#columns.length === 0) {
      this.#columns = this.#schema.leaves.map((leaf) => new ColumnWriter(leaf, this.#options.pageBytes));
    }
    for (const column of this.#columns) column.append(batch, from, to);
    this.#rows += to - from;
  }

  /** Compresses the pages that are complete, and writes the row group when it is large enough. */
  async settle(): Promise<void> {
    for (const column of this.#columns) {
      for (const page of column.pages) page.compressed ??= await this.#compressed(page.bytes);
    }
    const size = this.#columns.reduce((sum, column) => sum + column.size, 0);
    if (this.#rows >= groupRows || size >= this.#options.groupBytes) await this.closeGroup();
  }

  /** Not awaited where nothing is to wait for: pages are many. */
  #compressed(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return compress(this.#options.codec, bytes, this.#compression);
  }

  /** Writes the rows that are there as a row group. */
  async closeGroup(): Promise<void> {
    if (this.#rows === 0) return;
    const chunks: WrittenChunk[] = [];
    for (const column of this.#columns) {
      column.closePage();
      chunks.push(await this.#chunk(column));
    }
    this.#groups.push({ chunks, rows: this.#rows });
    this.#columns = [];
    this.#rows = 0;
  }

  async #chunk(column: ColumnWriter): Promise<WrittenChunk> {
    const start = this.#position;
    let uncompressedSize = 0;
    let dictionaryPageOffset: number | undefined;
    const { dictionary, leaf } = column;
    if (dictionary !== null) {
      dictionaryPageOffset = this.#position;
      const bytes = await this.#compressed(dictionary.bytes);
      const header = writeThrift(dictionaryPageHeader(dictionary.bytes.length, bytes.length, dictionary.size));
      uncompressedSize += header.length + dictionary.bytes.length;
      this.#put(header);
      this.#put(bytes);
    }
    const dataPageOffset = this.#position;
    const pages: WrittenPage[] = [];
    for (const page of column.pages) {
      const bytes = page.compressed ?? (await this.#compressed(page.bytes));
      const header = writeThrift(dataPageHeader(page.bytes.length, bytes.length, page.values, page.encoding));
      const { firstRow, nullCount, onlyNulls, min, max } = page;
      const size = header.length + bytes.length;
      pages.push({ offset: this.#position, size, firstRow, nullCount, onlyNulls, min, max });
      uncompressedSize += header.length + page.bytes.length;
      this.#put(header);
      this.#put(bytes);
    }
    const bounded = pages.every((page) => page.onlyNulls || page.min !== undefined);
    const bound = (of: "min" | "max", sign: number): Uint8Array | undefined =>
      bounded
        ? pages
            .map((page) => page[of])
            .filter((value) => value !== undefined)
            .reduce<Uint8Array | undefined>(
              (best, value) => (best === undefined || column.order(value, best) * sign < 0 ? value : best),
              undefined,
            )
        : undefined;
    const used = column.pages.map((page) => page.encoding);
    return {
      type: leaf.element.type!,
      path: leaf.path,
      codec: codec[this.#options.codec],
      values: column.pages.reduce((sum, page) => sum + page.values, 0),
      uncompressedSize,
      compressedSize: this.#position - start,
      dataPageOffset,
      dictionaryPageOffset,
      encodings: [...new Set([encoding.plain, encoding.rle, ...used])],
      nullCount: pages.reduce((sum, page) => sum + page.nullCount, 0),
      min: bound("min", 1),
      max: bound("max", -1),
      pages,
    };
  }

  /** Writes what is left, and the footer. */
  async end(): Promise<void> {
    await this.closeGroup();
    const chunks = this.#groups.flatMap((group) => group.chunks);
    for (const chunk of chunks) {
      const index = columnIndex(chunk);
      if (index === undefined) continue;
      const bytes = writeThrift(index);
      chunk.columnIndex = { offset: this.#position, length: bytes.length };
      this.#put(bytes);
    }
    for (const chunk of chunks) {
      const bytes = writeThrift(offsetIndex(chunk));
      chunk.offsetIndex = { offset: this.#position, length: bytes.length };
      this.#put(bytes);
    }
    const keyValues = [sparkVersion, [sparkSchemaKey, toSchemaJson(this.#sqlSchema)] as const];
    const footer = writeThrift(fileMetadata(this.#schema.elements, this.#groups, keyValues, createdBy));
    const size = new ByteBuffer(8);
    size.int32(footer.length);
    this.#put(footer);
    this.#put(size.view());
    this.#put(magic);
  }
}
