import { MillraceError } from "../../errors/index.ts";
import { type DataType, decimalType, type Field, type StructType } from "../../types/data-type.ts";
import { treeString } from "../../types/tree-string.ts";
import { sqlName } from "../../types/type-names.ts";

/**
 * The schema with the columns of both, as Spark merges them: fields by name, types must be the same (decimals of the same
 * scale take the larger precision).
 * @throws MillraceError CANNOT_MERGE_SCHEMAS
 */
export function mergeSchemas(left: StructType, right: StructType, caseSensitive: boolean): StructType {
  try {
    return mergeStructs(left, right, caseSensitive);
  } catch (cause) {
    throw new MillraceError("CANNOT_MERGE_SCHEMAS", { left: treeString(left), right: treeString(right) }, { cause });
  }
}

function mergeStructs(left: StructType, right: StructType, caseSensitive: boolean): StructType {
  const key = (name: string): string => (caseSensitive ? name : name.toLowerCase());
  const fields: Field[] = [...left.fields];
  const known = new Map(fields.map((f, i) => [key(f.name), i]));
  for (const field of right.fields) {
    const at = known.get(key(field.name));
    if (at === undefined) {
      known.set(key(field.name), fields.push(field) - 1);
      continue;
    }
    const mine = fields[at]!;
    fields[at] = {
      ...mine,
      type: mergeTypes(mine.type, field.type, caseSensitive),
      nullable: mine.nullable || field.nullable,
    };
  }
  return { kind: "struct", fields };
}

function mergeTypes(left: DataType, right: DataType, caseSensitive: boolean): DataType {
  const merge = (a: DataType, b: DataType): DataType => mergeTypes(a, b, caseSensitive);
  if (left.kind === "struct" && right.kind === "struct") return mergeStructs(left, right, caseSensitive);
  if (left.kind === "array" && right.kind === "array") {
    const containsNull = left.containsNull || right.containsNull;
    return { kind: "array", element: merge(left.element, right.element), containsNull };
  }
  if (left.kind === "map" && right.kind === "map") {
    return {
      kind: "map",
      key: merge(left.key, right.key),
      value: merge(left.value, right.value),
      valueContainsNull: left.valueContainsNull || right.valueContainsNull,
    };
  }
  if (left.kind === "decimal" && right.kind === "decimal" && left.scale === right.scale) {
    return decimalType(Math.max(left.precision, right.precision), left.scale);
  }
  if (sqlName(left) === sqlName(right)) return left;
  throw new MillraceError("CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", {
    left: `"${sqlName(left)}"`,
    right: `"${sqlName(right)}"`,
  });
}
