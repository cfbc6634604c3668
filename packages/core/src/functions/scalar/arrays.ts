/** Functions that make arrays of arrays and values. Equality is that of GROUP BY: NULL equals NULL, NaN equals NaN. */
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  booleanType,
  type DataType,
  intType,
  type SqlValue,
  stringType,
  structType,
  sameTypeIgnoringNullability,
} from "../../types/data-type.ts";
import { type DistinctKey, distinctKeyOf } from "../aggregates/distinct-keys.ts";
import { findCommonType, findTightestCommonType, isOrderable } from "../coercion.ts";
import type { ArgumentInfo, ScalarFunction, Signature } from "../function.ts";
import { MersenneTwister } from "../kernels/mersenne-twister.ts";
import { type CallInfo, coerceArgument, requireOrderable, type Resolve, unexpectedInput } from "../resolution.ts";
import { quotedType } from "../type-text.ts";
import {
  arrayArgument,
  collection,
  containsNull,
  elementOf,
  type Items,
  maximumArrayLength,
  ofArray,
} from "./collection-record.ts";

/** An INT, or a smaller integer: nothing else is cast. */
export function integerArgument(arg: ArgumentInfo, index: number, call: CallInfo): DataType {
  if (arg.type.kind === "int" || arg.type.kind === "smallint" || arg.type.kind === "tinyint") return intType;
  throw unexpectedInput(arg, "INT", index, call);
}

/** The common type of two values where numbers are not read from texts. */
export function commonElement(a: DataType, b: DataType): DataType | undefined {
  const isText = (type: DataType): boolean => type.kind === "string";
  if (isText(a) !== isText(b) && a.kind !== "null" && b.kind !== "null") return undefined;
  return findCommonType(a, b);
}

/** The type in which array functions compare elements: Spark does it outside of ANSI mode always, and never widens decimals. */
function comparedElement(a: DataType, b: DataType): DataType | undefined {
  return sameTypeIgnoringNullability(a, b)
    ? a
    : (findTightestCommonType(a, b, false) ??
        (a.kind === "decimal" || b.kind === "decimal" ? undefined : commonElement(a, b)));
}

/** An array and a value that can be an element of it: their types in common. */
export function arrayAndElement(
  name: string,
  args: readonly ArgumentInfo[],
  call: CallInfo,
  valueAt = 1,
  common: (a: DataType, b: DataType) => DataType | undefined = commonElement,
): Signature {
  const array = arrayArgument(args[0]!, 0, call);
  const value = args[valueAt]!;
  const met = common(array.element, value.type);
  if (met === undefined) {
    throw new MillraceError("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", {
      sqlExpr: call.sql,
      functionName: `\`${name}\``,
      dataType: '"ARRAY"',
      leftType: quotedType(array),
      rightType: quotedType(value.type),
    });
  }
  const type = arrayType(met, array.containsNull);
  return { args: args.map((_, i) => (i === 0 ? type : i === valueAt ? met : intType)), returns: type };
}
/** As {@link arrayAndElement}; a NULL literal is no value to look for. */
export function arrayAndKey(name: string, args: readonly ArgumentInfo[], call: CallInfo): Signature {
  if (name === "array_contains") requireTyped(name, args, call);
  const types = arrayAndElement(name, args, call);
  requireOrderable(name, types.args[1]!, call);
  return types;
}
export function requireTyped(name: string, args: readonly ArgumentInfo[], call: CallInfo): void {
  if (args.some((arg) => arg.type.kind === "null"))
    throw new MillraceError("DATATYPE_MISMATCH.NULL_TYPE", { sqlExpr: call.sql, functionName: `\`${name}\`` });
}

/** An array that takes in a value, which may be NULL. */
const withElement =
  (name: string, valueAt: number): Resolve =>
  (args, call) => {
    const { args: types, returns } = arrayAndElement(name, args, call, valueAt);
    return { args: types, returns: arrayType(elementOf(returns), containsNull(returns) || args[valueAt]!.nullable) };
  };

/** Two arrays of one type. */
const twoArrays =
  (name: string, returns: (left: boolean, right: boolean, element: DataType) => DataType): Resolve =>
  (args, call) => {
    const [left, right] = args.map((arg, i) =>
      i === 0 || arg.type.kind === "array" ? arrayArgument(arg, i, call) : undefined,
    );
    const element = right === undefined ? undefined : comparedElement(left!.element, right.element);
    if (right === undefined || element === undefined) {
      throw new MillraceError("DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES", {
        sqlExpr: call.sql,
        functionName: `\`${name}\``,
        arrayType: '"ARRAY"',
        leftType: quotedType(left!),
        rightType: quotedType(args[1]!.type),
      });
    }
    requireOrderable(name, element, call);
    return {
      args: [arrayType(element, left!.containsNull), arrayType(element, right.containsNull)],
      returns: returns(left!.containsNull, right.containsNull, element),
    };
  };

