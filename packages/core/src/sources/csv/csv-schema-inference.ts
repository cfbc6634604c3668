/**
 * The schema of CSV files. Names come from the header or are `_c0`, `_c1` …; types are STRING, or with `inferSchema` the
 * first type of Spark's ladder that all values of the column have: INT, BIGINT, DECIMAL (whole numbers beyond 64 bits),
 * DOUBLE, DATE, TIMESTAMP, BOOLEAN, STRING.
 */
import { decodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  field,
  intType,
  nullType,
  stringType,
  structType,
  timestampType,
  type DataType,
  type StructType,
} from "../../types/data-type.ts";
import type { SourceContext } from "../contract.ts";
import type { FileRange } from "../files/file-format.ts";
import { FileRead } from "../files/file-read.ts";
import { lookInto } from "../files/read-range.ts";
import { firstLineEnd } from "../files/line-chunks.ts";
import { csvValueReader } from "./csv-columns.ts";
import { headerOf } from "./csv-header.ts";
import type { CsvOptions } from "./csv-options.ts";
import { csvEscaped, CsvScanner, unescapeCsv } from "./csv-scanner.ts";

export async function inferCsvSchema(
  context: SourceContext,
  files: readonly FileRange[],
  options: CsvOptions,
): Promise<StructType> {
  const found = new FoundColumns(options);
  for (const range of files) {
    await lookInto(context, "csv", range.path, () =>
      found.lookAt(new FileRead(context, range, context.signal, options.encoding)),
    );
    if (!options.inferSchema && found.names !== null) break;
  }
  return found.schema();
}

/** Names and types of the columns of several files. The first record of all says how many there are. */
class FoundColumns {
  names: readonly string[] | null = null;
  #inference: CsvInference | null = null;
  readonly #options: CsvOptions;

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  async lookAt(file: FileRead): Promise<void> {
    const options = this.#options;
    let headerDue = options.header;
    try {
      for await (const { bytes, start, end } of records(file, options)) {
        const header = headerDue || this.#inference === null ? headerOf(bytes, start, end, options) : null;
        if (header !== null && header.names === null) continue;
        this.#inference ??= this.#begin(header!.names!);
        const from = headerDue ? header!.next : start;
        headerDue = false;
        if (!options.inferSchema) return;
        this.#inference.add(bytes, from, end);
      }
    } finally {
      await file.close();
    }
  }

  #begin(fields: readonly string[]): CsvInference {
    const { header, nullValue } = this.#options;
    this.names = header ? columnNames(fields, nullValue) : fields.map((_, i) => `_c${i}`);
    return new CsvInference(fields.length, this.#options);
  }

  schema(): StructType {
    if (this.names === null || this.#inference === null) {
      throw new MillraceError("UNABLE_TO_INFER_SCHEMA", { format: "csv", reason: "there is no record yet" });
    }
    const types = this.#inference.types();
    return structType(this.names.map((name, i) => field(name, types[i]!)));
  }
}

async function* records(
  file: FileRead,
  options: CsvOptions,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly start: number; readonly end: number }, void, void> {
  if (options.multiLine) {
    const bytes = await file.whole(1 << 30);
    if (bytes !== null) yield { bytes, start: 0, end: bytes.length };
    return;
  }
  for await (const chunk of file.chunks(options.lineSeparator, options.bad.maxRecordBytes)) {
    if (chunk.oversized > 0) continue;
    if (options.lineSeparator === undefined) {
      yield chunk;
      continue;
    }
    for (let p = chunk.start; p < chunk.end;) {
      const next = firstLineEnd(chunk.bytes, p, chunk.end, options.lineSeparator, true);
      yield { bytes: chunk.bytes, start: p, end: next < 0 ? chunk.end : next - options.lineSeparator.length };
      p = next < 0 ? chunk.end : next;
    }
  }
}

