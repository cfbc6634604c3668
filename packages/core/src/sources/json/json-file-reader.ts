/**
 * Rows of JSON files. Per batch of scanned lines: convert the columns that the filter reads, ask the filter which rows
 * stay, and convert the other columns for those rows only (late materialization).
 */
import { gather } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Vector } from "../../columnar/vector.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { PushedFilter, ScanRequest, SourceContext } from "../contract.ts";
import { failFast, type BadRecord, type DeadLetters } from "../files/bad-records.ts";
import { indexOfBytes, type LineChunk } from "../files/line-chunks.ts";
import type { FileRange, FileReader } from "../files/file-format.ts";
import { FileRead } from "../files/file-read.ts";
import { jsonColumn, type JsonColumn, type RowFailures } from "./json-columns.ts";
import type { JsonOptions } from "./json-options.ts";
import { JsonScanner } from "./json-scanner.ts";
import { JsonValueReaders } from "./json-value-reader.ts";

export class JsonFileReader implements FileReader {
  readonly filtered: boolean;
  readonly #context: SourceContext;
  readonly #request: ScanRequest;
  readonly #options: JsonOptions;
  readonly #letters: DeadLetters | null;
  readonly #scanner: JsonScanner;
  /** One per column of the request; null for the column of corrupt records. */
  readonly #columns: readonly (JsonColumn | null)[];
  readonly #filter: PushedFilter | undefined;
  readonly #dropsBad: boolean;
  readonly #selection: Int32Array;
  #rows: Int32Array = new Int32Array(0);

  constructor(context: SourceContext, request: ScanRequest, options: JsonOptions, letters: DeadLetters | null) {
    this.#context = context;
    this.#request = request;
    this.#options = options;
    this.#letters = letters;
    const fields = request.columns.fields;
    const corrupt = fields.findIndex((f) => f.name === options.bad.corruptColumn && f.type.kind === "string");
    const wanted = fields.filter((_, i) => i !== corrupt);
    this.#scanner = new JsonScanner(wanted.map((f) => f.name), { syntax: options.syntax });
    const readers = new JsonValueReaders(options.syntax, options.text);
    let next = 0;
    this.#columns = fields.map((f, i) => (i === corrupt ? null : jsonColumn(next++, f.type, readers)));
    this.#filter = request.filter;
    this.filtered = request.filter !== undefined;
    this.#dropsBad = letters !== null || options.bad.mode === "DROPMALFORMED";
    this.#selection = new Int32Array(8192);
  }

  async *read(range: FileRange, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const file = new FileRead(this.#context, range, signal);
    try {
      if (this.#options.multiLine) yield* this.#document(file);
      else yield* this.#lines(file);
    } finally {
      await file.close();
    }
  }

  async *#lines(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const separator = this.#options.lineSeparator;
    // A separator of one LF is what the scanner ends lines with anyway, but for CR, which then is no line end.
    for await (const chunk of file.chunks(separator, this.#options.bad.maxRecordBytes)) {
      if (chunk.oversized > 0) {
        const batch = await this.#oversized(file, chunk);
        if (batch !== null) yield batch;
        continue;
      }
      for (let p = chunk.start; p < chunk.end; ) {
        const next = separator === undefined ? this.#scanner.scan(chunk.bytes, p, chunk.end) : this.#scanOne(chunk, p, separator);
        const batch = await this.#build(file, chunk.offset - chunk.start);
        file.lines += this.#scanner.lines;
        p = next;
        if (batch.length > 0) yield batch;
      }
    }
  }

  #scanOne(chunk: LineChunk, start: number, separator: Uint8Array): number {
    const at = indexOfBytes(chunk.bytes, separator, start, chunk.end);
    const end = at < 0 ? chunk.end : at;
    this.#scanner.scanRecord(chunk.bytes, start, end);
    return at < 0 ? chunk.end : at + separator.length;
  }

  async *#document(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const bytes = await file.whole(this.#options.bad.maxRecordBytes);
    if (bytes === null) {
      const reason = `the document is longer than maxRecordBytes (${this.#options.bad.maxRecordBytes})`;
      yield* this.#one(await this.#badRow(file, { line: 1, offset: 0, reason, bytes: new Uint8Array(0) }));
      return;
    }
    this.#scanner.scanRecord(bytes, 0, bytes.length);
    yield* this.#one(await this.#build(file, 0));
  }

