/** Functions that make arrays and structs, and those that look into arrays and maps. */
import { comparatorOf, equalValues } from "../../columnar/compare.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  booleanType,
  type DataType,
  intType,
  type SqlMap,
  type SqlValue,
  stringType,
  structType,
} from "../../types/data-type.ts";
import { js } from "../code.ts";
import type { ArgumentInfo, ScalarFunction } from "../function.ts";
import { coerceArgument, commonOf, requireOrderable, unexpectedInput } from "../resolution.ts";
import { quotedType } from "../type-text.ts";
import { arrayAndKey, integerArgument } from "./arrays.ts";
import { arrayArgument, collection, elementOf, type Items, ofArray } from "./collection-record.ts";

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
      const array = arrayArgument(args[0]!, 0, call);
      return { args: [array, integerArgument(args[1]!, 1, call)], returns: array.element };
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
  resolve(args, call) {
    if (args.length % 2 !== 0) {
      throw new MillraceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
        functionName: "`named_struct`",
        expectedNum: "2n (n > 0)",
        actualNum: String(args.length),
      });
    }
    const nameOf = (arg: ArgumentInfo): string => {
      if (arg.type.kind === "string" && typeof arg.literal?.value === "string") return arg.literal.value;
      throw new MillraceError("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", {
        sqlExpr: call.sql,
        inputExprs: `[${quotedType(arg.type)}]`,
      });
    };
    return {
      args: args.map((a, i) => (i % 2 === 0 ? stringType : a.type)),
      returns: structType(
        args.flatMap((a, i) =>
          i % 2 === 0 ? [] : [{ name: nameOf(args[i - 1]!), type: a.type, nullable: a.nullable }],
        ),
      ),
    };
  },
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
    name: "size",
    aliases: ["cardinality"],
    arity: [1, 1],
    resolve: (args, call) => {
      const { type } = args[0]!;
      const bare = type.kind === "map" || type.kind === "null";
      return { args: [bare ? type : arrayArgument(args[0]!, 0, call)], returns: intType };
    },
    nulls: "custom",
    canReturnNull: (args, ansi) => ansi && args[0]!.nullable,
    bind:
      (_types, { ansi }) =>
      (value) => {
        if (value === null) return ansi ? null : -1;
        return Array.isArray(value) ? value.length : (value as SqlMap).keys.length;
      },
    usage: "size(expr)",
    summary: "Number of elements of an array or entries of a map; NULL of NULL, −1 when not ANSI.",
    examples: [["size(array('b', 'd', 'c'))", "3"]],
  }),
  collection({
    name: "array_size",
    arity: [1, 1],
    resolve: (args, call) => ({ args: [arrayArgument(args[0]!, 0, call)], returns: intType }),
    bind: () => (value) => (value as Items).length,
    usage: "array_size(array)",
    summary: "Number of elements of an array; NULL of NULL.",
    examples: [["array_size(array('b', 'd', 'c', 'a'))", "4"]],
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
    resolve: (args, call) => ({ ...arrayAndKey("array_contains", args, call), returns: booleanType }),
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
    resolve: (args, call) => ({ ...arrayAndKey("array_position", args, call), returns: { kind: "bigint" } }),
    bind:
      ({ args }) =>
      (array, value) =>
        BigInt((array as Items).findIndex((item) => item !== null && equalValues(args[1]!, item, value!)) + 1),
    usage: "array_position(array, value)",
    summary: "Position from 1 of the first equal element; 0 when there is none.",
    examples: [["array_position(array(3, 2, 1), 1)", "3"]],
  }),
  collection({
    name: "sort_array",
    arity: [1, 2],
    resolve: (args, call) => {
      if (args[1] !== undefined && args[1].type.kind !== "boolean") throw unexpectedInput(args[1], "BOOLEAN", 1, call);
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
  extremeElement("array_max", 1),
  extremeElement("array_min", -1),
];
