/** Rows that a program holds, as the leaf of a plan. */
import { batchFromValues } from "../columnar/batch-from-values.ts";
import { rowWriter } from "../columnar/external-input.ts";
import { MillraceError } from "../errors/index.ts";
import type { LocalRelation } from "../logical-plan/logical-plan.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  doubleType,
  field,
  mapType,
  nullType,
  sameType,
  stringType,
  type StructType,
  structType,
  timestampType,
} from "../types/data-type.ts";

/** Rows converted to columns. */
export function localRelation(rows: readonly unknown[], schema: StructType, timeZone: string): LocalRelation {
  const write = rowWriter(schema, { timeZone });
  return { kind: "LocalRelation", batch: batchFromValues(schema, rows.map(write)) };
}

/**
 * The schema of rows given as objects: the properties of all rows in the order in which they are first met. Whole numbers
 * are BIGINT, other numbers DOUBLE, as Spark infers them from Python; every column can be NULL.
 * @throws MillraceError CANNOT_INFER_SCHEMA
 */
export function inferSchema(rows: readonly unknown[]): StructType {
  if (rows.length === 0) throw new MillraceError("CANNOT_INFER_SCHEMA", { reason: "there are no rows" });
  const schema = rows.map((row, i) => structOf(row, `row ${i}`)).reduce((a, b) => mergeStructs(a, b, ""));
  for (const f of schema.fields) refuseUnknown(f.type, f.name);
  return schema;
}

function structOf(row: unknown, path: string): StructType {
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new MillraceError("CANNOT_INFER_SCHEMA", { reason: `${path} is not an object with columns as properties` });
  }
  return structType(Object.entries(row).map(([name, value]) => field(name, typeOfValue(value, `${path}.${name}`))));
}

function typeOfValue(value: unknown, path: string): DataType {
  switch (typeof value) {
    case "string":
      return stringType;
    case "boolean":
      return booleanType;
    case "bigint":
      return bigintType;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? bigintType : doubleType;
    case "object":
      break;
    default:
      if (value === undefined) return nullType;
      throw new MillraceError("CANNOT_INFER_SCHEMA", { reason: `${path} is a ${typeof value}` });
  }
  if (value === null) return nullType;
  if (value instanceof Date) return timestampType;
  if (value instanceof Uint8Array) return binaryType;
  const merged = (values: Iterable<unknown>): DataType =>
    [...values].map((each) => typeOfValue(each, path)).reduce((a, b) => merge(a, b, path), nullType as DataType);
  if (Array.isArray(value)) return arrayType(merged(value));
  if (value instanceof Map) return mapType(merged(value.keys()), merged(value.values()));
  return structOf(value, path);
}

function merge(a: DataType, b: DataType, path: string): DataType {
  if (a.kind === "null" || sameType(a, b)) return b;
  if (b.kind === "null") return a;
  if ((a.kind === "bigint" || a.kind === "double") && (b.kind === "bigint" || b.kind === "double")) return doubleType;
  if (a.kind === "array" && b.kind === "array") return arrayType(merge(a.element, b.element, path));
  if (a.kind === "map" && b.kind === "map") return mapType(merge(a.key, b.key, path), merge(a.value, b.value, path));
  if (a.kind === "struct" && b.kind === "struct") return mergeStructs(a, b, path);
  throw new MillraceError("CANNOT_INFER_SCHEMA", {
    reason: `${path} is ${a.kind} in one row and ${b.kind} in another`,
  });
}

function mergeStructs(a: StructType, b: StructType, path: string): StructType {
  const types = new Map(a.fields.map((f) => [f.name, f.type]));
  for (const f of b.fields) {
    const known = types.get(f.name);
    types.set(f.name, known === undefined ? f.type : merge(known, f.type, path === "" ? f.name : `${path}.${f.name}`));
  }
  return structType([...types].map(([name, type]) => field(name, type)));
}

function refuseUnknown(type: DataType, path: string): void {
  if (type.kind === "null") {
    throw new MillraceError("CANNOT_INFER_SCHEMA", { reason: `${path} is null in every row` });
  }
}