/** Names of a header: empty ones are `_c` and the position, of equal ones each gets its position. */
function columnNames(fields: readonly string[], nullValue: string): string[] {
  const lower = fields.map((name) => name.toLowerCase());
  return fields.map((name, i) => {
    if (name === "" || name === nullValue) return `_c${i}`;
    return lower.indexOf(lower[i]!) !== i || lower.lastIndexOf(lower[i]!) !== i ? `${name}${i}` : name;
  });
}

type Reader = (text: string) => unknown;

class CsvInference {
  readonly #options: CsvOptions;
  readonly #types: DataType[];
  readonly #scanner: CsvScanner;
  readonly #readers: Readonly<Record<string, Reader>>;
  #records = 0;
  #sampled = 0;

  constructor(columns: number, options: CsvOptions) {
    this.#options = options;
    this.#types = new Array<DataType>(columns).fill(nullType);
    this.#scanner = new CsvScanner(
      options.syntax,
      Array.from({ length: columns }, (_, i) => i),
      -1,
    );
    const readers: Record<string, Reader> = {};
    for (const type of [intType, bigintType, doubleType, dateType, timestampType, booleanType]) {
      readers[type.kind] = csvValueReader(type, options);
    }
    this.#readers = readers;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const scanner = this.#scanner;
    const columns = this.#types.length;
    for (let p = start; p < end;) {
      p = scanner.scan(bytes, p, end, this.#options.multiLine);
      for (let row = 0; row < scanner.rows; row++) {
        this.#records++;
        if (Math.floor(this.#records * this.#options.samplingRatio) === this.#sampled) continue;
        this.#sampled++;
        for (let i = 0; i < columns; i++) this.#look(i, row * columns + i);
      }
    }
  }

  #look(column: number, cell: number): void {
    const { starts, ends, kinds, bytes } = this.#scanner;
    if (kinds[cell] === 0 || this.#types[column]!.kind === "string") return;
    let text: string;
    if (kinds[cell] === csvEscaped) {
      const target = new Uint8Array(ends[cell]! - starts[cell]!);
      const { quote, escape } = this.#options.syntax;
      text = decodeUtf8(target, 0, unescapeCsv(bytes, starts[cell]!, ends[cell]!, target, quote, escape));
    } else {
      text = decodeUtf8(bytes, starts[cell]!, ends[cell]!);
    }
    if (text === "" || text === this.#options.nullValue) return;
    this.#types[column] = this.#merge(this.#types[column]!, this.#typeOf(text));
  }

  #typeOf(text: string): DataType {
    const is = (type: DataType): boolean => this.#readers[type.kind]!(text) !== undefined;
    if (is(intType)) return intType;
    if (is(bigintType)) return bigintType;
    if (/^[+-]?\d{19,38}$/.test(text)) return decimalType(text.replace(/^[+-]?0*/, "").length || 1, 0);
    if (is(doubleType)) return doubleType;
    const dateLike = this.#options.dateFormatGiven || /^\d{4}-\d{1,2}-\d{1,2}$/.test(text);
    if (this.#options.prefersDate && dateLike && is(dateType)) return dateType;
    if (is(timestampType)) return timestampType;
    return is(booleanType) ? booleanType : stringType;
  }

  #merge(a: DataType, b: DataType): DataType {
    if (a.kind === "null") return b;
    const rank = ["int", "bigint", "decimal", "double"];
    const x = rank.indexOf(a.kind);
    const y = rank.indexOf(b.kind);
    if (x >= 0 && y >= 0) {
      if (a.kind === "decimal" && b.kind === "decimal") return a.precision >= b.precision ? a : b;
      const wider = x >= y ? a : b;
      // Every BIGINT has at most 20 digits.
      return wider.kind === "decimal" && wider.precision < 20 ? decimalType(20, 0) : wider;
    }
    if (a.kind === b.kind) return a;
    const both = [a.kind, b.kind];
    if (both.includes("date") && both.includes("timestamp")) return timestampType;
    return stringType;
  }

  types(): DataType[] {
    return this.#types.map((type) => (type.kind === "null" ? stringType : type));
  }
}
