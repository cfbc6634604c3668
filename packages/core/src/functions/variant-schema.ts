/** `schema_of_variant`: the type of a variant's content, and how the types of several meet. */
import { type Variant, variantNode } from "../columnar/variant-reader.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  field,
  floatType,
  nullType,
  sameType,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  variantType,
} from "../types/data-type.ts";
import { quoteIfNeeded } from "../types/identifier.ts";
import { sqlName } from "../types/type-names.ts";
import { maximumPrecision } from "./decimal.ts";
import { strippedDecimal } from "./variant-text.ts";

/** The type of a node; objects are structs with sorted fields. */
export function typeOfVariant(variant: Variant, position = 0): DataType {
  const node = variantNode(variant, position);
  switch (node.kind) {
    case "null":
      return nullType;
    case "boolean":
      return booleanType;
    case "long":
      return bigintType;
    case "double":
      return doubleType;
    case "float":
      return floatType;
    case "decimal": {
      const [unscaled, scale] = strippedDecimal(node.unscaled, node.scale);
      const digits = String(unscaled < 0n ? -unscaled : unscaled).length;
      return decimalType(Math.max(digits, scale), scale);
    }
    case "date":
      return dateType;
    case "timestamp":
      return timestampType;
    case "timestamp_ntz":
      return timestampNtzType;
    case "string":
      return stringType;
    case "binary":
      return binaryType;
    case "array": {
      let element: DataType = nullType;
      for (let i = 0; i < node.size; i++) element = mergeVariantTypes(element, typeOfVariant(variant, node.at(i)));
      return arrayType(element);
    }
    case "object": {
      const fields = Array.from({ length: node.size }, (_, i) =>
        field(node.key(i), typeOfVariant(variant, node.at(i))),
      );
      return structType(fields);
    }
  }
}

const exact = (type: DataType): readonly [whole: number, scale: number] | undefined =>
  type.kind === "bigint" ? [20, 0] : type.kind === "decimal" ? [type.precision - type.scale, type.scale] : undefined;

/** The type that both have in common; VARIANT when there is none. */
export function mergeVariantTypes(a: DataType, b: DataType): DataType {
  if (a.kind === "null" || sameType(a, b)) return b;
  if (b.kind === "null") return a;
  const [x, y] = [exact(a), exact(b)];
  if (x !== undefined && y !== undefined) {
    const [whole, scale] = [Math.max(x[0], y[0]), Math.max(x[1], y[1])];
    return whole + scale > maximumPrecision ? doubleType : decimalType(whole + scale, scale);
  }
  const isNumber = (type: DataType): boolean =>
    exact(type) !== undefined || type.kind === "float" || type.kind === "double";
  if (isNumber(a) && isNumber(b)) return doubleType;
  if (a.kind === "array" && b.kind === "array") return arrayType(mergeVariantTypes(a.element, b.element));
  if (a.kind === "struct" && b.kind === "struct") {
    const types = new Map(a.fields.map((f) => [f.name, f.type]));
    for (const f of b.fields) types.set(f.name, mergeVariantTypes(types.get(f.name) ?? nullType, f.type));
    const names = [...types.keys()].sort((p, q) => (p < q ? -1 : 1));
    return structType(names.map((name) => field(name, types.get(name)!)));
  }
  return variantType;
}

/** DDL notation with OBJECT for structs. */
export function variantTypeText(type: DataType): string {
  if (type.kind === "array") return `ARRAY<${variantTypeText(type.element)}>`;
  if (type.kind !== "struct") return sqlName(type);
  return `OBJECT<${type.fields.map((f) => `${quoteIfNeeded(f.name)}: ${variantTypeText(f.type)}`).join(", ")}>`;
}

export function variantSchema(variant: Variant): string {
  return variantTypeText(typeOfVariant(variant));
}
