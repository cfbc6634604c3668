import { MillraceError } from "../../errors/index.ts";
import { booleanType, type DataType, isNumeric, type SqlValue } from "../../types/data-type.ts";
import { bytesOf, either, fixedLocal, joinCode, js, valueOf } from "../code.ts";
import { commonTypeOf, findOperandType, readTexts, sameStructure } from "../coercion.ts";
import { decimalFor } from "../decimal.ts";
import type { Code, EmitContext, Emitted, Emitter } from "../emitter.ts";
import type { ArgumentInfo, ScalarFunction, Signature } from "../function.ts";
import { exactRelation } from "../exact-decimal.ts";
import { equalBytes } from "../kernels/bytes.ts";
import { comparatorOf } from "../../columnar/compare.ts";
import { compareByteRanges } from "../../columnar/utf8.ts";
import { type CallInfo, commonOf, requireOrderable, sameTyped } from "../resolution.ts";
import { quotedType } from "../type-text.ts";

const group = "Comparison";

/** Whether `=` is defined: not for maps, also not inside. */
function requireEquality(name: string, type: DataType, call: CallInfo): void {
  requireOrderable(name, type, call);
}

function resolveComparison(symbol: string): ScalarFunction["resolve"] {
  return (args, call) => {
    const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo];
    const common = comparisonType(symbol, left, right, call.ansi);
    if (common === undefined) {
      throw new MillraceError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", {
        sqlExpr: call.sql,
        left: quotedType(left.type),
        right: quotedType(right.type),
      });
    }
    requireEquality(symbol, common, call);
    return { args: [common, common], returns: booleanType };
  };
}

/** An integer beside a decimal of enough whole digits is compared as that decimal; else the common type. */
export function comparisonType(
  symbol: string,
  left: ArgumentInfo,
  right: ArgumentInfo,
  ansi: boolean,
): DataType | undefined {
  if (left.type.kind === "decimal" && right.type.kind === "decimal") {
    const scale = Math.max(left.type.scale, right.type.scale);
    const range = Math.max(left.type.precision - left.type.scale, right.type.precision - right.type.scale);
    // Beyond 38 digits unscaled values still compare exactly, so no digit is cut.
    return decimalFor({ kind: "decimal", precision: range + scale, scale });
  }
  const [a, b] = readTexts(left.type, right.type, "comparison", ansi);
  // Outside of ANSI mode TRUE equals 1.
  if (!ansi && (symbol === "=" || symbol === "!=" || symbol === "<=>")) {
    if (a.kind === "boolean" && isNumeric(b)) return b;
    if (b.kind === "boolean" && isNumeric(a)) return a;
  }
  return sameStructure(a, b) ? a : findOperandType(a, b, ansi);
}

type Test = (order: number) => boolean;
interface Relation {
  readonly symbol: "=" | "!=" | "<" | "<=" | ">" | ">=";
  readonly test: Test;
}
const relations: readonly Relation[] = [
  { symbol: "=", test: (o) => o === 0 },
  { symbol: "!=", test: (o) => o !== 0 },
  { symbol: "<", test: (o) => o < 0 },
  { symbol: "<=", test: (o) => o <= 0 },
  { symbol: ">", test: (o) => o > 0 },
  { symbol: ">=", test: (o) => o >= 0 },
];

