/** Functions over maps. */
import { RE2JS } from "re2js";
import { equalValues } from "../../columnar/compare.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  booleanType,
  type DataType,
  type MapType,
  mapType,
  type SqlMap,
  type SqlValue,
  stringType,
  structType,
} from "../../types/data-type.ts";
import { commonTypeOf } from "../coercion.ts";
import type { ArgumentInfo, ScalarFunction } from "../function.ts";
import { type CallInfo, signature, unexpectedInput } from "../resolution.ts";
import { quotedType } from "../type-text.ts";
import { commonElement, requireTyped } from "./arrays.ts";
import {
  arrayArgument,
  collection,
  elementOf,
  type Items,
  mapArgument,
  mapBuilder,
  requireMapKey,
} from "./collection-record.ts";

const even = (_: unknown, i: number): boolean => i % 2 === 0;
const odd = (_: unknown, i: number): boolean => i % 2 === 1;

function commonType(args: readonly ArgumentInfo[], part: "KEY" | "VALUE", call: CallInfo): DataType {
  const types = args.map((arg) => arg.type);
  const common = commonTypeOf(types, call.ansi);
  if (common !== undefined) return common;
  throw new MillraceError(`DATATYPE_MISMATCH.CREATE_MAP_${part}_DIFF_TYPES`, {
    sqlExpr: call.sql,
    functionName: "`map`",
    dataType: `[${types.map(quotedType).join(", ")}]`,
  });
}

const map = collection({
  name: "map",
  arity: [0, Number.POSITIVE_INFINITY],
  resolve(args, call) {
    if (args.length % 2 !== 0) {
      throw new MillraceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
        functionName: "`map`",
        expectedNum: "2n (n > 0)",
        actualNum: String(args.length),
      });
    }
    const key = commonType(args.filter(even), "KEY", call);
    const value = commonType(args.filter(odd), "VALUE", call);
    requireMapKey(key, call);
    const holdsNull = args.some((a, i) => i % 2 === 1 && a.nullable);
    return { args: args.map((_, i) => (i % 2 === 0 ? key : value)), returns: mapType(key, value, holdsNull) };
  },
  nulls: "custom",
  bind: ({ returns }, context) => {
    const build = mapBuilder((returns as MapType).key, context);
    return (...args) => build(args.filter(even), args.filter(odd));
  },
  usage: "map(key1, value1, …)",
  summary: "A map. A NULL key is an error, a key that comes twice unless `spark.sql.mapKeyDedupPolicy` is LAST_WIN.",
  examples: [["map('a', 1, 'b', 2)", "{a -> 1, b -> 2}"]],
});

const mapFromEntries = collection({
  name: "map_from_entries",
  arity: [1, 1],
  resolve(args, call) {
    const array = arrayArgument(args[0]!, 0, call);
    const entry = array.element;
    if (entry.kind !== "struct" || entry.fields.length !== 2)
      throw unexpectedInput(args[0]!, "ARRAY of pair STRUCT", 0, call);
    const [key, value] = entry.fields;
    requireMapKey(key!.type, call);
    return { args: [array], returns: mapType(key!.type, value!.type, value!.nullable) };
  },
  canReturnNull: true,
  bind: ({ returns }, context) => {
    const build = mapBuilder((returns as MapType).key, context);
    return (array) => {
      const entries = array as readonly (Items | null)[];
      if (entries.includes(null)) return null;
      return build(
        entries.map((entry) => entry![0]!),
        entries.map((entry) => entry![1]!),
      );
    };
  },
  usage: "map_from_entries(array)",
  summary: "A map of an array of key and value structs; NULL when one of them is NULL.",
  examples: [["map_from_entries(array(struct(1, 'a'), struct(2, 'b')))", "{1 -> a, 2 -> b}"]],
});

const mapConcat = collection({
  name: "map_concat",
  arity: [0, Number.POSITIVE_INFINITY],
  resolve(args, call) {
    if (args.length === 0) return { args: [], returns: mapType(stringType, stringType, false) };
    const types = args.map((arg) => arg.type);
    const common = commonTypeOf(types, call.ansi);
    if (types.some((type) => type.kind !== "map") || common?.kind !== "map") {
      throw new MillraceError(
        types.every((type) => type.kind === "map")
          ? "DATATYPE_MISMATCH.DATA_DIFF_TYPES"
          : "DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES",
        {
          sqlExpr: call.sql,
          functionName: "`map_concat`",
          dataType: `[${types.map(quotedType).join(", ")}]`,
        },
      );
    }
    return { args: args.map(() => common), returns: common };
  },
  bind: ({ returns }, context) => {
    const build = mapBuilder((returns as MapType).key, context);
    return (...maps) => {
      const keys: SqlValue[] = [];
      const values: SqlValue[] = [];
      for (const each of maps as readonly SqlMap[]) {
        keys.push(...each.keys);
        values.push(...each.values);
      }
      return build(keys, values);
    };
  },
  usage: "map_concat(map1, map2, …)",
  summary: "The entries of all maps; a key of two maps is an error unless `spark.sql.mapKeyDedupPolicy` is LAST_WIN.",
  examples: [["map_concat(map(1, 'a', 2, 'b'), map(3, 'c'))", "{1 -> a, 2 -> b, 3 -> c}"]],
});

