import { MillraceError } from "../errors/index.ts";
import type { Attribute } from "../expressions/expression.ts";
import { typeText } from "../functions/type-text.ts";
import type { DataType } from "../types/data-type.ts";

/** Whether values of a type have maps or variants in them, which have no equality. */
export function holdsMap(type: DataType): boolean {
  if (type.kind === "array") return holdsMap(type.element);
  if (type.kind === "struct") return type.fields.some((f) => holdsMap(f.type));
  return type.kind === "map" || type.kind === "variant";
}

export function holdsVariant(type: DataType): boolean {
  if (type.kind === "array") return holdsVariant(type.element);
  if (type.kind === "map") return holdsVariant(type.value);
  return type.kind === "variant" || (type.kind === "struct" && type.fields.some((f) => holdsVariant(f.type)));
}

export function setOperationOnMap(column: Attribute): MillraceError {
  const what = holdsVariant(column.type) ? "VARIANT" : "MAP";
  return new MillraceError(`UNSUPPORTED_FEATURE.SET_OPERATION_ON_${what}_TYPE`, {
    colName: `\`${column.name}\``,
    dataType: `"${typeText(column.type)}"`,
  });
}
