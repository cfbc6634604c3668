/** Schema literals at run time: to a {@link StructType} and back. */
import { MillraceError } from "../errors/index.ts";
import { checkedDecimalType, simpleTypeOf, timeTypeOf } from "./atomic-types.ts";
import type { DataType, Field, StructType } from "./data-type.ts";
import { quoteIdentifier } from "./identifier.ts";
import type { SchemaLiteral, TypeLiteral } from "./schema-literal.ts";
import { atomicName, intervalTypeOf } from "./type-names.ts";

/**
 * The schema of a literal; columns in the order of its properties (JavaScript puts names that are whole numbers first).
 * @throws MillraceError UNSUPPORTED_DATATYPE for a name that is no type, and those of decimal sizes
 */
export function toStructType(literal: SchemaLiteral): StructType {
  return { kind: "struct", fields: Object.entries(literal).map(([name, type]) => toField(name, type)) };
}

function toField(name: string, literal: TypeLiteral): Field {
  return { name, type: toDataType(literal), nullable: isNullable(literal) };
}

function isNullable(literal: TypeLiteral): boolean {
  return typeof literal === "string" ? !literal.endsWith("!") : literal.nullable !== false;
}

/** The type of a literal; its own nullability is dropped (it belongs to the column, element or value that has the type). */
export function toDataType(literal: TypeLiteral): DataType {
  if (typeof literal === "string") return namedType(literal);
  switch (literal.kind) {
    case "array": {
      const element = literal.element as TypeLiteral;
      return { kind: "array", element: toDataType(element), containsNull: isNullable(element) };
    }
    case "map": {
      const value = literal.value as TypeLiteral;
      return {
        kind: "map",
        key: toDataType(literal.key as TypeLiteral),
        value: toDataType(value),
        valueContainsNull: isNullable(value),
      };
    }
    case "struct":
      return toStructType(literal.fields as SchemaLiteral);
    default:
      throw new MillraceError("UNSUPPORTED_DATATYPE", { typeName: JSON.stringify(literal) ?? String(literal) });
  }
}

const decimalName = /^decimal(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/;

function namedType(literal: string): DataType {
  const name = literal.endsWith("!") ? literal.slice(0, -1) : literal;
  const decimal = decimalName.exec(name);
  if (decimal !== null) return checkedDecimalType(Number(decimal[1] ?? 10), Number(decimal[2] ?? 0));
  const type = simpleTypeOf(name) ?? timeTypeOf(name) ?? intervalTypeOf(name);
  if (type === undefined) throw new MillraceError("UNSUPPORTED_DATATYPE", { typeName: JSON.stringify(literal) });
  return type;
}

/**
 * The literal of a schema; metadata is not part of it.
 * @throws MillraceError COLUMN_ALREADY_EXISTS when two columns have one name
 */
export function fromStructType(schema: StructType): SchemaLiteral {
  const literal = Object.create(null) as Record<string, TypeLiteral>;
  for (const f of schema.fields) {
    if (f.name in literal) throw new MillraceError("COLUMN_ALREADY_EXISTS", { columnName: quoteIdentifier(f.name) });
    literal[f.name] = toTypeLiteral(f.type, f.nullable);
  }
  return literal;
}

/** The literal of a type that may be null or not. */
export function toTypeLiteral(type: DataType, nullable: boolean): TypeLiteral {
  switch (type.kind) {
    case "array":
      return { kind: "array", element: toTypeLiteral(type.element, type.containsNull), nullable };
    case "map":
      return {
        kind: "map",
        key: toTypeLiteral(type.key, false),
        value: toTypeLiteral(type.value, type.valueContainsNull),
        nullable,
      };
    case "struct":
      return { kind: "struct", fields: fromStructType(type), nullable };
    default:
      return `${atomicName(type)}${nullable ? "" : "!"}` as TypeLiteral;
  }
}
