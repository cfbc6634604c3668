/** Higher-order functions: those that take lambdas. In generated code the lambda is a local function, called in a loop. */
import { comparatorOf } from "../../columnar/compare.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  booleanType,
  type DataType,
  intType,
  type MapType,
  mapType,
  sameTypeIgnoringNullability,
  type SqlMap,
  type SqlValue,
} from "../../types/data-type.ts";
import { textOf } from "../cast-text.ts";
import { findCommonType } from "../coercion.ts";
import { js, valueOf } from "../code.ts";
import type { Code, EmitContext, Emitted, Emitter } from "../emitter.ts";
import { type ArgumentInfo, type LambdaInput, type Lambdas, lambdaOf, type Signature } from "../function.ts";
import type { ScalarFunction } from "../function.ts";
import { distinctKeyOf } from "../aggregates/distinct-keys.ts";
import { type CallInfo, requireOrderable, type Resolve, unexpectedInput } from "../resolution.ts";
import { quotedType, typeText } from "../type-text.ts";
import {
  arrayArgument,
  type ArrayOf,
  collection as record,
  elementOf,
  type Items,
  mapArgument,
  mapBuilder,
  requireMapKey,
} from "./collection-record.ts";

const collection: typeof record = (fields) => record({ group: "Higher-order", ...fields });

const elementInput = (array: ArrayOf, nullable = array.containsNull): LambdaInput => ({
  type: array.element,
  nullable,
});
const indexInput: LambdaInput = { type: intType, nullable: false };

/** Lambdas over the elements of the first argument. */
const overElements = (withIndex: boolean): Lambdas => ({
  from: 1,
  inputs(args, _index, written, call) {
    const element = elementInput(arrayArgument(args[0]!, 0, call));
    return withIndex && written === 2 ? [element, indexInput] : [element];
  },
});
/** Lambdas over the entries of the first argument. */
const overEntries: Lambdas = {
  from: 1,
  inputs(args, _index, _written, call) {
    const map = mapArgument(args[0]!, 0, call);
    return [
      { type: map.key, nullable: false },
      { type: map.value, nullable: map.valueContainsNull },
    ];
  },
};

function requireType(arg: ArgumentInfo, wanted: DataType, index: number, call: CallInfo): void {
  if (!sameTypeIgnoringNullability(arg.type, wanted)) throw unexpectedInput(arg, typeText(wanted), index, call);
}
const predicate: Resolve = ([collected, test], call) => {
  requireType(test!, booleanType, 1, call);
  return { args: [collected!.type, booleanType], returns: booleanType };
};
const filtered: Resolve = (args, call) => ({ ...predicate(args, call), returns: args[0]!.type });

/** Emits `for (each element) …` and gives the element and its position to `body`. */
function loop(ctx: EmitContext, array: Code, body: (item: Code, at: Code) => Code): void {
  const [i, item] = [ctx.fresh("i"), ctx.fresh("t")];
  ctx.line(js`for (let ${i} = 0; ${i} < ${array}.length; ${i}++) { const ${item} = ${array}[${i}]; ${body(item, i)} }`);
}
/** An emitter that collects into an array. */
function collecting(body: (out: Code, lambda: Code, item: Code, at: Code) => Code): Emitter {
  return {
    emit([array, lambda], ctx): Emitted {
      const out = ctx.fresh("t");
      ctx.line(js`const ${out} = [];`);
      loop(ctx, valueOf(array!), (item, at) => body(out, valueOf(lambda!), item, at));
      return { shape: "boxed", isNull: js.false, value: out };
    },
  };
}
/** EXISTS and FORALL: the first element that decides ends the loop; without one, a NULL makes the answer NULL. */
function deciding(decision: boolean): Emitter {
  const [decided, neutral] = decision ? [js.true, js.false] : [js.false, js.true];
  return {
    emit([array, lambda], ctx) {
      const [value, isNull, result] = [ctx.fresh("v"), ctx.fresh("n"), ctx.fresh("t")];
      ctx.line(js`let ${value} = ${neutral}, ${isNull} = false;`);
      loop(
        ctx,
        valueOf(array!),
        (item) =>
          js`const ${result} = ${valueOf(lambda!)}(${item}); if (${result} === ${decided}) { ${value} = ${decided}; ${isNull} = false; break; } if (${result} === null) ${isNull} = true;`,
      );
      return { shape: "fixed", isNull, value };
    },
  };
}
function decide(items: Items, test: (item: SqlValue) => SqlValue, decision: boolean): SqlValue {
  let unknown = false;
  for (const item of items) {
    const result = test(item);
    if (result === decision) return decision;
    if (result === null) unknown = true;
  }
  return unknown ? null : !decision;
}

