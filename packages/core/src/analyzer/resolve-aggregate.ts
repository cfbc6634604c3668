import { MillraceError } from "../errors/index.ts";
import type { AggregateCall, Alias, Attribute, Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import { collect, transformDown } from "../expressions/traverse.ts";
import { attributeOf, isNamed, type NamedExpr, typeOf } from "../expressions/typing.ts";
import { quotedType } from "../functions/type-text.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { resolveExpression } from "./resolve-expression.ts";
import { named } from "./named-expression.ts";
import { holdsVariant } from "./map-columns.ts";
import { expandGroupingSets, withGroupingFunctions } from "./resolve-grouping-sets.ts";
import { projectWithWindows, requireNoWindow } from "./extract-windows.ts";
import { withDefaultFrames } from "./resolve-window.ts";
import { resolveTimeWindows } from "./time-window.ts";
import { alias } from "./written.ts";

/**
 * `groupBy(grouping).agg(aggregates)`: output is the grouping columns followed by the results. The aggregate node computes
 * plain aggregate calls; what is computed from their results (`sum(x) / count(1)`) goes to a projection above.
 */
export function resolveAggregate(
  grouping: readonly Expr[],
  aggregates: readonly Expr[],
  child: LogicalPlan,
  context: AnalysisContext,
  groupingSets?: readonly (readonly number[])[],
): LogicalPlan {
  requireNoWindow("Aggregate", grouping);
  const windows = resolveTimeWindows([...grouping, ...aggregates.map(withDefaultFrames)], child, context);
  const scope = { attributes: outputOf(windows.input) };
  const writtenKeys = windows.expressions.slice(0, grouping.length);
  const writtenResults = windows.expressions.slice(grouping.length);
  const writtenBy = writtenKeys.map((expr): NamedExpr => {
    const resolved = named(expr, resolveExpression(expr, scope, context), context);
    if (!isNamed(resolved))
      throw new MillraceError("INTERNAL_ERROR", { message: "a grouping expression without a name" });
    if (holdsVariant(typeOf(resolved))) {
      throw new MillraceError("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE", {
        sqlExpr: `"${printExpression(expr)}"`,
        dataType: quotedType(typeOf(resolved)),
      });
    }
    return resolved;
  });
  const sets =
    groupingSets === undefined ? undefined : expandGroupingSets(writtenBy, groupingSets, windows.input, context);
  const input = sets?.input ?? windows.input;
  const keys = sets?.keys ?? writtenBy;
  const calls: { readonly call: AggregateCall; readonly attribute: Attribute; readonly alias: Alias }[] = [];
  const resultOf = (call: AggregateCall, name: string): Attribute => {
    const known = calls.find((entry) => sameExpression(entry.call, call));
    if (known !== undefined) return known.attribute;
    const alias: Alias & { readonly id: Attribute["id"] } = {
      kind: "Alias",
      child: call,
      name,
      id: context.ids.next(),
    };
    const attribute = attributeOf(alias);
    calls.push({ call, attribute, alias });
    return attribute;
  };
  const keyAttributes = keys.map(attributeOf);
  const results = writtenResults.map((written): Expr => {
    const plain =
      sets === undefined ? written : withGroupingFunctions(written, writtenBy, sets.groupingId, scope, context);
    // A grouping function can become just a column, which has another name.
    const computed = resolveExpression(plain, scope, context);
    const resolved =
      computed.kind === "Attribute" && plain !== written
        ? { ...alias(computed, printExpression(written)), id: context.ids.next() }
        : named(written, computed, context);
    const body = resolved.kind === "Alias" ? resolved.child : resolved;
    const overResults = transformDown(body, (node) => {
      const key = writtenBy.findIndex((k) => sameExpression(k, node));
      if (key >= 0) return keyAttributes[key]!;
      return node.kind === "AggregateCall" ? resultOf(node, printExpression(node)) : node;
    });
    requireGrouped(
      overResults,
      written,
      sets === undefined ? keyAttributes : [...keyAttributes, sets.groupingId],
      calls.map((entry) => entry.attribute),
      context,
    );
    return resolved.kind === "Alias" ? { ...resolved, child: overResults } : overResults;
  });
  const projection: Expr[] = [...keyAttributes, ...results];
  // A result that is just one aggregate call becomes the call itself under its final name: no projection needed.
  const direct = results.map((result, i) => {
    const inner = result.kind === "Alias" ? result.child : undefined;
    const entry = inner?.kind === "Attribute" ? calls.find((c) => c.attribute.id === inner.id) : undefined;
    return entry !== undefined && calls[i] === entry && result.kind === "Alias"
      ? { ...result, child: entry.call }
      : undefined;
  });
  if (sets === undefined && direct.length === calls.length && direct.every((alias) => alias !== undefined)) {
    return { kind: "Aggregate", input, grouping: keys, aggregates: direct };
  }
  const aggregate: LogicalPlan = {
    kind: "Aggregate",
    input,
    grouping: [...keys, ...(sets?.extra ?? [])],
    aggregates: calls.map((entry) => entry.alias),
  };
  return projectWithWindows(projection, aggregate, context);
}

function requireGrouped(
  result: Expr,
  written: Expr,
  keys: readonly Attribute[],
  calls: readonly Attribute[],
  context: AnalysisContext,
): void {
  const computed = new Set([...keys, ...calls].map((a) => a.id));
  const lost = collect(result, (node) => node.kind === "Attribute" && !computed.has(node.id))[0];
  if (lost?.kind !== "Attribute") return;
  const places = collect(
    written,
    (node) => node.kind === "UnresolvedAttribute" && node.parts.some((part) => sameName(part, lost.name, context)),
  );
  const place = places[0]?.kind === "UnresolvedAttribute" ? places[0].origin : undefined;
  const options = { context: place ?? {} };
  const expression = printExpression(lost);
  if (keys.length === 0) throw new MillraceError("MISSING_GROUP_BY", { expression }, options);
  const expressionAnyValue = `"any_value(${lost.name})"`;
  throw new MillraceError("MISSING_AGGREGATION", { expression, expressionAnyValue }, options);
}
