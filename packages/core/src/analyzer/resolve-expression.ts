import { MillraceError } from "../errors/index.ts";
import type { AggregateCall, Expr, UnresolvedFunction } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { childrenOf, someExpression, transformUpOutsideLambdas } from "../expressions/traverse.ts";
import { nullableOf, typeOf } from "../expressions/typing.ts";
import { canCast, castMisfit } from "../functions/casts.ts";
import { argumentInfo } from "../functions/fold.ts";
import { functionRegistry } from "../functions/registry.ts";
import { typeText } from "../functions/type-text.ts";
import { booleanType, type DataType, intType, stringType } from "../types/data-type.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import {
  castTo,
  extractValue,
  findAttribute,
  isWordFunction,
  resolveAttribute,
  resolveLambdaVariable,
  type Scope,
} from "./resolve-attribute.ts";
import { misplacedLambda, resolveHigherOrder } from "./resolve-lambda.ts";
import { resolveWithinGroup } from "./within-group.ts";
import { resolveWindow, unsupportedSyntax } from "./resolve-window.ts";

/** Resolves names, functions and types of an expression. Aliases get ids. Stars and generators must be gone. */
export function resolveExpression(expr: Expr, scope: Scope, context: AnalysisContext): Expr {
  const resolved = transformUpOutsideLambdas(expr, (node) => resolveNode(node, scope, context));
  if (resolved.kind === "LambdaFunction") throw misplacedLambda({});
  return resolved;
}

/** As {@link resolveExpression}, for a condition: must be boolean (a NULL literal is cast). */
export function resolveCondition(condition: Expr, scope: Scope, context: AnalysisContext): Expr {
  const resolved = resolveExpression(condition, scope, context);
  const type = typeOf(resolved);
  if (type.kind === "null") return castTo(resolved, booleanType);
  if (type.kind !== "boolean") {
    throw new MillraceError("DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", {
      sqlExpr: printExpression(condition),
      filter: printExpression(condition),
      type: `"${typeText(type)}"`,
    });
  }
  return resolved;
}

/** `current_date` and the like, where no column or parameter of a lambda has the name. */
function wordFunction(parts: readonly string[], scope: Scope, context: AnalysisContext): Expr | undefined {
  if (!isWordFunction(parts)) return undefined;
  const [name] = parts as readonly [string];
  if (scope.variables?.some((variable) => sameName(variable.name, name, context)) === true) return undefined;
  if (findAttribute({ kind: "UnresolvedAttribute", parts }, scope, context) !== undefined) return undefined;
  return resolveFunction({ kind: "UnresolvedFunction", name, args: [], distinct: false }, scope, context);
}

function resolveNode(node: Expr, scope: Scope, context: AnalysisContext): Expr {
  if (node.kind !== "UnresolvedFunction" && childrenOf(node).some((child) => child.kind === "LambdaFunction"))
    throw misplacedLambda({});
  switch (node.kind) {
    case "UnresolvedAttribute":
      return wordFunction(node.parts, scope, context) ?? resolveAttribute(node, scope, context);
    case "UnresolvedLambdaVariable":
      return wordFunction(node.parts, scope, context) ?? resolveLambdaVariable(node, scope, context);
    case "UnresolvedExtractValue":
      return extractValue(node.child, node.extraction, printExpression(node), context);
    case "UnresolvedFunction":
      return resolveFunction(node, scope, context);
    case "WindowExpression":
      return resolveWindow(node, (fn) => resolveFunction(fn, scope, context, true), context);
    case "Alias":
      if (node.names !== undefined) {
        throw new MillraceError("MULTI_ALIAS_WITHOUT_GENERATOR", {
          expr: `"${printExpression(node.child)}"`,
          names: node.names.map((name) => `\`${name}\``).join(", "),
        });
      }
      return node.id === undefined ? { ...node, id: context.ids.next() } : node;
    case "Cast":
      return resolveCast(node, context);
    case "UnresolvedStar":
      throw new MillraceError("INVALID_USAGE_OF_STAR_OR_REGEX", { elem: "'*'", prettyName: "expression" });
    default:
      return node;
  }
}

function resolveCast(node: Expr & { readonly kind: "Cast" }, context: AnalysisContext): Expr {
  const mode = node.mode ?? (context.evaluation.ansi ? "ansi" : "legacy");
  const from = typeOf(node.child);
  if (!canCast(from, node.type, mode)) {
    throw castMisfit(printExpression(node), from, node.type, mode);
  }
  return node.mode === undefined ? { ...node, mode } : node;
}

/** `struct(a, b + 1, c AS d)` is a named_struct: columns and aliases give the names, the others are col1, col2, …. */
function namedStruct(node: UnresolvedFunction): UnresolvedFunction {
  const args = node.args.flatMap((arg, i): Expr[] => {
    const name =
      "name" in arg && typeof arg.name === "string" && arg.kind !== "UnresolvedFunction" ? arg.name : undefined;
    const value: Expr = { kind: "Literal", value: name ?? `col${i + 1}`, type: stringType };
    return [value, arg.kind === "Alias" ? arg.child : arg];
  });
  return { ...node, name: "named_struct", args };
}

