import { valuesOfBatch } from "../columnar/batch-from-values.ts";
import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { literal } from "../expressions/typing.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { EmbeddedEngine } from "./embedded-engine.ts";

/** The different values of an expression over a plan, in order, NULL first. Too many are refused: each makes a column. */
export async function distinctValues(
  engine: EmbeddedEngine,
  input: LogicalPlan,
  column: Expr,
): Promise<readonly Expr[]> {
  const most = Number(engine.conf.required("spark.sql.pivotMaxValues"));
  const child: Expr = { kind: "UnresolvedAttribute", parts: ["value"] };
  const plan: LogicalPlan = {
    kind: "Limit",
    limit: most + 1,
    input: {
      kind: "Sort",
      order: [{ kind: "SortOrder", child, direction: "ascending", nulls: "first" }],
      input: {
        kind: "Deduplicate",
        input: {
          kind: "Project",
          input,
          expressions: [{ kind: "Alias", child: column.kind === "Alias" ? column.child : column, name: "value" }],
        },
      },
    },
  };
  const values: Expr[] = [];
  for await (const batch of engine.execute(plan)) {
    const { type } = batch.schema.fields[0]!;
    for (const [value] of valuesOfBatch(batch)) values.push(literal(value!, type));
  }
  if (values.length <= most) return values;
  throw new MillraceError("_LEGACY_ERROR_TEMP_1324", { limit: String(most) });
}
