import type { Expr } from "../expressions/expression.ts";
import { isNamed } from "../expressions/typing.ts";
import { columnName } from "./column-name.ts";
import type { AnalysisContext } from "./context.ts";

/** Gives an unnamed result the name of its text. */
export function named(written: Expr, resolved: Expr, context: AnalysisContext): Expr {
  if (isNamed(resolved)) return resolved;
  return { kind: "Alias", child: resolved, name: columnName(written, resolved, context), id: context.ids.next() };
}
