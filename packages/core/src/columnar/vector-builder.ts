/**
 * Builders: one growing column each, filled value by value.
 *
 * A builder starts with room for `capacity` values and doubles. `finish` hands the memory over to the vector and leaves
 * the builder empty and usable. Values are {@link SqlValue}s of the builder's type; they are not checked here (see
 * `external-values.ts` for values that come from users).
 */
import { unreachable } from "../errors/index.ts";
import {
  type ArrayType,
  binaryType,
  type DataType,
  type MapType,
  type SqlMap,
  type SqlValue,
} from "../types/data-type.ts";
import { BytesBuilder } from "./bytes-builder.ts";
import { writeDecimal } from "./decimal-values.ts";
import { ValidityBuilder } from "./validity-builder.ts";
import { setBit } from "./validity.ts";
import type { Vector } from "./vector.ts";

export interface VectorBuilder {
  readonly type: DataType;
  /** Values appended since the last `finish`. */
  readonly length: number;
  /** Appends a value of the builder's type; null appends a null. */
  append(value: SqlValue): void;
  appendNull(): void;
  /** The vector of all appended values; the builder is empty afterwards. */
  finish(): Vector;
}

type StringOrBinary = DataType & { readonly kind: "string" | "binary" };

/** A builder for the type. For string and binary it is a {@link BytesBuilder}, which also takes byte ranges. */
export function createBuilder(type: StringOrBinary, capacity?: number): BytesBuilder;
export function createBuilder(type: DataType, capacity?: number): VectorBuilder;
export function createBuilder(type: DataType, capacity = 1024): VectorBuilder {
  switch (type.kind) {
    case "null":
      return new NullBuilder(type);
    case "boolean":
      return new BooleanBuilder(type, capacity);
    case "tinyint":
      return new NumberBuilder(type, "i8", Int8Array, capacity);
    case "smallint":
      return new NumberBuilder(type, "i16", Int16Array, capacity);
    case "int":
    case "date":
    case "interval_year_month":
      return new NumberBuilder(type, "i32", Int32Array, capacity);
    case "float":
      return new NumberBuilder(type, "f32", Float32Array, capacity);
    case "double":
      return new NumberBuilder(type, "f64", Float64Array, capacity);
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
      return new Int64Builder(type, capacity);
    case "decimal":
      return new DecimalBuilder(type, capacity);
    case "string":
    case "binary":
      return new BytesBuilder(type, capacity);
    case "array":
      return new ListBuilder(type, capacity);
    case "map":
      return new MapBuilder(type, capacity);
    case "struct":
      return new StructBuilder(
        type,
        type.fields.map((f) => createBuilder(f.type, capacity)),
      );
    case "variant":
      return new StructBuilder(type, [createBuilder(binaryType, capacity), createBuilder(binaryType, capacity)]);
    default:
      return unreachable(type);
  }
}

class NullBuilder implements VectorBuilder {
  readonly type: DataType;
  length = 0;
  constructor(type: DataType) {
    this.type = type;
  }
  append(): void {
    this.length++;
  }
  appendNull(): void {
    this.length++;
  }
  finish(): Vector {
    const length = this.length;
    this.length = 0;
    return { kind: "null", type: this.type, length, validity: null };
  }
}