function resolveFunction(
  written: UnresolvedFunction,
  scope: Scope,
  context: AnalysisContext,
  overWindow = false,
): Expr {
  const asked = written.name.toLowerCase() === "struct" && written.args.length > 0 ? namedStruct(written) : written;
  const node = resolveWithinGroup(asked);
  const ansi = context.evaluation.ansi;
  const options = { context: node.origin ?? {} };
  const scalar = functionRegistry.scalar(node.name);
  const fn = scalar ?? functionRegistry.aggregate(node.name);
  if (fn === undefined) {
    if (functionRegistry.generator(node.name) !== undefined) {
      throw new MillraceError(
        "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS",
        { expression: printExpression(node) },
        options,
      );
    }
    if (functionRegistry.window(node.name) !== undefined) {
      throw new MillraceError("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", { funcName: printExpression(node) }, options);
    }
    if (/^grouping(_id)?$/i.test(node.name)) throw new MillraceError("UNSUPPORTED_GROUPING_EXPRESSION", {}, options);
    throw new MillraceError("UNRESOLVED_ROUTINE", { routineName: `\`${node.name}\`` }, options);
  }
  if (node.ignoreNulls === true) throw unsupportedSyntax(fn.name, "IGNORE NULLS", node);
  requireArity(fn, asked);
  const call = {
    // Only errors print it: printing every level of a nested expression is quadratic in the depth.
    get sql(): string {
      return printExpression(asked);
    },
    ansi,
  };
  const ready =
    scalar?.lambdas === undefined
      ? requireNoLambda(node)
      : withOrigin(() => resolveHigherOrder(scalar.lambdas!, node.args, call, scope, context, resolveExpression), node);
  const infos = ready.map((arg) => argumentInfo(arg, context.evaluation));
  const signature = withOrigin(() => fn.resolve(infos, call), node);
  const args = ready.map((arg, i) => castTo(arg, signature.args[i] ?? typeOf(arg), ansi ? "ansi" : "legacy"));
  const coerced = args.map((arg) => argumentInfo(arg, context.evaluation));
  if (scalar === undefined) {
    requireAggregable(node, args, overWindow);
    return resolveAggregateCall(node, fn.name, args, signature.returns, context);
  }
  if (node.distinct) {
    throw new MillraceError(
      "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
      { prettyName: `\`${fn.name}\``, syntax: '"DISTINCT"' },
      options,
    );
  }
  const anyNullable = args.some(nullableOf);
  const returnsNull =
    typeof scalar.canReturnNull === "function" ? scalar.canReturnNull(coerced, ansi) : scalar.canReturnNull;
  const nullable = scalar.nulls === "custom" ? (returnsNull ?? true) : anyNullable || (returnsNull ?? false);
  return { kind: "Call", fn: scalar.name, args, type: signature.returns, nullable, ansi };
}

/** WRONG_NUM_ARGS for a call with more or fewer arguments than the function takes. */
export function requireArity(
  fn: { readonly name: string; readonly arity: readonly [number, number] },
  node: UnresolvedFunction,
): void {
  const [least, greatest] = fn.arity;
  const count = node.args.filter((arg) => arg.kind !== "SortOrder").length;
  if (count < least || count > greatest) {
    throw new MillraceError(
      "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
      {
        functionName: `\`${fn.name}\``,
        expectedNum:
          least === greatest ? `${least}` : greatest === Infinity ? `> ${least - 1}` : `[${least}, ${greatest}]`,
        actualNum: `${count}`,
      },
      { context: node.origin ?? {} },
    );
  }
}

function requireNoLambda(node: UnresolvedFunction): readonly Expr[] {
  if (!node.args.some((arg) => arg.kind === "LambdaFunction")) return node.args;
  throw new MillraceError(
    "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
    { class: node.name },
    { context: node.origin ?? {} },
  );
}

/** Adds the user's line to an error of a function's own checks. */
function withOrigin<T>(resolve: () => T, node: UnresolvedFunction): T {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof MillraceError && node.origin !== undefined && error.context === undefined) {
      throw new MillraceError(error.errorClass, error.parameters as never, { context: node.origin });
    }
    throw error;
  }
}

/** Aggregates are not over aggregates nor over windows; over a window they may be both. */
function requireAggregable(node: UnresolvedFunction, args: readonly Expr[], overWindow: boolean): void {
  if (overWindow) return;
  const where = { context: node.origin ?? {} };
  if (args.some(containsAggregate)) throw new MillraceError("NESTED_AGGREGATE_FUNCTION", {}, where);
  if (args.some((arg) => someExpression(arg, (e) => e.kind === "WindowExpression"))) {
    throw new MillraceError("WINDOW_FUNCTION_INSIDE_AGGREGATE", {}, where);
  }
}

function resolveAggregateCall(
  node: UnresolvedFunction,
  fn: string,
  args: readonly Expr[],
  type: DataType,
  context: AnalysisContext,
): AggregateCall {
  const record = functionRegistry.aggregate(fn)!;
  return {
    kind: "AggregateCall",
    fn,
    // `count()` of nothing counts rows.
    args: fn === "count" && args.length === 0 ? [{ kind: "Literal", value: 1, type: intType }] : args,
    distinct: node.distinct,
    ...(node.filter === undefined ? {} : { filter: node.filter }),
    type,
    nullable: record.nullable,
    ansi: context.evaluation.ansi,
  };
}

export function containsAggregate(expr: Expr): boolean {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "AggregateCall") return true;
    if (next.kind === "UnresolvedFunction" && functionRegistry.aggregate(next.name) !== undefined) return true;
    pending.push(...childrenOf(next));
  }
  return false;
}
