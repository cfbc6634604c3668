import { booleanType, type DataType, type SqlValue } from "../../types/data-type.ts";
import { both, either, fixedLocal, js, negated, valueOf } from "../code.ts";
import type { Emitter } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { readTexts } from "../coercion.ts";
import { misfitOperands, signature } from "../resolution.ts";

const group = "Logic";

/**
 * Three-valued AND (`decides` = false) and OR (`decides` = true): a side that equals `decides` gives the result whatever
 * the other is, so that the right side is evaluated only when the left one does not decide.
 */
function emitConnective(decides: boolean): Emitter {
  return {
    lazy: true,
    emit([left, right], ctx) {
      const a = left!();
      const out = ctx.declare(booleanType);
      const aValue = valueOf(a);
      const undecided = either(a.isNull, decides ? negated(aValue) : aValue);
      ctx.branch(
        undecided,
        () => {
          const b = right!();
          const bValue = valueOf(b);
          const bUndecided = decides ? negated(bValue) : bValue;
          const isNull = either(b.isNull, both(a.isNull, bUndecided));
          ctx.assign(out, { shape: "fixed", isNull, value: bValue });
        },
        () => ctx.assign(out, { shape: "fixed", isNull: js.false, value: decides ? js.true : js.false }),
      );
      return out;
    },
  };
}

function connective(
  name: "and" | "or",
  decides: boolean,
  doc: Pick<ScalarFunction["doc"], "summary" | "examples">,
): ScalarFunction {
  return {
    name,
    since: "0.1.0",
    arity: [2, 2],
    resolve(args, call) {
      const [a, b] = readTexts(args[0]!.type, args[1]!.type, "other", call.ansi);
      const fits = (type: DataType): boolean => type.kind === "boolean" || type.kind === "null";
      if (!fits(a) || !fits(b)) throw misfitOperands(a, b, "BOOLEAN", call);
      return { args: [booleanType, booleanType], returns: booleanType };
    },
    nulls: "custom",
    canReturnNull: (args) => args.some((a) => a.nullable),
    deterministic: true,
    bind: () => (a, b) => {
      if (a === decides || b === decides) return decides;
      return a === null || b === null ? null : !decides;
    },
    emit: emitConnective(decides),
    doc: { group, usage: `expr1 ${name} expr2`, ...doc },
  };
}

const not: ScalarFunction = {
  name: "not",
  aliases: ["!"],
  since: "0.1.0",
  arity: [1, 1],
  resolve: signature([booleanType], booleanType),
  nulls: "propagate",
  canReturnNull: false,
  deterministic: true,
  bind: () => (a) => !(a as boolean),
  emit: { emit: ([a], ctx) => fixedLocal(ctx, js`!${valueOf(a!)}`) },
  doc: {
    group,
    usage: "not expr, ! expr",
    summary: "The opposite truth value.",
    examples: [{ sql: "not true", result: "false" }],
  },
};

function nullTest(name: "isnull" | "isnotnull", whenNull: boolean): ScalarFunction {
  return {
    name,
    since: "0.1.0",
    arity: [1, 1],
    resolve: (args) => ({ args: [args[0]!.type], returns: booleanType }),
    nulls: "custom",
    canReturnNull: false,
    deterministic: true,
    bind:
      () =>
      (a: SqlValue = null) =>
        (a === null) === whenNull,
    emit: {
      lazy: true,
      emit([arg]) {
        const { isNull } = arg!();
        return { shape: "fixed", isNull: js.false, value: whenNull ? isNull : negated(isNull) };
      },
    },
    doc: {
      group,
      usage: `${name}(expr), expr ${whenNull ? "IS NULL" : "IS NOT NULL"}`,
      summary: `Whether the value is ${whenNull ? "" : "not "}NULL.`,
      examples: [{ sql: `${name}(1)`, result: String(!whenNull) }],
    },
  };
}

export const logic: readonly ScalarFunction[] = [
  connective("and", false, {
    summary: "True when both are; false when one is false, even beside a NULL.",
    examples: [
      { sql: "true and NULL", result: "NULL" },
      { sql: "false and NULL", result: "false" },
    ],
  }),
  connective("or", true, {
    summary: "True when one is, even beside a NULL.",
    examples: [
      { sql: "true or NULL", result: "true" },
      { sql: "false or NULL", result: "NULL" },
    ],
  }),
  not,
  nullTest("isnull", true),
  nullTest("isnotnull", false),
];
