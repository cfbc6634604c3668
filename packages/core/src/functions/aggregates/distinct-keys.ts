import type { DataType, SqlMap, SqlValue } from "../../types/data-type.ts";

/** What stands for a value in a JavaScript Set or Map so that equal values (NaN = NaN, −0 = 0) meet. */
export type DistinctKey = string | number | bigint | boolean | null;

export function distinctKeyOf(type: DataType): (value: SqlValue) => DistinctKey {
  switch (type.kind) {
    case "binary":
    case "variant":
    case "array":
    case "map":
    case "struct":
      return (value) => (value === null ? null : encode(value));
    default:
      return (value) => value as DistinctKey;
  }
}

/** The key of several values together. */
export function distinctRowKey(types: readonly DataType[]): (values: readonly SqlValue[]) => DistinctKey {
  if (types.length === 1) {
    const key = distinctKeyOf(types[0]!);
    return (values) => key(values[0]!);
  }
  return encode;
}

/** An injective text of a value: lengths before texts, so that no two values share one. */
function encode(value: SqlValue): string {
  if (value === null) return "n";
  switch (typeof value) {
    case "string":
      return `s${value.length}:${value}`;
    case "number":
      return `d${value === 0 ? 0 : value};`;
    case "bigint":
      return `i${value};`;
    case "boolean":
      return value ? "t" : "f";
    default:
  }
  if (value instanceof Uint8Array) return `b${value.length}:${value.join(",")};`;
  if (!isMap(value)) return `[${value.length}:${value.map(encode).join("")}]`;
  const entries = value.keys.map((k, i) => encode(k) + encode(value.values[i]!)).sort();
  return `{${entries.length}:${entries.join("")}}`;
}

function isMap(value: readonly SqlValue[] | SqlMap): value is SqlMap {
  return !Array.isArray(value);
}
