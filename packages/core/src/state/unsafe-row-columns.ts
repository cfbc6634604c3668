/** Columns of many UnsafeRows at once (see `unsafe-row.ts`): a loop per column instead of a step per row and field. */
import { clearBit, allPresent, setBit } from "../columnar/validity.ts";
import { numberArray, type Validity, type Vector, vectorKindOf } from "../columnar/vector.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { MillraceError } from "../errors/index.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import { isInSlot, nullBitmapLength } from "./unsafe-row-layout.ts";
import { fieldReader } from "./unsafe-row-reader.ts";

/** Where rows lie: whole UnsafeRows that begin at multiples of 8 of one memory. */
export interface RowRanges {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

/** Reads columns of rows of the same types. Rows come from a checkpoint: every offset is checked. */
export class RowColumns {
  readonly #types: readonly DataType[];
  readonly #nullBytes: number;
  #bytes: Uint8Array | null = null;
  #words: Int32Array = new Int32Array(0);

  constructor(types: readonly DataType[]) {
    this.#types = types;
    this.#nullBytes = nullBitmapLength(types.length);
  }

  /** @throws MillraceError STATE_STORE_INVALID_ROW when a row is too short for its fields */
  check({ bytes, starts, ends, count }: RowRanges): void {
    const least = this.#nullBytes + 8 * this.#types.length;
    let wrong = bytes.byteOffset & 7;
    for (let i = 0; i < count; i++) {
      wrong |= starts[i]! & 7;
      if (ends[i]! - starts[i]! < least) wrong = 1;
    }
    if (wrong !== 0) throw invalid(`it is too short for ${this.#types.length} fields, or not aligned`);
  }

