/** The JavaScript forms of calls, which the interpreter runs and generated code falls back to. */
import type { Call, Expr } from "../expressions/expression.ts";
import { nullableOf, typeOf } from "../expressions/typing.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import { argumentInfo } from "../functions/fold.ts";
import type { ArgumentInfo, EvalContext, ScalarFunction, Signature } from "../functions/function.ts";
import { functionRegistry } from "../functions/registry.ts";
import type { SqlValue } from "../types/data-type.ts";
import { withAnsi } from "./batch-context.ts";
import { isConstant } from "./expression-ids.ts";

export function scalarFunction(name: string): ScalarFunction {
  const found = functionRegistry.scalar(name);
  assertInvariant(found !== undefined, "a resolved call names a function of the registry");
  return found;
}

export function argumentInfos(args: readonly Expr[], context: EvalContext): ArgumentInfo[] {
  // Constants do not depend on the batch: its clock and seed must not be read for them.
  const timeless: EvalContext = { timeZone: context.timeZone, ansi: context.ansi, nowMicros: 0n, seed: 0n };
  return args.map((arg) => {
    if (arg.kind === "Literal") return { type: arg.type, nullable: arg.value === null, literal: { value: arg.value } };
    if (arg.kind === "BoundReference" || !isConstant(arg)) return { type: typeOf(arg), nullable: nullableOf(arg) };
    return argumentInfo(arg, timeless);
  });
}

export function signatureOf(call: Call): Signature {
  return { args: call.args.map(typeOf), returns: call.type };
}

/** The call as a function of its arguments' values, NULL rule included. */
export function bindCall(call: Call, context: EvalContext): (...args: SqlValue[]) => SqlValue {
  const fn = scalarFunction(call.fn);
  const bound = fn.bind(signatureOf(call), withAnsi(context, call.ansi), argumentInfos(call.args, context));
  if (fn.nulls === "custom") return bound;
  switch (call.args.length) {
    case 0:
      return bound;
    case 1:
      return (a) => (a === null ? null : bound(a!));
    case 2:
      return (a, b) => (a === null || b === null ? null : bound(a!, b!));
    default:
      return (...args) => (args.includes(null) ? null : bound(...args));
  }
}

/** Lazily evaluated forms nest; each level is a level of blocks in generated code and of calls in the interpreter. */
export const maximumLazyDepth = 300;

export function checkLazyDepth(depth: number): void {
  if (depth > maximumLazyDepth)
    throw new MillraceError("EXPRESSION_NESTED_TOO_DEEP", { depth: String(depth), limit: String(maximumLazyDepth) });
}

/** How a call evaluates its arguments. */
export type Evaluation = "strict" | "and" | "or" | "if" | "when" | "coalesce";

const lazyForms: ReadonlyMap<string, Evaluation> = new Map([
  ["and", "and"],
  ["or", "or"],
  ["if", "if"],
  ["when", "when"],
  ["coalesce", "coalesce"],
]);

export function evaluationOf(expr: Expr): Evaluation {
  return expr.kind === "Call" ? (lazyForms.get(expr.fn) ?? "strict") : "strict";
}

/** The operands of a chain of one connective, however it is nested. */
export function operandsOf(root: Call, connective: "and" | "or"): Expr[] {
  const operands: Expr[] = [];
  const pending: Expr[] = [root];
  for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
    if (expr.kind === "Call" && expr.fn === connective) {
      for (let i = expr.args.length - 1; i >= 0; i--) pending.push(expr.args[i]!);
    } else {
      operands.push(expr);
    }
  }
  return operands;
}

/** The arguments of a form that evaluates lazily; the first is always evaluated, before the form itself. */
export function lazyOperands(call: Call): readonly Expr[] {
  return call.fn === "and" || call.fn === "or" ? operandsOf(call, call.fn) : call.args;
}
