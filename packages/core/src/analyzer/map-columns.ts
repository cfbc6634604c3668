import { MillraceError } from "../errors/index.ts";
import type { Attribute } from "../expressions/expression.ts";
import { typeText } from "../functions/type-text.ts";
import type { DataType } from "../types/data-type.ts";

/** Whether values of a type have maps in them, which have no equality. */
export function holdsMap(type: DataType): boolean {
  if (type.kind === "array") return holdsMap(type.element);
  return type.kind === "map" || (type.kind === "struct" && type.fields.some((f) => holdsMap(f.type)));
}

export function setOperationOnMap(column: Attribute): MillraceError {
  return new MillraceError("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", {
    colName: `\`${column.name}\``,
    dataType: `"${typeText(column.type)}"`,
  });
}
