/**
 * Users' values to UnsafeRows and back without columns in between: what state variables and keys are kept as. A codec belongs
 * to a struct; where the state is one value of a type it is the only field, `value`, of a row.
 *
 * Rows tell how many fields they were written with: their variable part begins right after the fixed one, or, without a
 * variable part, they end there. So rows that were written before fields were added to the end of the schema are read as
 * they are, with NULL for those fields.
 */
import { externalReader, newRow } from "../columnar/external-values.ts";
import { externalWriter } from "../columnar/external-input.ts";
import { decodeUtf8, encodeUtf8Into } from "../columnar/utf8.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { MillraceError } from "../errors/index.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import { quoteIfNeeded } from "../types/identifier.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { RowOptions } from "../codegen/row-objects.ts";
import {
  compileRowReader,
  compileRowWriter,
  mostGeneratedFields,
  type RowReader,
  type RowWriter,
} from "./row-codec-code.ts";
import { isInSlot, nullBitmapLength } from "./unsafe-row-layout.ts";
import { invalid, readerOf, type Source } from "./unsafe-row-reader.ts";
import { isWideDecimal, RowBuffer, setOffset, valueWriter } from "./unsafe-row.ts";

/** Writes a value that is not null into its slot; offsets count from `base`. */
export type FieldWriter = (external: unknown, buffer: RowBuffer, slot: number, base: number) => void;
export type FieldReader = (source: RowSource, slot: number, base: number, end: number) => unknown;

export interface RowSource extends Source {
  readonly words: Int32Array;
}

export interface RowCodecOptions extends ValueOptions {
  readonly timeZone: string;
  /** With which the loops over the fields are generated; absent: they are not. */
  readonly code?: RowOptions;
}

/** Doubles and their halves. */
const float64 = new Float64Array(1);
const float64Words = new Int32Array(float64.buffer);
const float32 = new Float32Array(1);
const float32Words = new Int32Array(float32.buffer);

export class RowCodec {
  readonly #names: readonly string[];
  readonly #single: boolean;
  readonly #writers: readonly FieldWriter[];
  readonly #readers: readonly FieldReader[];
  readonly #nullable: readonly boolean[];
  /** Fields whose slots hold offsets. */
  readonly #variable: readonly number[];
  readonly #wideDecimals: readonly boolean[];
  readonly #path: string;
  readonly #nullBytes: number;
  readonly #convert: (external: unknown) => unknown;
  readonly #readRow: RowReader | undefined;
  readonly #writeRow: RowWriter | undefined;
  readonly #missing: (field: number, base: number) => void;
  #buffer!: RowBuffer;
  #source: RowSource | null = null;

  /**
   * @param single the row stands for the value of its only field
   * @param path how errors name the value
   */
  constructor(schema: StructType, single: boolean, path: string, options: RowCodecOptions) {
    const { fields } = schema;
    const place = (name: string): string => (single ? path : `${path}.${quoteIfNeeded(name)}`);
    this.#names = fields.map((f) => f.name);
    this.#single = single;
    this.#path = path;
    this.#nullable = fields.map((f) => f.nullable);
    this.#writers = fields.map((f) => fieldWriter(f.type, place(f.name), options));
    this.#readers = fields.map((f) => fieldReader(f.type, place(f.name), options));
    this.#variable = fields.flatMap((f, k) => (isInSlot(f.type) ? [] : [k]));
    this.#wideDecimals = fields.map((f) => isWideDecimal(f.type));
    this.#nullBytes = nullBitmapLength(fields.length);
    // For its checks, and for values that are not plain objects.
    this.#convert = single ? (external) => external : externalWriter(schema, false, path, options);
    this.#missing = (field, base) => this.#writeNull(field, base);
    const { code } = options;
    if (single || code?.codegen !== true || fields.length > mostGeneratedFields) return;
    this.#readRow = compileRowReader(schema, this.#readers, code);
    this.#writeRow = compileRowWriter(schema, this.#writers, code);
  }

