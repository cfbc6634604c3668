/**
 * Makes columns of what {@link JsonScanner} found: only the wanted rows of one field at a time, in loops over typed
 * arrays for the common types and through {@link JsonValueReaders} for the others.
 */
import type { BatchMemory } from "../../columnar/batch-memory.ts";
import { decodeUtf8, encodeUtf8Into, isValidUtf8 } from "../../columnar/utf8.ts";
import { ValidityBuilder } from "../../columnar/validity-builder.ts";
import type { Vector } from "../../columnar/vector.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { DataType } from "../../types/data-type.ts";
import { readDouble, readLong, readSafeInteger, writeSafeInteger } from "../files/numbers-in-bytes.ts";
import type { RecordColumn, RowFailures } from "../files/record-assembly.ts";
import type { JsonScanner } from "./json-scanner.ts";
import { unescapeInto } from "./json-text.ts";
import { jsonAbsent, jsonEscapedString, jsonFloat, jsonInteger, jsonNull, jsonString } from "./json-token.ts";
import type { JsonValueReader, JsonValueReaders } from "./json-value-reader.ts";

/** The column of scanner field `field` with a type. */
export function jsonColumn(s: JsonScanner, field: number, type: DataType, readers: JsonValueReaders): RecordColumn {
  const read = readers.reader(type);
  switch (type.kind) {
    case "string":
      return {
        convert: (rows, count, _, memory) =>
          kernelStrings(s, field, type, rows, count, memory) ?? strings(s, field, type, rows, count),
        view: (rows, count, memory) => stringView(s, field, type, rows, count, memory),
      };
    case "bigint":
      return {
        convert: (rows, count, failures, memory) => longs(s, field, type, rows, count, failures, read, readers, memory),
      };
    case "int":
    case "smallint":
    case "tinyint": {
      const { kind } = type;
      return {
        convert: (rows, count, failures) => integers(s, field, type, kind, rows, count, failures, read, readers),
      };
    }
    case "double":
      return { convert: (rows, count, failures) => doubles(s, field, type, rows, count, failures, read, readers) };
    default:
      return { convert: (rows, count, failures) => generic(s, field, type, rows, count, failures, read, readers) };
  }
}

function generic(
  scanner: JsonScanner,
  field: number,
  type: DataType,
  rows: Int32Array,
  count: number,
  failures: RowFailures,
  read: JsonValueReader,
  readers: JsonValueReaders,
): Vector {
  const builder = createBuilder(type, count);
  const { bytes, starts, ends, kinds, recordEnds, capacity } = scanner;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const cell = field * capacity + row;
    readers.failure = null;
    builder.append(read(bytes, starts[cell]!, ends[cell]!, kinds[cell]!, recordEnds[row]!));
    if (readers.failure !== null) failures.set(row, readers.failure);
  }
  return builder.finish();
}

/** Null at row `i` for a value that is absent, null or not of the type. */
function markNull(
  scanner: JsonScanner,
  cell: number,
  row: number,
  i: number,
  validity: ValidityBuilder,
  failures: RowFailures,
  read: JsonValueReader,
  readers: JsonValueReaders,
): void {
  validity.markNull(i);
  readers.failure = null;
  read(scanner.bytes, scanner.starts[cell]!, scanner.ends[cell]!, scanner.kinds[cell]!, scanner.recordEnds[row]!);
  if (readers.failure !== null) failures.set(row, readers.failure);
}

