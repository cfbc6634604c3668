/**
 * `intersect` and `except` as one aggregation over both sides: how often does each row stand on the left and on the right?
 * GROUP BY takes NULLs as equal, which is what set operations want.
 */
import type { Attribute, Expr } from "../expressions/expression.ts";
import { literal } from "../expressions/typing.ts";
import type { LogicalPlan, SetOperation } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { holdsMap, setOperationOnMap } from "./map-columns.ts";
import { resolveAggregate } from "./resolve-aggregate.ts";
import { resolveFilter, resolveProject } from "./resolve-project.ts";
import { alignByPosition } from "./resolve-union.ts";
import { alias, fn, freshAttribute } from "./written.ts";

const zero = literal(0n, bigintType);
const one = literal(1n, bigintType);

export function resolveSetOperation(
  plan: SetOperation,
  left: LogicalPlan,
  right: LogicalPlan,
  context: AnalysisContext,
): LogicalPlan {
  const operator = `${plan.operation.toUpperCase()}${plan.all ? " ALL" : ""}`;
  const sides = alignByPosition([left, right], operator, context);
  const map = outputOf(sides[0]!).find((column) => holdsMap(column.type));
  if (map !== undefined) throw setOperationOnMap(map);
  const width = outputOf(sides[0]!).length;
  const counted = sides.map((side, i): LogicalPlan => ({
    kind: "Project",
    input: side,
    expressions: [
      ...outputOf(side),
      { kind: "Alias", child: i === 0 ? one : zero, name: "left", id: context.ids.next() },
      { kind: "Alias", child: i === 0 ? zero : one, name: "right", id: context.ids.next() },
    ],
  }));
  const both: LogicalPlan = { kind: "Union", inputs: counted, byName: false, allowMissingColumns: false };
  const all = outputOf(both);
  const [inLeft, inRight] = [all[width]!, all[width + 1]!];
  const sums = [alias(fn("sum", inLeft), "left"), alias(fn("sum", inRight), "right")];
  const grouped = resolveAggregate(all.slice(0, width), sums, both, context);
  const aggregate: LogicalPlan = grouped.kind === "Aggregate" ? { ...grouped, standsFor: operator } : grouped;
  const columns = outputOf(aggregate);
  const [leftCount, rightCount] = [columns[width]!, columns[width + 1]!];
  const kept = columns.slice(0, width);
  if (plan.all) {
    const copies =
      plan.operation === "except"
        ? fn("-", leftCount, rightCount)
        : fn("if", fn("<", leftCount, rightCount), leftCount, rightCount);
    return replicated(resolveProject([...kept, alias(copies, "copies")], aggregate, context), kept, context);
  }
  const present = fn(">", leftCount, zero);
  const wanted = plan.operation === "except" ? fn("=", rightCount, zero) : fn(">", rightCount, zero);
  return { kind: "Project", input: resolveFilter(fn("and", present, wanted), aggregate, context), expressions: kept };
}

/** Each row as often as its last column says. */
export function replicated(counted: LogicalPlan, kept: readonly Attribute[], context: AnalysisContext): LogicalPlan {
  const copies: Expr = outputOf(counted).at(-1)!;
  return {
    kind: "Project",
    input: {
      kind: "Generate",
      input: counted,
      generator: "replicate_rows",
      args: [copies],
      generated: [freshAttribute({ name: "copy", type: bigintType, nullable: false }, context)],
    },
    expressions: kept,
  };
}
