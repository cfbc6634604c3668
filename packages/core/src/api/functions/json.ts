import type { SchemaLiteral, StructLiteral, TypeLiteral } from "../../types/schema-literal.ts";
import type { ColumnArgument, StringType } from "../column-types.ts";

import { call, type Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { toDataType, toStructType } from "../../types/schema-conversion.ts";
import { toDdl } from "../../types/ddl.ts";
import { sqlName } from "../../types/type-names.ts";
import { isTypeLiteral } from "../user-function.ts";
import { functionColumn } from "./function-column.ts";

/**
 * JSON text as a value of a schema; NULL where the text is malformed. The second argument is the schema of an object, or
 * an array or map type. `fromJson(c.value, { user: "string", at: "timestamp" })`
 */
export function fromJson<const T extends TypeLiteral | SchemaLiteral>(
  text: ColumnArgument<StringType>,
  schema: T,
  options: Readonly<Record<string, string>> = {},
): Column<T extends TypeLiteral ? T : StructLiteral<T, true>> {
  const ddl = isTypeLiteral(schema) ? sqlName(toDataType(schema)) : toDdl(toStructType(schema));
  return functionColumn(fromJson, "from_json", [text], [literalOf(ddl), ...optionMap(options)]);
}
/** A struct, map or array as JSON text; fields that are NULL are left out. `toJson(c.event)` */
export function toJson(value: ColumnArgument, options: Readonly<Record<string, string>> = {}): Column<"string"> {
  return functionColumn(toJson, "to_json", [value], optionMap(options));
}
/** A part of JSON text by path, as text. `getJsonObject(c.value, "$.user.id")` */
export function getJsonObject(text: ColumnArgument<StringType>, path: string): Column<"string"> {
  return functionColumn(getJsonObject, "get_json_object", [text], [literalOf(path)]);
}

function optionMap(options: Readonly<Record<string, string>>): ReturnType<typeof call>[] {
  const entries = Object.entries(options).flatMap(([name, value]) => [literalOf(name), literalOf(value)]);
  return entries.length === 0 ? [] : [call("map", entries)];
}
