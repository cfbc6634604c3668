import type { DataType, StructType } from "./data-type.ts";
import { typeName } from "./type-names.ts";

/**
 * The tree that `printSchema` shows, byte for byte as Spark's `StructType.treeString`: each line ends in a newline.
 * @param maximumDepth levels shown below the root; all by default
 */
export function treeString(schema: StructType, maximumDepth: number = Number.POSITIVE_INFINITY): string {
  const lines = ["root"];
  if (maximumDepth > 0) addFields(schema, " |", maximumDepth, lines);
  return `${lines.join("\n")}\n`;
}

function addFields(struct: StructType, prefix: string, depth: number, lines: string[]): void {
  for (const f of struct.fields) {
    lines.push(`${prefix}-- ${escapeControls(f.name)}: ${typeName(f.type)} (nullable = ${f.nullable})`);
    addChildren(f.type, `${prefix}    |`, depth - 1, lines);
  }
}

function addChildren(type: DataType, prefix: string, depth: number, lines: string[]): void {
  if (depth <= 0) return;
  switch (type.kind) {
    case "struct":
      addFields(type, prefix, depth, lines);
      return;
    case "array":
      lines.push(`${prefix}-- element: ${typeName(type.element)} (containsNull = ${type.containsNull})`);
      addChildren(type.element, `${prefix}    |`, depth - 1, lines);
      return;
    case "map":
      lines.push(`${prefix}-- key: ${typeName(type.key)}`);
      addChildren(type.key, `${prefix}    |`, depth - 1, lines);
      lines.push(`${prefix}-- value: ${typeName(type.value)} (valueContainsNull = ${type.valueContainsNull})`);
      addChildren(type.value, `${prefix}    |`, depth - 1, lines);
      return;
    default:
  }
}

const controls: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b",
  "\v": "\\v",
  "\u0007": "\\a",
};

/** Spark's `SparkSchemaUtils.escapeMetaCharacters`. */
export function escapeControls(name: string): string {
  return name.replaceAll(/[\n\r\t\f\b\v\u0007]/g, (c) => controls[c]!);
}