/** The truth of a relation of two JavaScript values that `<` and `===` order as SQL does. */
function plainCode(symbol: Relation["symbol"], a: Code, b: Code): Code {
  switch (symbol) {
    case "=":
      return js`(${a} === ${b})`;
    case "!=":
      return js`(${a} !== ${b})`;
    case "<":
      return js`(${a} < ${b})`;
    case "<=":
      return js`(${a} <= ${b})`;
    case ">":
      return js`(${a} > ${b})`;
    case ">=":
      return js`(${a} >= ${b})`;
  }
}
/** The same for FLOAT and DOUBLE: NaN equals itself and is greater than any other value. */
function doubleCode(symbol: Relation["symbol"], a: Code, b: Code): Code {
  switch (symbol) {
    case "=":
      return js`(${a} === ${b} || (${a} !== ${a} && ${b} !== ${b}))`;
    case "!=":
      return js`(${a} !== ${b} && (${a} === ${a} || ${b} === ${b}))`;
    case "<":
      return js`(${a} < ${b} || (${b} !== ${b} && ${a} === ${a}))`;
    case "<=":
      return js`(${a} <= ${b} || ${b} !== ${b})`;
    case ">":
      return js`(${a} > ${b} || (${a} !== ${a} && ${b} === ${b}))`;
    case ">=":
      return js`(${a} >= ${b} || ${a} !== ${a})`;
  }
}

/** Code of a relation between two non-null values of one type. */
export function relationCode(
  symbol: Relation["symbol"],
  a: Emitted,
  b: Emitted,
  type: DataType,
  ctx: EmitContext,
): Code {
  if (a.shape === "bytes") {
    const both = js`${bytesOf(a)}, ${bytesOf(b)}`;
    if (symbol === "=") return js`${ctx.bind(equalBytes)}(${both})`;
    if (symbol === "!=") return js`!${ctx.bind(equalBytes)}(${both})`;
    return plainCode(symbol, js`${ctx.bind(compareByteRanges)}(${both})`, js`0`);
  }
  if (type.kind === "float" || type.kind === "double") return doubleCode(symbol, valueOf(a), valueOf(b));
  if (type.kind === "decimal") return exactRelation((x, y) => plainCode(symbol, x, y), a, b);
  if (a.shape === "fixed") return plainCode(symbol, valueOf(a), valueOf(b));
  const compare = ctx.bind(comparatorOf(type));
  return plainCode(symbol, js`${compare}(${ctx.box(a, type)}, ${ctx.box(b, type)})`, js`0`);
}

function bindRelation(relation: Relation, type: DataType): (a: SqlValue, b: SqlValue) => boolean {
  const compare = comparatorOf(type);
  return (a, b) => relation.test(compare(a, b));
}

const relationDocs: Readonly<
  Record<Relation["symbol"], { readonly summary: string; readonly sql: string; readonly result: string }>
> = {
  "=": { summary: "Whether two values are equal; NaN equals NaN.", sql: "1 = '1'", result: "true" },
  "!=": { summary: "Whether two values differ.", sql: "1 != 2", result: "true" },
  "<": {
    summary: "Whether the left value comes before the right one; NaN is the greatest number.",
    sql: "1 < 2",
    result: "true",
  },
  "<=": { summary: "Whether the left value comes before the right one or equals it.", sql: "2 <= 2", result: "true" },
  ">": { summary: "Whether the left value comes after the right one.", sql: "2 > 1", result: "true" },
  ">=": {
    summary: "Whether the left value comes after the right one or equals it.",
    sql: "DATE'2024-01-02' >= '2024-01-01'",
    result: "true",
  },
};

const relationFunctions: readonly ScalarFunction[] = relations.map((relation): ScalarFunction => {
  const { symbol } = relation;
  const { summary, sql, result } = relationDocs[symbol];
  return {
    name: symbol,
    ...(symbol === "=" ? { aliases: ["=="] } : symbol === "!=" ? { aliases: ["<>"] } : {}),
    since: "0.1.0",
    arity: [2, 2],
    resolve: resolveComparison(symbol),
    nulls: "propagate",
    canReturnNull: false,
    deterministic: true,
    bind: (types) => bindRelation(relation, types.args[0]!),
    emit: { emit: ([a, b], ctx, types) => fixedLocal(ctx, relationCode(symbol, a!, b!, types.args[0]!, ctx)) },
    doc: { group, usage: `expr1 ${symbol} expr2`, summary, examples: [{ sql, result }] },
  };
});

