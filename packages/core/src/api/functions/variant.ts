import type { TypeLiteral } from "../../types/schema-literal.ts";
import { toDataType } from "../../types/schema-conversion.ts";
import { sqlName } from "../../types/type-names.ts";
import type { ArgumentType, AsNullableAs, ColumnArgument, StringType } from "../column-types.ts";

import type { PublicMethod } from "../call-site.ts";
import { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Variant = ColumnArgument<"variant" | "variant!">;

/** JSON text as a VARIANT; malformed text is an error. `parseJson(c.payload)` */
export function parseJson<const A extends ColumnArgument<StringType>>(
  text: A,
): Column<AsNullableAs<"variant", ArgumentType<A>>> {
  return functionColumn(parseJson, "parse_json", [text]);
}
/** As {@link parseJson}, but NULL for malformed text. */
export function tryParseJson(text: ColumnArgument<StringType>): Column<"variant"> {
  return functionColumn(tryParseJson, "try_parse_json", [text]);
}
/**
 * The value at a path of a variant, cast to a type; NULL when there is none.
 * `variantGet(c.event, "$.user.id", "bigint")`
 */
export function variantGet<const T extends TypeLiteral>(variant: Variant, path: string, type: T): Column<T> {
  return functionColumn(variantGet, "variant_get", [variant], pathAndType(path, type));
}
/** As {@link variantGet}, but NULL for a value that cannot be cast. */
export function tryVariantGet<const T extends TypeLiteral>(variant: Variant, path: string, type: T): Column<T> {
  return functionColumn(tryVariantGet, "try_variant_get", [variant], pathAndType(path, type));
}
function pathAndType(path: string, type: TypeLiteral): ReturnType<typeof literalOf>[] {
  return [literalOf(path), literalOf(sqlName(toDataType(type)))];
}
/** Whether a variant is a JSON null; false for a SQL NULL. */
export function isVariantNull(variant: Variant): Column<"boolean!"> {
  return functionColumn(isVariantNull, "is_variant_null", [variant]);
}
/** The type of a variant's content in DDL notation. */
export function schemaOfVariant(variant: Variant): Column<"string"> {
  return functionColumn(schemaOfVariant, "schema_of_variant", [variant]);
}
/** The type that the variants of a group have in common, in DDL notation. */
export function schemaOfVariantAgg(variant: Variant): Column<"string!"> {
  return functionColumn(schemaOfVariantAgg, "schema_of_variant_agg", [variant]);
}
/** The variant with a value at a path, in place of what is there. `variantSet(c.event, "$.user.id", lit(7))` */
export function variantSet(variant: Variant, path: string, value: ColumnArgument): Column<"variant"> {
  return call3(variantSet, "variant_set", variant, path, value);
}
/** The variant with a new field, or an element before the one at a path. */
export function variantInsert(variant: Variant, path: string, value: ColumnArgument): Column<"variant"> {
  return call3(variantInsert, "variant_insert", variant, path, value);
}
/** The variant with a value behind the last of the array at a path. */
export function variantArrayAppend(variant: Variant, path: string, value: ColumnArgument): Column<"variant"> {
  return call3(variantArrayAppend, "variant_array_append", variant, path, value);
}
function call3(
  method: PublicMethod,
  name: string,
  variant: Variant,
  path: string,
  value: ColumnArgument,
): Column<"variant"> {
  return functionColumn(method, name, [variant, new Column(literalOf(path)), value]);
}
/** The variant without what is at the paths. `variantDelete(c.event, "$.password")` */
export function variantDelete(variant: Variant, ...paths: readonly string[]): Column<"variant"> {
  return functionColumn(
    variantDelete,
    "variant_delete",
    [variant],
    paths.map((path) => literalOf(path)),
  );
}
/** The variant without fields and elements that are null. */
export function variantStripNulls(variant: Variant): Column<"variant"> {
  return functionColumn(variantStripNulls, "variant_strip_nulls", [variant]);
}
/** A struct, map with string keys or array as a VARIANT. `toVariantObject(struct("a", "b"))` */
export function toVariantObject(value: ColumnArgument): Column<"variant"> {
  return functionColumn(toVariantObject, "to_variant_object", [value]);
}
