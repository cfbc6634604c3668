/** VARIANT values as user code sees and gives them: plain JavaScript values (docs/types.md). */
import { formatDecimal } from "./decimal-values.ts";
import { formatDate, formatLocalTimestamp } from "./iso-time.ts";
import type { VariantValue } from "../types/schema-literal.ts";
import { VariantBuilder } from "./variant-builder.ts";
import { type Variant, variantNode } from "./variant-reader.ts";

/** The plain value of a variant. */
export function externalVariant(variant: Variant, position = 0): VariantValue {
  const node = variantNode(variant, position);
  switch (node.kind) {
    case "null":
      return null;
    case "long": {
      const value = Number(node.value);
      return Number.isSafeInteger(value) ? value : node.value;
    }
    case "boolean":
    case "double":
    case "float":
    case "string":
    case "binary":
      return node.value;
    case "decimal":
      return formatDecimal(node.unscaled, node.scale);
    case "date":
      return formatDate(node.days);
    case "timestamp":
      return `${formatLocalTimestamp(node.micros)}Z`;
    case "timestamp_ntz":
      return formatLocalTimestamp(node.micros);
    case "array":
      return Array.from({ length: node.size }, (_, i) => externalVariant(variant, node.at(i)));
    case "object": {
      const fields: Record<string, VariantValue> = Object.create(null) as Record<string, VariantValue>;
      for (let i = 0; i < node.size; i++) fields[node.key(i)] = externalVariant(variant, node.at(i));
      return fields;
    }
  }
}

/** The variant of a plain value; undefined for one that has none (a function, an invalid Date, a cycle). */
export function variantOfExternal(value: unknown): Variant | undefined {
  const builder = new VariantBuilder();
  return append(builder, value, 0) ? builder.finish() : undefined;
}

const maximumDepth = 1000;

function append(builder: VariantBuilder, value: unknown, depth: number): boolean {
  if (depth > maximumDepth) return false;
  switch (typeof value) {
    case "boolean":
      builder.boolean(value);
      return true;
    case "string":
      builder.string(value);
      return true;
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) builder.long(BigInt(value));
      else builder.double(value);
      return true;
    case "bigint":
      if (BigInt.asIntN(64, value) === value) builder.long(value);
      else if (String(value < 0n ? -value : value).length <= 38) builder.decimal(value, 0);
      else return false;
      return true;
    case "undefined":
      builder.null();
      return true;
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) {
    builder.null();
    return true;
  }
  if (value instanceof Uint8Array) {
    builder.binary(value);
    return true;
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) return false;
    builder.timestamp(BigInt(value.getTime()) * 1000n);
    return true;
  }
  const start = builder.position;
  if (Array.isArray(value)) {
    const offsets: number[] = [];
    for (const item of value as readonly unknown[]) {
      offsets.push(builder.position - start);
      if (!append(builder, item, depth + 1)) return false;
    }
    builder.finishArray(start, offsets);
    return true;
  }
  const fields: { readonly key: string; readonly id: number; readonly offset: number }[] = [];
  for (const [key, item] of value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)) {
    fields.push({ key: String(key), id: builder.key(String(key)), offset: builder.position - start });
    if (!append(builder, item, depth + 1)) return false;
  }
  builder.finishObject(start, fields);
  return true;
}
