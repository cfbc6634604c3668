import type { AttributeIds } from "../expressions/typing.ts";
import type { EvalContext } from "../functions/function.ts";
import type { LogicalPlan, Read, TableSchema } from "../logical-plan/logical-plan.ts";
import type { Field } from "../types/data-type.ts";

/** What the analyzer knows of the session and of the sources. */
export interface AnalysisContext {
  readonly ids: AttributeIds;
  /** For constant arguments of functions; the batch-dependent parts are never used. */
  readonly evaluation: EvalContext;
  readonly caseSensitive: boolean;
  /** Schemas of all reads in the plan, asked from the sources before. */
  readonly schemas: ReadonlyMap<Read, TableSchema>;
  /** The hidden column that tells where the rows of a source come from. */
  metadataOf(read: Read): Field | undefined;
  /** Plan of a registered view or table. */
  table(name: string): LogicalPlan | undefined;
}

/** Equality of column names under the session's case sensitivity. */
export function sameName(a: string, b: string, context: AnalysisContext): boolean {
  return context.caseSensitive ? a === b : a === b || a.toLowerCase() === b.toLowerCase();
}
