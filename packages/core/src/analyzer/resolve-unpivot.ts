import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { attributeOf, isNamed, nullableOf, typeOf } from "../expressions/typing.ts";
import { findCommonType } from "../functions/coercion.ts";
import { typeText } from "../functions/type-text.ts";
import type { Unpivot } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { type DataType, stringType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { castTo } from "./resolve-attribute.ts";
import { resolveProject } from "./resolve-project.ts";
import { freshAttribute, text } from "./written.ts";

/** Columns to rows: an expansion with one projection for each value column. */
export function resolveUnpivot(relation: Unpivot, given: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const output = outputOf(given);
  const resolveAll = (list: readonly Expr[]): readonly Expr[] => {
    const resolved = resolveProject(list, given, context);
    return resolved.kind === "Project" ? resolved.expressions : outputOf(resolved);
  };
  const ids = resolveAll(relation.ids);
  const idAttributes = ids.flatMap((id) => (isNamed(id) ? [attributeOf(id)] : []));
  const rest = output.filter((a) => !idAttributes.some((id) => id.id === a.id));
  const values = relation.values === undefined ? rest : resolveAll(relation.values);
  if (values.length === 0) throw new MillraceError("UNPIVOT_REQUIRES_VALUE_COLUMNS", {});
  // Which columns are left over is known only when the identifiers are columns themselves.
  const computed = relation.values === undefined ? ids.find((id) => id.kind !== "Attribute") : undefined;
  if (computed !== undefined) {
    throw new MillraceError("UNPIVOT_REQUIRES_ATTRIBUTES", {
      given: "identifier",
      empty: "value",
      expressions: `"${printExpression(computed)}"`,
    });
  }
  const columns = values.map((value) => ({
    name: isNamed(value) ? attributeOf(value).name : printExpression(value),
    child: value.kind === "Alias" ? value.child : value,
    type: typeOf(value),
    nullable: nullableOf(value),
  }));
  const type = columns.reduce((common, column) => {
    const next = findCommonType(common, column.type, context.evaluation.ansi);
    // Text and other types have nothing in common here.
    const mixed = (common.kind === "string") !== (column.type.kind === "string") && !isNull(common, column.type);
    if (next !== undefined && !mixed) return next;
    throw new MillraceError("UNPIVOT_VALUE_DATA_TYPE_MISMATCH", {
      types: columns.map((c) => `"${typeText(c.type)}" (\`${c.name}\`)`).join(", "),
    });
  }, columns[0]!.type);
  return {
    kind: "Expand",
    input: given,
    projections: columns.map((column) => [
      ...ids.map((id) => (id.kind === "Alias" ? id.child : id)),
      text(column.name),
      castTo(column.child, type),
    ]),
    output: [
      ...ids.map((id) =>
        freshAttribute(
          {
            name: isNamed(id) ? attributeOf(id).name : printExpression(id),
            type: typeOf(id),
            nullable: nullableOf(id),
          },
          context,
        ),
      ),
      freshAttribute({ name: relation.variableColumnName, type: stringType, nullable: false }, context),
      freshAttribute(
        { name: relation.valueColumnName, type, nullable: columns.some((column) => column.nullable) },
        context,
      ),
    ],
  };
}

const isNull = (...types: readonly DataType[]): boolean => types.some((type) => type.kind === "null");