/** aggregate(array, zero, merge[, finish]) */
const reduce: ScalarFunction = collection({
  name: "aggregate",
  aliases: ["reduce"],
  arity: [3, 4],
  lambdas: {
    from: 2,
    inputs(args, index, _written, call) {
      const array = arrayArgument(args[0]!, 0, call);
      const state = { type: args[1]!.type, nullable: true };
      return index === 0 ? [state, elementInput(array)] : [state];
    },
  },
  resolve(args, call) {
    const [array, zero, merge, finish] = args;
    requireType(merge!, zero!.type, 2, call);
    return {
      args: [array!.type, zero!.type, zero!.type, ...(finish === undefined ? [] : [finish.type])],
      returns: (finish ?? zero!).type,
    };
  },
  nulls: "custom",
  canReturnNull: true,
  bind: () => (array, zero, merge, finish) => {
    if (array === null) return null;
    const step = lambdaOf(merge);
    let state: SqlValue = zero!;
    for (const item of array as Items) state = step(state, item);
    return finish === undefined ? state : lambdaOf(finish)(state);
  },
  emit: {
    emit([array, zero, merge, finish], ctx, { args, returns }: Signature) {
      const [state, items] = [ctx.fresh("t"), valueOf(array!)];
      ctx.line(js`let ${state} = null;`);
      const missing = array!.isNull;
      ctx.branch(js`!${missing}`, () => {
        ctx.line(js`${state} = ${ctx.box(zero!, args[1]!)};`);
        loop(ctx, items, (item) => js`${state} = ${valueOf(merge!)}(${state}, ${item});`);
        if (finish !== undefined) ctx.line(js`${state} = ${valueOf(finish)}(${state});`);
      });
      return ctx.unbox(state, returns);
    },
  },
  usage: "aggregate(array, zero, (state, x) -> …[, state -> …]), reduce(…)",
  summary:
    "Folds the elements into a state that begins as zero and keeps its type; the last lambda makes the result of it.",
  examples: [
    ["aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x)", "6"],
    ["aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10)", "60"],
  ],
});

/** array_sort(array[, (a, b) -> …]) */
const arraySort = collection({
  name: "array_sort",
  group: "Collections",
  arity: [1, 2],
  lambdas: {
    from: 1,
    inputs(args, _index, _written, call) {
      const element = elementInput(arrayArgument(args[0]!, 0, call), true);
      return [element, element];
    },
  },
  resolve(args, call) {
    const array = arrayArgument(args[0]!, 0, call);
    if (args[1] === undefined) requireOrderable("array_sort", array.element, call);
    else if (args[1].type.kind !== "int") {
      throw new MillraceError("DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE", {
        sqlExpr: call.sql,
        functionName: "`array_sort`",
        expectedType: '"INT"',
        actualType: quotedType(args[1].type),
      });
    }
    return { args: [array, ...(args[1] === undefined ? [] : [intType])], returns: array };
  },
  bind: ({ returns }) => {
    const compare = comparatorOf(elementOf(returns), false);
    const text = textOf(elementOf(returns), "UTC");
    return (array, lambda) => {
      if (lambda === undefined) return (array as Items).toSorted(compare);
      const order = lambdaOf(lambda);
      return (array as Items).toSorted((a, b) => {
        const result = order(a, b);
        if (result !== null) return result as number;
        const shown = (value: SqlValue): string => (value === null ? "NULL" : text(value));
        throw new MillraceError("COMPARATOR_RETURNS_NULL", { firstValue: shown(a), secondValue: shown(b) });
      });
    };
  },
  usage: "array_sort(array[, (a, b) -> …])",
  summary:
    "The elements in ascending order, NULLs last, or in the order of a lambda that gives an INT below, equal to or above 0.",
  examples: [
    ["array_sort(array('b', NULL, 'c', 'a'))", "[a, b, c, NULL]"],
    ["array_sort(array(5, 6, 1), (a, b) -> CASE WHEN a < b THEN 1 WHEN a > b THEN -1 ELSE 0 END)", "[6, 5, 1]"],
  ],
});

