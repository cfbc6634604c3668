import type { DataType } from "../types/data-type.ts";
import { sqlName } from "../types/type-names.ts";

/** A type as Spark's messages print it: `BIGINT`, `ARRAY<STRING>`. */
export function typeText(type: DataType): string {
  return sqlName(type);
}

/** A type in quotes, as it stands in error messages. */
export function quotedType(type: DataType): string {
  return `"${sqlName(type)}"`;
}
