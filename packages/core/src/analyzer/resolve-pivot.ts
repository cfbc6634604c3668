/**
 * `pivot`: an aggregation by the groups and the pivot column, then one row for each group, into which the values of that
 * column go as columns of their own. A group without a value has NULL there, also for `count`.
 */
import { MillraceError } from "../errors/index.ts";
import type { Alias, Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { transformUp } from "../expressions/traverse.ts";
import { attributeOf, isNamed, literal, typeOf } from "../expressions/typing.ts";
import { bindCast, canCast } from "../functions/casts.ts";
import { constantValue } from "../functions/fold.ts";
import { functionRegistry } from "../functions/registry.ts";
import { typeText } from "../functions/type-text.ts";
import type { Pivot } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { booleanType, isNumeric, stringType } from "../types/data-type.ts";
import { columnName } from "./column-name.ts";
import type { AnalysisContext } from "./context.ts";
import { resolveAggregate } from "./resolve-aggregate.ts";
import { containsAggregate, resolveExpression } from "./resolve-expression.ts";
import { alias, fn } from "./written.ts";

interface PivotValue {
  readonly name: string;
  /** Of the pivot column's type. */
  readonly value: Expr;
}

export function resolvePivot(relation: Pivot, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const scope = { attributes: outputOf(input) };
  const column = resolveExpression(relation.column, scope, context);
  if (relation.values === undefined) {
    throw new MillraceError("INTERNAL_ERROR", { message: "a pivot without values reached the analyzer" });
  }
  const values = relation.values.map((value) => pivotValue(value, column, context));
  for (const aggregate of relation.aggregates) {
    if (containsAggregate(aggregate)) continue;
    throw new MillraceError("_LEGACY_ERROR_TEMP_1006", { sql: `"${printExpression(aggregate)}"` });
  }
  const pivotKey = alias(relation.column.kind === "Alias" ? relation.column.child : relation.column, "pivot");
  const byValue = resolveAggregate([...relation.grouping, pivotKey], relation.aggregates, input, context);
  const columns = outputOf(byValue);
  const width = relation.grouping.length;
  const [groups, pivot, results] = [columns.slice(0, width), columns[width]!, columns.slice(width + 1)];
  const suffixes = relation.aggregates.map((written) =>
    written.kind === "Alias" ? written.name : columnName(written, resolveExpression(written, scope, context), context),
  );
  const nameOf = (value: string, i: number): string => (results.length === 1 ? value : `${value}_${suffixes[i]!}`);
  if (!results.every(({ type }) => isNumeric(type) || type.kind === "boolean")) {
    const filtered = values.flatMap(({ name, value }) =>
      relation.aggregates.map((written, i) => {
        const body = written.kind === "Alias" ? written.child : written;
        return alias(onlyWhere(body, isValue(column, value, context)), nameOf(name, i));
      }),
    );
    return resolveAggregate(relation.grouping, filtered, input, context);
  }
  const aggregates = values.flatMap(({ name, value }) =>
    results.map((result, i): Alias => ({
      kind: "Alias",
      name: nameOf(name, i),
      id: context.ids.next(),
      child: {
        kind: "AggregateCall",
        fn: "first",
        args: [result, literal(true, booleanType)],
        distinct: false,
        filter: isValue(pivot, value, context),
        type: result.type,
        nullable: true,
        ansi: context.evaluation.ansi,
      },
    })),
  );
  return { kind: "Aggregate", input: byValue, grouping: groups, aggregates };
}

/** The aggregate functions in an expression, over the rows of one pivot value only. */
function onlyWhere(expr: Expr, condition: Expr): Expr {
  return transformUp(expr, (node) => {
    if (node.kind !== "UnresolvedFunction" || functionRegistry.aggregate(node.name) === undefined) return node;
    const isPositional = /^(first|last)(_value)?$/i.test(node.name);
    return {
      ...node,
      args: isPositional ? [node.args[0]!, literal(true, booleanType)] : node.args,
      filter: node.filter === undefined ? condition : fn("and", node.filter, condition),
    };
  });
}

function isValue(pivot: Expr, value: Expr, context: AnalysisContext): Expr {
  return {
    kind: "Call",
    fn: "<=>",
    args: [pivot, value],
    type: booleanType,
    nullable: false,
    ansi: context.evaluation.ansi,
  };
}

function pivotValue(written: Expr, column: Expr, context: AnalysisContext): PivotValue {
  const resolved = resolveExpression(written, { attributes: [] }, context);
  const value = isNamed(resolved) && resolved.kind === "Alias" ? resolved.child : resolved;
  const constant = constantValue(value, context.evaluation);
  if (constant === undefined) {
    throw new MillraceError("NON_LITERAL_PIVOT_VALUES", { expression: `"${printExpression(written)}"` });
  }
  const [from, to] = [typeOf(value), typeOf(column)];
  if (!canCast(from, to, "ansi")) {
    throw new MillraceError("PIVOT_VALUE_DATA_TYPE_MISMATCH", {
      value: printExpression(written),
      valueType: typeText(from),
      pivotType: typeText(to),
    });
  }
  const { timeZone } = context.evaluation;
  const own = constant.value === null ? null : bindCast(from, to, "ansi", timeZone)(constant.value);
  const name = isNamed(resolved)
    ? attributeOf(resolved).name
    : constant.value === null
      ? "null"
      : String(bindCast(from, stringType, "ansi", timeZone)(constant.value));
  return { name, value: literal(own, to) };
}
