import { analyze } from "../analyzer/analyze.ts";
import type { AnalysisContext } from "../analyzer/context.ts";
import { AttributeIds } from "../expressions/typing.ts";
import type { EvalContext } from "../functions/function.ts";
import type { LogicalPlan, Read } from "../logical-plan/logical-plan.ts";
import { planNodes } from "../logical-plan/traverse.ts";
import type { SourceContext, SourceProvider } from "../sources/contract.ts";
import type { StructType } from "../types/data-type.ts";
import type { SessionCatalog } from "./catalog.ts";

export interface AnalyzePlanOptions {
  readonly evaluation: EvalContext;
  readonly caseSensitive: boolean;
  readonly catalog: SessionCatalog;
  providerOf(read: Read): SourceProvider;
  sourceContext(read: Read): SourceContext;
}

/** Asks the sources for their schemas, then resolves the plan. */
export async function analyzePlan(plan: LogicalPlan, options: AnalyzePlanOptions): Promise<LogicalPlan> {
  const tables = new Map<string, LogicalPlan | undefined>();
  const table = (name: string): LogicalPlan | undefined => {
    // One look at a live table per analysis, so that its schema and its rows belong together.
    if (!tables.has(name)) tables.set(name, options.catalog.plan(name));
    return tables.get(name);
  };
  const schemas = new Map<Read, StructType>();
  const pending = [plan];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const node of planNodes(next)) {
      if (node.kind === "NamedTable" && !tables.has(node.name)) {
        const found = table(node.name);
        if (found !== undefined) pending.push(found);
      }
      if (node.kind !== "Read" || schemas.has(node)) continue;
      const provider = options.providerOf(node);
      schemas.set(node, await provider.inferSchema(options.sourceContext(node), node.schema, node.streaming));
    }
  }
  const context: AnalysisContext = {
    ids: new AttributeIds(),
    evaluation: options.evaluation,
    caseSensitive: options.caseSensitive,
    schemas,
    table,
  };
  return analyze(plan, context);
}