  /** Field `field` of rows that {@link check} has seen. Strings and binary are copies. */
  column(rows: RowRanges, field: number): Vector {
    const type = this.#types[field]!;
    const kind = vectorKindOf(type);
    const { count } = rows;
    const validity = this.#validity(rows, field);
    switch (kind) {
      case "null":
        return { kind, type, length: count, validity: null };
      case "i64":
      case "f64":
        return { kind, type, length: count, validity, values: this.#longs(rows, field, kind) } as Vector;
      case "i32":
      case "f32":
        return { kind, type, length: count, validity, values: this.#ints(rows, field, kind) } as Vector;
      case "i8":
      case "i16":
        return { kind, type, length: count, validity, values: this.#small(rows, field, kind) } as Vector;
      case "bool": {
        const values = new Uint8Array((count + 7) >> 3);
        const at = this.#nullBytes + 8 * field;
        for (let i = 0; i < count; i++) if (rows.bytes[rows.starts[i]! + at] !== 0) setBit(values, i);
        return { kind, type, length: count, validity, values };
      }
      case "bytes":
        return this.#text(rows, field, type, validity);
      case "struct":
        if (type.kind !== "struct" || !type.fields.every((nested) => isInSlot(nested.type))) break;
        return { kind, type, length: count, validity, children: this.#fields(rows, field, type, validity) };
      default:
    }
    return this.#others(rows, field, type, validity);
  }

  #wordsOf(bytes: Uint8Array): Int32Array {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    }
    return this.#words;
  }

  #validity({ bytes, starts, count }: RowRanges, field: number): Validity {
    const at = field >> 3;
    const bit = 1 << (field & 7);
    let present: Uint8Array | null = null;
    for (let i = 0; i < count; i++) {
      if ((bytes[starts[i]! + at]! & bit) !== 0) clearBit((present ??= allPresent(count)), i);
    }
    return present;
  }

  #longs({ bytes, starts, count }: RowRanges, field: number, kind: "i64" | "f64"): BigInt64Array | Float64Array {
    const words = this.#wordsOf(bytes);
    const values = numberArray(kind, count) as BigInt64Array | Float64Array;
    const halves = new Int32Array(values.buffer);
    const slot = (this.#nullBytes >> 2) + 2 * field;
    for (let i = 0; i < count; i++) {
      const at = (starts[i]! >> 2) + slot;
      halves[2 * i] = words[at]!;
      halves[2 * i + 1] = words[at + 1]!;
    }
    return values;
  }

  #ints({ bytes, starts, count }: RowRanges, field: number, kind: "i32" | "f32"): Int32Array | Float32Array {
    const words = this.#wordsOf(bytes);
    const values = new Int32Array(count);
    const slot = (this.#nullBytes >> 2) + 2 * field;
    for (let i = 0; i < count; i++) values[i] = words[(starts[i]! >> 2) + slot]!;
    return kind === "i32" ? values : new Float32Array(values.buffer);
  }

  #small({ bytes, starts, count }: RowRanges, field: number, kind: "i8" | "i16"): Int8Array | Int16Array {
    const words = this.#wordsOf(bytes);
    const values = numberArray(kind, count) as Int8Array | Int16Array;
    const slot = (this.#nullBytes >> 2) + 2 * field;
    for (let i = 0; i < count; i++) values[i] = words[(starts[i]! >> 2) + slot]!;
    return values;
  }

  #text(rows: RowRanges, field: number, type: DataType, validity: Validity): Vector {
    const { bytes, starts, ends, count } = rows;
    const words = this.#wordsOf(bytes);
    const slot = (this.#nullBytes >> 2) + 2 * field;
    const from = new Int32Array(count);
    const offsets = new Int32Array(count + 1);
    let total = 0;
    for (let i = 0; i < count; i++) {
      if (validity === null || ((validity[i >> 3]! >> (i & 7)) & 1) === 1) {
        const start = starts[i]!;
        const size = words[(start >> 2) + slot]!;
        const offset = words[(start >> 2) + slot + 1]!;
        if (size < 0 || offset < 0 || start + offset + size > ends[i]!) throw invalid("an offset points outside of it");
        from[i] = start + offset;
        total += size;
      }
      offsets[i + 1] = total;
    }
    const target = new Uint8Array(total);
    for (let i = 0; i < count; i++) {
      let at = offsets[i]!;
      const size = offsets[i + 1]! - at;
      let source = from[i]!;
      if (size > 64) target.set(bytes.subarray(source, source + size), at);
      else for (const end = at + size; at < end;) target[at++] = bytes[source++]!;
    }
    return {
      kind: "bytes",
      type,
      length: count,
      validity,
      bytes: target,
      starts: offsets.subarray(0, count),
      ends: offsets.subarray(1),
    };
  }

  /** The fields of nested rows, none of which has a variable part. */
  #fields(rows: RowRanges, field: number, type: StructType, validity: Validity): Vector[] {
    const { bytes, starts, ends, count } = rows;
    const words = this.#wordsOf(bytes);
    const slot = (this.#nullBytes >> 2) + 2 * field;
    const [from, to] = [new Int32Array(count), new Int32Array(count)];
    const least = nullBitmapLength(type.fields.length) + 8 * type.fields.length;
    for (let i = 0; i < count; i++) {
      // Of a NULL nothing is read that anybody sees.
      let start = starts[i]!;
      if (validity === null || ((validity[i >> 3]! >> (i & 7)) & 1) === 1) {
        const size = words[(start >> 2) + slot]!;
        const offset = words[(start >> 2) + slot + 1]!;
        if (size < least || offset < 0 || (offset & 7) !== 0 || start + offset + size > ends[i]!) {
          throw invalid("an offset points outside of it, or a nested row is too short");
        }
        start += offset;
      }
      from[i] = start;
      to[i] = start + least;
    }
    const nested = new RowColumns(type.fields.map((each) => each.type));
    return type.fields.map((_, k) => nested.column({ bytes, starts: from, ends: to, count }, k));
  }

  #others({ bytes, starts, ends, count }: RowRanges, field: number, type: DataType, validity: Validity): Vector {
    const read = fieldReader(type);
    const builder = createBuilder(type, count);
    const slot = this.#nullBytes + 8 * field;
    for (let i = 0; i < count; i++) {
      const present = validity === null || ((validity[i >> 3]! >> (i & 7)) & 1) === 1;
      builder.append(present ? read(bytes, starts[i]! + slot, starts[i]!, ends[i]!) : null);
    }
    return builder.finish();
  }
}

function invalid(reason: string): MillraceError {
  return new MillraceError("STATE_STORE_INVALID_ROW", { reason });
}
