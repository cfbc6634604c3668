import type { Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { isNamed } from "../expressions/typing.ts";
import type { AnalysisContext } from "./context.ts";

/** Gives an unnamed result the name of its text. */
export function named(written: Expr, resolved: Expr, context: AnalysisContext): Expr {
  if (isNamed(resolved)) return resolved;
  const name = written.kind === "UnresolvedAttribute" ? written.parts.at(-1)! : printExpression(written);
  return { kind: "Alias", child: resolved, name, id: context.ids.next() };
}
