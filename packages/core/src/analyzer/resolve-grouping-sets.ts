/**
 * `rollup`, `cube` and `groupingSets`: each row once for each grouping set, with NULL for the grouping columns that the set
 * leaves out, and the number of the set as one more grouping column. Bit i of that number, from the left, says that column i
 * was left out. Aggregates read the columns as they were.
 * @see Spark, `Expand` and `spark_grouping_id`
 */
import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import { transformDown } from "../expressions/traverse.ts";
import { attributeOf, literal, type NamedExpr } from "../expressions/typing.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType, intType, tinyintType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { resolveExpression } from "./resolve-expression.ts";
import { isSession, sessionWindowKey } from "./watermark-columns.ts";
import { cast, fn, freshAttribute } from "./written.ts";

export interface GroupingSets {
  readonly input: LogicalPlan;
  /** The grouping columns of the expansion, in the order of the keys. */
  readonly keys: readonly Attribute[];
  /** What is grouped by besides: the number of the set, and its position where two sets are equal. */
  readonly extra: readonly Attribute[];
  readonly groupingId: Attribute;
}

const isGroupingFunction = (expr: Expr): expr is Expr & { readonly kind: "UnresolvedFunction" } =>
  expr.kind === "UnresolvedFunction" && /^grouping(_id)?$/i.test(expr.name);

/** The value of a key below the aggregation. */
export const definitionOf = (key: NamedExpr): Expr => (key.kind === "Alias" ? key.child : key);

/** The expansion for resolved keys. */
export function expandGroupingSets(
  keys: readonly NamedExpr[],
  written: readonly (readonly number[])[],
  input: LogicalPlan,
  context: AnalysisContext,
): GroupingSets {
  const columns = outputOf(input);
  // A column that is grouped by twice is in a set when one of the two is.
  const sets = written.map((set) =>
    keys.flatMap((key, i) =>
      set.some((s) => s === i || sameExpression(definitionOf(keys[s]!), definitionOf(key))) ? [i] : [],
    ),
  );
  const expanded = keys.map((key, i) => {
    const { name, type, nullable } = attributeOf(key);
    const leftOut = sets.some((set) => !set.includes(i));
    const column = freshAttribute({ name, type, nullable: nullable || leftOut }, context);
    // Where the set has it, a session is one that is merged.
    return isSession(key) ? { ...column, metadata: { [sessionWindowKey]: true } } : column;
  });
  const groupingId = freshAttribute({ name: "spark_grouping_id", type: bigintType, nullable: false }, context);
  const numbers = sets.map((set) => keys.reduce((bits, _, i) => (bits << 1n) | (set.includes(i) ? 0n : 1n), 0n));
  const repeated = new Set(numbers).size < numbers.length;
  const position = freshAttribute({ name: "_gen_grouping_pos", type: intType, nullable: false }, context);
  const extra = repeated ? [groupingId, position] : [groupingId];
  return {
    input: {
      kind: "Expand",
      input,
      projections: sets.map((set, s) => [
        ...columns,
        ...keys.map((key, i): Expr => {
          if (set.includes(i)) return definitionOf(key);
          return literal(null, attributeOf(key).type);
        }),
        literal(numbers[s]!, bigintType),
        ...(repeated ? [literal(s, intType)] : []),
      ]),
      output: [...columns, ...expanded, ...extra],
    },
    keys: expanded,
    extra,
    groupingId,
  };
}

/** `grouping(column)` and `grouping_id(…)` as what they are computed from: bits of the number of the grouping set. */
export function withGroupingFunctions(
  expr: Expr,
  keys: readonly NamedExpr[],
  groupingId: Attribute,
  scope: { readonly attributes: readonly Attribute[] },
  context: AnalysisContext,
): Expr {
  const positionOf = (arg: Expr): number => {
    const resolved = resolveExpression(arg, scope, context);
    return keys.findIndex((key) => sameExpression(definitionOf(key), resolved));
  };
  const listed = keys.map((key) => attributeOf(key).name).join(", ");
  return transformDown(expr, (node) => {
    if (!isGroupingFunction(node)) return node;
    if (node.name.toLowerCase() === "grouping_id") {
      const same = node.args.length === keys.length && node.args.every((arg, i) => positionOf(arg) === i);
      if (node.args.length === 0 || same) return groupingId;
      throw new MillraceError("GROUPING_ID_COLUMN_MISMATCH", {
        groupingIdColumn: node.args.map((arg) => printExpression(arg)).join(", "),
        groupByColumns: listed,
      });
    }
    const at = node.args.length === 1 ? positionOf(node.args[0]!) : -1;
    if (at < 0) {
      throw new MillraceError("GROUPING_COLUMN_MISMATCH", {
        grouping: node.args.map((arg) => printExpression(arg)).join(", "),
        groupingColumns: listed,
      });
    }
    const shifted = fn("shiftright", groupingId, literal(keys.length - 1 - at, intType));
    return cast(fn("&", shifted, literal(1n, bigintType)), tinyintType);
  });
}
