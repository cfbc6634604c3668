/**
 * Rows as JSON lines, from columns to bytes, in the form of Spark's `to_json`.
 * @see Spark, `JacksonGenerator`
 */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { decodeUtf8, encodeUtf8, isValidUtf8 } from "../../columnar/utf8.ts";
import { bitAt } from "../../columnar/validity.ts";
import { valueReader } from "../../columnar/value-at.ts";
import { asVariant } from "../../columnar/variant-reader.ts";
import type { StructVector, Vector } from "../../columnar/vector.ts";
import { textOf } from "../../functions/cast-text.ts";
import { variantJson } from "../../functions/variant-text.ts";
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
  type ValueWriter,
  vectorOf,
} from "./value-writers.ts";

export interface JsonWriterOptions {
  /** Fields that are null are left out, in nested structs too. */
  readonly ignoreNullFields: boolean;
  readonly lineSeparator: Uint8Array;
  readonly times: TimeFormats;
}

const quote = 0x22;
const backslash = 0x5c;
const nullBytes: Uint8Array = encodeUtf8("null");
const hex = "0123456789ABCDEF";

/** Bytes of the escape of each byte that needs one. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const short = { 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" }[byte];
  if (short !== undefined) return encodeUtf8(short);
  return byte < 0x20 ? encodeUtf8(`\\u00${hex[byte >> 4]!}${hex[byte & 15]!}`) : undefined;
});
const needsEscape: Uint8Array = Uint8Array.from(escapes, (escape) => (escape === undefined ? 0 : 1));

/** `bytes[start, end)` between quotes. What is not UTF-8 becomes U+FFFD, since JSON has no other bytes. */
function writeString(out: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  let seen = 0;
  let escaped = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    seen |= byte;
    escaped |= needsEscape[byte]!;
  }
  if (seen >= 0x80 && !isValidUtf8(bytes, start, end)) {
    const repaired = encodeUtf8(decodeUtf8(bytes, start, end));
    writeString(out, repaired, 0, repaired.length);
    return;
  }
  out.byte(quote);
  if (escaped === 0) out.range(bytes, start, end);
  else writeEscaped(out, bytes, start, end);
  out.byte(quote);
}

function writeEscaped(out: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  let from = start;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (needsEscape[byte] === 0) continue;
    out.range(bytes, from, i);
    if (byte === quote || byte === backslash) {
      out.byte(backslash);
      out.byte(byte);
    } else {
      out.all(escapes[byte]!);
    }
    from = i + 1;
  }
  out.range(bytes, from, end);
}

function textBetweenQuotes(out: ByteWriter, text: string): void {
  const bytes = encodeUtf8(text);
  writeString(out, bytes, 0, bytes.length);
}

function quoted(out: ByteWriter, write: ColumnWriter): ColumnWriter {
  return (vector) => {
    const value = write(vector);
    return (i) => {
      out.byte(quote);
      value(i);
      out.byte(quote);
    };
  };
}

/** Names of map entries are the text of the key; Spark takes days and microseconds there for dates and timestamps. */
function keyWriter(type: DataType, options: JsonWriterOptions, out: ByteWriter): ColumnWriter {
  if (type.kind === "string") return valueWriter(type, options, out);
  const raw = type.kind === "date" || type.kind === "timestamp" || type.kind === "timestamp_ntz";
  const print = raw ? String : textOf(type, options.times.timeZone);
  return (vector) => {
    const read = valueReader(vector);
    return (i) => textBetweenQuotes(out, print(read(i)));
  };
}