const nullSafeEqual: ScalarFunction = {
  name: "<=>",
  aliases: ["equal_null"],
  since: "0.1.0",
  arity: [2, 2],
  resolve: resolveComparison("<=>"),
  nulls: "custom",
  canReturnNull: false,
  deterministic: true,
  bind(types) {
    const compare = comparatorOf(types.args[0]!);
    return (a, b) => (a === null || b === null ? a === b : compare(a!, b!) === 0);
  },
  emit: {
    lazy: true,
    emit([left, right], ctx, types) {
      const a = left!();
      const b = right!();
      const out = ctx.declare(booleanType);
      const assign = (value: Code): void => ctx.assign(out, { shape: "fixed", isNull: js.false, value });
      ctx.branch(
        either(a.isNull, b.isNull),
        () => assign(js`(${a.isNull} === ${b.isNull})`),
        () => assign(relationCode("=", a, b, types.args[0]!, ctx)),
      );
      return out;
    },
  },
  doc: {
    group,
    usage: "expr1 <=> expr2",
    summary: "Equality in which NULL equals NULL; never NULL itself.",
    examples: [
      { sql: "NULL <=> NULL", result: "true" },
      { sql: "1 <=> NULL", result: "false" },
    ],
  },
};

/** A set of literals by value; numbers and strings in a Set, the rest by comparison. */
function membership(type: DataType, values: readonly SqlValue[]): (value: SqlValue) => boolean {
  switch (type.kind) {
    case "binary":
    case "variant":
    case "array":
    case "struct":
    case "map": {
      const compare = comparatorOf(type);
      return (value) => values.some((v) => compare(value, v) === 0);
    }
    default: {
      // Set has SQL's equality for all others: NaN is found, −0 and 0 are one.
      const set = new Set(values);
      return (value) => set.has(value);
    }
  }
}

/** The list of `IN` when all of it is constant, without NULLs. */
function literalsOf(
  args: readonly ArgumentInfo[],
): { readonly values: readonly SqlValue[]; readonly hasNull: boolean } | undefined {
  const values: SqlValue[] = [];
  let hasNull = false;
  for (const arg of args.slice(1)) {
    if (arg.literal === undefined) return undefined;
    if (arg.literal.value === null) hasNull = true;
    else values.push(arg.literal.value);
  }
  return { values, hasNull };
}

const emitIn: Emitter = {
  lazy: true,
  emit(args, ctx, types, options) {
    const type = types.args[0]!;
    const value = args[0]!();
    const out = ctx.declare(booleanType);
    const literals = literalsOf(options.args);
    const set = (isNull: Code, found: Code): void => ctx.assign(out, { shape: "fixed", isNull, value: found });
    ctx.branch(
      value.isNull,
      () => set(js.true, js.false),
      () => {
        const others = args.slice(1);
        if (literals !== undefined && value.shape !== "bytes" && others.length > 4) {
          const found = ctx.bind(membership(type, literals.values));
          const hit = valueOf(fixedLocal(ctx, js`${found}(${ctx.box(value, type)})`));
          set(literals.hasNull ? js`!${hit}` : js.false, hit);
          return;
        }
        const items = others.map((arg) => arg());
        const hits = items.map((item) => {
          const equal = relationCode("=", value, item, type, ctx);
          return item.isNull === js.false ? equal : js`(!${item.isNull} && ${equal})`;
        });
        const hit = valueOf(fixedLocal(ctx, hits.length === 0 ? js.false : joinCode(hits, " || ")));
        const anyNull = items.map((item) => item.isNull).reduce(either, js.false);
        set(anyNull === js.false ? js.false : js`(!${hit} && ${anyNull})`, hit);
      },
    );
    return out;
  },
};

