/** The SQL types of a file's columns, by Spark's rules. */
import { MillraceError } from "../errors/index.ts";
import { parseSchemaJson } from "../types/schema-json.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  type Field,
  floatType,
  intType,
  mapType,
  smallintType,
  stringType,
  type StructType,
  timestampNtzType,
  timestampType,
  timeType,
  tinyintType,
} from "../types/data-type.ts";
import { type FileMetadata, physicalType, repetition, sparkSchemaKey } from "./metadata.ts";
import { describeNode, listElement, mapEntries, type ParquetNode } from "./schema-tree.ts";

export interface SqlTypeOptions {
  /** BINARY without an annotation is text: files of writers that do not mark it. */
  readonly binaryAsString: boolean;
  readonly int96AsTimestamp: boolean;
  /** Timestamps that are not of UTC are TIMESTAMP_NTZ. */
  readonly inferNtz: boolean;
}

/**
 * The schema of a file: the one that Spark (or we) wrote into it, else that of the Parquet columns. All is nullable, as
 * Spark has it for data of files.
 * @throws MillraceError PARQUET_TYPE_ILLEGAL, PARQUET_TYPE_NOT_SUPPORTED, PARQUET_TYPE_NOT_RECOGNIZED
 */
export function schemaOfFile(metadata: FileMetadata, root: ParquetNode, options: SqlTypeOptions): StructType {
  const json = metadata.keyValues.get(sparkSchemaKey);
  if (json !== undefined) {
    try {
      return nullable(parseSchemaJson(json)) as StructType;
    } catch {
      // Not a schema that we know: the columns themselves tell.
    }
  }
  return structOf(root, options);
}

/** The type with nulls allowed everywhere. */
function nullable(type: DataType): DataType {
  switch (type.kind) {
    case "array":
      return arrayType(nullable(type.element));
    case "map":
      return mapType(nullable(type.key), nullable(type.value));
    case "struct":
      return { kind: "struct", fields: type.fields.map((f) => ({ ...f, type: nullable(f.type), nullable: true })) };
    default:
      return type;
  }
}

function structOf(group: ParquetNode, options: SqlTypeOptions): StructType {
  return {
    kind: "struct",
    fields: group.children!.map((child): Field => ({
      name: child.name,
      type: fieldType(child, options),
      nullable: true,
    })),
  };
}

/** The type of a field of a struct; a repeated field outside of a LIST or MAP is an array of required elements. */
function fieldType(node: ParquetNode, options: SqlTypeOptions): DataType {
  const type = sqlTypeOf(node, options);
  return node.repetition === repetition.repeated ? arrayType(type) : type;
}

/** The type of one value of a node, without regard to its repetition. */
export function sqlTypeOf(node: ParquetNode, options: SqlTypeOptions): DataType {
  if (node.children === null) return columnType(node, options);
  if (node.logical?.kind === "list") {
    const list = listElement(node);
    if (list === undefined) throw unrecognized(node);
    return arrayType(sqlTypeOf(list.element, options));
  }
  if (node.logical?.kind === "map") {
    const map = mapEntries(node);
    if (map === undefined) throw unrecognized(node);
    return mapType(fieldType(map.key, options), fieldType(map.value, options));
  }
  return structOf(node, options);
}

function unrecognized(node: ParquetNode): MillraceError {
  return new MillraceError("PARQUET_TYPE_NOT_RECOGNIZED", {
    field: `${node.path.join(".")} (${node.logical!.kind.toUpperCase()})`,
  });
}

function illegal(node: ParquetNode): MillraceError {
  return new MillraceError("PARQUET_TYPE_ILLEGAL", { parquetType: describeNode(node), column: node.path.join(".") });
}

function notSupported(node: ParquetNode): MillraceError {
  return new MillraceError("PARQUET_TYPE_NOT_SUPPORTED", {
    parquetType: describeNode(node),
    column: node.path.join("."),
  });
}

function decimalOf(node: ParquetNode, largest: number): DataType {
  const logical = node.logical;
  if (logical?.kind !== "decimal") throw illegal(node);
  const { precision, scale } = logical;
  if (precision < 1 || precision > Math.min(38, largest) || scale < 0 || scale > precision) throw illegal(node);
  return decimalType(precision, scale);
}

/** Digits that a decimal in two's complement of `bytes` bytes has at most. */
export function largestPrecision(bytes: number): number {
  return Math.floor(Math.log10(2) * (8 * bytes - 1));
}

function columnType(node: ParquetNode, options: SqlTypeOptions): DataType {
  const logical = node.logical;
  switch (node.element.type) {
    case physicalType.boolean:
      return booleanType;
    case physicalType.float:
      return floatType;
    case physicalType.double:
      return doubleType;
    case physicalType.int96:
      if (!options.int96AsTimestamp) throw illegal(node);
      return timestampType;
    case physicalType.int32:
      return int32Type(node);
    case physicalType.int64:
      return int64Type(node, options);
    case physicalType.byteArray:
      switch (logical?.kind) {
        case undefined:
          return options.binaryAsString ? stringType : binaryType;
        case "string":
        case "enum":
        case "json":
          return stringType;
        case "bson":
          return binaryType;
        case "decimal":
          return decimalOf(node, 38);
        default:
          throw illegal(node);
      }
    default:
      switch (logical?.kind) {
        case undefined:
          return binaryType;
        case "decimal":
          return decimalOf(node, largestPrecision(node.element.typeLength ?? 0));
        case "uuid":
          return stringType;
        case "interval":
          throw notSupported(node);
        default:
          throw illegal(node);
      }
  }
}

function int32Type(node: ParquetNode): DataType {
  const logical = node.logical;
  switch (logical?.kind) {
    case undefined:
      return intType;
    case "integer":
      if (logical.bits === 8) return logical.signed ? tinyintType : smallintType;
      if (logical.bits === 16) return logical.signed ? smallintType : intType;
      if (logical.bits === 32) return logical.signed ? intType : bigintType;
      throw illegal(node);
    case "date":
      return dateType;
    case "decimal":
      return decimalOf(node, 9);
    case "time":
      if (logical.unit !== "millis") throw illegal(node);
      return timeType(3);
    default:
      throw illegal(node);
  }
}

function int64Type(node: ParquetNode, options: SqlTypeOptions): DataType {
  const logical = node.logical;
  switch (logical?.kind) {
    case undefined:
      return bigintType;
    case "integer":
      if (logical.bits !== 64) throw illegal(node);
      return logical.signed ? bigintType : decimalType(20, 0);
    case "decimal":
      return decimalOf(node, 18);
    case "timestamp":
      return logical.utc || !options.inferNtz ? timestampType : timestampNtzType;
    case "time":
      if (logical.unit === "millis") throw illegal(node);
      return timeType(logical.unit === "micros" ? 6 : 9);
    default:
      throw illegal(node);
  }
}
