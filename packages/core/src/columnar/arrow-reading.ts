/** Arrow columns, as `apache-arrow` reads them, to vectors. */
import type * as Arrow from "apache-arrow";
import { MillraceError } from "../errors/index.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  decimalType,
  doubleType,
  field,
  floatType,
  intType,
  mapType,
  nullType,
  smallintType,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  timeType,
  tinyintType,
  variantType,
  yearMonthIntervalType,
} from "../types/data-type.ts";
import { quoteIdentifier } from "../types/identifier.ts";
import { concatVectors } from "./concat.ts";
import { gatherOrNull } from "./gather.ts";
import { bitAt } from "./validity.ts";
import { type Validity, type Vector, vectorKindOf } from "./vector.ts";

type ArrowModule = typeof Arrow;

/**
 * The SQL type of an Arrow type.
 * @throws MillraceError UNSUPPORTED_ARROWTYPE
 */
export function fromArrowType(arrow: ArrowModule, type: Arrow.DataType, column: string): DataType {
  const { DataType: Kind } = arrow;
  if (Kind.isNull(type)) return nullType;
  if (Kind.isBool(type)) return booleanType;
  if (Kind.isInt(type)) {
    // An unsigned integer takes the next wider signed type.
    const bits = type.isSigned ? type.bitWidth : type.bitWidth * 2;
    if (bits === 8) return tinyintType;
    if (bits === 16) return smallintType;
    if (bits === 32) return intType;
    if (bits === 64) return bigintType;
  }
  if (Kind.isFloat(type) && type.precision === arrow.Precision.SINGLE) return floatType;
  if (Kind.isFloat(type) && type.precision === arrow.Precision.DOUBLE) return doubleType;
  if (Kind.isUtf8(type) || Kind.isLargeUtf8(type)) return stringType;
  if (Kind.isBinary(type) || Kind.isLargeBinary(type)) return binaryType;
  if (Kind.isDecimal(type) && type.bitWidth === 128) return decimalType(type.precision, type.scale);
  if (Kind.isDate(type)) return dateType;
  if (Kind.isTimestamp(type)) return (type.timezone ?? "") === "" ? timestampNtzType : timestampType;
  if (Kind.isTime(type)) return timeType(type.unit === arrow.TimeUnit.NANOSECOND ? 9 : 6);
  if (Kind.isDuration(type)) return dayTimeIntervalType;
  if (Kind.isInterval(type) && type.unit === arrow.IntervalUnit.YEAR_MONTH) return yearMonthIntervalType;
  if (Kind.isDictionary(type)) return fromArrowType(arrow, type.dictionary, column);
  if (Kind.isList(type)) {
    const element = type.children[0]!;
    return arrayType(fromArrowType(arrow, element.type as Arrow.DataType, `${column}.element`), element.nullable);
  }
  if (Kind.isMap(type)) {
    const [key, value] = (type.children[0]!.type as Arrow.Struct).children;
    return mapType(
      fromArrowType(arrow, key!.type as Arrow.DataType, `${column}.key`),
      fromArrowType(arrow, value!.type as Arrow.DataType, `${column}.value`),
      value!.nullable,
    );
  }
  if (Kind.isStruct(type)) {
    const [value, metadata] = type.children;
    const isVariant = type.children.length === 2 && metadata!.metadata.get("variant") === "true";
    if (isVariant && String(value!.name) === "value" && String(metadata!.name) === "metadata") return variantType;
    return structType(
      type.children.map((f) =>
        field(
          String(f.name),
          fromArrowType(arrow, f.type as Arrow.DataType, `${column}.${String(f.name)}`),
          f.nullable,
        ),
      ),
    );
  }
  throw new MillraceError("UNSUPPORTED_ARROWTYPE", { typeName: String(type), column: quoteIdentifier(column) });
}

/** Reads Arrow columns into vectors of the given type, which is the one that {@link fromArrowType} gave. */
export function arrowColumnReader(arrow: ArrowModule, type: DataType): (data: Arrow.Data) => Vector {
  return (data) => readData(arrow, type, data);
}