type KeyOf = (value: SqlValue) => DistinctKey;
/** A set operation over the keys of two arrays. */
function setOperation(
  fields: Pick<ScalarFunction, "name"> & { usage: string; summary: string; example: readonly [string, string] },
  returns: (left: boolean, right: boolean, element: DataType) => DataType,
  operate: (left: Items, right: Items, keyOf: KeyOf) => Iterable<SqlValue>,
): ScalarFunction {
  const { example, ...rest } = fields;
  return collection({
    ...rest,
    arity: [2, 2],
    resolve: twoArrays(fields.name, returns),
    bind: ({ returns: type }) => {
      const keyOf = distinctKeyOf(elementOf(type));
      return (left, right) => [...operate(left as Items, right as Items, keyOf)];
    },
    examples: [example],
  });
}
/** The different items, in the order of their first occurrence, that pass. */
function distinctItems(items: Items, keyOf: KeyOf, passes?: (key: DistinctKey) => boolean): Iterable<SqlValue> {
  const seen = new Map<DistinctKey, SqlValue>();
  for (const item of items) {
    const key = keyOf(item);
    if (!seen.has(key) && passes?.(key) !== false) seen.set(key, item);
  }
  return seen.values();
}

function tooLong(length: number, name: string, parameter: string): MillraceError {
  return new MillraceError("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", {
    numberOfElements: String(length),
    functionName: `\`${name}\``,
    maxRoundedArrayLength: String(maximumArrayLength),
    parameter: `\`${parameter}\``,
  });
}

/** Positions from 1, or from −1 at the end; beyond the array, NULLs fill the gap. */
function inserted(items: Items, position: number, value: SqlValue): SqlValue[] {
  if (position === 0) throw new MillraceError("INVALID_INDEX_OF_ZERO", {});
  const length = items.length;
  if (Math.abs(position) > maximumArrayLength) throw tooLong(Math.abs(position), "array_insert", "pos");
  if (position < 0 && -position > length) {
    const gap = new Array<SqlValue>(Math.max(0, -position - length - 1)).fill(null);
    return [value, ...gap, ...items];
  }
  const at = position > 0 ? position - 1 : position + length + 1;
  if (at >= length) return [...items, ...new Array<SqlValue>(at - length).fill(null), value];
  return items.toSpliced(at, 0, value);
}

const arraysZip: ScalarFunction = collection({
  name: "arrays_zip",
  arity: [0, Number.POSITIVE_INFINITY],
  resolve(args, call) {
    const arrays = args.map((arg, i) => arrayArgument(arg, i, call));
    const fields = arrays.map((array, i) => ({
      name: args[i]!.name ?? String(i),
      type: array.element,
      nullable: true,
    }));
    return { args: arrays, returns: arrayType(structType(fields), false) };
  },
  bind:
    () =>
    (...arrays) => {
      const length = Math.max(0, ...arrays.map((array) => (array as Items).length));
      return Array.from({ length }, (_, i) => arrays.map((array) => (array as Items)[i] ?? null));
    },
  usage: "arrays_zip(array1, array2, …)",
  summary: "An array of structs of the elements at the same position; shorter arrays are filled with NULLs.",
  examples: [["arrays_zip(array(1, 2, 3), array(2, 3, 4))", "[{1, 2}, {2, 3}, {3, 4}]"]],
});

const shuffle: ScalarFunction = collection({
  name: "shuffle",
  arity: [1, 2],
  resolve(args, call) {
    const array = arrayArgument(args[0]!, 0, call);
    return {
      args: [array, ...(args[1] === undefined ? [] : [coerceArgument(args[1], { kind: "bigint" }, 1, call)])],
      returns: array,
    };
  },
  deterministic: false,
  bind(_types, context, infos) {
    const written = infos[1]?.literal?.value;
    const random = new MersenneTwister(
      written === undefined || written === null ? context.seed : BigInt(written as bigint),
    );
    return (array) => {
      const items = array as Items;
      const order: number[] = [];
      for (let i = 0; i < items.length; i++) {
        const j = random.below(i + 1);
        if (j !== i) order[i] = order[j]!;
        order[j] = i;
      }
      return order.map((i) => items[i]!);
    };
  },
  usage: "shuffle(array[, seed])",
  summary: "The elements in random order: another for each row, the same when a batch is repeated.",
  examples: [["shuffle(array(7), 1)", "[7]"]],
});

