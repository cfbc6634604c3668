/** The options argument of functions that read or write JSON and CSV: a constant map of texts. */
import { MillraceError } from "../errors/index.ts";
import type { DataType, SqlMap } from "../types/data-type.ts";
import type { ArgumentInfo } from "./function.ts";
import { type CallInfo, requireLiteral } from "./resolution.ts";
import { quotedType } from "./type-text.ts";

export interface TextOptions {
  /** The value of an option; names count in any case. */
  text(name: string): string | undefined;
  flag(name: string, otherwise: boolean): boolean;
}

export function textOptions(arg: ArgumentInfo | undefined): TextOptions {
  const map = arg?.literal?.value as SqlMap | null | undefined;
  const values = new Map(map?.keys.map((key, i) => [String(key).toLowerCase(), map.values[i]]));
  const text = (name: string): string | undefined => {
    const value = values.get(name.toLowerCase());
    return typeof value === "string" ? value : undefined;
  };
  return {
    text,
    flag(name, otherwise) {
      const value = text(name)?.toLowerCase();
      return value === undefined ? otherwise : value === "true";
    },
  };
}

/** @throws INVALID_OPTIONS.*, and PARSE_MODE_UNSUPPORTED for functions that read (`reads`). */
export function requireOptions(name: string, arg: ArgumentInfo | undefined, call: CallInfo, reads: boolean): void {
  if (arg === undefined) return;
  if (arg.type.kind !== "map") throw new MillraceError("INVALID_OPTIONS.NON_MAP_FUNCTION", {});
  if (arg.type.key.kind !== "string" || arg.type.value.kind !== "string")
    throw new MillraceError("INVALID_OPTIONS.NON_STRING_TYPE", { mapType: quotedType(arg.type) });
  requireLiteral(arg, "options", call);
  const mode = textOptions(arg).text("mode")?.toUpperCase();
  if (reads && mode === "DROPMALFORMED")
    throw new MillraceError("PARSE_MODE_UNSUPPORTED", { funcName: `\`${name}\``, mode });
}

/** The text of a schema argument, which is a constant. */
export function schemaText(arg: ArgumentInfo, call: CallInfo): string {
  const schema = requireLiteral(arg, "schema", call);
  if (typeof schema !== "string")
    throw new MillraceError("INVALID_SCHEMA.NON_STRING_LITERAL", { inputSchema: `"${String(schema)}"` });
  return schema;
}

/** Position of the field that takes malformed records, or −1. */
export function corruptField(type: DataType, name = "_corrupt_record"): number {
  if (type.kind !== "struct") return -1;
  return type.fields.findIndex((f) => f.name === name && f.type.kind === "string");
}
