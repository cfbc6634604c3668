import {
  booleanType,
  type DataType,
  doubleType,
  sameTypeIgnoringNullability,
  type SqlValue,
} from "../../types/data-type.ts";
import { bindCast } from "../casts.ts";
import { both, js, negated, valueOf } from "../code.ts";
import type { EmitContext, Emitted, Emitter } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { comparatorOf } from "../../columnar/compare.ts";
import { comparisonType } from "./comparison.ts";
import { commonOf, coerceArgument, misfitOperands, sameTyped, signature, unexpectedInput } from "../resolution.ts";
import { relationCode } from "./comparison.ts";

const group = "Conditional";

function assignNull(ctx: EmitContext, out: Emitted, type: DataType): void {
  ctx.assign(out, ctx.unbox(js.null, type));
}

/** c1, v1, c2, v2 … [else]: the branches after the first true condition are not evaluated. */
const emitWhen: Emitter = {
  lazy: true,
  emit(args, ctx, types) {
    const out = ctx.declare(types.returns);
    const from = (i: number): void => {
      if (i === args.length) return assignNull(ctx, out, types.returns);
      if (i === args.length - 1) return ctx.assign(out, args[i]!());
      const condition = args[i]!();
      ctx.branch(
        both(negated(condition.isNull), valueOf(condition)),
        () => ctx.assign(out, args[i + 1]!()),
        () => from(i + 2),
      );
    };
    from(0);
    return out;
  },
};

function bindWhen(...args: SqlValue[]): SqlValue {
  let i = 0;
  for (; i + 1 < args.length; i += 2) if (args[i] === true) return args[i + 1]!;
  return i < args.length ? args[i]! : null;
}

const when: ScalarFunction = {
  name: "when",
  since: "0.1.0",
  arity: [2, Number.POSITIVE_INFINITY],
  resolve(args, call) {
    const isCondition = (i: number): boolean => i % 2 === 0 && i + 1 < args.length;
    const values = args.filter((_, i) => !isCondition(i)).map((a) => a.type);
    const common = commonOf("casewhen", values, call);
    return {
      args: args.map((arg, i) => (isCondition(i) ? coerceArgument(arg, booleanType, i, call) : common)),
      returns: common,
    };
  },
  nulls: "custom",
  canReturnNull: (args) =>
    args.length % 2 === 0 || args.some((a, i) => a.nullable && (i % 2 === 1 || i === args.length - 1)),
  deterministic: true,
  bind: () => bindWhen,
  emit: emitWhen,
  doc: {
    group,
    usage: "CASE WHEN cond1 THEN value1 … [ELSE value] END, when(cond1, value1, …[, value])",
    summary: "The value of the first condition that is true, else the last one, else NULL.",
    examples: [{ sql: "CASE WHEN 1 > 2 THEN 'a' WHEN 2 > 1 THEN 'b' ELSE 'c' END", result: "b" }],
  },
};

const ifElse: ScalarFunction = {
  name: "if",
  aliases: ["iff"],
  since: "0.1.0",
  arity: [3, 3],
  resolve(args, call) {
    const common = commonOf("if", [args[1]!.type, args[2]!.type], call);
    const { kind } = args[0]!.type;
    if (kind !== "boolean" && kind !== "null") throw unexpectedInput(args[0]!, "BOOLEAN", 0, call);
    return { args: [booleanType, common, common], returns: common };
  },
  nulls: "custom",
  canReturnNull: (args) => args[1]!.nullable || args[2]!.nullable,
  deterministic: true,
  bind: () => bindWhen,
  emit: emitWhen,
  doc: {
    group,
    usage: "if(cond, value1, value2)",
    summary: "The first value where the condition is true, the second where it is false or NULL.",
    examples: [{ sql: "if(1 < 2, 'a', 'b')", result: "a" }],
  },
};

/** The first argument that is not NULL; later ones are not evaluated. */
const emitCoalesce: Emitter = {
  lazy: true,
  emit(args, ctx, types) {
    const out = ctx.declare(types.returns);
    const from = (i: number): void => {
      if (i === args.length) return assignNull(ctx, out, types.returns);
      const value = args[i]!();
      if (i === args.length - 1 || value.isNull === js.false) return ctx.assign(out, value);
      ctx.branch(
        value.isNull,
        () => from(i + 1),
        () => ctx.assign(out, value),
      );
    };
    from(0);
    return out;
  },
};

const coalesce: ScalarFunction = {
  name: "coalesce",
  since: "0.1.0",
  arity: [1, Number.POSITIVE_INFINITY],
  resolve: sameTyped("coalesce"),
  nulls: "custom",
  canReturnNull: (args) => args.every((a) => a.nullable),
  deterministic: true,
  bind:
    () =>
    (...args) =>
      args.find((a) => a !== null) ?? null,
  emit: emitCoalesce,
  doc: {
    group,
    usage: "coalesce(expr1, expr2, …)",
    summary: "The first value that is not NULL.",
    examples: [{ sql: "coalesce(NULL, 1, NULL)", result: "1" }],
  },
};

