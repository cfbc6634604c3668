import { comparatorOf, equalValues } from "../../columnar/compare.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  booleanType,
  type DataType,
  intType,
  type MapType,
  mapType,
  type SqlMap,
  type SqlValue,
  stringType,
  structType,
} from "../../types/data-type.ts";
import { distinctKeyOf } from "../aggregates/distinct-keys.ts";
import { textOf } from "../cast-text.ts";
import { js } from "../code.ts";
import type { ArgumentInfo, ScalarFunction } from "../function.ts";
import {
  type CallInfo,
  classes,
  coerceArgument,
  commonOf,
  requireLiteral,
  requireOrderable,
  type Resolve,
  signature,
  unexpectedInput,
} from "../resolution.ts";
import { quotedType } from "../type-text.ts";

const group = "Collections";

type Fields = Pick<ScalarFunction, "name" | "arity" | "resolve" | "bind"> &
  Partial<Pick<ScalarFunction, "aliases" | "emit" | "nulls" | "canReturnNull">> & {
    readonly usage: string;
    readonly summary: string;
    readonly examples: readonly (readonly [sql: string, result: string])[];
  };
function collection({ usage, summary, examples, ...fields }: Fields): ScalarFunction {
  return {
    since: "0.1.0",
    nulls: "propagate",
    canReturnNull: false,
    deterministic: true,
    ...fields,
    doc: { group, usage, summary, examples: examples.map(([sql, result]) => ({ sql, result })) },
  };
}

type Items = readonly SqlValue[];

function elementOf(type: DataType): DataType {
  return type.kind === "array" ? type.element : type;
}
function arrayArgument(arg: ArgumentInfo, index: number, call: CallInfo): DataType {
  if (arg.type.kind !== "array") throw unexpectedInput(arg, "ARRAY", index, call);
  return arg.type;
}
function mapArgument(arg: ArgumentInfo, index: number, call: CallInfo): MapType {
  if (arg.type.kind !== "map") throw unexpectedInput(arg, "MAP", index, call);
  return arg.type;
}
const ofArray =
  (returns: (array: DataType) => DataType, rest: readonly DataType[] = []): Resolve =>
  (args, call) => {
    const array = arrayArgument(args[0]!, 0, call);
    return {
      args: [array, ...args.slice(1).map((a, i) => coerceArgument(a, rest[i] ?? classes.any, i + 1, call))],
      returns: returns(array),
    };
  };

/** A map of entries: keys not NULL and different. */
function mapOf(keys: Items, values: Items, keyType: DataType): SqlMap {
  const keyOf = distinctKeyOf(keyType);
  const seen = new Set<unknown>();
  for (const key of keys) {
    if (key === null) throw new MillraceError("NULL_MAP_KEY", {});
    const mark = keyOf(key);
    if (seen.has(mark)) throw new MillraceError("DUPLICATED_MAP_KEY", { key: textOf(keyType, "UTC")(key) });
    seen.add(mark);
  }
  return { keys, values };
}
function requireMapKey(type: DataType, call: CallInfo): void {
  if (type.kind === "map")
    throw new MillraceError("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", { sqlExpr: call.sql, keyType: quotedType(type) });
}

function lookUp(map: SqlMap, key: SqlValue, keyType: DataType): SqlValue {
  const at = map.keys.findIndex((k) => equalValues(keyType, k, key));
  return at < 0 ? null : map.values[at]!;
}
function elementAt(name: "element_at" | "try_element_at"): ScalarFunction {
  return collection({
    name,
    arity: [2, 2],
    resolve: (args, call) => {
      const { type } = args[0]!;
      if (type.kind === "map")
        return { args: [type, coerceArgument(args[1]!, type.key, 1, call)], returns: type.value };
      return ofArray(elementOf, [intType])(args, call);
    },
    canReturnNull: true,
    bind: ({ args }, context) => {
      const type = args[0]!;
      if (type.kind === "map") return (map, key) => lookUp(map as SqlMap, key!, type.key);
      return (array, index) => {
        const items = array as Items;
        const i = index as number;
        if (i === 0) throw new MillraceError("INVALID_INDEX_OF_ZERO", {});
        if (Math.abs(i) <= items.length) return items.at(i > 0 ? i - 1 : i)!;
        if (!context.ansi || name === "try_element_at") return null;
        throw new MillraceError("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", {
          indexValue: String(i),
          arraySize: String(items.length),
        });
      };
    },
    usage: `${name}(array, index), ${name}(map, key)`,
    summary: `The element at a position from 1 (from the end when negative), or the value of a key (NULL without it). Outside the array ${name === "element_at" ? "an error (ANSI) or NULL" : "NULL"}.`,
    examples: [[`${name}(array(1, 2, 3), 2)`, "2"]],
  });
}

