/** Reading UnsafeRows (see `unsafe-row.ts`): bytes from a checkpoint are foreign, so every offset is checked. */
import { decodeUtf8 } from "../columnar/utf8.ts";
import type { BytesBuilder } from "../columnar/bytes-builder.ts";
import type { VectorBuilder } from "../columnar/vector-builder.ts";
import { MillraceError, unreachable } from "../errors/index.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import { elementWidth, nullBitmapLength } from "./unsafe-row-layout.ts";

export function invalid(reason: string): MillraceError {
  return new MillraceError("STATE_STORE_INVALID_ROW", { reason });
}

export interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Reads the value whose slot is at `slot`; offsets count from `base` and must stay below `end`. */
export type Reader = (source: Source, slot: number, base: number, end: number) => SqlValue;

function rangeStart(source: Source, slot: number, base: number, end: number): number {
  const size = source.view.getInt32(slot, true);
  const offset = source.view.getInt32(slot + 4, true);
  if (size < 0 || offset < 0 || base + offset + size > end) throw invalid("an offset points outside of the row");
  return base + offset;
}

/** Signed value of big-endian bytes, as Java's BigInteger. */
function bigIntegerAt(bytes: Uint8Array, start: number, end: number): bigint {
  if (end - start < 1 || end - start > 16) throw invalid("a decimal has no or more than 16 bytes");
  let value = BigInt((bytes[start]! << 24) >> 24);
  for (let i = start + 1; i < end; i++) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

export function readerOf(type: DataType): Reader {
  switch (type.kind) {
    case "null":
      return () => null;
    case "boolean":
      return ({ bytes }, slot) => bytes[slot] !== 0;
    case "tinyint":
      return ({ view }, slot) => view.getInt8(slot);
    case "smallint":
      return ({ view }, slot) => view.getInt16(slot, true);
    case "int":
    case "date":
    case "interval_year_month":
      return ({ view }, slot) => view.getInt32(slot, true);
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
      return ({ view }, slot) => view.getBigInt64(slot, true);
    case "float":
      return ({ view }, slot) => view.getFloat32(slot, true);
    case "double":
      return ({ view }, slot) => view.getFloat64(slot, true);
    case "decimal":
      if (type.precision <= 18) return ({ view }, slot) => view.getBigInt64(slot, true);
      return (source, slot, base, end) => {
        const start = rangeStart(source, slot, base, end);
        return bigIntegerAt(source.bytes, start, start + source.view.getInt32(slot, true));
      };
    case "string":
      return (source, slot, base, end) => {
        const start = rangeStart(source, slot, base, end);
        return decodeUtf8(source.bytes, start, start + source.view.getInt32(slot, true));
      };
    case "binary":
      return (source, slot, base, end) => {
        const start = rangeStart(source, slot, base, end);
        return source.bytes.slice(start, start + source.view.getInt32(slot, true));
      };
    case "variant":
      return (source, slot, base, end) => {
        const start = rangeStart(source, slot, base, end);
        const stop = start + source.view.getInt32(slot, true);
        const split = stop - start < 4 ? -1 : start + 4 + source.view.getInt32(start, true);
        if (split < start + 4 || split > stop) throw invalid("a variant is cut off");
        return [source.bytes.slice(start + 4, split), source.bytes.slice(split, stop)];
      };
    case "array": {
      const read = arrayReader(type.element);
      return (source, slot, base, end) => {
        const start = rangeStart(source, slot, base, end);
        return read(source, start, start + source.view.getInt32(slot, true));
      };
    }
    case "map": {
      const readKeys = arrayReader(type.key);
      const readValues = arrayReader(type.value);
      return (source, slot, base, end) => {
        const start = rangeStart(source, slot, base, end);
        const stop = start + source.view.getInt32(slot, true);
        if (stop - start < 8) throw invalid("a map is cut off");
        const keysEnd = start + 8 + source.view.getInt32(start, true);
        if (keysEnd < start + 8 || keysEnd > stop) throw invalid("the keys of a map are cut off");
        const keys = readKeys(source, start + 8, keysEnd);
        const values = readValues(source, keysEnd, stop);
        if (keys.length !== values.length) throw invalid("a map has more keys than values or fewer");
        return { keys, values };
      };
    }
    case "struct": {
      const read = rowReader(type.fields.map((f) => f.type));
      return (source, slot, base, end) => {
        const start = rangeStart(source, slot, base, end);
        return read(source, start, start + source.view.getInt32(slot, true));
      };
    }
    default:
      return unreachable(type);
  }
}

function arrayReader(element: DataType): (source: Source, start: number, end: number) => SqlValue[] {
  const read = readerOf(element);
  const width = elementWidth(element);
  return (source, start, end) => {
    if (end - start < 8) throw invalid("an array is cut off");
    const count = source.view.getInt32(start, true);
    const header = 8 + nullBitmapLength(count);
    if (count < 0 || start + header + count * width > end) throw invalid("an array is cut off");
    const values = new Array<SqlValue>(count);
    for (let k = 0; k < count; k++) {
      const isNull = ((source.bytes[start + 8 + (k >> 3)]! >> (k & 7)) & 1) === 1;
      values[k] = isNull ? null : read(source, start + header + k * width, start, end);
    }
    return values;
  };
}

function rowReader(types: readonly DataType[]): (source: Source, start: number, end: number) => SqlValue[] {
  const readers = types.map(readerOf);
  const nullBytes = nullBitmapLength(types.length);
  return (source, start, end) => {
    if (start + nullBytes + 8 * types.length > end) throw invalid(`it is too short for ${types.length} fields`);
    return readers.map((read, field) => {
      const isNull = ((source.bytes[start + (field >> 3)]! >> (field & 7)) & 1) === 1;
      return isNull ? null : read(source, start + nullBytes + 8 * field, start, end);
    });
  };
}

/** Decodes rows of fixed types. */
export interface RowDecoder {
  /** The values of the row in `bytes[start, end)` (default: all of it). Strings and binary are copies. */
  decode(bytes: Uint8Array, start?: number, end?: number): SqlValue[];
  /** Appends the fields of the row to builders, one per field. Strings and binary are copied as bytes. */
  appendTo(builders: readonly VectorBuilder[], bytes: Uint8Array, start: number, end: number): void;
}

/**
 * A decoder for rows of the given field types.
 * @throws MillraceError STATE_STORE_INVALID_ROW when the bytes are not such a row
 */
export function createRowDecoder(types: readonly DataType[]): RowDecoder {
  const readRow = rowReader(types);
  const readers = types.map(readerOf);
  const isText = types.map((type) => type.kind === "string" || type.kind === "binary");
  const nullBytes = nullBitmapLength(types.length);
  let source: Source | null = null;
  const sourceOf = (bytes: Uint8Array): Source => {
    // Rows of one arena come one after the other: the view is made once.
    if (source?.bytes !== bytes) {
      source = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    }
    return source;
  };
  return {
    decode(bytes, start = 0, end = bytes.length) {
      return readRow(sourceOf(bytes), start, end);
    },
    appendTo(builders, bytes, start, end) {
      const from = sourceOf(bytes);
      if (start + nullBytes + 8 * types.length > end) throw invalid(`it is too short for ${types.length} fields`);
      for (let field = 0; field < types.length; field++) {
        const builder = builders[field]!;
        const slot = start + nullBytes + 8 * field;
        if (((bytes[start + (field >> 3)]! >> (field & 7)) & 1) === 1) {
          builder.appendNull();
        } else if (isText[field]!) {
          const at = rangeStart(from, slot, start, end);
          (builder as BytesBuilder).appendBytes(bytes, at, at + from.view.getInt32(slot, true));
        } else {
          builder.append(readers[field]!(from, slot, start, end));
        }
      }
    },
  };
}

/** Reads one field of rows: its slot is at `slot`, offsets count from `base` and must stay below `end`. */
export function fieldReader(type: DataType): (bytes: Uint8Array, slot: number, base: number, end: number) => SqlValue {
  const read = readerOf(type);
  let source: Source | null = null;
  return (bytes, slot, base, end) => {
    if (source?.bytes !== bytes) {
      source = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    }
    return read(source, slot, base, end);
  };
}