const zipWith = collection({
  name: "zip_with",
  arity: [3, 3],
  lambdas: {
    from: 2,
    inputs: (args, _index, _written, call) => args.map((arg, i) => elementInput(arrayArgument(arg, i, call), true)),
  },
  resolve: ([left, right, lambda]) => ({
    args: [left!.type, right!.type, lambda!.type],
    returns: arrayType(lambda!.type, lambda!.nullable),
  }),
  bind: () => (left, right, lambda) => {
    const [a, b, f] = [left as Items, right as Items, lambdaOf(lambda)];
    const out: SqlValue[] = [];
    for (let i = 0; i < Math.max(a.length, b.length); i++)
      out.push(f(i < a.length ? a[i]! : null, i < b.length ? b[i]! : null));
    return out;
  },
  usage: "zip_with(left, right, (x, y) -> …)",
  summary: "The lambda over elements at the same position; the shorter array is filled with NULLs.",
  examples: [["zip_with(array(1, 2), array(3, 4), (x, y) -> x + y)", "[4, 6]"]],
});

const mapZipWith = collection({
  name: "map_zip_with",
  arity: [3, 3],
  lambdas: {
    from: 2,
    coerce(args, call) {
      const [left, right] = args.map((arg, i) => mapArgument(arg, i, call)) as [MapType, MapType];
      const key = findCommonType(left.key, right.key, call.ansi);
      if (key === undefined) {
        throw new MillraceError("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES", {
          sqlExpr: call.sql,
          functionName: "`map_zip_with`",
          leftType: quotedType(left.key),
          rightType: quotedType(right.key),
        });
      }
      return [left, right].map((map) => mapType(key, map.value, map.valueContainsNull));
    },
    inputs(args, _index, _written, call) {
      const [left, right] = args.map((arg, i) => mapArgument(arg, i, call)) as [MapType, MapType];
      return [
        { type: left.key, nullable: false },
        { type: left.value, nullable: true },
        { type: right.value, nullable: true },
      ];
    },
  },
  resolve: ([left, right, lambda]) => ({
    args: [left!.type, right!.type, lambda!.type],
    returns: mapType((left!.type as MapType).key, lambda!.type, lambda!.nullable),
  }),
  bind: ({ args }) => {
    const keyOf = distinctKeyOf((args[0] as MapType).key);
    return (left, right, lambda) => {
      const [a, b, f] = [left as SqlMap, right as SqlMap, lambdaOf(lambda)];
      const entries = new Map<unknown, { readonly key: SqlValue; x: SqlValue; y: SqlValue }>();
      a.keys.forEach((key, i) => entries.set(keyOf(key), { key, x: a.values[i]!, y: null }));
      b.keys.forEach((key, i) => {
        const entry = entries.get(keyOf(key));
        if (entry === undefined) entries.set(keyOf(key), { key, x: null, y: b.values[i]! });
        else entry.y = b.values[i]!;
      });
      const all = [...entries.values()];
      return { keys: all.map(({ key }) => key), values: all.map(({ key, x, y }) => f(key, x, y)) };
    };
  },
  usage: "map_zip_with(left, right, (key, x, y) -> …)",
  summary: "The keys of both maps with the lambda over their two values, NULL where a map has not the key.",
  examples: [
    ["map_zip_with(map(1, 'a', 2, 'b'), map(1, 'x', 2, 'y'), (k, v1, v2) -> concat(v1, v2))", "{1 -> ax, 2 -> by}"],
  ],
});