function extremeElement(name: "array_max" | "array_min", sign: 1 | -1): ScalarFunction {
  return collection({
    name,
    arity: [1, 1],
    resolve: (args, call) => {
      const types = ofArray(elementOf)(args, call);
      requireOrderable(name, types.returns, call);
      return types;
    },
    canReturnNull: true,
    bind: ({ returns }) => {
      const compare = comparatorOf(returns);
      return (array) => {
        let best: SqlValue = null;
        for (const item of array as Items)
          if (item !== null && (best === null || compare(item, best) * sign > 0)) best = item;
        return best;
      };
    },
    usage: `${name}(array)`,
    summary: `The ${sign > 0 ? "greatest" : "least"} element, NULLs left out.`,
    examples: [[`${name}(array(1, 20, NULL, 3))`, sign > 0 ? "20" : "1"]],
  });
}

const namedStruct = collection({
  name: "named_struct",
  arity: [2, Number.POSITIVE_INFINITY],
  resolve: (args, call) => ({
    args: args.map((a, i) => (i % 2 === 0 ? stringType : a.type)),
    returns: structType(
      args.flatMap((a, i) =>
        i % 2 === 0
          ? []
          : [{ name: String(requireLiteral(args[i - 1], "name", call)), type: a.type, nullable: a.nullable }],
      ),
    ),
  }),
  nulls: "custom",
  canReturnNull: false,
  bind:
    () =>
    (...args) =>
      args.filter((_, i) => i % 2 === 1),
  emit: {
    lazy: true,
    emit: (args) => ({
      shape: "struct",
      isNull: js.false,
      fields: args.filter((_, i) => i % 2 === 1).map((arg) => arg()),
    }),
  },
  usage: "named_struct(name1, value1, …)",
  summary: "A struct of named fields.",
  examples: [["named_struct('a', 1, 'b', 'x')", "{1, x}"]],
});

