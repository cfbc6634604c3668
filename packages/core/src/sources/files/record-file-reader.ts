/** Rows of files of records, JSON and CSV: lines, or with `multiLine` whole files. */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { FileCharset } from "../../logical-plan/option-reader.ts";
import type { Field } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { BadRecordOptions, DeadLetters } from "./bad-records.ts";
import type { FileRange, FileReader } from "./file-format.ts";
import { FileRead, wantedChunkBytes } from "./file-read.ts";
import { indexOfBytes, type ChunkBuffers, type LineChunk } from "./line-chunks.ts";
import { oversizedRecord, RecordAssembly, type RecordColumn, type ScannedRecords } from "./record-assembly.ts";

/** The options that all formats of records have. */
export interface RecordOptions {
  readonly bad: BadRecordOptions;
  readonly multiLine: boolean;
  readonly lineSeparator: Uint8Array | undefined;
  /** Charset of the files; undefined for UTF-8. */
  readonly encoding: FileCharset | undefined;
}

/** Finds records in bytes. */
export interface RecordScanner extends ScannedRecords {
  /** Lines of the last scan. */
  readonly lines: number;
  /** Reads lines of `bytes[start, end)`, as many as it has room for; returns where to go on. */
  scan(bytes: Uint8Array, start: number, end: number, multiLine: boolean): number;
  /** Reads `bytes[start, end)` as one record. */
  scanRecord(bytes: Uint8Array, start: number, end: number): void;
}

/** What is a format's own. */
export interface RecordSource {
  readonly scanner: RecordScanner;
  /** The column of the scanner's field `slot`. */
  column(slot: number, field: Field): RecordColumn;
  /** What stands before the first record of a file, at its beginning: behind it, its lines, and whether it was all there. */
  head?(
    bytes: Uint8Array,
    start: number,
    end: number,
    path: string,
  ): { readonly next: number; readonly lines: number; readonly found: boolean };
  /** Buffers that the scanner is fastest with, for the lines of one file; null when it has none. */
  lendBuffers?(chunkBytes: number): (ChunkBuffers & { release(): void }) | null;
  /** With `multiLine`: the records of a whole file. */
  readonly whole: "document" | "records";
  /** Largest file that is read whole. */
  readonly wholeLimit: number;
}

/** The columns that are read from records, of those of a request: all but the column of corrupt records. */
export function recordFields({ columns: { fields } }: ScanRequest, bad: BadRecordOptions): readonly Field[] {
  const corrupt = corruptOrdinal(fields, bad);
  return fields.filter((_, i) => i !== corrupt);
}

function corruptOrdinal(fields: readonly Field[], bad: BadRecordOptions): number {
  return fields.findIndex((f) => f.name === bad.corruptColumn && f.type.kind === "string");
}

export class RecordFileReader implements FileReader {
  readonly filtered: boolean;
  readonly #context: SourceContext;
  readonly #options: RecordOptions;
  readonly #source: RecordSource;
  readonly #assembly: RecordAssembly;

  constructor(
    context: SourceContext,
    request: ScanRequest,
    options: RecordOptions,
    letters: DeadLetters | null,
    source: RecordSource,
  ) {
    this.#context = context;
    this.#options = options;
    this.#source = source;
    this.filtered = request.filter !== undefined;
    const { fields } = request.columns;
    const corrupt = corruptOrdinal(fields, options.bad);
    let next = 0;
    const columns = fields.map((f, i) => (i === corrupt ? null : source.column(next++, f)));
    const knowsLines = options.lineSeparator === undefined;
    this.#assembly = new RecordAssembly(request, options.bad, letters, source.scanner, columns, knowsLines);
  }

  get rowsRead(): number {
    return this.#assembly.rowsRead;
  }

  async *read(range: FileRange, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const file = new FileRead(this.#context, range, signal, this.#options.encoding);
    try {
      if (!this.#options.multiLine) yield* this.#lines(file);
      else if (this.#source.whole === "document") yield* this.#document(file);
      else yield* this.#records(file);
    } finally {
      await file.close();
    }
  }

  async *#lines(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const buffers = this.#source.lendBuffers?.(wantedChunkBytes(this.#context)) ?? null;
    try {
      yield* this.#chunks(file, buffers);
    } finally {
      buffers?.release();
    }
  }

  async *#chunks(file: FileRead, buffers: ChunkBuffers | null): AsyncGenerator<RecordBatch, void, void> {
    const separator = this.#options.lineSeparator;
    const limit = this.#options.bad.maxRecordBytes;
    const { scanner, head } = this.#source;
    let headDue = head !== undefined && file.range.from === 0;
    for await (const chunk of file.chunks(separator, limit, buffers)) {
      if (chunk.oversized > 0) {
        headDue = false;
        const batch = this.#assembly.badRow(file, await oversizedRecord(file, chunk, limit));
        if (batch !== null && batch.length > 0) yield batch;
        continue;
      }
      let p = chunk.start;
      if (headDue) {
        const first = head!(chunk.bytes, p, chunk.end, file.range.path);
        file.lines += first.lines;
        p = first.next;
        headDue = !first.found;
      }
      while (p < chunk.end) {
        p =
          separator === undefined ? scanner.scan(chunk.bytes, p, chunk.end, false) : this.#scanOne(chunk, p, separator);
        const batch = await this.#assembly.build(file, chunk.offset - chunk.start);
        file.lines += scanner.lines;
        if (batch.length > 0) yield batch;
      }
    }
  }

  #scanOne(chunk: LineChunk, start: number, separator: Uint8Array): number {
    const at = indexOfBytes(chunk.bytes, separator, start, chunk.end);
    this.#source.scanner.scanRecord(chunk.bytes, start, at < 0 ? chunk.end : at);
    return at < 0 ? chunk.end : at + separator.length;
  }

  async *#document(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const bytes = await file.whole(this.#source.wholeLimit);
    let batch: RecordBatch | null;
    if (bytes === null) batch = this.#tooLarge(file);
    else {
      this.#source.scanner.scanRecord(bytes, 0, bytes.length);
      batch = await this.#assembly.build(file, 0);
    }
    if (batch !== null && batch.length > 0) yield batch;
  }

  #tooLarge(file: FileRead): RecordBatch | null {
    const reason = `the document is longer than maxRecordBytes (${this.#source.wholeLimit})`;
    return this.#assembly.badRow(file, { line: 1, offset: 0, reason, bytes: new Uint8Array(0) });
  }

  async *#records(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const bytes = await file.wholeOrFail(this.#source.wholeLimit);
    const { scanner, head } = this.#source;
    let p = 0;
    if (head !== undefined) {
      const first = head(bytes, 0, bytes.length, file.range.path);
      file.lines += first.lines;
      p = first.next;
    }
    while (p < bytes.length) {
      p = scanner.scan(bytes, p, bytes.length, true);
      const batch = await this.#assembly.build(file, 0);
      file.lines += scanner.lines;
      if (batch.length > 0) yield batch;
    }
  }
}