function readData(arrow: ArrowModule, type: DataType, data: Arrow.Data): Vector {
  const { length } = data;
  if (arrow.DataType.isDictionary(data.type)) return readDictionary(arrow, type, data);
  const bitmap = data.nullBitmap as Uint8Array | undefined;
  const validity: Validity = data.nullCount > 0 && bitmap !== undefined ? bitmap : null;
  const values = data.values as ArrayBufferView | undefined;
  switch (type.kind) {
    case "null":
      return { kind: "null", type, length, validity: null };
    case "boolean":
      return { kind: "bool", type, length, validity, values: values as Uint8Array };
    case "decimal":
      return { kind: "decimal", type, length, validity, values: int64View(values as Uint32Array) };
    case "string":
    case "binary": {
      const offsets = offsetsOf(data);
      const starts = offsets.subarray(0, length);
      const ends = offsets.subarray(1, length + 1);
      return {
        kind: "bytes",
        type,
        length,
        validity,
        bytes: (values as Uint8Array) ?? new Uint8Array(0),
        starts,
        ends,
      };
    }
    case "array": {
      const child = readData(arrow, type.element, data.children[0]!);
      return { kind: "list", type, length, validity, offsets: offsetsOf(data), child };
    }
    case "map": {
      const [keys, items] = data.children[0]!.children;
      return {
        kind: "map",
        type,
        length,
        validity,
        offsets: offsetsOf(data),
        keys: readData(arrow, type.key, keys!),
        values: readData(arrow, type.value, items!),
      };
    }
    case "variant": {
      const children = data.children.map((child) => readData(arrow, binaryType, child));
      return { kind: "struct", type, length, validity, children };
    }
    case "struct": {
      const children = type.fields.map((f, k) => readData(arrow, f.type, data.children[k]!));
      return { kind: "struct", type, length, validity, children };
    }
    default:
      return { kind: vectorKindOf(type), type, length, validity, values: fixedValues(arrow, type, data) } as Vector;
  }
}

/** The values of a fixed-width column: the received memory, or a converted copy for a foreign type. */
function fixedValues(arrow: ArrowModule, type: DataType, data: Arrow.Data): ArrayBufferView {
  const { DataType: Kind, TimeUnit } = arrow;
  const arrowType = data.type as Arrow.DataType;
  const values: unknown = data.values;
  if (Kind.isInt(arrowType) && !arrowType.isSigned) {
    if (type.kind === "smallint") return Int16Array.from(values as Uint8Array);
    if (type.kind === "int") return Int32Array.from(values as Uint16Array);
    return BigInt64Array.from(values as Uint32Array, BigInt);
  }
  if (Kind.isDate(arrowType) && arrowType.unit === arrow.DateUnit.MILLISECOND) {
    return Int32Array.from(values as BigInt64Array as unknown as Iterable<bigint>, (ms) =>
      Math.floor(Number(ms) / 86_400_000),
    );
  }
  if (Kind.isTime(arrowType)) {
    if (arrowType.unit === TimeUnit.SECOND)
      return BigInt64Array.from(values as Int32Array, (v) => BigInt(v) * 1_000_000_000n);
    if (arrowType.unit === TimeUnit.MILLISECOND)
      return BigInt64Array.from(values as Int32Array, (v) => BigInt(v) * 1_000_000n);
    if (arrowType.unit === TimeUnit.MICROSECOND) return (values as BigInt64Array).map((v) => v * 1000n);
  }
  if (Kind.isTimestamp(arrowType) || Kind.isDuration(arrowType)) {
    const micros = values as BigInt64Array;
    if (arrowType.unit === TimeUnit.SECOND) return micros.map((v) => v * 1_000_000n);
    if (arrowType.unit === TimeUnit.MILLISECOND) return micros.map((v) => v * 1000n);
    // Nanoseconds before the epoch round down too.
    if (arrowType.unit === TimeUnit.NANOSECOND) return micros.map((v) => (v - (((v % 1000n) + 1000n) % 1000n)) / 1000n);
  }
  return values as ArrayBufferView;
}

/** Offsets as 32-bit numbers; an empty column may come without any. */
function offsetsOf(data: Arrow.Data): Int32Array {
  const offsets: unknown = data.valueOffsets;
  if (offsets instanceof BigInt64Array) return Int32Array.from(offsets, Number);
  const narrow = offsets as Int32Array | undefined;
  return narrow === undefined || narrow.length <= data.length ? new Int32Array(data.length + 1) : narrow;
}

/** 128-bit values as 64-bit halves; copied only when they do not lie at a multiple of 8 bytes. */
function int64View(words: Uint32Array): BigInt64Array {
  const aligned = words.byteOffset % 8 === 0 ? words : words.slice();
  return new BigInt64Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1);
}

function readDictionary(arrow: ArrowModule, type: DataType, data: Arrow.Data): Vector {
  const dictionary = data.dictionary!;
  const codes = data.values as ArrayLike<number | bigint>;
  const bits = data.nullCount > 0 ? (data.nullBitmap as Uint8Array) : null;
  const indices = new Int32Array(data.length);
  for (let i = 0; i < indices.length; i++) indices[i] = bits === null || bitAt(bits, i) ? Number(codes[i]) : -1;
  const chunks = dictionary.data.map((chunk) => readData(arrow, type, chunk as Arrow.Data));
  return gatherOrNull(concatVectors(type, chunks), indices, indices.length);
}
