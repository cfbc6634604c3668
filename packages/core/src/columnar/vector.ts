/**
 * Columns in Arrow's memory layout.
 *
 * Validity is a bitmap, least significant bit first, 1 = present; `null` means that every value is present. Booleans are
 * a bitmap of the same kind. Strings and binary are bytes plus where each value starts and ends: a plain Arrow column
 * (`offsets` of n + 1 entries) is `starts = offsets.subarray(0, n)`, `ends = offsets.subarray(1)`, sharing the memory;
 * a scanner's or a filter's result points into bytes that it did not copy. Values under a null are unspecified, but
 * `starts[i] <= ends[i]` and list offsets stay well-formed.
 *
 * Vectors are immutable once they are part of a batch. Typed arrays may be longer than `length`.
 */
import type { DataType } from "../types/data-type.ts";

export type Validity = Uint8Array | null;

export interface NullVector {
  readonly kind: "null";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
}
/** boolean: bitmap. */
export interface BooleanVector {
  readonly kind: "bool";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Uint8Array;
}
/** tinyint */
export interface Int8Vector {
  readonly kind: "i8";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Int8Array;
}
/** smallint */
export interface Int16Vector {
  readonly kind: "i16";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Int16Array;
}
/** int, date (days), interval_year_month (months) */
export interface Int32Vector {
  readonly kind: "i32";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Int32Array;
}
/** bigint, timestamp, timestamp_ntz, time (ns), interval_day_time (µs) */
export interface Int64Vector {
  readonly kind: "i64";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: BigInt64Array;
}
/** float */
export interface Float32Vector {
  readonly kind: "f32";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Float32Array;
}
/** double */
export interface Float64Vector {
  readonly kind: "f64";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: Float64Array;
}
/** decimal: 128-bit two's complement unscaled values, low half at 2i, high half at 2i + 1 (Arrow Decimal128). */
export interface DecimalVector {
  readonly kind: "decimal";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly values: BigInt64Array;
}
/** string (UTF-8), binary */
export interface BytesVector {
  readonly kind: "bytes";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}
/** array: element j of value i is child position offsets[i] + j. */
export interface ListVector {
  readonly kind: "list";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly offsets: Int32Array;
  readonly child: Vector;
}
/** map: like a list, with two children of equal length. */
export interface MapVector {
  readonly kind: "map";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly offsets: Int32Array;
  readonly keys: Vector;
  readonly values: Vector;
}
/** struct, and variant: a struct of the two binary columns `value` and `metadata` */
export interface StructVector {
  readonly kind: "struct";
  readonly type: DataType;
  readonly length: number;
  readonly validity: Validity;
  readonly children: readonly Vector[];
}
export type FixedVector = Int8Vector | Int16Vector | Int32Vector | Int64Vector | Float32Vector | Float64Vector;
export type Vector =
  | NullVector
  | BooleanVector
  | FixedVector
  | DecimalVector
  | BytesVector
  | ListVector
  | MapVector
  | StructVector;
export type VectorKind = Vector["kind"];

/** The memory layout of a type. */
export function vectorKindOf(type: DataType): VectorKind {
  switch (type.kind) {
    case "null":
      return "null";
    case "boolean":
      return "bool";
    case "tinyint":
      return "i8";
    case "smallint":
      return "i16";
    case "int":
    case "date":
    case "interval_year_month":
      return "i32";
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
      return "i64";
    case "float":
      return "f32";
    case "double":
      return "f64";
    case "decimal":
      return "decimal";
    case "string":
    case "binary":
      return "bytes";
    case "array":
      return "list";
    case "map":
      return "map";
    case "struct":
    case "variant":
      return "struct";
  }
}

export type NumberArray = Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** An array for values of a layout of numbers; two halves for each decimal. 64-bit integers for all others. */
export function numberArray(kind: VectorKind, capacity: number): NumberArray {
  switch (kind) {
    case "i8":
      return new Int8Array(capacity);
    case "i16":
      return new Int16Array(capacity);
    case "i32":
      return new Int32Array(capacity);
    case "f32":
      return new Float32Array(capacity);
    case "f64":
      return new Float64Array(capacity);
    case "decimal":
      return new BigInt64Array(2 * capacity);
    default:
      return new BigInt64Array(capacity);
  }
}

/** Whether value `i` is present. A null vector has no present value. */
export function isValid(vector: Vector, i: number): boolean {
  if (vector.kind === "null") return false;
  const bits = vector.validity;
  return bits === null || ((bits[i >> 3]! >> (i & 7)) & 1) === 1;
}