function valueWriter(type: DataType, options: JsonWriterOptions, out: ByteWriter): ColumnWriter {
  switch (type.kind) {
    case "null":
      return () => () => out.all(nullBytes);
    case "boolean":
      return booleanWriter(out);
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
      return integerWriter(type, out);
    case "float":
    case "double":
      return floatingWriter(type, out, true);
    case "decimal":
      return decimalWriter(type.scale, out);
    case "string":
      return (vector) => {
        const { bytes, starts, ends } = vectorOf(vector, "bytes");
        return (i) => writeString(out, bytes, starts[i]!, ends[i]!);
      };
    case "binary":
      return (vector) => {
        const { bytes, starts, ends } = vectorOf(vector, "bytes");
        return (i) => {
          const start = starts[i]!;
          out.text(`"${Buffer.from(bytes.buffer, bytes.byteOffset + start, ends[i]! - start).toString("base64")}"`);
        };
      };
    case "date":
      if (options.times.date === undefined) return quoted(out, dateWriter(options.times, out));
      return viaText(out, (scratch) => dateWriter(options.times, scratch));
    case "timestamp":
    case "timestamp_ntz": {
      const pattern = type.kind === "timestamp" ? options.times.timestamp : options.times.timestampNtz;
      if (pattern === undefined) return quoted(out, timestampWriter(type, options.times, out));
      return viaText(out, (scratch) => timestampWriter(type, options.times, scratch));
    }
    case "variant": {
      const print = variantJson(options.times.timeZone);
      return (vector) => {
        const read = valueReader(vector);
        return (i) => out.text(print(asVariant(read(i))));
      };
    }
    case "array": {
      const element = orNull(valueWriter(type.element, options, out), out);
      return (vector) => {
        const { offsets, child } = vectorOf(vector, "list");
        const write = element(child);
        return (i) => {
          out.byte(0x5b);
          for (let k = offsets[i]!, first = k, to = offsets[i + 1]!; k < to; k++) {
            if (k > first) out.byte(0x2c);
            write(k);
          }
          out.byte(0x5d);
        };
      };
    }
    case "map": {
      const key = keyWriter(type.key, options, out);
      const item = orNull(valueWriter(type.value, options, out), out);
      return (vector) => {
        const { offsets, keys, values } = vectorOf(vector, "map");
        const writeKey = key(keys);
        const writeItem = item(values);
        return (i) => {
          out.byte(0x7b);
          for (let k = offsets[i]!, first = k, to = offsets[i + 1]!; k < to; k++) {
            if (k > first) out.byte(0x2c);
            writeKey(k);
            out.byte(0x3a);
            writeItem(k);
          }
          out.byte(0x7d);
        };
      };
    }
    case "struct": {
      const write = structWriter(type, options, out);
      return (vector) => write((vector as StructVector).children);
    }
    default: {
      const print = textOf(type, options.times.timeZone);
      return (vector) => {
        const read = valueReader(vector);
        return (i) => textBetweenQuotes(out, print(read(i)));
      };
    }
  }
}

/** A pattern of the user's may hold quotes: its text is escaped like any other. */
function viaText(out: ByteWriter, make: (scratch: ByteWriter) => ColumnWriter): ColumnWriter {
  const scratch = new ByteWriter(64);
  const column = make(scratch);
  return (vector) => {
    const value = column(vector);
    return (i) => {
      scratch.length = 0;
      value(i);
      writeString(out, scratch.bytes, 0, scratch.length);
    };
  };
}

function orNull(column: ColumnWriter, out: ByteWriter): ColumnWriter {
  return (vector) => {
    const write = column(vector);
    const bits = vector.validity;
    if (bits === null) return write;
    return (i) => (bitAt(bits, i) ? write(i) : out.all(nullBytes));
  };
}

function structWriter(
  type: StructType,
  options: JsonWriterOptions,
  out: ByteWriter,
): (columns: readonly Vector[]) => ValueWriter {
  const names = type.fields.map((f) => {
    const name = new ByteWriter(64);
    textBetweenQuotes(name, f.name);
    name.byte(0x3a);
    return name.take();
  });
  const makers = type.fields.map((f) => valueWriter(f.type, options, out));
  return (columns) => {
    const writers = makers.map((make, k) => make(columns[k]!));
    const validities = columns.map((column) => column.validity);
    const alwaysNull = columns.map((column) => column.kind === "null");
    const count = writers.length;
    return (i) => {
      out.byte(0x7b);
      let separated = true;
      for (let k = 0; k < count; k++) {
        const bits = validities[k]!;
        const present = !alwaysNull[k]! && (bits === null || bitAt(bits, i));
        if (!present && options.ignoreNullFields) continue;
        if (!separated) out.byte(0x2c);
        separated = false;
        out.all(names[k]!);
        if (present) writers[k]!(i);
        else out.all(nullBytes);
      }
      out.byte(0x7d);
    };
  };
}

/** Writes the rows of batches of a schema as one JSON object per line. */
export function jsonRowWriter(schema: StructType, options: JsonWriterOptions, out: ByteWriter): RowWriter {
  const struct = structWriter(schema, options, out);
  return {
    begin() {},
    write(batch: RecordBatch, from: number, to: number) {
      const writeRow = struct(batch.columns);
      for (let i = from; i < to; i++) {
        writeRow(i);
        out.all(options.lineSeparator);
      }
    },
  };
}
