/** `describe` and `summary`: one aggregation over all rows, then one row for each statistic. */
import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { literal } from "../expressions/typing.ts";
import type { Summary } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { arrayType, doubleType, intType, isNumeric, stringType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { resolveAggregate } from "./resolve-aggregate.ts";
import { resolveExpression } from "./resolve-expression.ts";
import { alias, cast, columnsNamed, fn, freshAttribute, text } from "./written.ts";

/** A share such as `25%` as a number from 0 to 1. */
function percentage(statistic: string): number | undefined {
  if (!statistic.endsWith("%")) return undefined;
  const share = Number(statistic.slice(0, -1)) / 100;
  if (statistic.length > 1 && share >= 0 && share <= 1) return share;
  throw new MillraceError("UNRECOGNIZED_STATISTIC", { stats: `'${statistic}'` });
}

/** Text counts as the number that it holds, or as nothing. */
function numeric(column: Attribute): Expr {
  return column.type.kind === "string" ? cast(column, doubleType, "try") : column;
}

/** Percentiles of decimals are those of doubles. */
function ordered(column: Attribute): Expr {
  return column.type.kind === "decimal" ? cast(column, doubleType) : numeric(column);
}

function statisticOf(statistic: string, column: Attribute): Expr {
  switch (statistic) {
    case "count":
      return fn("count", column);
    case "count_distinct":
      return { kind: "UnresolvedFunction", name: "count", args: [column], distinct: true };
    case "approx_count_distinct":
      return fn("approx_count_distinct", column);
    case "mean":
      return fn("avg", numeric(column));
    case "stddev":
      return fn("stddev", numeric(column));
    case "min":
    case "max":
      return fn(statistic, column);
    default:
      throw new MillraceError("UNRECOGNIZED_STATISTIC", { stats: `'${statistic}'` });
  }
}

export function resolveSummary(relation: Summary, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const shares = relation.statistics.map(percentage);
  const percentages = shares.filter((share) => share !== undefined);
  const columns = columnsNamed(relation.columns, input, context).filter(
    ({ type }) => isNumeric(type) || type.kind === "string",
  );
  const aggregates = columns.flatMap((column) => [
    ...relation.statistics.flatMap((statistic, i) =>
      shares[i] === undefined ? [alias(statisticOf(statistic, column), statistic)] : [],
    ),
    ...(percentages.length === 0
      ? []
      : [alias(fn("percentile_approx", ordered(column), literal(percentages, arrayType(doubleType, false))), "%")]),
  ]);
  const aggregated = resolveAggregate([], aggregates, input, context);
  const results = outputOf(aggregated);
  const perColumn = columns.length === 0 ? 0 : results.length / columns.length;
  const projections = relation.statistics.map((statistic, s) => [
    text(statistic),
    ...columns.map((_, c): Expr => {
      const own = results.slice(c * perColumn, (c + 1) * perColumn);
      const before = (isShare: boolean): number =>
        shares.slice(0, s).filter((share) => (share !== undefined) === isShare).length;
      const value =
        shares[s] === undefined
          ? own[before(false)]!
          : fn("get_array_item", own.at(-1)!, literal(before(true), intType));
      return resolveExpression(cast(value, stringType), { attributes: results }, context);
    }),
  ]);
  return {
    kind: "Expand",
    input: aggregated,
    projections,
    output: ["summary", ...columns.map((column) => column.name)].map((name, i) =>
      freshAttribute({ name, type: stringType, nullable: i > 0 }, context),
    ),
  };
}
