/**
 * Rows as CSV, from columns to bytes, quoted and escaped as Spark's writer does.
 * @see Spark, `UnivocityGenerator`; univocity-parsers, `CsvWriter`
 */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { bitAt } from "../../columnar/validity.ts";
import { valueReader } from "../../columnar/value-at.ts";
import type { Vector } from "../../columnar/vector.ts";
import { textOf } from "../../functions/cast-text.ts";
import type { DataType, StructType } from "../../types/data-type.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { RowWriter } from "./row-format.ts";
import {
  booleanWriter,
  type ColumnWriter,
  dateWriter,
  decimalWriter,
  floatingWriter,
  integerWriter,
  type TimeFormats,
  timestampWriter,
  vectorOf,
} from "./value-writers.ts";

export interface CsvWriterOptions {
  readonly separator: Uint8Array;
  /** One ASCII character each, as its code. */
  readonly quote: number;
  readonly escape: number;
  /** What stands before an escape character inside quotes; 0 for nothing. */
  readonly escapeOfEscape: number;
  readonly quoteAll: boolean;
  /** Values that contain a quote are quoted. */
  readonly escapeQuotes: boolean;
  readonly trimLeading: boolean;
  readonly trimTrailing: boolean;
  readonly nullValue: Uint8Array;
  readonly emptyValue: Uint8Array;
  readonly header: boolean;
  readonly lineSeparator: Uint8Array;
  readonly times: TimeFormats;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Writes one field: the bytes of a value, quoted if they must be. */
class FieldWriter {
  readonly #out: ByteWriter;
  readonly #options: CsvWriterOptions;
  /** 1: a value that contains the byte is quoted. */
  readonly #triggers = new Uint8Array(256);

  constructor(options: CsvWriterOptions, out: ByteWriter) {
    this.#out = out;
    this.#options = options;
    const triggers = this.#triggers;
    triggers[newline] = 1;
    triggers[carriageReturn] = 1;
    if (options.escapeQuotes) triggers[options.quote] = 1;
    if (options.separator.length === 1) triggers[options.separator[0]!] = 1;
  }

  null(): void {
    const { nullValue, quoteAll, quote } = this.#options;
    if (quoteAll && nullValue.length === 0) {
      this.#out.byte(quote);
      this.#out.byte(quote);
    } else {
      this.#replacement(nullValue);
    }
  }

  value(bytes: Uint8Array, from: number, to: number, first: boolean): void {
    const { trimLeading, trimTrailing, quoteAll, quote, emptyValue } = this.#options;
    let start = from;
    let end = to;
    if (trimLeading) while (start < end && bytes[start]! <= 0x20) start++;
    if (trimTrailing) while (end > start && bytes[end - 1]! <= 0x20) end--;
    if (start === end) this.#replacement(emptyValue);
    // A line break at the end asks for quotes although it is trimmed away.
    else if (
      quoteAll ||
      bytes[start] === quote ||
      (first && bytes[start] === 0) ||
      this.#asksForQuotes(bytes, start, to)
    ) {
      this.#quoted(bytes, start, end);
    } else this.#out.range(bytes, start, end);
  }

  /** The text for null or empty values. One that is between quotes already stays as it is. */
  #replacement(bytes: Uint8Array): void {
    const { quote, quoteAll } = this.#options;
    const { length } = bytes;
    const isQuoted = length >= 2 && bytes[0] === quote && bytes[length - 1] === quote;
    if (!isQuoted && length > 0 && (quoteAll || bytes[0] === quote || this.#asksForQuotes(bytes, 0, length))) {
      this.#quoted(bytes, 0, length);
    } else this.#out.all(bytes);
  }

  #asksForQuotes(bytes: Uint8Array, start: number, end: number): boolean {
    const triggers = this.#triggers;
    for (let i = start; i < end; i++) if (triggers[bytes[i]!] === 1) return true;
    const { separator } = this.#options;
    if (separator.length === 1) return false;
    for (let i = start, last = end - separator.length; i <= last; i++) {
      let k = 0;
      while (k < separator.length && bytes[i + k] === separator[k]) k++;
      if (k === separator.length) return true;
    }
    return false;
  }

  #quoted(bytes: Uint8Array, start: number, end: number): void {
    const { quote, escape, escapeOfEscape } = this.#options;
    const out = this.#out;
    out.reserve(2 * (end - start) + 2);
    out.byte(quote);
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === quote) out.byte(escape);
      else if (byte === escape && escapeOfEscape !== 0) out.byte(escapeOfEscape);
      out.byte(byte);
    }
    out.byte(quote);
  }
}

type TextColumn = (vector: Vector) => (i: number, first: boolean) => void;

function columnWriter(type: DataType, options: CsvWriterOptions, field: FieldWriter, scratch: ByteWriter): TextColumn {
  if (type.kind === "string") {
    return (vector) => {
      const { bytes, starts, ends } = vectorOf(vector, "bytes");
      return (i, first) => field.value(bytes, starts[i]!, ends[i]!, first);
    };
  }
  const column = plainWriter(type, options.times, scratch);
  return (vector) => {
    const write = column(vector);
    return (i, first) => {
      scratch.length = 0;
      write(i);
      field.value(scratch.bytes, 0, scratch.length, first);
    };
  };
}

function plainWriter(type: DataType, times: TimeFormats, out: ByteWriter): ColumnWriter {
  switch (type.kind) {
    case "boolean":
      return booleanWriter(out);
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
      return integerWriter(type, out);
    case "float":
    case "double":
      return floatingWriter(type, out, false);
    case "decimal":
      return decimalWriter(type.scale, out);
    case "date":
      return dateWriter(times, out);
    case "timestamp":
    case "timestamp_ntz":
      return timestampWriter(type, times, out);
    default: {
      const print = textOf(type, times.timeZone);
      return (vector) => {
        const read = valueReader(vector);
        return (i) => out.text(print(read(i)));
      };
    }
  }
}

/** Writes the rows of batches of a schema (of types that CSV can hold) as CSV lines. */
export function csvRowWriter(schema: StructType, options: CsvWriterOptions, out: ByteWriter): RowWriter {
  const field = new FieldWriter(options, out);
  const scratch = new ByteWriter(64);
  const makers = schema.fields.map((f) => columnWriter(f.type, options, field, scratch));
  return {
    begin() {
      if (!options.header) return;
      for (const [k, f] of schema.fields.entries()) {
        if (k > 0) out.all(options.separator);
        const name = encodeUtf8(f.name);
        field.value(name, 0, name.length, k === 0);
      }
      out.all(options.lineSeparator);
    },
    write(batch: RecordBatch, from: number, to: number) {
      const columns = batch.columns.map((column, k) => ({ bits: column.validity, write: makers[k]!(column) }));
      const count = columns.length;
      for (let i = from; i < to; i++) {
        for (let k = 0; k < count; k++) {
          if (k > 0) out.all(options.separator);
          const { bits, write } = columns[k]!;
          if (bits === null || bitAt(bits, i)) write(i, k === 0);
          else field.null();
        }
        out.all(options.lineSeparator);
      }
    },
  };
}
