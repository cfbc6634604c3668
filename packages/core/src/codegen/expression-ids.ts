/**
 * Numbers for expressions: two expressions over the same row get the same number exactly when they are the same
 * computation, so that generated code computes each once per row. Nothing recurses: chains of many thousand operators are
 * numbered bottom-up.
 */
import { hexOf } from "../columnar/hex.ts";
import type { Expr } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { functionRegistry } from "../functions/registry.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";

/** Every node of the expression, children before parents, each object once. */
export function postOrder(root: Expr, children: (expr: Expr) => readonly Expr[] = childrenOf): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const stack: { readonly expr: Expr; readonly children: readonly Expr[]; next: number }[] = [
    { expr: root, children: children(root), next: 0 },
  ];
  seen.add(root);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = top.children[top.next++];
    if (child === undefined) {
      order.push(top.expr);
      stack.pop();
    } else if (!seen.has(child)) {
      seen.add(child);
      stack.push({ expr: child, children: children(child), next: 0 });
    }
  }
  return order;
}

/** Whether a call may be computed once for several uses, or not at all when unused. */
export function isRepeatable(expr: Expr): boolean {
  if (expr.kind === "UserFunctionCall") return expr.fn.deterministic;
  return expr.kind !== "Call" || functionRegistry.scalar(expr.fn)?.deterministic !== false;
}

export class ExpressionIds {
  readonly #byText = new Map<string, number>();
  readonly #byObject = new Map<number, WeakMap<Expr, number>>();
  #next = 0;

  /** The number of an expression over the row of scope `scope`. */
  of(root: Expr, scope: number): number {
    let known = this.#byObject.get(scope);
    if (known === undefined) this.#byObject.set(scope, (known = new WeakMap()));
    const found = known.get(root);
    if (found !== undefined) return found;
    for (const expr of postOrder(root)) {
      if (known.has(expr)) continue;
      const children = childrenOf(expr).map((child) => known.get(child)!);
      known.set(expr, this.#intern(textOf(expr, children, scope)));
    }
    return known.get(root)!;
  }

  /** A number that nothing else has. */
  fresh(): number {
    return this.#next++;
  }

  #intern(text: string | undefined): number {
    if (text === undefined) return this.#next++;
    let id = this.#byText.get(text);
    if (id === undefined) this.#byText.set(text, (id = this.#next++));
    return id;
  }
}

/** The computation as text over the numbers of its children; undefined when it must not be shared. */
function textOf(expr: Expr, children: readonly number[], scope: number): string | undefined {
  switch (expr.kind) {
    case "Literal":
      return `literal ${typeText(expr.type)} ${valueText(expr.value)}`;
    case "BoundReference":
      return `column ${scope}.${expr.ordinal}`;
    case "Alias":
      return `same ${children[0]}`;
    case "Cast":
      return `cast ${typeText(expr.type)} ${expr.mode} ${children[0]}`;
    case "LambdaVariable":
      return `variable ${scope}.${expr.id}`;
    case "GetStructField":
      return `field ${expr.ordinal} ${children[0]}`;
    case "Call":
      if (!isRepeatable(expr)) return undefined;
      return `call ${JSON.stringify(expr.fn)} ${expr.ansi} ${typeText(expr.type)} ${children.join(" ")}`;
    default:
      return undefined;
  }
}

function typeText(type: DataType): string {
  switch (type.kind) {
    case "decimal":
    case "array":
    case "map":
    case "struct":
    case "time":
    case "interval_day_time":
    case "interval_year_month":
      return JSON.stringify(type);
    default:
      return type.kind;
  }
}

function valueText(value: SqlValue): string {
  switch (typeof value) {
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return String(value);
    default:
      if (value === null) return "null";
      if (value instanceof Uint8Array) return `0x${hexOf(value)}`;
      if (Array.isArray(value)) return `[${(value as readonly SqlValue[]).map(valueText).join(",")}]`;
      return `{${valueText((value as { keys: readonly SqlValue[] }).keys)}:${valueText((value as { values: readonly SqlValue[] }).values)}}`;
  }
}

/** What {@link isConstant} found; nodes do not change. */
const constants = new WeakMap<Expr, boolean>();

/** Whether an expression reads no column and calls nothing that changes from row to row. */
export function isConstant(expr: Expr): boolean {
  const found = constants.get(expr);
  if (found !== undefined) return found;
  for (const node of postOrder(expr, (e) => (constants.has(e) ? [] : childrenOf(e)))) {
    if (constants.has(node)) continue;
    const children = childrenOf(node);
    const own =
      node.kind === "Literal" ||
      ((node.kind === "Cast" || node.kind === "Alias" || (node.kind === "Call" && isRepeatable(node))) &&
        children.length > 0);
    constants.set(node, own && children.every((child) => constants.get(child) === true));
  }
  return constants.get(expr) === true;
}
