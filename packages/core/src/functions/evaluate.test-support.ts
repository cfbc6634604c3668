import type { Expr } from "../expressions/expression.ts";
import { orderText } from "./aggregates/ordered.ts";
import { transformUp } from "../expressions/traverse.ts";
import { parseExpression } from "../sql/index.ts";
import { type DataType, sameTypeIgnoringNullability, type SqlValue, stringType } from "../types/data-type.ts";
import { bindCast } from "./casts.ts";
import { type ArgumentInfo, type EvalContext, lambdaValue } from "./function.ts";
import { functionRegistry } from "./registry.ts";
import { prettyText } from "./show-string.ts";

export const testContext: EvalContext = { timeZone: "UTC", ansi: true, nowMicros: 1_700_000_000_123_456n, seed: 7n };

export interface Evaluated {
  readonly value: SqlValue;
  readonly type: DataType;
}

/** Evaluates SQL without columns straight through the records: resolve, cast the arguments, bind, call. */
export function evaluateSql(sql: string, context: EvalContext = testContext): Evaluated {
  return evaluate(parseExpression(sql), context);
}

/** The result as `show` prints it. */
export function shown({ value, type }: Evaluated, timeZone = "UTC"): string {
  return prettyText(type, timeZone)(value);
}

export function evaluate(expr: Expr, context: EvalContext): Evaluated {
  switch (expr.kind) {
    case "Literal":
      return expr;
    case "Alias":
      return evaluate(expr.child, context);
    case "Cast": {
      const child = evaluate(expr.child, context);
      const mode = expr.mode ?? (context.ansi ? "ansi" : "legacy");
      return { value: bindCast(child.type, expr.type, mode, context.timeZone)(child.value), type: expr.type };
    }
    case "SortOrder":
      return evaluate(expr.child, context);
    case "UnresolvedFunction":
      return call(expr.name, evaluateArguments(expr, context), context);
    default:
      throw new Error(`not an expression of constants: ${expr.kind}`);
  }
}

/** The arguments of a call; lambdas as closures that evaluate their body over literals. */
export function evaluateArguments(
  expr: Extract<Expr, { readonly kind: "UnresolvedFunction" }>,
  context: EvalContext,
): Evaluated[] {
  const order = expr.args.filter((arg) => arg.kind === "SortOrder");
  if (order.length > 0) {
    const plain = expr.args.filter((arg) => arg.kind !== "SortOrder").map((arg) => evaluate(arg, context));
    const keys = order.map((arg) => evaluate(arg, context));
    return [...plain, { value: orderText(order), type: stringType }, ...keys];
  }
  const lambdas = functionRegistry.scalar(expr.name)?.lambdas;
  if (lambdas === undefined) return expr.args.map((arg) => evaluate(arg, context));
  const plain = expr.args.slice(0, lambdas.from).map((arg) => evaluate(arg, context));
  const infos = plain.map(({ value, type }): ArgumentInfo => ({ type, nullable: true, literal: { value } }));
  return [
    ...plain,
    ...expr.args.slice(lambdas.from).map((lambda, index): Evaluated => {
      if (lambda.kind !== "LambdaFunction") throw new Error("a lambda is expected");
      const { body, parameters } = lambda;
      const inputs = lambdas.inputs(infos, index, parameters.length, { sql: expr.name, ansi: context.ansi });
      const run = (values: readonly SqlValue[]): Evaluated =>
        evaluate(
          transformUp(body, (node) => {
            if (node.kind !== "UnresolvedLambdaVariable") return node;
            const at = parameters.findIndex(({ name }) => name === node.parts[0]);
            return { kind: "Literal", value: values[at]!, type: inputs[at]!.type };
          }),
          context,
        );
      return { value: lambdaValue((...values) => run(values).value), type: run(inputs.map(() => null)).type };
    }),
  ];
}

/** A call with values that are already there. */
export function call(name: string, values: readonly Evaluated[], context: EvalContext = testContext): Evaluated {
  const infos: ArgumentInfo[] = values.map(({ value, type }) => ({
    type,
    nullable: value === null,
    literal: { value },
  }));
  const scalar = functionRegistry.scalar(name);
  const fn = scalar ?? functionRegistry.aggregate(name);
  if (fn === undefined) throw new Error(`no function ${name}`);
  const [least, most] = fn.arity;
  const fits = values.length >= least && values.length <= most;
  if (!fits && !("withinGroup" in fn)) throw new Error(`${name} takes ${least} to ${most} arguments`);
  const signature = fn.resolve(infos, { sql: name, ansi: context.ansi });
  const cast = infos.map((info, i): ArgumentInfo => {
    if (typeof info.literal!.value === "function") return info;
    const to = signature.args[i]!;
    const value = sameTypeIgnoringNullability(info.type, to)
      ? info.literal!.value
      : bindCast(info.type, to, context.ansi ? "ansi" : "legacy", context.timeZone)(info.literal!.value);
    return { type: to, nullable: value === null, literal: { value } };
  });
  const args = cast.map((info) => info.literal!.value);
  if (scalar !== undefined) {
    if (scalar.nulls === "propagate" && args.includes(null)) return { value: null, type: signature.returns };
    return { value: scalar.bind(signature, context, cast)(...args), type: signature.returns };
  }
  const accumulators = functionRegistry.aggregate(name)!.bind(signature, context, cast);
  accumulators.ensure(1);
  accumulators.update(0, args);
  return { value: accumulators.evaluate(0), type: signature.returns };
}