const inList: ScalarFunction = {
  name: "in",
  since: "0.1.0",
  arity: [1, Number.POSITIVE_INFINITY],
  resolve(args, call): Signature {
    const types = args.map((a) => a.type);
    const [first] = types as [DataType];
    // Of structs only the types of the fields must be equal.
    const renamed = commonTypeOf(types, call.ansi) === undefined && types.every((type) => sameStructure(first, type));
    const common = renamed ? first : commonOf("in", types, call);
    requireEquality("in", common, call);
    return { args: args.map(() => common), returns: booleanType };
  },
  nulls: "custom",
  canReturnNull: (args) => args.some((a) => a.nullable),
  deterministic: true,
  bind(types, _context, args) {
    const type = types.args[0]!;
    const literals = literalsOf(args);
    if (literals !== undefined && types.args.length === args.length) {
      const has = membership(type, literals.values);
      return (value) => (value === null ? null : has(value!) || (literals.hasNull ? null : false));
    }
    const compare = comparatorOf(type);
    return (value, ...list) => {
      if (value === null) return null;
      let sawNull = false;
      for (const item of list) {
        if (item === null) sawNull = true;
        else if (compare(value!, item) === 0) return true;
      }
      return sawNull ? null : false;
    };
  },
  emit: emitIn,
  doc: {
    group,
    usage: "expr1 in (expr2, …)",
    summary: "Whether the value equals one of the list; NULL when it equals none and the list holds a NULL.",
    examples: [
      { sql: "1 IN (1, 2, 3)", result: "true" },
      { sql: "4 IN (1, NULL)", result: "NULL" },
    ],
  },
};

const between: ScalarFunction = {
  name: "between",
  since: "0.1.0",
  arity: [3, 3],
  resolve: (args, call) => {
    const types = sameTyped("between", () => booleanType)(args, call);
    requireOrderable("between", types.args[0]!, call);
    return types;
  },
  nulls: "custom",
  canReturnNull: (args) => args.some((a) => a.nullable),
  deterministic: true,
  bind(types) {
    const compare = comparatorOf(types.args[0]!);
    return (value, low, high) => {
      if (value === null) return null;
      const above = low === null ? null : compare(value!, low!) >= 0;
      const below = high === null ? null : compare(value!, high!) <= 0;
      if (above === false || below === false) return false;
      return above === null || below === null ? null : true;
    };
  },
  doc: {
    group,
    usage: "expr BETWEEN low AND high",
    summary: "Whether the value lies between two others, both included.",
    examples: [{ sql: "2 BETWEEN 1 AND 3", result: "true" }],
  },
};

function extreme(name: "greatest" | "least", wins: Test): ScalarFunction {
  return {
    name,
    since: "0.1.0",
    arity: [2, Number.POSITIVE_INFINITY],
    resolve: (args, call) => {
      const texts = args.filter((a) => a.type.kind === "string").length;
      // Texts are compared with texts only.
      if (texts > 0 && args.some((a) => a.type.kind !== "string" && a.type.kind !== "null"))
        throw new MillraceError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", {
          sqlExpr: call.sql,
          functionName: `\`${name}\``,
          dataType: `[${args.map((a) => quotedType(a.type)).join(", ")}]`,
        });
      const types = sameTyped(name)(args, call);
      requireOrderable(name, types.returns, call);
      return types;
    },
    nulls: "custom",
    canReturnNull: (args) => args.every((a) => a.nullable),
    deterministic: true,
    bind(types) {
      const compare = comparatorOf(types.returns);
      return (...values) => {
        let best: SqlValue = null;
        for (const value of values) if (value !== null && (best === null || wins(compare(value, best)))) best = value;
        return best;
      };
    },
    doc: {
      group,
      usage: `${name}(expr1, expr2, …)`,
      summary: `The ${name} of the values, NULLs left out; NULL when all are NULL.`,
      examples: [{ sql: `${name}(10, 9, 2, 4, 3)`, result: name === "least" ? "2" : "10" }],
    },
  };
}

export const comparison: readonly ScalarFunction[] = [
  ...relationFunctions,
  nullSafeEqual,
  inList,
  between,
  extreme("greatest", (o) => o > 0),
  extreme("least", (o) => o < 0),
];
