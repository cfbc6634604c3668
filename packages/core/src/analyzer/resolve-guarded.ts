/**
 * The policies of a view, right above its plan and so before any optimization: a filter of rows, and expressions in the
 * place of columns. Filter and masks see the view's own columns; whoever reads the view sees what they leave.
 */
import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { transformUp } from "../expressions/traverse.ts";
import { typeOf } from "../expressions/typing.ts";
import { canCoerce } from "../functions/coercion.ts";
import { quotedType } from "../functions/type-text.ts";
import type { ColumnMask, Guarded } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { DataType } from "../types/data-type.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { requireNoWindow } from "./extract-windows.ts";
import { castTo, unresolvedAmong } from "./resolve-attribute.ts";
import { containsAggregate, resolveExpression } from "./resolve-expression.ts";
import { resolveFilter } from "./resolve-project.ts";

export function resolveGuarded(
  { view, filter, masks }: Guarded,
  input: LogicalPlan,
  context: AnalysisContext,
): LogicalPlan {
  const rows = filter === undefined ? input : resolveFilter(redacted(filter), input, context);
  const guard: LogicalPlan = { kind: "Guard", input: rows, view };
  if (masks.length === 0) return guard;
  const output = outputOf(guard);
  for (const { column } of masks) {
    // A view that was made anew without the column is not shown at all.
    if (!output.some((a) => sameName(a.name, column, context))) throw unresolvedAmong(column, output);
  }
  const expressions = output.map((a): Expr => {
    const found = masks.find(({ column }) => sameName(a.name, column, context));
    if (found === undefined) return a;
    const child = maskOf(found, a.type, guard, context);
    return { kind: "Alias", child, name: a.name, id: context.ids.next() };
  });
  return { kind: "Project", input: guard, expressions };
}

function maskOf({ column, mask }: ColumnMask, type: DataType, input: LogicalPlan, context: AnalysisContext): Expr {
  requireNoWindow("Project", [mask]);
  const resolved = resolveExpression(redacted(mask), { attributes: outputOf(input) }, context);
  const given = typeOf(resolved);
  if (containsAggregate(resolved) || !canCoerce(given, type, context.evaluation.ansi)) {
    throw new MillraceError("INVALID_COLUMN_MASK", {
      column,
      mask: printExpression(redacted(mask)),
      maskType: containsAggregate(resolved) ? "an aggregate" : quotedType(given),
      columnType: quotedType(type),
    });
  }
  const value = resolved.kind === "Alias" ? resolved.child : resolved;
  return castTo(value, type);
}

/** The expression with values that no text shows. */
function redacted(expr: Expr): Expr {
  return transformUp(expr, (node) => (node.kind === "Literal" ? { ...node, redacted: true } : node));
}
