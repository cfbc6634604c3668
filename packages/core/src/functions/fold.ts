import type { Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import type { SqlValue } from "../types/data-type.ts";
import { bindCast } from "./casts.ts";
import type { ArgumentInfo, EvalContext } from "./function.ts";
import { functionRegistry } from "./registry.ts";
import { nullableOf, typeOf } from "../expressions/typing.ts";

/**
 * The value of a resolved expression without columns, or undefined when it is not constant: it reads a column, calls a
 * user's function, is not deterministic, or depends on the batch (functions without arguments, such as
 * `current_timestamp()`, are never folded). Errors of the evaluation surface to the caller.
 */
export function constantValue(expr: Expr, context: EvalContext): Constant | undefined {
  if (expr.kind !== "Call" && expr.kind !== "Cast") return computeConstant(expr, context);
  // Resolution asks for every level of a nested expression: without memory, that is quadratic in the depth.
  let known = outcomes.get(context);
  if (known === undefined) outcomes.set(context, (known = new WeakMap()));
  let outcome = known.get(expr);
  if (outcome === undefined) {
    try {
      outcome = { constant: computeConstant(expr, context) };
    } catch (error) {
      outcome = { error };
    }
    known.set(expr, outcome);
  }
  if ("error" in outcome) throw outcome.error;
  return outcome.constant;
}

type Constant = { readonly value: SqlValue };
type Outcome = { readonly constant: Constant | undefined } | { readonly error: unknown };
const outcomes = new WeakMap<EvalContext, WeakMap<Expr, Outcome>>();

function computeConstant(expr: Expr, context: EvalContext): Constant | undefined {
  switch (expr.kind) {
    case "Literal":
      return { value: expr.value };
    case "Alias":
      return constantValue(expr.child, context);
    case "Cast": {
      const child = constantValue(expr.child, context);
      if (child === undefined) return undefined;
      if (child.value === null) return { value: null };
      return { value: bindCast(typeOf(expr.child), expr.type, expr.mode ?? "ansi", context.timeZone)(child.value) };
    }
    case "Call": {
      if (expr.args.length === 0) return undefined;
      const fn = functionRegistry.scalar(expr.fn);
      if (fn === undefined || !fn.deterministic) return undefined;
      const values: SqlValue[] = [];
      for (const arg of expr.args) {
        const value = constantValue(arg, context);
        if (value === undefined) return undefined;
        values.push(value.value);
      }
      if (fn.nulls === "propagate" && values.includes(null)) return { value: null };
      const infos = expr.args.map((arg, i): ArgumentInfo => ({
        type: typeOf(arg),
        nullable: nullableOf(arg),
        literal: { value: values[i]! },
      }));
      const call = fn.bind(
        { args: infos.map((info) => info.type), returns: expr.type },
        { ...context, ansi: expr.ansi },
        infos,
      );
      return { value: call(...values) };
    }
    default:
      return undefined;
  }
}

/** What a function sees of an argument at resolution. A constant whose evaluation fails counts as not constant. */
export function argumentInfo(expr: Expr, context: EvalContext): ArgumentInfo {
  let constant: { readonly value: SqlValue } | undefined;
  try {
    constant = constantValue(expr, context);
  } catch {
    constant = undefined;
  }
  const named = expr.kind === "Attribute" || expr.kind === "Alias" || expr.kind === "GetStructField";
  return {
    ...(named ? { name: expr.name } : {}),
    // Made when an error asks for it.
    get sql(): string {
      return printExpression(expr);
    },
    type: typeOf(expr),
    nullable: nullableOf(expr),
    ...(constant === undefined ? {} : { literal: constant }),
  };
}