export const collectionFunctions: readonly ScalarFunction[] = [
  collection({
    name: "array",
    arity: [0, Number.POSITIVE_INFINITY],
    resolve: (args, call) => {
      const common = commonOf(
        "array",
        args.map((a) => a.type),
        call,
      );
      return {
        args: args.map(() => common),
        returns: arrayType(
          common,
          args.some((a) => a.nullable),
        ),
      };
    },
    nulls: "custom",
    canReturnNull: false,
    bind:
      () =>
      (...items) =>
        items,
    usage: "array(expr, …)",
    summary: "An array of the values in their common type.",
    examples: [["array(1, 2, NULL)", "[1, 2, NULL]"]],
  }),
  collection({
    name: "struct",
    arity: [1, Number.POSITIVE_INFINITY],
    resolve: (args) => ({
      args: args.map((a) => a.type),
      returns: structType(args.map((a, i) => ({ name: `col${i + 1}`, type: a.type, nullable: a.nullable }))),
    }),
    nulls: "custom",
    canReturnNull: false,
    bind:
      () =>
      (...fields) =>
        fields,
    emit: { lazy: true, emit: (args) => ({ shape: "struct", isNull: js.false, fields: args.map((arg) => arg()) }) },
    usage: "struct(expr, …)",
    summary: "A struct of the values; fields that are not columns are named col1, col2, ….",
    examples: [["struct(1, 'x')", "{1, x}"]],
  }),
  namedStruct,
  collection({
    name: "map",
    arity: [0, Number.POSITIVE_INFINITY],
    resolve: (args, call) => {
      const key = commonOf(
        "map",
        args.filter((_, i) => i % 2 === 0).map((a) => a.type),
        call,
      );
      const value = commonOf(
        "map",
        args.filter((_, i) => i % 2 === 1).map((a) => a.type),
        call,
      );
      requireMapKey(key, call);
      return {
        args: args.map((_, i) => (i % 2 === 0 ? key : value)),
        returns: mapType(
          key,
          value,
          args.some((a, i) => i % 2 === 1 && a.nullable),
        ),
      };
    },
    nulls: "custom",
    canReturnNull: false,
    bind:
      ({ returns }) =>
      (...args) =>
        mapOf(
          args.filter((_, i) => i % 2 === 0),
          args.filter((_, i) => i % 2 === 1),
          (returns as MapType).key,
        ),
    usage: "map(key1, value1, …)",
    summary: "A map. A NULL key and a key that comes twice are errors.",
    examples: [["map('a', 1, 'b', 2)", "{a -> 1, b -> 2}"]],
  }),
  collection({
    name: "map_from_arrays",
    arity: [2, 2],
    resolve: (args, call) => {
      const [keys, values] = args.map((a, i) => arrayArgument(a, i, call)) as [DataType, DataType];
      requireMapKey(elementOf(keys), call);
      return { args: [keys, values], returns: mapType(elementOf(keys), elementOf(values)) };
    },
    bind:
      ({ returns }) =>
      (keys, values) =>
        mapOf(keys as Items, values as Items, (returns as MapType).key),
    usage: "map_from_arrays(keys, values)",
    summary: "A map of two arrays.",
    examples: [["map_from_arrays(array('a', 'b'), array(1, 2))", "{a -> 1, b -> 2}"]],
  }),
  collection({
    name: "size",
    aliases: ["cardinality", "array_size"],
    arity: [1, 1],
    resolve: (args, call) => ({
      args: [args[0]!.type.kind === "map" ? args[0]!.type : arrayArgument(args[0]!, 0, call)],
      returns: intType,
    }),
    bind: () => (value) => (Array.isArray(value) ? value.length : (value as SqlMap).keys.length),
    usage: "size(expr)",
    summary: "Number of elements of an array or entries of a map; NULL of NULL.",
    examples: [["size(array('b', 'd', 'c'))", "3"]],
  }),
  elementAt("element_at"),
  elementAt("try_element_at"),
  collection({
    name: "get",
    arity: [2, 2],
    resolve: ofArray(elementOf, [intType]),
    canReturnNull: true,
    bind: () => (array, index) => (array as Items)[index as number] ?? null,
    usage: "get(array, index)",
    summary: "The element at a position from 0; NULL outside the array.",
    examples: [["get(array(1, 2, 3), 0)", "1"]],
  }),
  collection({
    name: "array_contains",
    arity: [2, 2],
    resolve: (args, call) => {
      const common = commonOf("array_contains", [elementOf(arrayArgument(args[0]!, 0, call)), args[1]!.type], call);
      return { args: [arrayType(common), common], returns: booleanType };
    },
    canReturnNull: true,
    bind:
      ({ args }) =>
      (array, value) => {
        const items = array as Items;
        if (items.some((item) => item !== null && equalValues(args[1]!, item, value!))) return true;
        return items.includes(null) ? null : false;
      },
    usage: "array_contains(array, value)",
    summary: "Whether the array holds the value; NULL when it does not but holds a NULL.",
    examples: [["array_contains(array(1, 2, 3), 2)", "true"]],
  }),
  collection({
    name: "array_position",
    arity: [2, 2],
    resolve: (args, call) => {
      const common = commonOf("array_position", [elementOf(arrayArgument(args[0]!, 0, call)), args[1]!.type], call);
      return { args: [arrayType(common), common], returns: { kind: "bigint" } };
    },
    bind:
      ({ args }) =>
      (array, value) =>
        BigInt((array as Items).findIndex((item) => item !== null && equalValues(args[1]!, item, value!)) + 1),
    usage: "array_position(array, value)",
    summary: "Position from 1 of the first equal element; 0 when there is none.",
    examples: [["array_position(array(3, 2, 1), 1)", "3"]],
  }),
  collection({
    name: "map_keys",
    arity: [1, 1],
    resolve: (args, call) => {
      const map = mapArgument(args[0]!, 0, call);
      return { args: [map], returns: arrayType(map.key, false) };
    },
    bind: () => (map) => (map as SqlMap).keys,
    usage: "map_keys(map)",
    summary: "Array of the keys.",
    examples: [["map_keys(map(1, 'a', 2, 'b'))", "[1, 2]"]],
  }),
  collection({
    name: "map_values",
    arity: [1, 1],
    resolve: (args, call) => {
      const map = mapArgument(args[0]!, 0, call);
      return { args: [map], returns: arrayType(map.value, map.valueContainsNull) };
    },
    bind: () => (map) => (map as SqlMap).values,
    usage: "map_values(map)",
    summary: "Array of the values.",
    examples: [["map_values(map(1, 'a', 2, 'b'))", "[a, b]"]],
  }),
  collection({
    name: "map_contains_key",
    arity: [2, 2],
    resolve: (args, call) => {
      const map = mapArgument(args[0]!, 0, call);
      return { args: [map, coerceArgument(args[1]!, map.key, 1, call)], returns: booleanType };
    },
    bind:
      ({ args }) =>
      (map, key) =>
        (map as SqlMap).keys.some((k) => equalValues(args[1]!, k, key!)),
    usage: "map_contains_key(map, key)",
    summary: "Whether the map has the key.",
    examples: [["map_contains_key(map(1, 'a'), 1)", "true"]],
  }),
  collection({
    name: "sort_array",
    arity: [1, 2],
    resolve: (args, call) => {
      const types = ofArray((a) => a, [booleanType])(args, call);
      requireOrderable("sort_array", elementOf(types.returns), call);
      return types;
    },
    bind: ({ returns }) => {
      const compare = comparatorOf(elementOf(returns));
      return (array, ascending) =>
        ascending === false ? (array as Items).toSorted((a, b) => compare(b, a)) : (array as Items).toSorted(compare);
    },
    usage: "sort_array(array[, ascending])",
    summary: "The elements in order: NULLs first when ascending, last when descending.",
    examples: [["sort_array(array('b', 'd', NULL, 'c', 'a'), true)", "[NULL, a, b, c, d]"]],
  }),
  collection({
    name: "array_distinct",
    arity: [1, 1],
    resolve: ofArray((a) => a),
    bind: ({ returns }) => {
      const keyOf = distinctKeyOf(elementOf(returns));
      return (array) => {
        const seen = new Map<unknown, SqlValue>();
        for (const item of array as Items) {
          const key = keyOf(item);
          if (!seen.has(key)) seen.set(key, item);
        }
        return [...seen.values()];
      };
    },
    usage: "array_distinct(array)",
    summary: "The different elements in the order of their first occurrence.",
    examples: [["array_distinct(array(1, 2, 3, NULL, 3))", "[1, 2, 3, NULL]"]],
  }),
  extremeElement("array_max", 1),
  extremeElement("array_min", -1),
  collection({
    name: "array_join",
    arity: [2, 3],
    resolve: signature([arrayType(stringType), stringType, stringType], stringType),
    bind: () => (array, separator, replacement) =>
      (array as Items)
        .map((item) => (item === null ? (replacement ?? null) : item))
        .filter((item) => item !== null)
        .join(separator as string),
    usage: "array_join(array, separator[, nullReplacement])",
    summary: "The elements as one text; NULLs are left out unless a replacement is given.",
    examples: [["array_join(array('hello', NULL, 'world'), ' ')", "hello world"]],
  }),
  collection({
    name: "flatten",
    arity: [1, 1],
    resolve: (args, call) => {
      const array = arrayArgument(args[0]!, 0, call);
      const inner = elementOf(array);
      if (inner.kind !== "array") throw unexpectedInput(args[0]!, "ARRAY of ARRAY", 0, call);
      return { args: [array], returns: inner };
    },
    canReturnNull: true,
    bind: () => (array) => ((array as Items).includes(null) ? null : (array as readonly Items[]).flat(1)),
    usage: "flatten(arrays)",
    summary: "The elements of an array of arrays; NULL when one of the arrays is NULL.",
    examples: [["flatten(array(array(1, 2), array(3, 4)))", "[1, 2, 3, 4]"]],
  }),
  collection({
    name: "sequence",
    arity: [2, 3],
    resolve: (args, call) => {
      const types = args.map((a, i) => coerceArgument(a, classes.integral, i, call));
      const type = types.some((t) => t.kind === "bigint") ? types.find((t) => t.kind === "bigint")! : intType;
      return { args: types.map(() => type), returns: arrayType(type, false) };
    },
    bind: ({ returns }) => {
      const whole = elementOf(returns).kind === "bigint";
      return (start, stop, step) => {
        const [from, to] = [BigInt(start as number), BigInt(stop as number)];
        const by = step === undefined ? (from <= to ? 1n : -1n) : BigInt(step as number);
        const count = by === 0n ? (from === to ? 1n : -1n) : (to - from) / by + 1n;
        if (count < 0n || (from !== to && to > from !== by > 0n) || count > 2147483632n)
          throw new MillraceError("INVALID_SEQUENCE", { start: String(from), stop: String(to), step: String(by) });
        return Array.from({ length: Number(count) }, (_, i) =>
          whole ? from + by * BigInt(i) : Number(from + by * BigInt(i)),
        );
      };
    },
    usage: "sequence(start, stop[, step])",
    summary: "Integers from start to stop, both included.",
    examples: [["sequence(1, 5)", "[1, 2, 3, 4, 5]"]],
  }),
];
