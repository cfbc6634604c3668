/** Text files: one STRING column `value`, a row per line, or with `wholetext` a row per file. */
import { lendMemory } from "../../columnar/batch-memory.ts";
import { gather } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { type Lines, linesOf } from "../../columnar/text-kernel.ts";
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
/** Rows of a batch, at most. */
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
        const [starts, ends] = [Int32Array.of(0), Int32Array.of(bytes.length)];
        const batch = this.#batch(bytes, { starts, ends, rows: 1, ascii: false });
        if (batch.length > 0) yield batch;
        return;
      }
      for await (const chunk of file.chunks(separator, maxRecordBytes)) {
        if (chunk.oversized > 0) throw tooLong(range.path, await file.lineNumber(0), maxRecordBytes);
        yield* this.#lines(file, chunk);
      }
    } finally {
      await file.close();
    }
  }

  *#lines(file: FileRead, chunk: LineChunk): Generator<RecordBatch, void, void> {
    const { separator } = this.#options;
    const { bytes, start, end } = chunk;
    const found = separator === undefined ? linesOf(bytes, start, end) : separatedLines(bytes, start, end, separator);
    // The batches point into the chunk: its bytes can be filled again when all of them have come back.
    let lent = 0;
    for (const lines of found) {
      file.lines += lines.rows;
      const batch = this.#batch(bytes, lines);
      if (batch.length === 0) continue;
      lent++;
      lendMemory(batch, () => lent--);
      yield batch;
    }
    if (lent > 0) chunk.retain();
  }

  #batch(bytes: Uint8Array, { starts, ends, rows, ascii }: Lines): RecordBatch {
    this.rowsRead += rows;
    const { columns: schema, filter } = this.#request;
    let columns: BytesVector[] = [];
    if (schema.fields.length > 0) {
      const column = { kind: "bytes", type: stringType, length: rows, validity: null, bytes, starts, ends } as const;
      columns = [ascii ? column : repaired(column)];
    }
    const batch = { schema, length: rows, columns };
    if (filter === undefined) return batch;
    const passed = filter.select(batch, this.#selection);
    return { schema, length: passed, columns: columns.map((column) => gather(column, this.#selection, passed)) };
  }
}

/** As {@link linesOf}, for lines that end with a separator of their own. */
function* separatedLines(
  bytes: Uint8Array,
  start: number,
  end: number,
  separator: Uint8Array,
): Generator<Lines, void, void> {
  for (let p = start; p < end;) {
    const starts = new Int32Array(batchRows);
    const ends = new Int32Array(batchRows);
    let rows = 0;
    for (; rows < batchRows && p < end; rows++) {
      const next = firstLineEnd(bytes, p, end, separator, true);
      starts[rows] = p;
      ends[rows] = next < 0 ? end : next - separator.length;
      p = next < 0 ? end : next;
    }
    yield { starts, ends, rows, ascii: false };
  }
}

/** A column of lines, in which what is not UTF-8 is repaired with U+FFFD, in bytes of their own. */
function repaired(column: BytesVector): BytesVector {
  const { bytes, starts, ends, length } = column;
  if (isValidUtf8(bytes, starts[0]!, ends[length - 1]!)) return column;
  const texts: Uint8Array[] = [];
  let size = 0;
  const from = new Int32Array(length);
  const to = new Int32Array(length);
  for (let i = 0; i < length; i++) {
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
