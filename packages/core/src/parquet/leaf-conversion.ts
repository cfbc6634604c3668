/** From values as they lie in the file to values as they lie in vectors. */
import type { VectorKind } from "../columnar/vector.ts";
import { numberArray, vectorKindOf } from "../columnar/vector.ts";
import type { DataType, DecimalType } from "../types/data-type.ts";
import { ByteRanges } from "./byte-ranges.ts";
import { ParquetFormatError } from "./format-error.ts";
import { physicalType, type TimeUnit } from "./metadata.ts";
import type { ParquetNode } from "./schema-tree.ts";
import type { PhysicalValues } from "./value-decoders.ts";

/** Values of a vector's kind: booleans a byte each, decimals two entries each, strings and binary as ranges. */
export type LogicalValues =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | ByteRanges;

export interface LeafConversion {
  readonly kind: VectorKind;
  /** Null: the values lie in the file as in the vector. */
  readonly convert: Convert | null;
}
/** Writes values `[0, count)` of `source` to `target` from `at` on. */
export type Convert = (source: PhysicalValues, target: LogicalValues, at: number, count: number) => void;

export function logicalValues(kind: VectorKind, capacity: number): LogicalValues {
  switch (kind) {
    case "bool":
      return new Uint8Array(capacity);
    case "i8":
    case "i16":
    case "i32":
    case "i64":
    case "f32":
    case "f64":
    case "decimal":
      return numberArray(kind, capacity);
    default:
      return new ByteRanges(capacity);
  }
}

/** How values of a column become values of the type; undefined when they cannot (Spark's rules of type widening). */
export function conversionOf(node: ParquetNode, type: DataType): LeafConversion | undefined {
  const found = convertOf(node, type);
  return found === undefined ? undefined : { kind: vectorKindOf(type), convert: found };
}

function convertOf(node: ParquetNode, type: DataType): Convert | null | undefined {
  const logical = node.logical;
  const plain = logical === undefined || logical.kind === "integer";
  const unsigned = logical?.kind === "integer" && !logical.signed;
  switch (node.element.type) {
    case physicalType.boolean:
      return type.kind === "boolean" ? null : undefined;
    case physicalType.float:
      return type.kind === "float" ? null : type.kind === "double" ? widen : undefined;
    case physicalType.double:
      return type.kind === "double" ? null : undefined;
    case physicalType.int96:
      return type.kind === "timestamp" || type.kind === "timestamp_ntz" ? fromInt96 : undefined;
    case physicalType.int32:
      if (logical?.kind === "date") {
        return type.kind === "date" || type.kind === "int"
          ? null
          : type.kind === "timestamp_ntz"
            ? datesToMicros
            : undefined;
      }
      if (logical?.kind === "time") return type.kind === "time" ? scaledInt32(1_000_000n) : undefined;
      if (logical?.kind === "decimal") return type.kind === "decimal" ? int32Decimal(logical, type) : undefined;
      if (!plain) return undefined;
      if (type.kind === "bigint") return unsigned && logical.bits === 32 ? unsignedToInt64 : scaledInt32(1n);
      if (type.kind === "decimal") {
        if (unsigned && logical.bits === 32) return undefined;
        return int32Decimal({ precision: 10, scale: 0 }, type);
      }
      if (type.kind === "double") return widen;
      if (unsigned && logical.bits === 32) return undefined;
      if (type.kind === "int" || type.kind === "interval_year_month" || type.kind === "date") return null;
      return type.kind === "smallint" || type.kind === "tinyint" ? widen : undefined;
    case physicalType.int64:
      return int64Conversion(node, type);
    case physicalType.byteArray:
      if (logical?.kind === "decimal") {
        return type.kind === "decimal" ? bytesToDecimal(logical, type) : type.kind === "binary" ? null : undefined;
      }
      return type.kind === "string" || type.kind === "binary" ? null : undefined;
    default:
      if (logical?.kind === "decimal") {
        return type.kind === "decimal" ? bytesToDecimal(logical, type) : type.kind === "binary" ? null : undefined;
      }
      if (logical?.kind === "uuid" && node.element.typeLength === 16 && type.kind === "string") return uuidText;
      return type.kind === "binary" ? null : undefined;
  }
}