function longs(
  scanner: JsonScanner,
  field: number,
  type: DataType,
  rows: Int32Array,
  count: number,
  failures: RowFailures,
  read: JsonValueReader,
  readers: JsonValueReaders,
  memory: BatchMemory,
): Vector {
  const values = memory.int64(count);
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * count);
  const validity = new ValidityBuilder();
  const { bytes, starts, ends, kinds, capacity, kernel } = scanner;
  for (let i = 0; i < count; i++) {
    if (kernel !== null) {
      i = kernel.readLongs(bytes, field, rows, i, count, values);
      if (i === count) break;
    }
    const row = rows[i]!;
    const cell = field * capacity + row;
    if (kinds[cell] === jsonInteger) {
      const value = readSafeInteger(bytes, starts[cell]!, ends[cell]!);
      if (value === value) {
        writeSafeInteger(halves, i, value);
        continue;
      }
      const exact = readLong(bytes, starts[cell]!, ends[cell]!);
      if (exact !== undefined) {
        values[i] = exact;
        continue;
      }
    }
    markNull(scanner, cell, row, i, validity, failures, read, readers);
  }
  return { kind: "i64", type, length: count, validity: validity.finish(count), values };
}

const smallest = { tinyint: -128, smallint: -32768, int: -2147483648 } as const;

function integers(
  scanner: JsonScanner,
  field: number,
  type: DataType,
  kind: "tinyint" | "smallint" | "int",
  rows: Int32Array,
  count: number,
  failures: RowFailures,
  read: JsonValueReader,
  readers: JsonValueReaders,
): Vector {
  const least = smallest[kind];
  const most = -least - 1;
  const numbers = new Int32Array(count);
  const validity = new ValidityBuilder();
  const { bytes, starts, ends, kinds, capacity } = scanner;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const cell = field * capacity + row;
    if (kinds[cell] === jsonInteger) {
      const value = readSafeInteger(bytes, starts[cell]!, ends[cell]!);
      if (value >= least && value <= most) {
        numbers[i] = value;
        continue;
      }
    }
    markNull(scanner, cell, row, i, validity, failures, read, readers);
  }
  const bits = validity.finish(count);
  if (kind === "int") return { kind: "i32", type, length: count, validity: bits, values: numbers };
  if (kind === "smallint") {
    return { kind: "i16", type, length: count, validity: bits, values: Int16Array.from(numbers) };
  }
  return { kind: "i8", type, length: count, validity: bits, values: Int8Array.from(numbers) };
}

function doubles(
  scanner: JsonScanner,
  field: number,
  type: DataType,
  rows: Int32Array,
  count: number,
  failures: RowFailures,
  read: JsonValueReader,
  readers: JsonValueReaders,
): Vector {
  const values = new Float64Array(count);
  const validity = new ValidityBuilder();
  const { bytes, starts, ends, kinds, recordEnds, capacity } = scanner;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const cell = field * capacity + row;
    const kind = kinds[cell];
    if (kind === jsonInteger || kind === jsonFloat) {
      values[i] = readDouble(bytes, starts[cell]!, ends[cell]!);
      continue;
    }
    readers.failure = null;
    const value = read(bytes, starts[cell]!, ends[cell]!, kinds[cell]!, recordEnds[row]!);
    if (value === null) validity.markNull(i);
    else values[i] = value as number;
    if (readers.failure !== null) failures.set(row, readers.failure);
  }
  return { kind: "f64", type, length: count, validity: validity.finish(count), values };
}

function missingValues(scanner: JsonScanner, field: number, rows: Int32Array, count: number): Uint8Array | null {
  const validity = new ValidityBuilder();
  const { kinds, capacity } = scanner;
  for (let i = 0; i < count; i++) {
    const kind = kinds[field * capacity + rows[i]!];
    if (kind === jsonAbsent || kind === jsonNull) validity.markNull(i);
  }
  return validity.finish(count);
}

/** String values as they lie in the scanner's bytes; null unless all are plain ASCII. */
function stringView(
  scanner: JsonScanner,
  field: number,
  type: DataType,
  rows: Int32Array,
  count: number,
  memory: BatchMemory,
): Vector | null {
  const { kernel, ascii } = scanner;
  if (kernel === null || !ascii) return null;
  const viewed = kernel.viewStrings(scanner.bytes, field, rows, count, memory);
  if (viewed === null) return null;
  const { bytes, starts, ends, missing } = viewed;
  const validity = missing ? missingValues(scanner, field, rows, count) : null;
  return { kind: "bytes", type, length: count, validity, bytes, starts, ends };
}

