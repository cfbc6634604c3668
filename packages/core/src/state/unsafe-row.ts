/**
 * Spark's UnsafeRow, the binary form of keys and values in state files.
 *
 * A row is a bitmap of nulls (8 bytes for each 64 fields), then 8 bytes per field, then the variable part. Numbers stand
 * in their 8 bytes; everything else lies in the variable part, padded to 8 bytes, and its field holds
 * `offset << 32 | size`, the offset counted from the start of the row. All numbers are little-endian. Nested rows have the
 * same form; an array is its length (8 bytes), a bitmap of nulls, elements of their own width padded to 8, and a variable
 * part; a map is the size of its key array, the key array and the value array. Decimals of up to 18 digits are numbers;
 * longer ones always occupy 16 bytes of the variable part in a row (also NULL) and hold Java's `BigInteger.toByteArray`.
 *
 * @see Spark `UnsafeRow`, `UnsafeRowWriter`, `UnsafeArrayWriter`
 */
import type { BytesVector, StructVector, Vector } from "../columnar/vector.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { unreachable } from "../errors/index.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import { bigEndianDecimal } from "./murmur3.ts";
import { elementWidth, nullBitmapLength } from "./unsafe-row-layout.ts";

/** The growing memory in which one row is written. All views share it. */
export class RowBuffer {
  bytes: Uint8Array = new Uint8Array(256);
  words: Int32Array = new Int32Array(this.bytes.buffer);
  end = 0;

  /** Reserves zeroed bytes (a multiple of 8) at the end; returns where they start. */
  reserve(length: number): number {
    const start = this.end;
    const end = start + length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.bytes.length) & ~7);
      grown.set(this.bytes.subarray(0, start));
      this.bytes = grown;
      this.words = new Int32Array(grown.buffer);
    }
    if (length > 128) this.bytes.fill(0, start, end);
    else for (let word = start >> 2, last = end >> 2; word < last; word++) this.words[word] = 0;
    this.end = end;
    return start;
  }
}

/** Writes value `i` of a column into the slot at byte `slot`; offsets count from `base`. The value is present. */
type ValueWriter = (i: number, slot: number, base: number) => void;

function wordsOf(values: BigInt64Array | Float64Array | Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}

function padded(length: number): number {
  return (length + 7) & ~7;
}

const decimalScratch = new Uint8Array(16);

export function isWideDecimal(type: DataType): boolean {
  return type.kind === "decimal" && type.precision > 18;
}

