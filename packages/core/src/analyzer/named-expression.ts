import type { Call, Expr } from "../expressions/expression.ts";
import { isNamed } from "../expressions/typing.ts";
import { columnName } from "./column-name.ts";
import type { AnalysisContext } from "./context.ts";

/** Gives an unnamed result the name of its text. */
export function named(written: Expr, resolved: Expr, context: AnalysisContext): Expr {
  if (isNamed(resolved)) return resolved;
  const name = columnName(isWordFunction(written, resolved) ? callOf(resolved.fn) : written, resolved, context);
  return { kind: "Alias", child: resolved, name, id: context.ids.next() };
}

/** `current_date`, which stands for `current_date()`. */
function isWordFunction(written: Expr, resolved: Expr): resolved is Call {
  return written.kind === "UnresolvedAttribute" && resolved.kind === "Call" && resolved.args.length === 0;
}
function callOf(name: string): Expr {
  return { kind: "UnresolvedFunction", name, args: [], distinct: false };
}
