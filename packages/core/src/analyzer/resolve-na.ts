/** `na.drop`, `na.fill` and `na.replace`: filters and projections over the columns of the right types. */
import type { Attribute, Expr, Literal } from "../expressions/expression.ts";
import { nullLiteral } from "../expressions/typing.ts";
import type { NaDrop, NaFill, NaReplace } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { type DataType, intType, isNumeric } from "../types/data-type.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { resolveFilter, resolveProject } from "./resolve-project.ts";
import { alias, cast, columnsNamed, fn } from "./written.ts";

const isFloating = (type: DataType): boolean => type.kind === "float" || type.kind === "double";

/** Whether a value belongs into columns of a type: any number into any numeric column. */
function suits(value: Literal, type: DataType): boolean {
  return isNumeric(value.type) ? isNumeric(type) : value.type.kind === type.kind;
}

/** Neither NULL nor NaN. */
function isPresent(column: Attribute): Expr {
  const present = fn("isnotnull", column);
  return isFloating(column.type) ? fn("and", present, fn("not", fn("isnan", column))) : present;
}

export function resolveNaDrop(relation: NaDrop, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const columns = columnsNamed(relation.columns, input, context);
  const least = Math.min(relation.minNonNulls ?? columns.length, columns.length + 1);
  if (columns.length === 0 || least <= 0) return input;
  const present = columns.map(isPresent);
  const count = present.map((test): Expr => cast(test, intType)).reduce((sum, test) => fn("+", sum, test));
  const condition =
    least === columns.length
      ? present.reduce((all, test) => fn("and", all, test))
      : fn(">=", count, { kind: "Literal", value: least, type: intType });
  return resolveFilter(condition, input, context);
}

/** The input with some of its columns computed anew under their names. */
function withReplaced(
  input: LogicalPlan,
  context: AnalysisContext,
  replacement: (column: Attribute) => Expr | undefined,
): LogicalPlan {
  let changed = false;
  const expressions = outputOf(input).map((column) => {
    const expr = replacement(column);
    if (expr === undefined) return column;
    changed = true;
    return alias(expr, column.name);
  });
  return changed ? resolveProject(expressions, input, context) : input;
}

export function resolveNaFill(relation: NaFill, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const filled = (column: Attribute, value: Literal): Expr => {
    const own = isFloating(column.type)
      ? fn("if", fn("isnan", column), cast(nullLiteral, column.type), column)
      : column;
    return fn("coalesce", own, cast(value, column.type));
  };
  if (relation.values !== undefined) {
    const targets = columnsNamed(
      relation.values.map(([name]) => name),
      input,
      context,
    );
    return withReplaced(input, context, (column) => {
      const at = targets.findIndex((target) => target.id === column.id);
      return at < 0 ? undefined : filled(column, relation.values![at]![1]);
    });
  }
  const value = relation.value!;
  const targets = columnsNamed(relation.columns, input, context);
  return withReplaced(input, context, (column) =>
    suits(value, column.type) && targets.some((target) => sameName(target.name, column.name, context))
      ? filled(column, value)
      : undefined,
  );
}

export function resolveNaReplace(relation: NaReplace, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const sample = relation.replacements.flat().find((value) => value.value !== null);
  if (sample === undefined) return input;
  const targets = columnsNamed(relation.columns, input, context);
  return withReplaced(input, context, (column) => {
    if (!suits(sample, column.type) || !targets.some((target) => target.id === column.id)) return undefined;
    const branches = relation.replacements.flatMap(([from, to]) => [
      fn("=", column, isNumeric(from.type) ? from : cast(from, column.type)),
      cast(to, column.type),
    ]);
    return fn("when", ...branches, column);
  });
}
