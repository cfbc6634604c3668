/** Rows of CSV files. */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import type { StructType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "../files/bad-records.ts";
import type { FileRange, FileReader } from "../files/file-format.ts";
import { FileRead } from "../files/file-read.ts";
import { indexOfBytes, type LineChunk } from "../files/line-chunks.ts";
import { oversizedRecord, RecordAssembly } from "../files/record-assembly.ts";
import { csvColumn } from "./csv-columns.ts";
import type { CsvOptions } from "./csv-options.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { headerOf } from "./csv-header.ts";

/** Largest file that is read with quoted line ends, since it is read whole. */
const multiLineLimit = 1 << 30;

export class CsvFileReader implements FileReader {
  readonly filtered: boolean;
  readonly #context: SourceContext;
  readonly #options: CsvOptions;
  readonly #scanner: CsvScanner;
  readonly #assembly: RecordAssembly;
  /** Column names of the file as the schema has them. */
  readonly #names: readonly string[];

  constructor(context: SourceContext, request: ScanRequest, options: CsvOptions, letters: DeadLetters | null) {
    this.#context = context;
    this.#options = options;
    this.filtered = request.filter !== undefined;
    const data = dataColumns(request.schema, options);
    this.#names = data.map((f) => f.name);
    const { fields } = request.columns;
    const corrupt = fields.findIndex((f) => f.name === options.bad.corruptColumn && f.type.kind === "string");
    const wanted = fields.filter((_, i) => i !== corrupt);
    // As Spark: with columns pruned away the number of columns is not looked at.
    const expected = wanted.length === data.length ? data.length : -1;
    const scanner = new CsvScanner(
      options.syntax,
      wanted.map((f) => this.#names.indexOf(f.name)),
      expected,
    );
    let next = 0;
    const columns = fields.map((f, i) => (i === corrupt ? null : csvColumn(scanner, next++, f.type, options)));
    this.#scanner = scanner;
    const knowsLines = options.lineSeparator === undefined;
    this.#assembly = new RecordAssembly(request, options.bad, letters, scanner, columns, knowsLines);
  }

  get rowsRead(): number {
    return this.#assembly.rowsRead;
  }

  async *read(range: FileRange, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const file = new FileRead(this.#context, range, signal);
    try {
      if (this.#options.multiLine) yield* this.#whole(file);
      else yield* this.#lines(file);
    } finally {
      await file.close();
    }
  }

  async *#lines(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const { lineSeparator: separator, header } = this.#options;
    const limit = this.#options.bad.maxRecordBytes;
    let headerDue = header && file.range.from === 0;
    for await (const chunk of file.chunks(separator, limit)) {
      if (chunk.oversized > 0) {
        headerDue = false;
        const batch = this.#assembly.badRow(file, await oversizedRecord(file, chunk, limit));
        if (batch !== null && batch.length > 0) yield batch;
        continue;
      }
      let p = chunk.start;
      if (headerDue) {
        const first = headerOf(chunk.bytes, p, chunk.end, this.#options);
        file.lines += first.lines;
        p = first.next;
        if (first.names !== null) {
          headerDue = false;
          this.#checkHeader(first.names, file.range.path);
        }
      }
      while (p < chunk.end) {
        p =
          separator === undefined
            ? this.#scanner.scan(chunk.bytes, p, chunk.end, false)
            : this.#scanOne(chunk, p, separator);
        const batch = await this.#assembly.build(file, chunk.offset - chunk.start);
        file.lines += this.#scanner.lines;
        if (batch.length > 0) yield batch;
      }
    }
  }

  #scanOne(chunk: LineChunk, start: number, separator: Uint8Array): number {
    const at = indexOfBytes(chunk.bytes, separator, start, chunk.end);
    this.#scanner.scanRecord(chunk.bytes, start, at < 0 ? chunk.end : at);
    return at < 0 ? chunk.end : at + separator.length;
  }

  async *#whole(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const bytes = await file.whole(multiLineLimit);
    const { path } = file.range;
    if (bytes === null) throw new MillraceError("RECORD_TOO_LARGE", { path, line: "1", limit: String(multiLineLimit) });
    let p = 0;
    if (this.#options.header) {
      const first = headerOf(bytes, 0, bytes.length, this.#options);
      file.lines += first.lines;
      p = first.next;
      if (first.names !== null) this.#checkHeader(first.names, path);
    }
    while (p < bytes.length) {
      p = this.#scanner.scan(bytes, p, bytes.length, true);
      const batch = await this.#assembly.build(file, 0);
      file.lines += this.#scanner.lines;
      if (batch.length > 0) yield batch;
    }
  }

  #checkHeader(names: readonly string[], path: string): void {
    if (this.#options.enforceSchema) return;
    const same =
      names.length === this.#names.length &&
      names.every((name, i) => name.toLowerCase() === this.#names[i]!.toLowerCase());
    if (same) return;
    throw new MillraceError("FAILED_READ_FILE.NO_HINT", {
      path,
      reason: `its CSV header (${names.join(", ")}) does not conform to the schema (${this.#names.join(", ")}), and enforceSchema is false`,
    });
  }
}

/** The columns that the file has: all of the schema but the column of corrupt records. */
export function dataColumns(schema: StructType, options: CsvOptions): StructType["fields"] {
  return schema.fields.filter((f) => f.name !== options.bad.corruptColumn);
}