class BooleanBuilder implements VectorBuilder {
  readonly type: DataType;
  length = 0;
  #values: Uint8Array;
  readonly #validity = new ValidityBuilder();
  constructor(type: DataType, capacity: number) {
    this.type = type;
    this.#values = new Uint8Array((capacity + 7) >> 3);
  }
  append(value: SqlValue): void {
    const i = this.length++;
    if (i >> 3 >= this.#values.length) this.#grow();
    if (value === null) this.#validity.markNull(i);
    else if (value === true) setBit(this.#values, i);
  }
  appendNull(): void {
    this.append(null);
  }
  #grow(): void {
    const grown = new Uint8Array(Math.max(16, this.#values.length * 2));
    grown.set(this.#values);
    this.#values = grown;
  }
  finish(): Vector {
    const length = this.length;
    const values = this.#values;
    this.length = 0;
    this.#values = new Uint8Array(values.length);
    return { kind: "bool", type: this.type, length, validity: this.#validity.finish(length), values };
  }
}

type NumberArray = Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
type NumberKind = "i8" | "i16" | "i32" | "f32" | "f64";

class NumberBuilder implements VectorBuilder {
  readonly type: DataType;
  length = 0;
  readonly #kind: NumberKind;
  readonly #arrayOf: new (length: number) => NumberArray;
  #values: NumberArray;
  readonly #validity = new ValidityBuilder();
  constructor(type: DataType, kind: NumberKind, arrayOf: new (length: number) => NumberArray, capacity: number) {
    this.type = type;
    this.#kind = kind;
    this.#arrayOf = arrayOf;
    this.#values = new arrayOf(capacity);
  }
  append(value: SqlValue): void {
    const i = this.length++;
    if (i >= this.#values.length) this.#grow();
    if (value === null) this.#validity.markNull(i);
    else this.#values[i] = value as number;
  }
  appendNull(): void {
    this.append(null);
  }
  #grow(): void {
    const grown = new this.#arrayOf(Math.max(16, this.#values.length * 2));
    grown.set(this.#values);
    this.#values = grown;
  }
  finish(): Vector {
    const length = this.length;
    const values = this.#values;
    this.length = 0;
    this.#values = new this.#arrayOf(values.length);
    return { kind: this.#kind, type: this.type, length, validity: this.#validity.finish(length), values } as Vector;
  }
}

class Int64Builder implements VectorBuilder {
  readonly type: DataType;
  length = 0;
  #values: BigInt64Array;
  /** The same memory. */
  #halves: Int32Array;
  readonly #validity = new ValidityBuilder();
  constructor(type: DataType, capacity: number) {
    this.type = type;
    this.#values = new BigInt64Array(capacity);
    this.#halves = new Int32Array(this.#values.buffer);
  }
  append(value: SqlValue): void {
    const i = this.length++;
    if (i >= this.#values.length) this.#grow();
    if (value === null) this.#validity.markNull(i);
    else this.#values[i] = value as bigint;
  }
  /** Appends a whole number that a double holds exactly, without a BigInt for it. */
  appendNumber(value: number): void {
    const i = this.length++;
    if (i >= this.#values.length) this.#grow();
    this.#halves[2 * i] = value;
    this.#halves[2 * i + 1] = Math.floor(value / 4_294_967_296);
  }
  appendNull(): void {
    this.append(null);
  }
  #grow(): void {
    const grown = new BigInt64Array(Math.max(16, this.#values.length * 2));
    grown.set(this.#values);
    this.#values = grown;
    this.#halves = new Int32Array(grown.buffer);
  }
  finish(): Vector {
    const length = this.length;
    const values = this.#values;
    this.length = 0;
    this.#values = new BigInt64Array(values.length);
    this.#halves = new Int32Array(this.#values.buffer);
    return { kind: "i64", type: this.type, length, validity: this.#validity.finish(length), values };
  }
}

class DecimalBuilder implements VectorBuilder {
  readonly type: DataType;
  length = 0;
  #values: BigInt64Array;
  readonly #validity = new ValidityBuilder();
  constructor(type: DataType, capacity: number) {
    this.type = type;
    this.#values = new BigInt64Array(2 * capacity);
  }
  append(value: SqlValue): void {
    const i = this.length++;
    if (2 * i >= this.#values.length) this.#grow();
    if (value === null) this.#validity.markNull(i);
    else writeDecimal(this.#values, i, value as bigint);
  }
  appendNull(): void {
    this.append(null);
  }
  #grow(): void {
    const grown = new BigInt64Array(Math.max(32, this.#values.length * 2));
    grown.set(this.#values);
    this.#values = grown;
  }
  finish(): Vector {
    const length = this.length;
    const values = this.#values;
    this.length = 0;
    this.#values = new BigInt64Array(values.length);
    return { kind: "decimal", type: this.type, length, validity: this.#validity.finish(length), values };
  }
}

/** Offsets of lists and maps: entry `length` is where the next value starts. */
class OffsetsBuilder {
  #offsets: Int32Array;
  constructor(capacity: number) {
    this.#offsets = new Int32Array(capacity + 1);
  }
  /** Records that value `i` ends at child position `end`. */
  close(i: number, end: number): void {
    if (i + 1 >= this.#offsets.length) {
      const grown = new Int32Array(Math.max(16, this.#offsets.length * 2));
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[i + 1] = end;
  }
  finish(): Int32Array {
    const offsets = this.#offsets;
    this.#offsets = new Int32Array(offsets.length);
    return offsets;
  }
}

class ListBuilder implements VectorBuilder {
  readonly type: ArrayType;
  length = 0;
  readonly #offsets: OffsetsBuilder;
  readonly #child: VectorBuilder;
  readonly #validity = new ValidityBuilder();
  constructor(type: ArrayType, capacity: number) {
    this.type = type;
    this.#offsets = new OffsetsBuilder(capacity);
    this.#child = createBuilder(type.element, capacity);
  }
  append(value: SqlValue): void {
    const i = this.length++;
    if (value === null) this.#validity.markNull(i);
    else for (const element of value as readonly SqlValue[]) this.#child.append(element);
    this.#offsets.close(i, this.#child.length);
  }
  appendNull(): void {
    this.append(null);
  }
  finish(): Vector {
    const length = this.length;
    this.length = 0;
    return {
      kind: "list",
      type: this.type,
      length,
      validity: this.#validity.finish(length),
      offsets: this.#offsets.finish(),
      child: this.#child.finish(),
    };
  }
}

class MapBuilder implements VectorBuilder {
  readonly type: MapType;
  length = 0;
  readonly #offsets: OffsetsBuilder;
  readonly #keys: VectorBuilder;
  readonly #values: VectorBuilder;
  readonly #validity = new ValidityBuilder();
  constructor(type: MapType, capacity: number) {
    this.type = type;
    this.#offsets = new OffsetsBuilder(capacity);
    this.#keys = createBuilder(type.key, capacity);
    this.#values = createBuilder(type.value, capacity);
  }
  append(value: SqlValue): void {
    const i = this.length++;
    if (value === null) {
      this.#validity.markNull(i);
    } else {
      const map = value as SqlMap;
      for (let k = 0; k < map.keys.length; k++) {
        this.#keys.append(map.keys[k]!);
        this.#values.append(map.values[k]!);
      }
    }
    this.#offsets.close(i, this.#keys.length);
  }
  appendNull(): void {
    this.append(null);
  }
  finish(): Vector {
    const length = this.length;
    this.length = 0;
    return {
      kind: "map",
      type: this.type,
      length,
      validity: this.#validity.finish(length),
      offsets: this.#offsets.finish(),
      keys: this.#keys.finish(),
      values: this.#values.finish(),
    };
  }
}

class StructBuilder implements VectorBuilder {
  readonly type: DataType;
  length = 0;
  readonly #children: readonly VectorBuilder[];
  readonly #validity = new ValidityBuilder();
  constructor(type: DataType, children: readonly VectorBuilder[]) {
    this.type = type;
    this.#children = children;
  }
  append(value: SqlValue): void {
    const i = this.length++;
    if (value === null) {
      this.#validity.markNull(i);
      for (const child of this.#children) child.appendNull();
    } else {
      const fields = value as readonly SqlValue[];
      for (let k = 0; k < this.#children.length; k++) this.#children[k]!.append(fields[k]!);
    }
  }
  appendNull(): void {
    this.append(null);
  }
  finish(): Vector {
    const length = this.length;
    this.length = 0;
    return {
      kind: "struct",
      type: this.type,
      length,
      validity: this.#validity.finish(length),
      children: this.#children.map((child) => child.finish()),
    };
  }
}

export type { BytesBuilder } from "./bytes-builder.ts";
