/**
 * Calls of higher-order functions. The plain arguments are resolved first; their types are those of the parameters of the
 * lambdas, whose bodies are resolved next. A name in a body means the innermost parameter of that name, then a column.
 */
import { MillraceError } from "../errors/index.ts";
import type { Expr, LambdaFunction, LambdaVariable, Origin } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { argumentInfo } from "../functions/fold.ts";
import type { Lambdas } from "../functions/function.ts";
import type { CallInfo } from "../functions/resolution.ts";
import type { AnalysisContext } from "./context.ts";
import { castTo, type Scope } from "./resolve-attribute.ts";

/** A lambda where none is expected. */
export function misplacedLambda(context: Origin): MillraceError {
  return new MillraceError("INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION", {}, { context });
}

/** The arguments of the call with its lambdas resolved. */
export function resolveHigherOrder(
  lambdas: Lambdas,
  args: readonly Expr[],
  call: CallInfo,
  scope: Scope,
  context: AnalysisContext,
  resolve: (expr: Expr, scope: Scope, context: AnalysisContext) => Expr,
): readonly Expr[] {
  const written = args.slice(0, lambdas.from);
  if (written.some((arg) => arg.kind === "LambdaFunction")) throw misplacedLambda({});
  const infos = written.map((arg) => argumentInfo(arg, context.evaluation));
  const types = lambdas.coerce?.(infos, call);
  const plain = types === undefined ? written : written.map((arg, i) => castTo(arg, types[i] ?? typeOf(arg)));
  const coerced = plain.map((arg) => argumentInfo(arg, context.evaluation));
  const resolved = args.slice(lambdas.from).map((arg, index): LambdaFunction => {
    const lambda = arg.kind === "LambdaFunction" ? arg : undefined;
    const inputs = lambdas.inputs(coerced, index, lambda?.parameters.length ?? 1, call);
    // A plain expression is a lambda that looks at none of its parameters.
    const names = lambda?.parameters.map(({ name }) => name) ?? inputs.map((_, i) => `col${i}`);
    if (names.length !== inputs.length) {
      throw new MillraceError("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", {
        expectedNumArgs: String(names.length),
        actualNumArgs: String(inputs.length),
      });
    }
    requireDistinct(names, context);
    const variables = inputs.map((input, i): LambdaVariable => ({
      kind: "LambdaVariable",
      id: context.ids.next(),
      name: names[i]!,
      ...input,
    }));
    const inner = { ...scope, variables: [...(scope.variables ?? []), ...variables] };
    return {
      kind: "LambdaFunction",
      body: lambda === undefined ? arg : resolve(lambda.body, inner, context),
      parameters: variables.map(({ id, name, type }) => ({ id, name, type })),
    };
  });
  return [...plain, ...resolved];
}

function requireDistinct(names: readonly string[], context: AnalysisContext): void {
  const keys = context.caseSensitive ? names : names.map((name) => name.toLowerCase());
  if (new Set(keys).size === keys.length) return;
  throw new MillraceError("INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES", {
    args: names.map((name) => `\`${name}\``).join(", "),
    caseSensitiveConfig: '"spark.sql.caseSensitive"',
  });
}
