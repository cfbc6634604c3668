/** Window expressions: which function, over which frame. Their arguments and orders are resolved already. */
import { MillraceError } from "../errors/index.ts";
import type { AggregateCall, Expr, SortOrder, UnresolvedFunction } from "../expressions/expression.ts";
import { printExpression, printFrame } from "../expressions/print.ts";
import { transformUp } from "../expressions/traverse.ts";
import { literal, nullableOf, typeOf } from "../expressions/typing.ts";
import {
  type FrameBound,
  upToPeers,
  wholePartition,
  type WindowCall,
  type WindowExpression,
  type WindowFrame,
} from "../expressions/window-expression.ts";
import { argumentInfo } from "../functions/fold.ts";
import type { WindowFunction } from "../functions/function.ts";
import { functionRegistry } from "../functions/registry.ts";
import { requireOrderable } from "../functions/resolution.ts";
import { type DataType, intType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { castTo } from "./resolve-attribute.ts";
import { resolveFrame } from "./resolve-window-frame.ts";

/** Writes out the frames that hold where none is written: names of columns show them. */
export function withDefaultFrames(expr: Expr): Expr {
  return transformUp(expr, (node) =>
    node.kind === "WindowExpression" && node.fn.kind === "UnresolvedFunction"
      ? { ...node, fn: shownFunction(node.fn), frame: node.frame ?? defaultFrame(node.fn, node.orderBy) }
      : node,
  );
}

/** As Spark's parser: `first_value(x) IGNORE NULLS` is `first(x, true)`. */
function shownFunction(fn: UnresolvedFunction): UnresolvedFunction {
  const shorter = fn.args.length === 2 ? /^(first|last)_value$/i.exec(fn.name)?.[1] : undefined;
  return shorter === undefined ? fn : { ...fn, name: shorter.toLowerCase() };
}

function defaultFrame(fn: UnresolvedFunction, orderBy: readonly SortOrder[]): WindowFrame {
  const own = functionRegistry.window(fn.name);
  if (own !== undefined && typeof own.frame === "object") return own.frame;
  if (own?.frame === "offset") return offsetFrame(own, fn.args[1]);
  return orderBy.length === 0 ? wholePartition : upToPeers;
}

/** The one row that `lag` and `lead` look at. */
function offsetFrame({ op }: WindowFunction, offset: Expr | undefined): WindowFrame {
  const rows = offset?.kind === "Literal" && typeof offset.value === "number" ? offset.value : 1;
  const value = literal(op === "lag" ? -rows : rows, intType);
  const bound: FrameBound = { kind: "offset", preceding: false, value };
  return { unit: "rows", lower: bound, upper: bound };
}

/**
 * @param resolveFunction resolves an aggregate or scalar function
 * @throws MillraceError UNSUPPORTED_EXPR_FOR_WINDOW, DISTINCT_WINDOW_FUNCTION_UNSUPPORTED, WINDOW_FUNCTION_FRAME_NOT_ORDERED,
 * INVALID_WINDOW_FRAME and those of {@link resolveFrame}
 */
export function resolveWindow(
  written: WindowExpression,
  resolveFunction: (fn: UnresolvedFunction) => Expr,
  context: AnalysisContext,
): WindowExpression {
  const { fn } = written;
  if (fn.kind !== "UnresolvedFunction") return written;
  const where = { context: written.origin ?? fn.origin ?? {} };
  const node: WindowExpression = { ...written, frame: written.frame ?? defaultFrame(fn, written.orderBy) };
  for (const item of node.orderBy) {
    requireOrderable("sortorder", typeOf(item.child), { sql: printExpression(item), ansi: context.evaluation.ansi });
  }
  for (const key of node.partitionBy) {
    if (typeOf(key).kind !== "map") continue;
    throw new MillraceError(
      "EXPRESSION_TYPE_IS_NOT_ORDERABLE",
      { expr: printExpression(key), exprType: '"MAP"' },
      where,
    );
  }
  const own = functionRegistry.window(fn.name);
  const resolved = own === undefined ? resolveAggregate(node, resolveFunction, where) : resolveCall(own, node, context);
  if (own !== undefined) requireOwnFrame(own, node, resolved, where);
  return { ...node, fn: resolved, frame: resolveFrame(node.frame!, node.orderBy, resolveFunction, context, where) };
}

type Where = { readonly context: NonNullable<WindowExpression["origin"]> };

function resolveAggregate(
  node: WindowExpression,
  resolveFunction: (fn: UnresolvedFunction) => Expr,
  where: Where,
): AggregateCall {
  const fn = node.fn as UnresolvedFunction;
  const resolved = resolveFunction(fn);
  if (resolved.kind !== "AggregateCall") {
    throw new MillraceError("UNSUPPORTED_EXPR_FOR_WINDOW", { sqlExpr: printExpression(fn) }, where);
  }
  if (resolved.distinct) {
    throw new MillraceError("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", { windowExpr: printExpression(node) }, where);
  }
  if (wholePartitionOnly.has(resolved.fn) && printFrame(node.frame!, "sql") !== printFrame(wholePartition, "sql")) {
    throw new MillraceError("INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC", { aggFunc: printExpression(fn) }, where);
  }
  return resolved;
}

/** Aggregates that bring an order of their own. */
const wholePartitionOnly: ReadonlySet<string> = new Set(["median", "percentile_cont", "percentile_disc"]);

function resolveCall(own: WindowFunction, { fn: written }: WindowExpression, context: AnalysisContext): WindowCall {
  const node = written as UnresolvedFunction;
  const options = { context: node.origin ?? {} };
  const [least, greatest] = own.arity;
  if (node.args.length < least || node.args.length > greatest) {
    const expectedNum = least === greatest ? `${least}` : `[${least}, ${greatest}]`;
    throw new MillraceError(
      "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
      { functionName: `\`${own.name}\``, expectedNum, actualNum: `${node.args.length}` },
      options,
    );
  }
  const refused = node.distinct
    ? "DISTINCT"
    : node.filter !== undefined
      ? "FILTER CLAUSE"
      : node.ignoreNulls === true && !own.ignoresNulls
        ? "IGNORE NULLS"
        : undefined;
  if (refused !== undefined) throw unsupportedSyntax(own.name, refused, node);
  const call = { sql: printExpression(node), ansi: context.evaluation.ansi };
  const infos = node.args.map((arg) => argumentInfo(arg, context.evaluation));
  const signature = own.resolve(infos, call);
  const args = node.args.map((arg, i): Expr => {
    const cast = castTo(arg, signature.args[i] ?? typeOf(arg));
    if (own.op === "ntile" || i === 1) return constant(cast, signature.args[i]!, context) ?? cast;
    return cast;
  });
  const nullable =
    typeof own.nullable === "boolean"
      ? own.nullable
      : own.nullable(args.map((arg) => ({ type: typeOf(arg), nullable: nullableOf(arg) })));
  const ignoreNulls = node.ignoreNulls === true;
  return { kind: "WindowCall", fn: own.name, args, ignoreNulls, type: signature.returns, nullable };
}

function constant(expr: Expr, type: DataType, context: AnalysisContext): Expr | undefined {
  const known = argumentInfo(expr, context.evaluation).literal;
  return known === undefined ? undefined : literal(known.value, type);
}

export function unsupportedSyntax(name: string, syntax: string, node: UnresolvedFunction): MillraceError {
  return new MillraceError(
    "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
    { prettyName: `\`${name}\``, syntax: `"${syntax}"` },
    { context: node.origin ?? {} },
  );
}

function requireOwnFrame(own: WindowFunction, node: WindowExpression, fn: Expr | WindowCall, where: Where): void {
  if (node.orderBy.length === 0) {
    throw new MillraceError("WINDOW_FUNCTION_FRAME_NOT_ORDERED", { wf: own.name }, where);
  }
  if (own.frame === "any") return;
  const required =
    own.frame === "offset" ? offsetFrame(own, fn.kind === "WindowCall" ? fn.args[1] : undefined) : own.frame;
  const written = node.frame!;
  if (printFrame(written, "sql") !== printFrame(required, "sql")) {
    throw new MillraceError(
      "INVALID_WINDOW_FRAME",
      { function: `\`${own.name}\``, frame: printFrame(written, "name"), required: printFrame(required, "name") },
      where,
    );
  }
}
