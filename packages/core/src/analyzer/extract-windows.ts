/**
 * Moves window expressions of a select list into Window nodes below: one for each partitioning and order. What they read
 * (arguments, keys) is computed in a projection below the nodes, so that a Window node refers to columns only. Windows
 * over the results of windows go into nodes above those.
 */
import { MillraceError } from "../errors/index.ts";
import type { Alias, Attribute, Expr, SortOrder } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import { collect, someExpression, transformUp } from "../expressions/traverse.ts";
import { attributeOf, literal, typeOf } from "../expressions/typing.ts";
import { childrenOfWindow, type WindowExpression, withWindowChildren } from "../expressions/window-expression.ts";
import { argumentInfo } from "../functions/fold.ts";
import type { LogicalPlan, Window } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { AnalysisContext } from "./context.ts";

type Named = Alias & { readonly id: Attribute["id"] };

interface Level {
  /** What the windows of this level read, beyond columns that are there. */
  readonly computed: Named[];
  readonly windows: { readonly first: WindowExpression; readonly functions: Named[] }[];
}

export function containsWindow(expr: Expr): boolean {
  return someExpression(expr, (node) => node.kind === "WindowExpression");
}

/** @throws MillraceError UNSUPPORTED_EXPR_FOR_OPERATOR */
export function requireNoWindow(operator: string, expressions: readonly Expr[]): void {
  const invalid = expressions.filter(containsWindow);
  if (invalid.length === 0) return;
  const invalidExprSqls = invalid.map((expr) => `"${printExpression(expr)}"`).join(", ");
  throw new MillraceError("UNSUPPORTED_EXPR_FOR_OPERATOR", { operator, invalidExprSqls });
}

/** A projection whose expressions may be over windows. */
export function projectWithWindows(
  expressions: readonly Expr[],
  input: LogicalPlan,
  context: AnalysisContext,
): LogicalPlan {
  if (!expressions.some(containsWindow)) return { kind: "Project", input, expressions };
  const levels: Level[] = [];
  /** The level that computes a column; columns of the input are not in it. */
  const levelOf = new Map<Attribute["id"], number>();
  const extract = (window: WindowExpression): Attribute => {
    const read = childrenOfWindow(window).flatMap((child) => collect(child, (node) => node.kind === "Attribute"));
    const at = read.reduce((level, node) => Math.max(level, (levelOf.get((node as Attribute).id) ?? -1) + 1), 0);
    const level = (levels[at] ??= { computed: [], windows: [] });
    const result = add(overColumns(window, level, context), level, context);
    levelOf.set(result.id, at);
    return result;
  };
  const results = expressions.map((expr) =>
    transformUp(expr, (node) => (node.kind === "WindowExpression" ? extract(node) : node)),
  );
  const plan = levels.reduce((below, level) => {
    const windowed: LogicalPlan =
      level.computed.length === 0
        ? below
        : { kind: "Project", input: below, expressions: [...outputOf(below), ...level.computed] };
    return nodesOf(level).reduce<LogicalPlan>((child, node) => ({ ...node, input: child }), windowed);
  }, input);
  return { kind: "Project", input: plan, expressions: results };
}

/** Windows of equal partitioning next to each other, the longest order first: its rows are in the order of the others too. */
function nodesOf(level: Level): readonly Omit<Window, "input">[] {
  const partitionings: (readonly Expr[])[] = [];
  const rank = ({ first }: Level["windows"][number]): number => {
    const at = partitionings.findIndex((keys) => sameAll(keys, first.partitionBy));
    return at >= 0 ? at : partitionings.push(first.partitionBy) - 1;
  };
  return level.windows
    .map((window) => ({ window, rank: rank(window) }))
    .sort((a, b) => a.rank - b.rank || b.window.first.orderBy.length - a.window.first.orderBy.length)
    .map(({ window: { first, functions } }) => ({
      kind: "Window",
      functions,
      partitionBy: first.partitionBy,
      orderBy: first.orderBy,
    }));
}

/** The window over columns: computes below what is not a column or a constant. */
function overColumns(window: WindowExpression, level: Level, context: AnalysisContext): WindowExpression {
  const columns = new Map<Expr, Expr>();
  const asColumn = (expr: Expr): Expr => {
    if (expr.kind === "Attribute" || expr.kind === "Literal") return expr;
    if (expr.kind === "SortOrder") return { ...expr, child: asColumn(expr.child) };
    // Functions look at constants: percentages, flags.
    const constant = argumentInfo(expr, context.evaluation).literal;
    if (constant !== undefined) return literal(constant.value, typeOf(expr));
    const known = level.computed.find((alias) => sameExpression(alias.child, expr));
    if (known !== undefined) return attributeOf(known);
    const alias: Named = { kind: "Alias", child: expr, name: `_w${level.computed.length}`, id: context.ids.next() };
    level.computed.push(alias);
    return attributeOf(alias);
  };
  const key = window.orderBy[0]?.child;
  const read = [window.frame?.lower, window.frame?.upper].flatMap((bound) =>
    bound?.kind === "offset" && bound.limit !== undefined ? [bound.limit.key, bound.limit.value] : [],
  );
  for (const expr of childrenOfWindow(window)) {
    if (!read.includes(expr)) columns.set(expr, asColumn(expr));
  }
  // Limits of frames are computed by the operator, from the column of the order.
  const column = key === undefined ? undefined : asColumn(key);
  for (const expr of read) {
    const over = transformUp(expr, (node) => (column !== undefined && sameExpression(node, key!) ? column : node));
    columns.set(expr, over);
  }
  return withWindowChildren(
    window,
    childrenOfWindow(window).map((expr) => columns.get(expr)!),
  );
}

function add(window: WindowExpression, level: Level, context: AnalysisContext): Attribute {
  let node = level.windows.find(
    ({ first }) => sameAll(first.partitionBy, window.partitionBy) && sameAll(first.orderBy, window.orderBy),
  );
  if (node === undefined) level.windows.push((node = { first: window, functions: [] }));
  const known = node.functions.find((alias) => sameExpression(alias.child, window));
  if (known !== undefined) return attributeOf(known);
  const alias: Named = { kind: "Alias", child: window, name: `_we${node.functions.length}`, id: context.ids.next() };
  node.functions.push(alias);
  return attributeOf(alias);
}

function sameAll(a: readonly (Expr | SortOrder)[], b: readonly (Expr | SortOrder)[]): boolean {
  return a.length === b.length && a.every((expr, i) => sameExpression(expr, b[i]!));
}