function int64Conversion(node: ParquetNode, type: DataType): Convert | null | undefined {
  const logical = node.logical;
  switch (logical?.kind) {
    case "timestamp":
      if (type.kind === "bigint") return null;
      if (type.kind !== "timestamp" && type.kind !== "timestamp_ntz") return undefined;
      return toMicros(logical.unit);
    case "time":
      if (type.kind !== "time") return undefined;
      return logical.unit === "nanos" ? null : scaledInt64(1000n);
    case "decimal":
      return type.kind === "decimal" ? int64Decimal(logical, type) : undefined;
    case "integer":
      if (!logical.signed) {
        return type.kind === "decimal" && type.precision >= 20 && type.scale === 0 ? unsignedToDecimal : undefined;
      }
      break;
    case undefined:
      break;
    default:
      return undefined;
  }
  if (type.kind === "decimal") return int64Decimal({ precision: 20, scale: 0 }, type);
  if (type.kind === "timestamp_ntz" || type.kind === "timestamp") return undefined;
  return type.kind === "bigint" || type.kind === "interval_day_time" ? null : undefined;
}

function halves(values: PhysicalValues | LogicalValues): Int32Array {
  const array = values as BigInt64Array;
  return new Int32Array(array.buffer, array.byteOffset, array.length * 2);
}

/** Between number arrays: to a wider type, or to a narrower one whose values all fit. */
const widen: Convert = (source, target, at, count) => {
  const from = source as Float64Array;
  const to = target as Float64Array;
  for (let i = 0; i < count; i++) to[at + i] = from[i]!;
};

function scaledInt32(factor: bigint): Convert {
  return (source, target, at, count) => {
    const from = source as Int32Array;
    if (factor === 1n) {
      const to = halves(target);
      for (let i = 0; i < count; i++) {
        const value = from[i]!;
        to[2 * (at + i)] = value;
        to[2 * (at + i) + 1] = value >> 31;
      }
      return;
    }
    const to = target as BigInt64Array;
    for (let i = 0; i < count; i++) to[at + i] = BigInt.asIntN(64, BigInt(from[i]!) * factor);
  };
}

const datesToMicros: Convert = scaledInt32(86_400_000_000n);

const unsignedToInt64: Convert = (source, target, at, count) => {
  const from = source as Int32Array;
  const to = halves(target);
  for (let i = 0; i < count; i++) {
    to[2 * (at + i)] = from[i]!;
    to[2 * (at + i) + 1] = 0;
  }
};

const unsignedToDecimal: Convert = (source, target, at, count) => {
  const from = source as BigInt64Array;
  const to = target as BigInt64Array;
  for (let i = 0; i < count; i++) {
    to[2 * (at + i)] = from[i]!;
    to[2 * (at + i) + 1] = 0n;
  }
};

function scaledInt64(factor: bigint): Convert {
  return (source, target, at, count) => {
    const from = source as BigInt64Array;
    const to = target as BigInt64Array;
    for (let i = 0; i < count; i++) to[at + i] = BigInt.asIntN(64, from[i]! * factor);
  };
}

function toMicros(unit: TimeUnit): Convert | null {
  if (unit === "micros") return null;
  if (unit === "millis") return scaledInt64(1000n);
  return (source, target, at, count) => {
    const from = source as BigInt64Array;
    const to = target as BigInt64Array;
    for (let i = 0; i < count; i++) {
      const value = from[i]!;
      const whole = value / 1000n;
      to[at + i] = BigInt.asIntN(64, whole * 1000n > value ? whole - 1n : whole);
    }
  };
}

const julianEpoch = 2_440_588;
const dayMicros = 86_400_000_000;

