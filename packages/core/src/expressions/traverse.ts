/**
 * Walking and rewriting expression trees. SQL text and generated queries make left-deep chains of many thousand operators
 * (`a + 1 + 1 + …`), so nothing here recurses: each walk keeps its own stack. A rewrite that changes nothing returns
 * the object it was given, which rules use to see that they have reached a fixed point.
 */
import { assertInvariant, unreachable } from "../errors/index.ts";
import type { Field } from "../types/data-type.ts";
import type { Expr } from "./expression.ts";
import { childrenOfWindow, withWindowChildren } from "./window-expression.ts";

const none: readonly Expr[] = [];

/** The direct sub-expressions, in the order of evaluation; the filter of an aggregate comes last. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "Literal":
    case "UnresolvedAttribute":
    case "UnresolvedStar":
    case "UnresolvedLambdaVariable":
    case "LambdaVariable":
    case "Attribute":
    case "BoundReference":
      return none;
    case "LambdaFunction":
      return [expr.body];
    case "UnresolvedFunction":
    case "AggregateCall":
      return expr.filter === undefined ? expr.args : [...expr.args, expr.filter];
    case "WindowExpression":
      return childrenOfWindow(expr);
    case "UserFunctionCall":
    case "Call":
      return expr.args;
    case "UnresolvedExtractValue":
      return [expr.child, expr.extraction];
    case "Alias":
    case "Cast":
    case "SortOrder":
    case "GetStructField":
      return [expr.child];
    default:
      return unreachable(expr);
  }
}

/**
 * The same node over other children.
 * @param children as many as {@link childrenOf} gives, in its order
 * @returns `expr` itself when every child is the one it has already
 */
export function withChildren(expr: Expr, children: readonly Expr[]): Expr {
  const before = childrenOf(expr);
  assertInvariant(
    before.length === children.length,
    `${expr.kind} takes ${before.length} children, got ${children.length}`,
  );
  if (before.every((child, i) => child === children[i])) return expr;
  switch (expr.kind) {
    case "UnresolvedFunction":
    case "AggregateCall": {
      if (expr.filter === undefined) return { ...expr, args: children };
      return { ...expr, args: children.slice(0, -1), filter: children[children.length - 1]! };
    }
    case "WindowExpression":
      return withWindowChildren(expr, children);
    case "UserFunctionCall":
    case "Call":
      return { ...expr, args: children };
    case "UnresolvedExtractValue":
      return { ...expr, child: children[0]!, extraction: children[1]! };
    case "Alias":
    case "Cast":
    case "SortOrder":
    case "GetStructField":
      return { ...expr, child: children[0]! };
    case "Literal":
    case "UnresolvedAttribute":
    case "UnresolvedStar":
    case "UnresolvedLambdaVariable":
    case "LambdaVariable":
    case "Attribute":
    case "BoundReference":
      return expr;
    case "LambdaFunction":
      return { ...expr, body: children[0]! };
    default:
      return unreachable(expr);
  }
}

/** One node whose children are being rewritten. */
interface Frame {
  readonly node: Expr;
  readonly children: readonly Expr[];
  /** The rewritten children, made at the first change. */
  changed: Expr[] | undefined;
  next: number;
}

function rewrite(
  root: Expr,
  before: (expr: Expr) => Expr,
  after: (expr: Expr) => Expr,
  inside: (expr: Expr) => readonly Expr[] = childrenOf,
): Expr {
  const open = (expr: Expr): Frame => {
    const node = before(expr);
    return { node, children: inside(node), changed: undefined, next: 0 };
  };
  const stack: Frame[] = [open(root)];
  for (;;) {
    const frame = stack[stack.length - 1]!;
    if (frame.next < frame.children.length) {
      stack.push(open(frame.children[frame.next]!));
      continue;
    }
    stack.pop();
    const result = after(frame.changed === undefined ? frame.node : withChildren(frame.node, frame.changed));
    const parent = stack[stack.length - 1];
    if (parent === undefined) return result;
    if (result !== parent.children[parent.next]) {
      parent.changed ??= parent.children.slice();
      parent.changed[parent.next] = result;
    }
    parent.next++;
  }
}

const unchanged = (expr: Expr): Expr => expr;

/** Replaces each node by `f(node)`, children first: `f` sees a node whose children are rewritten already. */
export function transformUp(expr: Expr, f: (expr: Expr) => Expr): Expr {
  return rewrite(expr, unchanged, f);
}

/** As {@link transformUp}, but leaves what is inside of lambdas as it is: `f` sees a lambda with the children it had. */
export function transformUpOutsideLambdas(expr: Expr, f: (expr: Expr) => Expr): Expr {
  return rewrite(expr, unchanged, f, (node) => (node.kind === "LambdaFunction" ? none : childrenOf(node)));
}

/** Replaces each node by `f(node)`, parents first: the children of the result are rewritten next. */
export function transformDown(expr: Expr, f: (expr: Expr) => Expr): Expr {
  return rewrite(expr, f, unchanged);
}

/** Calls `visit` for every node, parents before children, left before right, until it returns true. */
function walk(root: Expr, visit: (expr: Expr) => boolean): boolean {
  const pending: Expr[] = [root];
  for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
    if (visit(expr)) return true;
    const children = childrenOf(expr);
    for (let i = children.length - 1; i >= 0; i--) pending.push(children[i]!);
  }
  return false;
}

/** Whether the predicate holds for the expression or any expression inside it. */
export function someExpression(expr: Expr, predicate: (expr: Expr) => boolean): boolean {
  return walk(expr, predicate);
}

/** Every node that the guard accepts, parents before children, left before right. */
export function collect<E extends Expr>(expr: Expr, accepts: (expr: Expr) => expr is E): E[];
export function collect(expr: Expr, accepts: (expr: Expr) => boolean): Expr[];
export function collect(expr: Expr, accepts: (expr: Expr) => boolean): Expr[] {
  const found: Expr[] = [];
  walk(expr, (node) => {
    if (accepts(node)) found.push(node);
    return false;
  });
  return found;
}

/** Ordinals of the input columns that an expression reads, as often as it does. */
export function ordinalsOf(expr: Expr): number[] {
  return collect(expr, (node) => node.kind === "BoundReference").map(({ ordinal }) => ordinal);
}

/** References to the columns of an input, by their place. */
export function referencesTo(fields: readonly Field[]): Expr[] {
  return fields.map(({ type, nullable }, ordinal) => ({ kind: "BoundReference", ordinal, type, nullable }));
}

/** Nodes on the longest way from the root to a leaf: 1 for a leaf. */
export function depthOf(expr: Expr): number {
  let deepest = 0;
  const pending: { readonly expr: Expr; readonly depth: number }[] = [{ expr, depth: 1 }];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    if (entry.depth > deepest) deepest = entry.depth;
    for (const child of childrenOf(entry.expr)) pending.push({ expr: child, depth: entry.depth + 1 });
  }
  return deepest;
}
