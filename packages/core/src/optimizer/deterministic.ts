import type { Expr } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { functionRegistry } from "../functions/registry.ts";

/** Same value for the same row, however often and wherever it is computed. */
export function isDeterministic(expr: Expr): boolean {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "UserFunctionCall" && !next.fn.deterministic) return false;
    if (next.kind === "Call" && functionRegistry.scalar(next.fn)?.deterministic === false) return false;
    pending.push(...childrenOf(next));
  }
  return true;
}