/** String values copied by the kernel; null when it cannot. */
function kernelStrings(
  scanner: JsonScanner,
  field: number,
  type: DataType,
  rows: Int32Array,
  count: number,
  memory: BatchMemory,
): Vector | null {
  const { kernel } = scanner;
  const copied = kernel?.copyStrings(scanner.bytes, field, rows, count, memory);
  if (kernel === null || copied === null || copied === undefined) return null;
  const { bytes, offsets } = copied;
  if (!copied.ascii) {
    if (!isValidUtf8(bytes, 0, copied.size)) return null;
    // Valid as a whole: each value is when none begins within a character.
    for (let i = 0; i < count; i++) {
      if (offsets[i] !== offsets[i + 1] && (bytes[offsets[i]!]! & 0xc0) === 0x80) return null;
    }
  }
  return {
    kind: "bytes",
    type,
    length: count,
    validity: copied.missing ? missingValues(scanner, field, rows, count) : null,
    bytes,
    starts: offsets.subarray(0, count),
    ends: offsets.subarray(1, count + 1),
  };
}

/**
 * String values, copied four bytes a step: that is cheaper than giving the whole chunk of input away with every batch,
 * and the copy shows at no cost whether a value is ASCII. What is not valid UTF-8 is repaired with U+FFFD.
 */
function strings(scanner: JsonScanner, field: number, type: DataType, rows: Int32Array, count: number): Vector {
  const { bytes, starts, ends, kinds, capacity } = scanner;
  let size = 0;
  for (let i = 0; i < count; i++) {
    const cell = field * capacity + rows[i]!;
    if (kinds[cell] !== jsonAbsent) size += ends[cell]! - starts[cell]!;
  }
  let target = new Uint8Array(size + 8);
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let to = new DataView(target.buffer);
  const offsets = new Int32Array(count + 1);
  const validity = new ValidityBuilder();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const cell = field * capacity + rows[i]!;
    const kind = kinds[cell]!;
    const start = starts[cell]!;
    const length = ends[cell]! - start;
    if (kind === jsonString) {
      let high = 0;
      let k = 0;
      for (; k + 4 <= length; k += 4) {
        const word = from.getInt32(start + k, true);
        high |= word;
        to.setInt32(at + k, word, true);
      }
      for (; k < length; k++) {
        const byte = bytes[start + k]!;
        high |= byte;
        target[at + k] = byte;
      }
      if ((high & 0x80808080) === 0 || isValidUtf8(bytes, start, start + length)) {
        at += length;
        offsets[i + 1] = at;
        continue;
      }
    } else if (kind === jsonAbsent || kind === jsonNull) {
      validity.markNull(i);
      offsets[i + 1] = at;
      continue;
    }
    let end: number;
    if (kind === jsonEscapedString) {
      end = unescapeInto(bytes, start, start + length, target, at);
    } else {
      target.set(bytes.subarray(start, start + length), at);
      end = at + length;
    }
    if (!isValidUtf8(target, at, end)) {
      const text = decodeUtf8(target, at, end);
      // Room for the repaired text and for all that may still come.
      const needed = at + text.length * 3 + size + 8;
      if (needed > target.length) {
        const larger = new Uint8Array(Math.max(target.length * 2, needed));
        larger.set(target.subarray(0, at));
        target = larger;
        to = new DataView(target.buffer);
      }
      end = encodeUtf8Into(text, target, at);
    }
    at = end;
    offsets[i + 1] = at;
  }
  return {
    kind: "bytes",
    type,
    length: count,
    validity: validity.finish(count),
    bytes: target,
    starts: offsets.subarray(0, count),
    ends: offsets.subarray(1, count + 1),
  };
}
