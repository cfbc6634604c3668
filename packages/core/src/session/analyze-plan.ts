import { analyze } from "../analyzer/analyze.ts";
import { MillraceError } from "../errors/index.ts";
import type { AnalysisContext } from "../analyzer/context.ts";
import type { Expr } from "../expressions/expression.ts";
import { AttributeIds } from "../expressions/typing.ts";
import type { EvalContext } from "../functions/function.ts";
import type { LocalRelation, LogicalPlan, Read, TableSchema } from "../logical-plan/logical-plan.ts";
import type { Derived, Pivot, Transpose } from "../logical-plan/derived.ts";
import { childrenOfPlan, planNodes, somePlan, withPlanChildren } from "../logical-plan/traverse.ts";
import type { SourceContext, SourceProvider } from "../sources/contract.ts";
import type { SessionCatalog } from "./catalog.ts";

export interface AnalyzePlanOptions {
  readonly evaluation: EvalContext;
  readonly caseSensitive: boolean;
  readonly catalog: SessionCatalog;
  /** Whether the session reads nothing but views of others and rows of its own. */
  readonly viewsOnly: boolean;
  /** What stands for a plan's cached parts. */
  replaced(plan: LogicalPlan): LogicalPlan;
  /** The different values of an expression over a plan, in order: what a pivot is made of. */
  distinctValues(input: LogicalPlan, column: Expr): Promise<readonly Expr[]>;
  /** The rows of a plan as columns. */
  transposed(input: LogicalPlan, index: Expr | undefined): Promise<LocalRelation>;
  /** Loads the source of a read; afterwards `providerOf` gives it. */
  loadProvider(read: Read): Promise<SourceProvider>;
  providerOf(read: Read): SourceProvider;
  sourceContext(read: Read): SourceContext;
}

/** Asks the sources for their schemas, then resolves the plan. */
export async function analyzePlan(given: LogicalPlan, options: AnalyzePlanOptions): Promise<LogicalPlan> {
  const tables = new Map<string, LogicalPlan | undefined>();
  const plan = await prepared(given, options);
  const schemas = new Map<Read, TableSchema>();
  const pending = [{ plan, own: true }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const node of planNodes(next.plan)) {
      if (options.viewsOnly && next.own && node.kind === "Read" && node.provider === undefined) {
        throw new MillraceError("INSUFFICIENT_PERMISSIONS", {
          report: `this session reads views, and not ${node.format} by itself.`,
        });
      }
      if (node.kind === "NamedTable" && !tables.has(node.name)) {
        // One look at a live table per analysis, so that its schema and its rows belong together.
        const view = options.catalog.plan(node.name);
        const guard = options.catalog.guard(node.name);
        const rows = view === undefined ? undefined : await prepared(view, options);
        const found: LogicalPlan | undefined =
          rows === undefined || guard === undefined ? rows : { kind: "Derived", input: rows, relation: guard };
        tables.set(node.name, found);
        if (found !== undefined) pending.push({ plan: found, own: !options.catalog.mayRead(node.name) });
      }
      if (node.kind !== "Read" || schemas.has(node)) continue;
      const provider = await options.loadProvider(node);
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

/** Reads caches instead of what they hold, and looks at the rows of pivots that come without values, and of transpositions. */
async function prepared(plan: LogicalPlan, options: AnalyzePlanOptions): Promise<LogicalPlan> {
  const current = options.replaced(plan);
  return somePlan(current, needsRows) ? withRows(current, options) : current;
}

type NodeThatNeedsRows = Derived & { readonly relation: Pivot | Transpose };

function needsRows(node: LogicalPlan): node is NodeThatNeedsRows {
  if (node.kind !== "Derived") return false;
  const { relation } = node;
  return relation.kind === "Transpose" || (relation.kind === "Pivot" && relation.values === undefined);
}

async function withRows(plan: LogicalPlan, options: AnalyzePlanOptions): Promise<LogicalPlan> {
  const children: LogicalPlan[] = [];
  for (const child of childrenOfPlan(plan)) children.push(await withRows(child, options));
  const node = children.length === 0 ? plan : withPlanChildren(plan, children);
  if (!needsRows(node)) return node;
  const { input, relation } = node;
  if (relation.kind === "Transpose") return options.transposed(input, relation.index);
  return { ...node, relation: { ...relation, values: await options.distinctValues(input, relation.column) } };
}