const fromInt96: Convert = (source, target, at, count) => {
  const { starts } = source as ByteRanges;
  const bytes = (source as ByteRanges).join(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const to = target as BigInt64Array;
  const words = halves(target);
  for (let i = 0; i < count; i++) {
    const start = starts[i]!;
    const days = view.getInt32(start + 8, true) - julianEpoch;
    const nanos = view.getUint32(start, true) + view.getInt32(start + 4, true) * 0x1_0000_0000;
    const micros = days * dayMicros + Math.floor(nanos / 1000);
    if (Number.isSafeInteger(micros)) {
      words[2 * (at + i)] = micros | 0;
      words[2 * (at + i) + 1] = Math.floor(micros / 0x1_0000_0000);
    } else {
      const exact = view.getBigInt64(start, true);
      to[at + i] = BigInt.asIntN(64, BigInt(days) * BigInt(dayMicros) + exact / 1000n);
    }
  }
};

type Scale = { readonly precision: number; readonly scale: number };

/** The power of ten between two decimal types; undefined when values would not fit. */
function rescaling(from: Scale, to: DecimalType): bigint | undefined {
  const more = to.scale - from.scale;
  if (more < 0 || to.precision - from.precision < more) return undefined;
  return 10n ** BigInt(more);
}

function int32Decimal(from: Scale, to: DecimalType): Convert | undefined {
  const factor = rescaling(from, to);
  if (factor === undefined) return undefined;
  return (source, target, at, count) => {
    const values = source as Int32Array;
    const words = halves(target);
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      const k = 4 * (at + i);
      words[k] = value;
      words[k + 1] = words[k + 2] = words[k + 3] = value >> 31;
    }
    rescale(target, at, count, factor);
  };
}

function int64Decimal(from: Scale, to: DecimalType): Convert | undefined {
  const factor = rescaling(from, to);
  if (factor === undefined) return undefined;
  return (source, target, at, count) => {
    const values = halves(source);
    const words = halves(target);
    for (let i = 0, k = 4 * at; i < count; i++, k += 4) {
      const high = values[2 * i + 1]!;
      words[k] = values[2 * i]!;
      words[k + 1] = high;
      words[k + 2] = words[k + 3] = high >> 31;
    }
    rescale(target, at, count, factor);
  };
}

function rescale(target: LogicalValues, at: number, count: number, factor: bigint): void {
  if (factor === 1n) return;
  const values = target as BigInt64Array;
  for (let i = at; i < at + count; i++) {
    const value = ((values[2 * i + 1]! << 64n) | BigInt.asUintN(64, values[2 * i]!)) * factor;
    values[2 * i] = BigInt.asIntN(64, value);
    values[2 * i + 1] = BigInt.asIntN(64, value >> 64n);
  }
}

/** Big-endian two's complement of any length. */
function bytesToDecimal(from: Scale, to: DecimalType): Convert | undefined {
  const factor = rescaling(from, to);
  if (factor === undefined) return undefined;
  return (source, target, at, count) => {
    const { starts, ends } = source as ByteRanges;
    const bytes = (source as ByteRanges).join(count);
    const words = halves(target);
    for (let i = 0; i < count; i++) {
      const start = starts[i]!;
      let end = ends[i]!;
      const fill = start < end ? (bytes[start]! << 24) >> 31 : 0;
      const k = 4 * (at + i);
      for (let w = 0; w < 4; w++, end -= 4) {
        let word = fill;
        if (end - 4 >= start) {
          word = (bytes[end - 4]! << 24) | (bytes[end - 3]! << 16) | (bytes[end - 2]! << 8) | bytes[end - 1]!;
        } else if (end > start) {
          for (let p = start; p < end; p++) word = (word << 8) | bytes[p]!;
        }
        words[k + w] = word;
      }
      for (; end > start; end--) {
        if (bytes[end - 1] !== (fill & 0xff)) throw new ParquetFormatError("a decimal has more than 128 bits");
      }
    }
    rescale(target, at, count, factor);
  };
}

const hexDigits = new Uint8Array(Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0)));

/** 16 bytes as the text of a UUID. */
const uuidText: Convert = (source, target, at, count) => {
  const { starts } = source as ByteRanges;
  const bytes = (source as ByteRanges).join(count);
  const to = target as ByteRanges;
  const text = new Uint8Array(36 * count);
  to.use(text, at);
  for (let i = 0, out = 0; i < count; i++) {
    to.starts[at + i] = out;
    for (let k = 0; k < 16; k++) {
      if (k === 4 || k === 6 || k === 8 || k === 10) text[out++] = 0x2d;
      const byte = bytes[starts[i]! + k]!;
      text[out++] = hexDigits[byte >> 4]!;
      text[out++] = hexDigits[byte & 15]!;
    }
    to.ends[at + i] = out;
  }
};
