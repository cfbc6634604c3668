/** Text files: one STRING column `value`, a row per line, or with `wholetext` a row per file. */
import { gather } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { decodeUtf8, encodeUtf8, isValidUtf8 } from "../../columnar/utf8.ts";
import type { BytesVector } from "../../columnar/vector.ts";
import { MillraceError } from "../../errors/index.ts";
import { field, stringType, structType, type StructType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import { defaultMaxRecordBytes } from "../files/bad-records.ts";
import type { FileFormat, FileRange, FileReader } from "../files/file-format.ts";
import { FileRead } from "../files/file-read.ts";
import { firstLineEnd, type LineChunk } from "../files/line-chunks.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { readLineSeparator } from "../files/text-options.ts";

const textSchema: StructType = structType([field("value", stringType)]);
const batchRows = 8192;

interface TextOptions {
  readonly wholeText: boolean;
  readonly separator: Uint8Array | undefined;
  readonly maxRecordBytes: number;
}

function readTextOptions(context: SourceContext): TextOptions {
  const options = new OptionReader("text", context.options);
  return {
    wholeText: options.flag("wholetext", false),
    separator: readLineSeparator(options),
    maxRecordBytes: options.bytes("maxRecordBytes") ?? defaultMaxRecordBytes,
  };
}

export const textFormat: FileFormat = {
  name: "text",
  fixedSchema: textSchema,
  splittable(context: SourceContext): boolean {
    const { wholeText, separator } = readTextOptions(context);
    return !wholeText && separator === undefined;
  },
  async inferSchema(): Promise<StructType> {
    return textSchema;
  },
  checkSchema(_context: SourceContext, given: StructType): StructType {
    if (given.fields.length === 1 && given.fields[0]!.type.kind === "string") return given;
    throw new MillraceError("INVALID_OPTION", {
      option: "schema",
      provider: "text",
      value: given.fields.map((f) => `${f.name} ${f.type.kind}`).join(", "),
      expected: "Text has one STRING column.",
    });
  },
  reader(context: SourceContext, request: ScanRequest): FileReader {
    return new TextFileReader(context, request, readTextOptions(context));
  },
};

class TextFileReader implements FileReader {
  readonly filtered: boolean;
  rowsRead = 0;
  readonly #context: SourceContext;
  readonly #request: ScanRequest;
  readonly #options: TextOptions;
  readonly #selection: Int32Array = new Int32Array(batchRows);

  constructor(context: SourceContext, request: ScanRequest, options: TextOptions) {
    this.#context = context;
    this.#request = request;
    this.#options = options;
    this.filtered = request.filter !== undefined;
  }

  async *read(range: FileRange, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const file = new FileRead(this.#context, range, signal);
    const { separator, maxRecordBytes, wholeText } = this.#options;
    try {
      if (wholeText) {
        const bytes = await file.whole(maxRecordBytes);
        if (bytes === null) throw tooLong(range.path, 1, maxRecordBytes);
        yield* this.#batch(bytes, Int32Array.of(0), Int32Array.of(bytes.length), 1);
        return;
      }
      for await (const chunk of file.chunks(separator, maxRecordBytes)) {
        if (chunk.oversized > 0) throw tooLong(range.path, await file.lineNumber(0), maxRecordBytes);
        // The batches point into the chunk.
        chunk.retain();
        yield* this.#lines(file, chunk);
      }
    } finally {
      await file.close();
    }
  }

  *#lines(file: FileRead, chunk: LineChunk): Generator<RecordBatch, void, void> {
    const { separator } = this.#options;
    const { bytes, end } = chunk;
    let starts = new Int32Array(batchRows);
    let ends = new Int32Array(batchRows);
    let rows = 0;
    for (let p = chunk.start; p < end;) {
      let lineEnd: number;
      let next: number;
      if (separator === undefined) {
        lineEnd = p;
        let c = bytes[lineEnd]!;
        while (lineEnd < end && c !== 10 && c !== 13) c = bytes[++lineEnd]!;
        next = lineEnd + (lineEnd + 1 < end && c === 13 && bytes[lineEnd + 1] === 10 ? 2 : 1);
      } else {
        next = firstLineEnd(bytes, p, end, separator, true);
        lineEnd = next < 0 ? end : next - separator.length;
        if (next < 0) next = end;
      }
      starts[rows] = p;
      ends[rows++] = lineEnd;
      p = next;
      if (rows === batchRows) {
        file.lines += rows;
        yield* this.#batch(bytes, starts, ends, rows);
        starts = new Int32Array(batchRows);
        ends = new Int32Array(batchRows);
        rows = 0;
      }
    }
    file.lines += rows;
    if (rows > 0) yield* this.#batch(bytes, starts, ends, rows);
  }

  *#batch(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, rows: number): Generator<RecordBatch, void, void> {
    this.rowsRead += rows;
    const { columns: schema, filter } = this.#request;
    let columns: BytesVector[] = [];
    if (schema.fields.length > 0) columns = [repaired(bytes, starts, ends, rows)];
    const batch = { schema, length: rows, columns };
    if (filter === undefined) {
      yield batch;
      return;
    }
    const passed = filter.select(batch, this.#selection);
    if (passed === 0) return;
    yield { schema, length: passed, columns: columns.map((column) => gather(column, this.#selection, passed)) };
  }
}

/** The lines as a column that shares the bytes; what is not UTF-8 is repaired with U+FFFD in bytes of its own. */
function repaired(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, rows: number): BytesVector {
  const column: BytesVector = { kind: "bytes", type: stringType, length: rows, validity: null, bytes, starts, ends };
  if (isValidUtf8(bytes, starts[0]!, ends[rows - 1]!)) return column;
  const texts: Uint8Array[] = [];
  let size = 0;
  const from = new Int32Array(rows);
  const to = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const start = starts[i]!;
    const end = ends[i]!;
    const text = isValidUtf8(bytes, start, end)
      ? bytes.subarray(start, end)
      : encodeUtf8(decodeUtf8(bytes, start, end));
    texts.push(text);
    from[i] = size;
    size += text.length;
    to[i] = size;
  }
  const joined = new Uint8Array(size);
  texts.forEach((text, i) => joined.set(text, from[i]!));
  return { ...column, bytes: joined, starts: from, ends: to };
}

function tooLong(path: string, line: number, limit: number): MillraceError {
  return new MillraceError("RECORD_TOO_LARGE", { path, line: String(line), limit: String(limit) });
}
