/** Spark's schema JSON (`StructType.json`), in checkpoints, Parquet footers, Delta logs and Spark Connect. */
import { MillraceError } from "../errors/index.ts";
import { checkedDecimalType, simpleTypeOf, timeTypeOf } from "./atomic-types.ts";
import { type DataType, type Field, stringType, type StructType } from "./data-type.ts";
import { intervalTypeOf, typeName } from "./type-names.ts";

/** The compact JSON of a type, byte for byte as Spark's `DataType.json`. */
export function toSchemaJson(type: DataType): string {
  return JSON.stringify(toJsonValue(type));
}

function toJsonValue(type: DataType): unknown {
  switch (type.kind) {
    case "array":
      return { type: "array", elementType: toJsonValue(type.element), containsNull: type.containsNull };
    case "map":
      return {
        type: "map",
        keyType: toJsonValue(type.key),
        valueType: toJsonValue(type.value),
        valueContainsNull: type.valueContainsNull,
      };
    case "struct":
      return {
        type: "struct",
        fields: type.fields.map((f) => ({
          name: f.name,
          type: toJsonValue(f.type),
          nullable: f.nullable,
          metadata: f.metadata ?? {},
        })),
      };
    default:
      return typeName(type);
  }
}

/**
 * A type from Spark's JSON.
 * @throws MillraceError INVALID_SCHEMA_JSON, UNSUPPORTED_DATATYPE (a type Millrace does not have)
 */
export function parseTypeJson(json: string): DataType {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new MillraceError("INVALID_SCHEMA_JSON", { path: "$", reason: "it is not JSON" }, { cause });
  }
  return fromJsonValue(value, "$");
}

/** A schema from Spark's JSON; like {@link parseTypeJson}, for a struct at the top. */
export function parseSchemaJson(json: string): StructType {
  const type = parseTypeJson(json);
  return type.kind === "struct" ? type : invalid("$", `a struct is needed, not ${typeName(type)}`);
}

const decimalName = /^decimal(?:\(\s*(\d+)\s*,\s*(\d+)\s*\))?$/;
const sizedStringName = /^(?:char|varchar)\(\s*\d+\s*\)$/;

function fromJsonValue(value: unknown, path: string): DataType {
  if (typeof value === "string") return atomicTypeOf(value);
  const object = objectAt(value, path);
  switch (object["type"]) {
    case "array":
      return {
        kind: "array",
        element: fromJsonValue(object["elementType"], `${path}.elementType`),
        containsNull: booleanAt(object, "containsNull", path),
      };
    case "map":
      return {
        kind: "map",
        key: fromJsonValue(object["keyType"], `${path}.keyType`),
        value: fromJsonValue(object["valueType"], `${path}.valueType`),
        valueContainsNull: booleanAt(object, "valueContainsNull", path),
      };
    case "struct": {
      const fields = object["fields"];
      if (!Array.isArray(fields)) return invalid(`${path}.fields`, "an array is needed");
      return { kind: "struct", fields: fields.map((f, i) => fieldAt(f, `${path}.fields[${i}]`)) };
    }
    case "udt":
      return fromJsonValue(object["sqlType"], `${path}.sqlType`);
    default:
      return invalid(`${path}.type`, '"struct", "array" or "map" is needed');
  }
}

/** The type of a name in Spark's JSON: `long`, `decimal(10,2)`, `interval day to second`. */
function atomicTypeOf(name: string): DataType {
  const decimal = decimalName.exec(name);
  if (decimal !== null) return checkedDecimalType(Number(decimal[1] ?? 10), Number(decimal[2] ?? 0));
  if (sizedStringName.test(name)) return stringType;
  const type = simpleTypeOf(name) ?? timeTypeOf(name) ?? intervalTypeOf(name);
  if (type === undefined) throw new MillraceError("UNSUPPORTED_DATATYPE", { typeName: `"${name.toUpperCase()}"` });
  return type;
}

function fieldAt(value: unknown, path: string): Field {
  const object = objectAt(value, path);
  const name = object["name"];
  if (typeof name !== "string") return invalid(`${path}.name`, "a string is needed");
  const type = fromJsonValue(object["type"], `${path}.type`);
  const nullable = booleanAt(object, "nullable", path);
  const metadata = object["metadata"];
  if (metadata === undefined || metadata === null) return { name, type, nullable };
  const entries = objectAt(metadata, `${path}.metadata`);
  return Object.keys(entries).length === 0 ? { name, type, nullable } : { name, type, nullable, metadata: entries };
}

function booleanAt(object: Readonly<Record<string, unknown>>, key: string, path: string): boolean {
  const value = object[key];
  return typeof value === "boolean" ? value : invalid(`${path}.${key}`, "true or false is needed");
}

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid(path, "a type name or an object is needed");
  }
  return value as Readonly<Record<string, unknown>>;
}

function invalid(path: string, reason: string): never {
  throw new MillraceError("INVALID_SCHEMA_JSON", { path, reason });
}