export function valueWriter(vector: Vector, buffer: RowBuffer, inArray: boolean): ValueWriter {
  switch (vector.kind) {
    case "null":
      return () => undefined;
    case "bool": {
      const values = vector.values;
      return (i, slot) => {
        buffer.bytes[slot] = (values[i >> 3]! >> (i & 7)) & 1;
      };
    }
    case "i8": {
      const values = vector.values;
      return (i, slot) => {
        buffer.bytes[slot] = values[i]!;
      };
    }
    case "i16": {
      const values = vector.values;
      return (i, slot) => {
        const value = values[i]!;
        buffer.bytes[slot] = value;
        buffer.bytes[slot + 1] = value >> 8;
      };
    }
    case "i32": {
      const values = vector.values;
      return (i, slot) => {
        buffer.words[slot >> 2] = values[i]!;
      };
    }
    case "f32": {
      const words = wordsOf(vector.values);
      return (i, slot) => {
        buffer.words[slot >> 2] = words[i]!;
      };
    }
    case "i64":
    case "f64": {
      const words = wordsOf(vector.values);
      return (i, slot) => {
        buffer.words[slot >> 2] = words[2 * i]!;
        buffer.words[(slot >> 2) + 1] = words[2 * i + 1]!;
      };
    }
    case "decimal": {
      const words = wordsOf(vector.values);
      if (!isWideDecimal(vector.type)) {
        return (i, slot) => {
          buffer.words[slot >> 2] = words[4 * i]!;
          buffer.words[(slot >> 2) + 1] = words[4 * i + 1]!;
        };
      }
      return (i, slot, base) => {
        const from = bigEndianDecimal(words, 4 * i, decimalScratch);
        const size = 16 - from;
        const at = buffer.reserve(inArray ? padded(size) : 16);
        for (let k = 0; k < size; k++) buffer.bytes[at + k] = decimalScratch[from + k]!;
        setOffset(buffer, slot, at - base, size);
      };
    }
    case "bytes": {
      const { bytes, starts, ends } = vector;
      return (i, slot, base) => {
        const from = starts[i]!;
        const size = ends[i]! - from;
        const at = buffer.reserve(padded(size));
        const target = buffer.bytes;
        if (size < 32) for (let k = 0; k < size; k++) target[at + k] = bytes[from + k]!;
        else target.set(bytes.subarray(from, from + size), at);
        setOffset(buffer, slot, at - base, size);
      };
    }
    case "list": {
      const offsets = vector.offsets;
      const write = arrayWriter(vector.child, buffer);
      return (i, slot, base) => {
        const at = buffer.end;
        write(offsets[i]!, offsets[i + 1]!);
        setOffset(buffer, slot, at - base, buffer.end - at);
      };
    }
    case "map": {
      const offsets = vector.offsets;
      const writeKeys = arrayWriter(vector.keys, buffer);
      const writeValues = arrayWriter(vector.values, buffer);
      return (i, slot, base) => {
        const at = buffer.reserve(8);
        writeKeys(offsets[i]!, offsets[i + 1]!);
        buffer.words[at >> 2] = buffer.end - at - 8;
        writeValues(offsets[i]!, offsets[i + 1]!);
        setOffset(buffer, slot, at - base, buffer.end - at);
      };
    }
    case "struct": {
      if (vector.type.kind === "variant") return variantWriter(vector, buffer);
      const write = structWriter(vector.children, buffer);
      return (i, slot, base) => {
        const at = buffer.end;
        write(i);
        setOffset(buffer, slot, at - base, buffer.end - at);
      };
    }
    default:
      return unreachable(vector);
  }
}

/** The length of the value (4 bytes), the value, the metadata. */
function variantWriter(vector: StructVector, buffer: RowBuffer): ValueWriter {
  const [value, metadata] = vector.children as readonly [BytesVector, BytesVector];
  return (i, slot, base) => {
    const valueBytes = value.bytes.subarray(value.starts[i], value.ends[i]);
    const metadataBytes = metadata.bytes.subarray(metadata.starts[i], metadata.ends[i]);
    const size = 4 + valueBytes.length + metadataBytes.length;
    const at = buffer.reserve(padded(size));
    buffer.words[at >> 2] = valueBytes.length;
    buffer.bytes.set(valueBytes, at + 4);
    buffer.bytes.set(metadataBytes, at + 4 + valueBytes.length);
    setOffset(buffer, slot, at - base, size);
  };
}

export function setOffset(buffer: RowBuffer, slot: number, offset: number, size: number): void {
  buffer.words[slot >> 2] = size;
  buffer.words[(slot >> 2) + 1] = offset;
}

/** Writes elements [from, to) of a child column as an UnsafeArrayData at the end of the buffer. */
function arrayWriter(child: Vector, buffer: RowBuffer): (from: number, to: number) => void {
  const write = valueWriter(child, buffer, true);
  const width = elementWidth(child.type);
  const { validity } = child;
  const allNull = child.kind === "null";
  return (from, to) => {
    const count = to - from;
    const header = 8 + nullBitmapLength(count);
    const base = buffer.reserve(header + padded(count * width));
    buffer.words[base >> 2] = count;
    for (let k = 0; k < count; k++) {
      const i = from + k;
      if (allNull || (validity !== null && ((validity[i >> 3]! >> (i & 7)) & 1) === 0)) {
        buffer.bytes[base + 8 + (k >> 3)]! |= 1 << (k & 7);
      } else {
        write(i, base + header + k * width, base);
      }
    }
  };
}

