import { analyze } from "../analyzer/analyze.ts";
import type { AnalysisContext } from "../analyzer/context.ts";
import type { Expr } from "../expressions/expression.ts";
import { AttributeIds } from "../expressions/typing.ts";
import type { EvalContext } from "../functions/function.ts";
import type { LogicalPlan, Read, TableSchema } from "../logical-plan/logical-plan.ts";
import type { Derived, Pivot } from "../logical-plan/derived.ts";
import { childrenOfPlan, planNodes, somePlan, withPlanChildren } from "../logical-plan/traverse.ts";
import type { SourceContext, SourceProvider } from "../sources/contract.ts";
import type { SessionCatalog } from "./catalog.ts";

export interface AnalyzePlanOptions {
  readonly evaluation: EvalContext;
  readonly caseSensitive: boolean;
  readonly catalog: SessionCatalog;
  /** What stands for a plan's cached parts. */
  replaced(plan: LogicalPlan): LogicalPlan;
  /** The different values of an expression over a plan, in order: what a pivot is made of. */
  distinctValues(input: LogicalPlan, column: Expr): Promise<readonly Expr[]>;
  providerOf(read: Read): SourceProvider;
  sourceContext(read: Read): SourceContext;
}

/** Asks the sources for their schemas, then resolves the plan. */
export async function analyzePlan(given: LogicalPlan, options: AnalyzePlanOptions): Promise<LogicalPlan> {
  const tables = new Map<string, LogicalPlan | undefined>();
  const plan = await prepared(given, options);
  const schemas = new Map<Read, TableSchema>();
  const pending = [plan];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const node of planNodes(next)) {
      if (node.kind === "NamedTable" && !tables.has(node.name)) {
        // One look at a live table per analysis, so that its schema and its rows belong together.
        const view = options.catalog.plan(node.name);
        const found = view === undefined ? undefined : await prepared(view, options);
        tables.set(node.name, found);
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
    metadataOf: (read) => options.providerOf(read).metadataColumn,
    table: (name) => tables.get(name),
  };
  return analyze(plan, context);
}

/** Reads caches instead of what they hold, and looks for the values of pivots that come without. */
async function prepared(plan: LogicalPlan, options: AnalyzePlanOptions): Promise<LogicalPlan> {
  const current = options.replaced(plan);
  return somePlan(current, needsValues) ? withPivotValues(current, options) : current;
}

type PivotNode = Derived & { readonly relation: Pivot };

function needsValues(node: LogicalPlan): node is PivotNode {
  return node.kind === "Derived" && node.relation.kind === "Pivot" && node.relation.values === undefined;
}

async function withPivotValues(plan: LogicalPlan, options: AnalyzePlanOptions): Promise<LogicalPlan> {
  const children: LogicalPlan[] = [];
  for (const child of childrenOfPlan(plan)) children.push(await withPivotValues(child, options));
  const node = children.length === 0 ? plan : withPlanChildren(plan, children);
  if (!needsValues(node)) return node;
  const values = await options.distinctValues(node.input, node.relation.column);
  return { ...node, relation: { ...node.relation, values } };
}