export const higherOrder: readonly ScalarFunction[] = [
  collection({
    name: "transform",
    arity: [2, 2],
    lambdas: overElements(true),
    resolve: ([array, lambda]) => ({
      args: [array!.type, lambda!.type],
      returns: arrayType(lambda!.type, lambda!.nullable),
    }),
    bind: () => (array, lambda) => {
      const f = lambdaOf(lambda);
      return (array as Items).map((item, i) => f(item, i));
    },
    emit: collecting((out, lambda, item, at) => js`${out}.push(${lambda}(${item}, ${at}));`),
    usage: "transform(array, x -> …), transform(array, (x, i) -> …)",
    summary: "The lambda of each element, and of its position from 0.",
    examples: [
      ["transform(array(1, 2, 3), x -> x + 1)", "[2, 3, 4]"],
      ["transform(array(1, 2, 3), (x, i) -> x + i)", "[1, 3, 5]"],
    ],
  }),
  collection({
    name: "filter",
    arity: [2, 2],
    lambdas: overElements(true),
    resolve: filtered,
    bind: () => (array, lambda) => {
      const f = lambdaOf(lambda);
      return (array as Items).filter((item, i) => f(item, i) === true);
    },
    emit: collecting((out, lambda, item, at) => js`if (${lambda}(${item}, ${at}) === true) ${out}.push(${item});`),
    usage: "filter(array, x -> …), filter(array, (x, i) -> …)",
    summary: "The elements for which the lambda is true.",
    examples: [["filter(array(1, 2, 3), x -> x % 2 = 1)", "[1, 3]"]],
  }),
  collection({
    name: "exists",
    arity: [2, 2],
    lambdas: overElements(false),
    resolve: predicate,
    canReturnNull: true,
    bind: () => (array, lambda) => decide(array as Items, lambdaOf(lambda), true),
    emit: deciding(true),
    usage: "exists(array, x -> …)",
    summary: "Whether the lambda is true for an element; NULL when it is for none but NULL for one.",
    examples: [["exists(array(1, 2, 3), x -> x % 2 = 0)", "true"]],
  }),
  collection({
    name: "forall",
    arity: [2, 2],
    lambdas: overElements(false),
    resolve: predicate,
    canReturnNull: true,
    bind: () => (array, lambda) => decide(array as Items, lambdaOf(lambda), false),
    emit: deciding(false),
    usage: "forall(array, x -> …)",
    summary: "Whether the lambda is true for all elements; NULL when it is false for none but NULL for one.",
    examples: [["forall(array(1, 2, 3), x -> x % 2 = 0)", "false"]],
  }),
  reduce,
  zipWith,
  collection({
    name: "transform_keys",
    arity: [2, 2],
    lambdas: overEntries,
    resolve([map, lambda], call) {
      requireMapKey(lambda!.type, call);
      const { value, valueContainsNull } = map!.type as MapType;
      return { args: [map!.type, lambda!.type], returns: mapType(lambda!.type, value, valueContainsNull) };
    },
    bind: ({ returns }, context) => {
      const build = mapBuilder((returns as MapType).key, context);
      return (map, lambda) => {
        const { keys, values } = map as SqlMap;
        const f = lambdaOf(lambda);
        return build(
          keys.map((key, i) => f(key, values[i]!)),
          values,
        );
      };
    },
    usage: "transform_keys(map, (key, value) -> …)",
    summary: "The map with other keys. A NULL key and a key that comes twice are errors.",
    examples: [["transform_keys(map_from_arrays(array(1, 2), array('a', 'b')), (k, v) -> k + 1)", "{2 -> a, 3 -> b}"]],
  }),
  collection({
    name: "transform_values",
    arity: [2, 2],
    lambdas: overEntries,
    resolve: ([map, lambda]) => ({
      args: [map!.type, lambda!.type],
      returns: mapType((map!.type as MapType).key, lambda!.type, lambda!.nullable),
    }),
    bind: () => (map, lambda) => {
      const { keys, values } = map as SqlMap;
      const f = lambdaOf(lambda);
      return { keys, values: keys.map((key, i) => f(key, values[i]!)) };
    },
    usage: "transform_values(map, (key, value) -> …)",
    summary: "The map with other values.",
    examples: [["transform_values(map('a', 1, 'b', 2), (k, v) -> v + 1)", "{a -> 2, b -> 3}"]],
  }),
  collection({
    name: "map_filter",
    arity: [2, 2],
    lambdas: overEntries,
    resolve: filtered,
    bind: () => (map, lambda) => {
      const { keys, values } = map as SqlMap;
      const f = lambdaOf(lambda);
      const kept = keys.flatMap((key, i) => (f(key, values[i]!) === true ? [i] : []));
      return { keys: kept.map((i) => keys[i]!), values: kept.map((i) => values[i]!) };
    },
    usage: "map_filter(map, (key, value) -> …)",
    summary: "The entries for which the lambda is true.",
    examples: [["map_filter(map(1, 0, 2, 2, 3, -1), (k, v) -> k > v)", "{1 -> 0, 3 -> -1}"]],
  }),
  mapZipWith,
  arraySort,
];
