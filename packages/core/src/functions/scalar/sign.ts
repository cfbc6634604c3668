import type { SqlValue } from "../../types/data-type.ts";
import { fixedLocal, js, local, valueOf } from "../code.ts";
import { isInterval } from "../coercion.ts";
import type { EvalContext, ScalarFunction, Signature } from "../function.ts";
import { widthName, wrapNumber } from "../integer-width.ts";
import { overflow } from "../kernels/checked.ts";
import { classes, coerceArgument, signature } from "../resolution.ts";

const group = "Arithmetic";

/** Sign changes: of one number or interval. */
function bindSign(
  name: string,
  types: Signature,
  context: EvalContext,
  changes: (negative: boolean) => boolean,
): (a: SqlValue) => SqlValue {
  const { kind } = types.returns;
  const wrap = wrapNumber(kind);
  if (kind === "decimal") return (a) => (changes((a as bigint) < 0n) ? -(a as bigint) : a);
  if (kind === "bigint" || kind === "interval_day_time")
    return (a) => {
      if (!changes((a as bigint) < 0n)) return a;
      const value = BigInt.asIntN(64, -(a as bigint));
      return value === a && value !== 0n && context.ansi ? overflow("long overflow") : value;
    };
  if (kind === "float" || kind === "double")
    return name === "abs" ? (a) => Math.abs(a as number) : (a) => -(a as number);
  return (a) => {
    if (!changes((a as number) < 0)) return a;
    const value = wrap(0 - (a as number));
    return value === a && value !== 0 && context.ansi ? overflow(`${widthName(kind)} overflow`) : value;
  };
}
const signChange = (
  name: string,
  changes: (negative: boolean) => boolean,
  fields: Pick<ScalarFunction, "doc"> & Partial<Pick<ScalarFunction, "aliases">>,
): ScalarFunction => ({
  name,
  since: "0.1.0",
  arity: [1, 1],
  resolve: (args, call) => {
    const type = isInterval(args[0]!.type) ? args[0]!.type : coerceArgument(args[0]!, classes.numeric, 0, call);
    return { args: [type], returns: type };
  },
  nulls: "propagate",
  deterministic: true,
  bind: (types, context) => bindSign(name, types, context, changes),
  emit: {
    emit([arg], ctx, types, options) {
      const a = valueOf(arg!);
      if (types.returns.kind === "double" || types.returns.kind === "float")
        return fixedLocal(ctx, name === "abs" ? js`Math.abs(${a})` : js`-${a}`);
      const value = local(ctx, "v", js`${ctx.bind(bindSign(name, types, options.context, changes))}(${a})`);
      return types.returns.kind === "decimal"
        ? { shape: "boxed", isNull: js.false, value }
        : { shape: "fixed", isNull: js.false, value };
    },
  },
  ...fields,
});

/** Functions that keep or change the sign of one number. */
export const signs: readonly ScalarFunction[] = [
  signChange("negative", () => true, {
    aliases: ["unary_minus"],
    doc: {
      group,
      usage: "negative(expr), - expr",
      summary: "The number or interval with the opposite sign.",
      examples: [{ sql: "negative(1)", result: "-1" }],
    },
  }),
  {
    name: "positive",
    aliases: ["unary_plus"],
    since: "0.1.0",
    arity: [1, 1],
    resolve: (args, call) =>
      isInterval(args[0]!.type)
        ? { args: [args[0]!.type], returns: args[0]!.type }
        : signature([classes.numeric], ([type]) => type!)(args, call),
    nulls: "propagate",
    deterministic: true,
    bind: () => (a) => a ?? null,
    emit: { emit: ([arg]) => arg! },
    doc: {
      group,
      usage: "positive(expr), + expr",
      summary: "The number itself.",
      examples: [{ sql: "positive(-1)", result: "-1" }],
    },
  },
  signChange("abs", (negative) => negative, {
    doc: {
      group,
      usage: "abs(expr)",
      summary: "Absolute value of a number or interval.",
      examples: [{ sql: "abs(-1)", result: "1" }],
    },
  }),
];
