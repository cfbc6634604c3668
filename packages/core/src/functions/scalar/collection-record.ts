/** What the records of functions over arrays, maps and structs share. */
import { MillraceError } from "../../errors/index.ts";
import { type DataType, type MapType, nullType, type SqlMap, type SqlValue } from "../../types/data-type.ts";
import { distinctKeyOf } from "../aggregates/distinct-keys.ts";
import { textOf } from "../cast-text.ts";
import type { ArgumentInfo, EvalContext, ScalarFunction } from "../function.ts";
import { type CallInfo, classes, coerceArgument, type Resolve, unexpectedInput } from "../resolution.ts";
import { quotedType } from "../type-text.ts";
import { type RecordFields, scalarRecord } from "./scalar-record.ts";

/** A function over arrays, maps or structs. */
export function collection({
  group = "Collections",
  ...fields
}: RecordFields & { readonly group?: string }): ScalarFunction {
  return scalarRecord(group, fields);
}

export type Items = readonly SqlValue[];
export type ArrayOf = Extract<DataType, { readonly kind: "array" }>;

/** The most elements that an array may have: Spark's limit, so that it fits its memory. */
export const maximumArrayLength = 2_147_483_632;

const nullArray = { kind: "array", element: nullType, containsNull: true } as const;
const nullMap = { kind: "map", key: nullType, value: nullType, valueContainsNull: true } as const;

export function elementOf(type: DataType): DataType {
  return type.kind === "array" ? type.element : type;
}
export function containsNull(type: DataType): boolean {
  return type.kind === "array" && type.containsNull;
}
export function arrayArgument(arg: ArgumentInfo, index: number, call: CallInfo): ArrayOf {
  if (arg.type.kind === "null") return nullArray;
  if (arg.type.kind !== "array") throw unexpectedInput(arg, "ARRAY", index, call);
  return arg.type;
}
export function mapArgument(arg: ArgumentInfo, index: number, call: CallInfo): MapType {
  if (arg.type.kind === "null") return nullMap;
  if (arg.type.kind !== "map") throw unexpectedInput(arg, "MAP", index, call);
  return arg.type;
}
/** An array, then arguments of the given types; the result's type follows from the array's. */
export const ofArray =
  (returns: (array: DataType) => DataType, rest: readonly DataType[] = []): Resolve =>
  (args, call) => {
    const array = arrayArgument(args[0]!, 0, call);
    return {
      args: [array, ...args.slice(1).map((a, i) => coerceArgument(a, rest[i] ?? classes.any, i + 1, call))],
      returns: returns(array),
    };
  };

/** Makes maps of entries: keys are not NULL; of two equal ones the last wins, or they are an error. */
export function mapBuilder(
  keyType: DataType,
  context: Pick<EvalContext, "lastMapKeyWins">,
): (keys: Items, values: Items) => SqlMap {
  const keyOf = distinctKeyOf(keyType);
  return (keys, values) => {
    const seen = new Map<unknown, number>();
    let kept: { readonly keys: SqlValue[]; readonly values: SqlValue[] } | undefined;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      if (key === null) throw new MillraceError("NULL_MAP_KEY", {});
      const mark = keyOf(key);
      const before = seen.get(mark);
      if (before === undefined) {
        seen.set(mark, kept === undefined ? i : kept.keys.length);
        kept?.keys.push(key);
        kept?.values.push(values[i]!);
        continue;
      }
      if (context.lastMapKeyWins !== true)
        throw new MillraceError("DUPLICATED_MAP_KEY", { key: textOf(keyType, "UTC")(key) });
      kept ??= { keys: keys.slice(0, i), values: values.slice(0, i) };
      kept.keys[before] = key;
      kept.values[before] = values[i]!;
    }
    return kept ?? { keys, values };
  };
}

/** Whether a type is or holds a map: maps are no keys. */
export function holdsMap(type: DataType): boolean {
  switch (type.kind) {
    case "map":
    case "variant":
      return true;
    case "array":
      return holdsMap(type.element);
    case "struct":
      return type.fields.some((f) => holdsMap(f.type));
    default:
      return false;
  }
}
export function requireMapKey(type: DataType, call: CallInfo): void {
  if (holdsMap(type))
    throw new MillraceError("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", { sqlExpr: call.sql, keyType: quotedType(type) });
}