/** Splits at matches of a regular expression as Java does: an empty match at the beginning makes no empty part. */
function splitter(): (text: string, pattern: string, limit: number) => string[] {
  let last: { readonly pattern: string; readonly regex: RE2JS } | undefined;
  return (text, pattern, limit) => {
    if (last?.pattern !== pattern) last = { pattern, regex: RE2JS.compile(pattern) };
    const matcher = last.regex.matcher(text);
    const parts: string[] = [];
    let from = 0;
    while (parts.length + 1 !== limit && matcher.find()) {
      if (matcher.end() === 0 || (matcher.start() === matcher.end() && matcher.start() >= text.length)) continue;
      parts.push(text.slice(from, matcher.start()));
      from = matcher.end();
    }
    return [...parts, text.slice(from)];
  };
}
const strToMap = collection({
  name: "str_to_map",
  arity: [1, 3],
  resolve: signature([stringType], mapType(stringType, stringType)),
  bind: (_types, context) => {
    const build = mapBuilder(stringType, context);
    const [entries, pair] = [splitter(), splitter()];
    return (text, between = ",", inside = ":") => {
      const pairs = entries(text as string, between as string, -1).map((entry) => pair(entry, inside as string, 2));
      return build(
        pairs.map(([key]) => key!),
        pairs.map(([, value]) => value ?? null),
      );
    };
  },
  usage: "str_to_map(text[, pairDelimiter[, keyValueDelimiter]])",
  summary:
    "A map of a text such as `a:1,b:2`. The delimiters, `,` and `:` unless given, are regular expressions; a key without a value has NULL.",
  examples: [["str_to_map('a:1,b:2,c:3', ',', ':')", "{a -> 1, b -> 2, c -> 3}"]],
});

export const mapFunctions: readonly ScalarFunction[] = [
  map,
  collection({
    name: "map_from_arrays",
    arity: [2, 2],
    resolve(args, call) {
      const [keys, values] = args.map((a, i) => arrayArgument(a, i, call));
      requireMapKey(elementOf(keys!), call);
      return { args: [keys!, values!], returns: mapType(elementOf(keys!), elementOf(values!), values!.containsNull) };
    },
    bind: ({ returns }, context) => {
      const build = mapBuilder((returns as MapType).key, context);
      return (keys, values) => {
        const [a, b] = [keys as Items, values as Items];
        if (a.length !== b.length)
          throw new MillraceError("MAP_ARRAYS_OF_DIFFERENT_LENGTH", {
            keys: String(a.length),
            values: String(b.length),
          });
        return build(a, b);
      };
    },
    usage: "map_from_arrays(keys, values)",
    summary: "A map of two arrays of the same length.",
    examples: [["map_from_arrays(array('a', 'b'), array(1, 2))", "{a -> 1, b -> 2}"]],
  }),
  mapFromEntries,
  mapConcat,
  strToMap,
  collection({
    name: "map_entries",
    arity: [1, 1],
    resolve(args, call) {
      const { key, value, valueContainsNull } = mapArgument(args[0]!, 0, call);
      const entry = structType([
        { name: "key", type: key, nullable: false },
        { name: "value", type: value, nullable: valueContainsNull },
      ]);
      return { args: [mapArgument(args[0]!, 0, call)], returns: arrayType(entry, false) };
    },
    bind: () => (value) => {
      const { keys, values } = value as SqlMap;
      return keys.map((key, i) => [key, values[i]!]);
    },
    usage: "map_entries(map)",
    summary: "An array of the entries as structs of key and value.",
    examples: [["map_entries(map(1, 'a', 2, 'b'))", "[{1, a}, {2, b}]"]],
  }),
  collection({
    name: "map_keys",
    arity: [1, 1],
    resolve(args, call) {
      const type = mapArgument(args[0]!, 0, call);
      return { args: [type], returns: arrayType(type.key, false) };
    },
    bind: () => (value) => (value as SqlMap).keys,
    usage: "map_keys(map)",
    summary: "Array of the keys.",
    examples: [["map_keys(map(1, 'a', 2, 'b'))", "[1, 2]"]],
  }),
  collection({
    name: "map_values",
    arity: [1, 1],
    resolve(args, call) {
      const type = mapArgument(args[0]!, 0, call);
      return { args: [type], returns: arrayType(type.value, type.valueContainsNull) };
    },
    bind: () => (value) => (value as SqlMap).values,
    usage: "map_values(map)",
    summary: "Array of the values.",
    examples: [["map_values(map(1, 'a', 2, 'b'))", "[a, b]"]],
  }),
  collection({
    name: "map_contains_key",
    arity: [2, 2],
    resolve(args, call) {
      requireTyped("map_contains_key", args, call);
      const type = args[0]!.type;
      const key = type.kind === "map" ? commonElement(type.key, args[1]!.type) : undefined;
      if (type.kind !== "map" || key === undefined) {
        throw new MillraceError("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES", {
          sqlExpr: call.sql,
          functionName: "`map_contains_key`",
          dataType: '"MAP"',
          leftType: quotedType(type),
          rightType: quotedType(args[1]!.type),
        });
      }
      return { args: [mapType(key, type.value, type.valueContainsNull), key], returns: booleanType };
    },
    bind:
      ({ args }) =>
      (value, key) =>
        (value as SqlMap).keys.some((k) => equalValues(args[1]!, k, key!)),
    usage: "map_contains_key(map, key)",
    summary: "Whether the map has the key.",
    examples: [["map_contains_key(map(1, 'a'), 1)", "true"]],
  }),
];