export const arrayFunctions: readonly ScalarFunction[] = [
  collection({
    name: "array_append",
    arity: [2, 2],
    resolve: withElement("array_append", 1),
    nulls: "custom",
    canReturnNull: (args) => args[0]!.nullable,
    bind: () => (array, value) => (array === null ? null : [...(array as Items), value!]),
    usage: "array_append(array, value)",
    summary: "The array with a value, which may be NULL, at its end.",
    examples: [["array_append(array('b', 'd'), 'a')", "[b, d, a]"]],
  }),
  collection({
    name: "array_prepend",
    arity: [2, 2],
    resolve: withElement("array_prepend", 1),
    nulls: "custom",
    canReturnNull: (args) => args[0]!.nullable,
    bind: () => (array, value) => (array === null ? null : [value!, ...(array as Items)]),
    usage: "array_prepend(array, value)",
    summary: "The array with a value, which may be NULL, at its beginning.",
    examples: [["array_prepend(array('b', 'd'), 'a')", "[a, b, d]"]],
  }),
  collection({
    name: "array_insert",
    arity: [3, 3],
    resolve(args, call) {
      const { args: types, returns } = arrayAndElement("array_insert", args, call, 2);
      return {
        args: [types[0]!, integerArgument(args[1]!, 1, call), types[2]!],
        returns: arrayType(elementOf(returns), true),
      };
    },
    nulls: "custom",
    canReturnNull: (args) => args[0]!.nullable || args[1]!.nullable,
    bind: () => (array, position, value) =>
      array === null || position === null ? null : inserted(array as Items, position as number, value!),
    usage: "array_insert(array, position, value)",
    summary:
      "The array with a value at a position from 1, or from −1 behind the last element; NULLs fill a gap. Position 0 is an error.",
    examples: [
      ["array_insert(array(1, 2, 3, 4), 5, 5)", "[1, 2, 3, 4, 5]"],
      ["array_insert(array(5, 4, 3, 2), -1, 1)", "[5, 4, 3, 2, 1]"],
    ],
  }),
  collection({
    name: "array_compact",
    arity: [1, 1],
    resolve: ofArray((array) => arrayType(elementOf(array), false)),
    bind: () => (array) => (array as Items).filter((item) => item !== null),
    usage: "array_compact(array)",
    summary: "The elements that are not NULL.",
    examples: [["array_compact(array(1, 2, 3, NULL))", "[1, 2, 3]"]],
  }),
  collection({
    name: "array_distinct",
    arity: [1, 1],
    resolve(args, call) {
      const types = ofArray((array) => array)(args, call);
      requireOrderable("array_distinct", elementOf(types.returns), call);
      return types;
    },
    bind: ({ returns }) => {
      const keyOf = distinctKeyOf(elementOf(returns));
      return (array) => [...distinctItems(array as Items, keyOf)];
    },
    usage: "array_distinct(array)",
    summary: "The different elements in the order of their first occurrence.",
    examples: [["array_distinct(array(1, 2, 3, NULL, 3))", "[1, 2, 3, NULL]"]],
  }),
  setOperation(
    {
      name: "array_union",
      usage: "array_union(left, right)",
      summary: "The different elements of both arrays.",
      example: ["array_union(array(1, 2, 3), array(1, 3, 5))", "[1, 2, 3, 5]"],
    },
    (left, right, element) => arrayType(element, left || right),
    (left, right, keyOf) => distinctItems([...left, ...right], keyOf),
  ),
  setOperation(
    {
      name: "array_intersect",
      usage: "array_intersect(left, right)",
      summary: "The different elements that are in both arrays.",
      example: ["array_intersect(array(1, 2, 3), array(1, 3, 5))", "[1, 3]"],
    },
    (left, right, element) => arrayType(element, left && right),
    (left, right, keyOf) => {
      const others = new Set(right.map(keyOf));
      return distinctItems(left, keyOf, (key) => others.has(key));
    },
  ),
  setOperation(
    {
      name: "array_except",
      usage: "array_except(left, right)",
      summary: "The different elements of the left array that are not in the right one.",
      example: ["array_except(array(1, 2, 3), array(1, 3, 5))", "[2]"],
    },
    (left, _right, element) => arrayType(element, left),
    (left, right, keyOf) => {
      const others = new Set(right.map(keyOf));
      return distinctItems(left, keyOf, (key) => !others.has(key));
    },
  ),
  collection({
    name: "arrays_overlap",
    arity: [2, 2],
    resolve: twoArrays("arrays_overlap", () => booleanType),
    canReturnNull: true,
    bind: ({ args }) => {
      const keyOf = distinctKeyOf(elementOf(args[0]!));
      return (left, right) => {
        const [a, b] = [left as Items, right as Items];
        const keys = new Set(a.filter((item) => item !== null).map(keyOf));
        if (b.some((item) => item !== null && keys.has(keyOf(item)))) return true;
        return a.length > 0 && b.length > 0 && (a.includes(null) || b.includes(null)) ? null : false;
      };
    },
    usage: "arrays_overlap(left, right)",
    summary: "Whether the arrays have an element in common; NULL when they have none but one holds a NULL.",
    examples: [["arrays_overlap(array(1, 2, 3), array(3, 4, 5))", "true"]],
  }),
  arraysZip,
  collection({
    name: "array_remove",
    arity: [2, 2],
    resolve: (args, call) => arrayAndElement("array_remove", args, call, 1, comparedElement),
    bind: ({ args }) => {
      const keyOf = distinctKeyOf(args[1]!);
      return (array, value) => {
        const key = keyOf(value!);
        return (array as Items).filter((item) => item === null || keyOf(item) !== key);
      };
    },
    usage: "array_remove(array, value)",
    summary: "The array without the elements that equal the value; NULL for the value NULL.",
    examples: [["array_remove(array(1, 2, 3, NULL, 3), 3)", "[1, 2, NULL]"]],
  }),
  collection({
    name: "array_repeat",
    arity: [2, 2],
    resolve: (args, call) => ({
      args: [args[0]!.type, args[1]!.type.kind === "null" ? intType : integerArgument(args[1]!, 1, call)],
      returns: arrayType(args[0]!.type, args[0]!.nullable),
    }),
    nulls: "custom",
    canReturnNull: (args) => args[1]!.nullable,
    bind: () => (value, count) => {
      if (count === null) return null;
      if ((count as number) > maximumArrayLength) throw tooLong(count as number, "array_repeat", "count");
      return new Array<SqlValue>(Math.max(0, count as number)).fill(value!);
    },
    usage: "array_repeat(value, count)",
    summary: "An array that holds a value a number of times.",
    examples: [["array_repeat('123', 2)", "[123, 123]"]],
  }),
  collection({
    name: "slice",
    arity: [3, 3],
    resolve: ofArray((array) => array, [intType, intType]),
    bind: () => (array, start, length) => {
      const [items, from, count] = [array as Items, start as number, length as number];
      if (from === 0)
        throw new MillraceError("INVALID_PARAMETER_VALUE.START", { parameter: "`start`", functionName: "`slice`" });
      if (count < 0)
        throw new MillraceError("INVALID_PARAMETER_VALUE.LENGTH", {
          parameter: "`length`",
          functionName: "`slice`",
          length: String(count),
        });
      const first = from > 0 ? from - 1 : items.length + from;
      return first < 0 ? [] : items.slice(first, first + count);
    },
    usage: "slice(array, start, length)",
    summary: "A part of the array from a position from 1 (from the end when negative).",
    examples: [
      ["slice(array(1, 2, 3, 4), 2, 2)", "[2, 3]"],
      ["slice(array(1, 2, 3, 4), -2, 2)", "[3, 4]"],
    ],
  }),
  shuffle,
  collection({
    name: "array_join",
    arity: [2, 3],
    resolve(args, call) {
      const array = arrayArgument(args[0]!, 0, call);
      const text = arrayType(stringType, array.containsNull);
      if (!isOrderable(array.element) || array.element.kind === "struct" || array.element.kind === "array")
        throw unexpectedInput(args[0]!, "ARRAY<STRING>", 0, call);
      return {
        args: [text, ...args.slice(1).map((a, i) => coerceArgument(a, stringType, i + 1, call))],
        returns: stringType,
      };
    },
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
    canReturnNull: (args) => containsNull(args[0]!.type),
    bind: () => (array) => ((array as Items).includes(null) ? null : (array as readonly Items[]).flat(1)),
    usage: "flatten(arrays)",
    summary: "The elements of an array of arrays; NULL when one of the arrays is NULL.",
    examples: [["flatten(array(array(1, 2), array(3, 4)))", "[1, 2, 3, 4]"]],
  }),
];