  *#one(batch: RecordBatch | null): Generator<RecordBatch, void, void> {
    if (batch !== null && batch.length > 0) yield batch;
  }

  async #oversized(file: FileRead, chunk: LineChunk): Promise<RecordBatch | null> {
    const line = await file.lineNumber(0);
    file.lines++;
    return this.#badRow(file, {
      line,
      offset: chunk.offset,
      reason: `the line is ${chunk.oversized} bytes long, maxRecordBytes allows ${this.#options.bad.maxRecordBytes}`,
      bytes: chunk.bytes.slice(chunk.start, chunk.end),
    });
  }

  /** Deals with a record of which there are no fields. */
  async #badRow(file: FileRead, record: Omit<BadRecord, "path">): Promise<RecordBatch | null> {
    this.#report({ path: file.range.path, ...record });
    if (this.#dropsBad) return null;
    const columns = this.#request.columns.fields.map((f, i) => {
      const builder = createBuilder(f.type, 1);
      builder.append(this.#columns[i] === null ? new TextDecoder().decode(record.bytes) : null);
      return builder.finish();
    });
    return this.#applyFilter({ schema: this.#request.columns, length: 1, columns });
  }

  #applyFilter(batch: RecordBatch): RecordBatch {
    if (this.#filter === undefined) return batch;
    const count = this.#filter.select(batch, this.#selection);
    if (count === batch.length) return batch;
    const columns = batch.columns.map((column) => gather(column, this.#selection, count));
    return { schema: batch.schema, length: count, columns };
  }

  #report(record: BadRecord): void {
    if (this.#options.bad.mode === "FAILFAST") failFast(record);
    this.#letters?.add(record);
  }

  /** The batch of what the scanner holds. `shift` is the file position of byte 0 of the scanner's bytes. */
  async #build(file: FileRead, shift: number): Promise<RecordBatch> {
    const scanner = this.#scanner;
    let rows = this.#rows;
    if (rows.length < scanner.rows) this.#rows = rows = new Int32Array(Math.max(8192, scanner.rows));
    const strict = this.#dropsBad || this.#options.bad.mode === "FAILFAST";
    let count = 0;
    for (let r = 0; r < scanner.rows; r++) {
      if (!strict || !scanner.malformed.has(r)) rows[count++] = r;
    }
    if (strict) for (const [row, reason] of scanner.malformed) this.#report(await this.#recordOf(file, row, reason, shift));
    const failures: RowFailures = new Map();
    for (;;) {
      const batch = this.#convert(rows, count, failures);
      if (!strict || failures.size === 0) return batch;
      // Values that do not fit their type make the record bad: without them, once more.
      for (const [row, reason] of failures) this.#report(await this.#recordOf(file, row, reason, shift));
      let kept = 0;
      for (let i = 0; i < count; i++) if (!failures.has(rows[i]!)) rows[kept++] = rows[i]!;
      count = kept;
      failures.clear();
    }
  }

  async #recordOf(file: FileRead, row: number, reason: string, shift: number): Promise<BadRecord> {
    const { bytes, recordStarts, recordEnds, recordLines } = this.#scanner;
    const start = recordStarts[row]!;
    const line = await file.lineNumber(recordLines[row]!);
    return {
      path: file.range.path,
      line: this.#options.lineSeparator === undefined ? line : null,
      offset: shift + start,
      reason,
      bytes: bytes.slice(start, recordEnds[row]),
    };
  }

  #convert(rows: Int32Array, count: number, failures: RowFailures): RecordBatch {
    const schema = this.#request.columns;
    const scanner = this.#scanner;
    const filter = this.#filter;
    const columns: Vector[] = new Array<Vector>(schema.fields.length);
    if (filter === undefined || filter.columns.some((i) => this.#columns[i] === null)) {
      for (let i = 0; i < columns.length; i++) {
        const column = this.#columns[i]!;
        if (column !== null) columns[i] = column.convert(scanner, rows, count, failures);
      }
      this.#addCorrupt(columns, rows, count, failures);
      const batch = { schema, length: count, columns };
      if (filter === undefined) return batch;
      const selection = this.#selectionFor(count);
      const passed = filter.select(batch, selection);
      return { schema, length: passed, columns: columns.map((column) => gather(column, selection, passed)) };
    }
    const early: Vector[] = schema.fields.map((f) => ({ kind: "null", type: f.type, length: count, validity: null }));
    for (const i of filter.columns) early[i] = this.#columns[i]!.convert(scanner, rows, count, failures);
    const selection = this.#selectionFor(count);
    const passed = filter.select({ schema, length: count, columns: early }, selection);
    let chosen = rows;
    if (passed < count) {
      chosen = new Int32Array(passed);
      for (let i = 0; i < passed; i++) chosen[i] = rows[selection[i]!]!;
    }
    for (let i = 0; i < columns.length; i++) {
      const column = this.#columns[i]!;
      if (filter.columns.includes(i)) columns[i] = passed < count ? gather(early[i]!, selection, passed) : early[i]!;
      else if (column !== null) columns[i] = column.convert(scanner, chosen, passed, failures);
    }
    this.#addCorrupt(columns, chosen, passed, failures);
    return { schema, length: passed, columns };
  }

  #selectionFor(count: number): Int32Array {
    return count <= this.#selection.length ? this.#selection : new Int32Array(count);
  }

  #addCorrupt(columns: Vector[], rows: Int32Array, count: number, failures: RowFailures): void {
    const at = this.#columns.indexOf(null);
    if (at < 0) return;
    const { bytes, recordStarts, recordEnds, malformed } = this.#scanner;
    const builder = createBuilder(this.#request.columns.fields[at]!.type, count);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const bad = malformed.has(row) || failures.has(row);
      builder.append(bad ? decoder.decode(bytes.subarray(recordStarts[row]!, recordEnds[row]!)) : null);
    }
    columns[at] = builder.finish();
  }
}