  /** Writes a value as a row at the end of the buffer. */
  write(external: unknown, buffer: RowBuffer): void {
    const count = this.#writers.length;
    const nullBytes = this.#nullBytes;
    const base = buffer.reserve(nullBytes + 8 * count);
    const record = this.#single ? null : this.#record(external);
    this.#buffer = buffer;
    if (record !== null && this.#writeRow !== undefined) return this.#writeRow(record, buffer, base, this.#missing);
    for (let k = 0; k < count; k++) {
      const value = record === null ? external : record[this.#names[k]!];
      if (value === null || value === undefined) this.#writeNull(k, base);
      else this.#writers[k]!(value, buffer, base + nullBytes + 8 * k, base);
    }
  }

  #writeNull(field: number, base: number): void {
    const buffer = this.#buffer;
    if (!this.#nullable[field]!) {
      const path = this.#single ? this.#path : `${this.#path}.${quoteIfNeeded(this.#names[field]!)}`;
      throw new MillraceError("NOT_NULL_ASSERT_VIOLATION", { path });
    }
    buffer.bytes[base + (field >> 3)]! |= 1 << (field & 7);
    if (this.#wideDecimals[field]!) {
      setOffset(buffer, base + this.#nullBytes + 8 * field, buffer.reserve(16) - base, 0);
    }
  }

  #record(external: unknown): Readonly<Record<string, unknown>> {
    if (typeof external === "object" && external !== null) {
      const prototype: unknown = Object.getPrototypeOf(external);
      if (prototype === Object.prototype || prototype === newRow.prototype || prototype === null) {
        return external as Readonly<Record<string, unknown>>;
      }
      if (Array.isArray(external) && external.length === this.#names.length) {
        return Object.fromEntries(this.#names.map((name, k) => [name, (external as unknown[])[k]]));
      }
    }
    // Refuses what is no row.
    this.#convert(external);
    return external as Readonly<Record<string, unknown>>;
  }

  /** The value in `bytes[start, end)`. */
  read(bytes: Uint8Array, start: number, end: number): unknown {
    const source = this.#sourceOf(bytes);
    const count = this.#fieldCount(source, start, end);
    const nullBytes = this.#nullBytes;
    if (this.#single) {
      return (bytes[start]! & 1) === 1 ? null : this.#readers[0]!(source, start + nullBytes, start, end);
    }
    if (this.#readRow !== undefined && count === this.#readers.length) return this.#readRow(source, start, end);
    const row = new newRow();
    for (let k = 0; k < this.#readers.length; k++) {
      const isNull = k >= count || ((bytes[start + (k >> 3)]! >> (k & 7)) & 1) === 1;
      row[this.#names[k]!] = isNull ? null : this.#readers[k]!(source, start + nullBytes + 8 * k, start, end);
    }
    return row;
  }

  #sourceOf(bytes: Uint8Array): RowSource {
    if (this.#source?.bytes !== bytes) {
      this.#source = {
        bytes,
        view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        words: new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2),
      };
    }
    return this.#source;
  }

  /** With how many fields the row was written. */
  #fieldCount(source: RowSource, start: number, end: number): number {
    const all = this.#readers.length;
    const fixed = this.#nullBytes + 8 * all;
    const length = end - start;
    if (length >= fixed && this.#firstOffset(source, start, all, length) === fixed) return all;
    for (let count = all - 1; count > 0; count--) {
      const size = nullBitmapLength(count) + 8 * count;
      // A bitmap of another size would move every slot: fields are added within one bitmap only.
      if (nullBitmapLength(count) !== this.#nullBytes || size > length) continue;
      if (this.#firstOffset(source, start, count, length) === size) return count;
    }
    throw invalid(`it does not have the ${all} fields of ${this.#path}`);
  }

  /** Where the variable part of a row of `count` fields begins: at its end when there is none. */
  #firstOffset(source: RowSource, start: number, count: number, length: number): number {
    let least = length;
    for (const field of this.#variable) {
      if (field >= count) break;
      const offset = source.words[(start + this.#nullBytes + 8 * field + 4) >> 2]!;
      if (offset > 0 && offset < least) least = offset;
    }
    return least;
  }
}

function fieldWriter(type: DataType, path: string, options: RowCodecOptions): FieldWriter {
  const convert = externalWriter(type, true, path, options);
  const anyWriter: FieldWriter = (external, buffer, slot, base) => {
    const value = convert(external);
    const builder = createBuilder(type, 1);
    builder.append(value);
    valueWriter(builder.finish(), buffer, false)(0, slot, base);
  };
  switch (type.kind) {
    case "boolean":
      return (external, buffer, slot) => {
        buffer.bytes[slot] = convert(external) === true ? 1 : 0;
      };
    case "int":
      return (external, buffer, slot) => {
        const isInt = typeof external === "number" && (external | 0) === external;
        buffer.words[slot >> 2] = isInt ? external : (convert(external) as number);
      };
    case "bigint":
      return (external, buffer, slot, base) => {
        if (typeof external === "number" && Number.isSafeInteger(external)) putLong(buffer, slot, external);
        else anyWriter(external, buffer, slot, base);
      };
    case "double":
      return (external, buffer, slot) => {
        float64[0] = typeof external === "number" ? external : (convert(external) as number);
        buffer.words[slot >> 2] = float64Words[0]!;
        buffer.words[(slot >> 2) + 1] = float64Words[1]!;
      };
    case "float":
      return (external, buffer, slot) => {
        float32[0] = convert(external) as number;
        buffer.words[slot >> 2] = float32Words[0]!;
      };
    case "timestamp":
      return (external, buffer, slot, base) => {
        const micros = external instanceof Date ? external.getTime() * 1000 : Number.NaN;
        if (Number.isSafeInteger(micros)) putLong(buffer, slot, micros);
        else anyWriter(external, buffer, slot, base);
      };
    case "string":
      return (external, buffer, slot, base) => {
        if (typeof external !== "string") return void convert(external);
        const at = buffer.reserve((3 * external.length + 7) & ~7);
        const size = encodeUtf8Into(external, buffer.bytes, at) - at;
        // What was reserved for the worst case goes back; the row ends at a multiple of 8.
        buffer.end = at + ((size + 7) & ~7);
        setOffset(buffer, slot, at - base, size);
      };
    default:
      return anyWriter;
  }
}

/** Writes a whole number that a double holds exactly. */
export function putLong(buffer: RowBuffer, at: number, value: number): void {
  buffer.words[at >> 2] = value >>> 0;
  buffer.words[(at >> 2) + 1] = Math.floor(value / 4_294_967_296);
}

/** The 32-bit words of an array of bytes, mostly the same one again and again. */
export class WordsOf {
  #bytes: Uint8Array | null = null;
  #words: Int32Array = new Int32Array(0);

  get(bytes: Uint8Array): Int32Array {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    }
    return this.#words;
  }
}

/** The 64-bit number at a place that is a multiple of 4, as a double. */
export function longAt(words: Int32Array, at: number): number {
  return words[(at >> 2) + 1]! * 4_294_967_296 + (words[at >> 2]! >>> 0);
}

function fieldReader(type: DataType, path: string, options: RowCodecOptions): FieldReader {
  const any = anyReader(type, path, options);
  switch (type.kind) {
    case "boolean":
    case "tinyint":
    case "smallint":
    case "float":
    case "double":
      return readerOf(type);
    case "int":
      return ({ words }, slot) => words[slot >> 2]!;
    case "bigint":
      if (options.bigint === true) return readerOf(type);
      return (source, slot, base, end) => {
        const value = longAt(source.words, slot);
        return Number.isSafeInteger(value) ? value : any(source, slot, base, end);
      };
    case "timestamp":
      if (options.timestamps === "temporal") return any;
      return (source, slot, base, end) => {
        const micros = longAt(source.words, slot);
        return Number.isSafeInteger(micros) ? new Date(Math.floor(micros / 1000)) : any(source, slot, base, end);
      };
    case "string":
      return ({ bytes, words }, slot, base, end) => {
        const size = words[slot >> 2]!;
        const start = base + words[(slot >> 2) + 1]!;
        if (size < 0 || start < base || start + size > end) throw invalid("an offset points outside of the row");
        return decodeUtf8(bytes, start, start + size);
      };
    default:
      return any;
  }
}

function anyReader(type: DataType, path: string, options: RowCodecOptions): FieldReader {
  const read = readerOf(type);
  const external = externalReader(type, options, path);
  return (source, slot, base, end) => {
    const builder = createBuilder(type, 1);
    builder.append(read(source, slot, base, end));
    return external(builder.finish())(0);
  };
}
