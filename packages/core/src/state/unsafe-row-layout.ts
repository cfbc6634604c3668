import type { DataType } from "../types/data-type.ts";

/** Bytes of one element of an UnsafeArrayData of this type; types of the variable part take an 8-byte slot. */
export function elementWidth(type: DataType): 1 | 2 | 4 | 8 {
  switch (type.kind) {
    case "boolean":
    case "tinyint":
      return 1;
    case "smallint":
      return 2;
    case "int":
    case "date":
    case "interval_year_month":
    case "float":
      return 4;
    default:
      return 8;
  }
}

/** Bytes of the null bitmap of `count` fields or elements. */
export function nullBitmapLength(count: number): number {
  return ((count + 63) >> 6) * 8;
}

/** Whether values of this type stand in their field's slot of a row; those of others lie in the variable part. */
export function isInSlot(type: DataType): boolean {
  switch (type.kind) {
    case "string":
    case "binary":
    case "array":
    case "map":
    case "struct":
    case "variant":
      return false;
    case "decimal":
      return type.precision <= 18;
    default:
      return true;
  }
}
