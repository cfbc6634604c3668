/** Rows of JSON files: records of lines, or with `multiLine` of whole files. */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "../files/bad-records.ts";
import type { FileRange, FileReader } from "../files/file-format.ts";
import { FileRead } from "../files/file-read.ts";
import { indexOfBytes, type LineChunk } from "../files/line-chunks.ts";
import { oversizedRecord, RecordAssembly } from "../files/record-assembly.ts";
import { jsonColumn } from "./json-columns.ts";
import type { JsonOptions } from "./json-options.ts";
import { JsonScanner } from "./json-scanner.ts";
import { JsonValueReaders } from "./json-value-reader.ts";

export class JsonFileReader implements FileReader {
  readonly filtered: boolean;
  readonly #context: SourceContext;
  readonly #options: JsonOptions;
  readonly #scanner: JsonScanner;
  readonly #assembly: RecordAssembly;

  constructor(context: SourceContext, request: ScanRequest, options: JsonOptions, letters: DeadLetters | null) {
    this.#context = context;
    this.#options = options;
    this.filtered = request.filter !== undefined;
    const { fields } = request.columns;
    const corrupt = fields.findIndex((f) => f.name === options.bad.corruptColumn && f.type.kind === "string");
    const wanted = fields.filter((_, i) => i !== corrupt);
    const scanner = new JsonScanner(
      wanted.map((f) => f.name),
      { syntax: options.syntax },
    );
    const readers = new JsonValueReaders(options.syntax, options.text);
    let next = 0;
    const columns = fields.map((f, i) => (i === corrupt ? null : jsonColumn(scanner, next++, f.type, readers)));
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
      if (this.#options.multiLine) yield* this.#document(file);
      else yield* this.#lines(file);
    } finally {
      await file.close();
    }
  }

  async *#lines(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const separator = this.#options.lineSeparator;
    const limit = this.#options.bad.maxRecordBytes;
    for await (const chunk of file.chunks(separator, limit)) {
      if (chunk.oversized > 0) {
        const batch = this.#assembly.badRow(file, await oversizedRecord(file, chunk, limit));
        if (batch !== null && batch.length > 0) yield batch;
        continue;
      }
      for (let p = chunk.start; p < chunk.end;) {
        p =
          separator === undefined ? this.#scanner.scan(chunk.bytes, p, chunk.end) : this.#scanOne(chunk, p, separator);
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

  async *#document(file: FileRead): AsyncGenerator<RecordBatch, void, void> {
    const limit = this.#options.bad.maxRecordBytes;
    const bytes = await file.whole(limit);
    let batch: RecordBatch | null;
    if (bytes === null) {
      const reason = `the document is longer than maxRecordBytes (${limit})`;
      batch = this.#assembly.badRow(file, { line: 1, offset: 0, reason, bytes: new Uint8Array(0) });
    } else {
      this.#scanner.scanRecord(bytes, 0, bytes.length);
      batch = await this.#assembly.build(file, 0);
    }
    if (batch !== null && batch.length > 0) yield batch;
  }
}