/** Writes row `i` of the columns as an UnsafeRow at the end of the buffer. */
function structWriter(columns: readonly Vector[], buffer: RowBuffer): (i: number) => void {
  const writers = columns.map((column) => valueWriter(column, buffer, false));
  const validities = columns.map((column) => column.validity);
  const count = columns.length;
  const nullBytes = nullBitmapLength(count);
  return (i) => {
    const base = buffer.reserve(nullBytes + 8 * count);
    for (let field = 0; field < count; field++) {
      const validity = validities[field]!;
      const slot = base + nullBytes + 8 * field;
      const column = columns[field]!;
      if (column.kind !== "null" && (validity === null || ((validity[i >> 3]! >> (i & 7)) & 1) === 1)) {
        writers[field]!(i, slot, base);
        continue;
      }
      buffer.bytes[base + (field >> 3)]! |= 1 << (field & 7);
      if (isWideDecimal(column.type)) setOffset(buffer, slot, buffer.reserve(16) - base, 0);
    }
  };
}

/** Encodes the rows of batches into one reused buffer. */
export interface RowEncoder {
  /** The columns that the next rows come from. */
  bind(columns: readonly Vector[]): void;
  /** Encodes row `i` and returns its length; the bytes are `buffer[0, length)` until the next call. */
  write(i: number): number;
  /** Where the last row is; another array after it had to grow. */
  readonly buffer: Uint8Array;
  /** Row `i` as a view that is valid until the next call. */
  encode(i: number): Uint8Array;
}

export function createRowEncoder(): RowEncoder {
  const buffer = new RowBuffer();
  let writeRow: (i: number) => void = () => undefined;
  const write = (i: number): number => {
    buffer.end = 0;
    writeRow(i);
    return buffer.end;
  };
  return {
    bind(columns) {
      writeRow = structWriter(columns, buffer);
    },
    write,
    get buffer() {
      return buffer.bytes;
    },
    encode(i) {
      const length = write(i);
      return buffer.bytes.subarray(0, length);
    },
  };
}

/** Rows as byte ranges of one memory. */
export interface EncodedRows {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Encodes rows of batches behind one another, stretch by stretch, into memory that is used again. */
export class RowsEncoder {
  readonly #buffer: RowBuffer = new RowBuffer();
  #write: (i: number) => void = () => undefined;
  #starts: Int32Array = new Int32Array(64);
  #ends: Int32Array = new Int32Array(64);

  /** The columns that the next rows come from. */
  bind(columns: readonly Vector[]): void {
    this.#write = structWriter(columns, this.#buffer);
  }

  /** Encodes rows [from, to); the result, whose first row is `from`, is valid until the next call. */
  encode(from: number, to: number): EncodedRows {
    const buffer = this.#buffer;
    if (to - from > this.#starts.length) {
      this.#starts = new Int32Array(to - from);
      this.#ends = new Int32Array(to - from);
    }
    const [starts, ends] = [this.#starts, this.#ends];
    buffer.end = 0;
    for (let i = from; i < to; i++) {
      starts[i - from] = buffer.end;
      this.#write(i);
      ends[i - from] = buffer.end;
    }
    return { bytes: buffer.bytes, starts, ends };
  }
}

/** Encodes rows [0, length) of the columns behind one another. */
export function encodeRows(columns: readonly Vector[], length: number): EncodedRows {
  const encoder = new RowsEncoder();
  encoder.bind(columns);
  return encoder.encode(0, length);
}

/** One row of values of the given types. For many rows take {@link createRowEncoder}. */
export function encodeRow(types: readonly DataType[], values: readonly SqlValue[]): Uint8Array {
  const columns = types.map((type, k) => {
    const builder = createBuilder(type, 1);
    builder.append(values[k] ?? null);
    return builder.finish();
  });
  const encoder = createRowEncoder();
  encoder.bind(columns);
  return encoder.encode(0).slice();
}