const nvl2: ScalarFunction = {
  name: "nvl2",
  since: "0.1.0",
  arity: [3, 3],
  resolve(args, call) {
    const common = commonOf("nvl2", [args[1]!.type, args[2]!.type], call);
    return { args: [args[0]!.type, common, common], returns: common };
  },
  nulls: "custom",
  canReturnNull: (args) => args[1]!.nullable || args[2]!.nullable,
  deterministic: true,
  bind: () => (test, value, other) => (test === null ? other! : value!),
  doc: {
    group,
    usage: "nvl2(expr1, expr2, expr3)",
    summary: "The second value where the first is not NULL, else the third.",
    examples: [{ sql: "nvl2(NULL, 2, 1)", result: "1" }],
  },
};

/** The first argument keeps its type: only the comparison is done in the common one. */
const nullif: ScalarFunction = {
  name: "nullif",
  since: "0.1.0",
  arity: [2, 2],
  resolve(args, call) {
    const first = args[0]!.type;
    const common = comparisonType("=", args[0]!, args[1]!, call.ansi);
    if (common === undefined) throw misfitOperands(first, args[1]!.type, "ANY", call);
    return { args: [first, common], returns: first };
  },
  nulls: "custom",
  canReturnNull: true,
  deterministic: true,
  bind({ args }, context) {
    const [first, common] = args as readonly [DataType, DataType];
    const compare = comparatorOf(common);
    const convert = bindCast(first, common, context.ansi ? "ansi" : "legacy", context.timeZone);
    return (a, b) => (a === null || (b !== null && compare(convert(a!), b!) === 0) ? null : a!);
  },
  emit: {
    lazy: true,
    emit([left, right], ctx, types, options) {
      const [first, common] = types.args as readonly [DataType, DataType];
      const a = left!();
      const b = right!();
      const out = ctx.declare(types.returns);
      if (!sameTypeIgnoringNullability(first, common)) {
        const form = ctx.bind(nullif.bind(types, options.context, options.args));
        ctx.assign(out, ctx.unbox(js`${form}(${ctx.box(a, first)}, ${ctx.box(b, common)})`, first));
        return out;
      }
      ctx.branch(
        both(both(negated(a.isNull), negated(b.isNull)), relationCode("=", a, b, common, ctx)),
        () => assignNull(ctx, out, types.returns),
        () => ctx.assign(out, a),
      );
      return out;
    },
  },
  doc: {
    group,
    usage: "nullif(expr1, expr2)",
    summary: "NULL where the two are equal, else the first.",
    examples: [{ sql: "nullif(2, 2)", result: "NULL" }],
  },
};

const isnan: ScalarFunction = {
  name: "isnan",
  since: "0.1.0",
  arity: [1, 1],
  resolve: signature([doubleType], booleanType),
  nulls: "custom",
  canReturnNull: false,
  deterministic: true,
  bind: () => (a) => a !== null && Number.isNaN(a),
  emit: {
    lazy: true,
    emit([arg]) {
      const a = arg!();
      return {
        shape: "fixed",
        isNull: js.false,
        value: both(negated(a.isNull), js`(${valueOf(a)} !== ${valueOf(a)})`),
      };
    },
  },
  doc: {
    group,
    usage: "isnan(expr)",
    summary: "Whether the number is NaN; false for NULL.",
    examples: [{ sql: "isnan(cast('NaN' as double))", result: "true" }],
  },
};

const nanvl: ScalarFunction = {
  name: "nanvl",
  since: "0.1.0",
  arity: [2, 2],
  resolve: signature([doubleType, doubleType], doubleType),
  nulls: "custom",
  canReturnNull: (args) => args.some((a) => a.nullable),
  deterministic: true,
  bind: () => (a, b) => (a !== null && Number.isNaN(a) ? b! : a!),
  doc: {
    group,
    usage: "nanvl(expr1, expr2)",
    summary: "The first number, or the second where the first is NaN.",
    examples: [{ sql: "nanvl(cast('NaN' as double), 123)", result: "123.0" }],
  },
};

export const conditional: readonly ScalarFunction[] = [
  when,
  ifElse,
  coalesce,
  {
    ...coalesce,
    name: "nvl",
    aliases: ["ifnull"],
    arity: [2, 2],
    doc: {
      group,
      usage: "nvl(expr1, expr2), ifnull(expr1, expr2)",
      summary: "The first value, or the second where the first is NULL.",
      examples: [{ sql: "nvl(NULL, 'x')", result: "x" }],
    },
  },
  nvl2,
  nullif,
  isnan,
  nanvl,
];
