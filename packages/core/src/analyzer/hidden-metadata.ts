/**
 * The hidden column of file sources, `_metadata`, and the functions that read it. It belongs to no star and to no result
 * that does not name it; an operator that names it finds it at the scan below, through whatever keeps rows as they are.
 */
import type { Attribute, Expr } from "../expressions/expression.ts";
import { someExpression, transformUp } from "../expressions/traverse.ts";
import { literal } from "../expressions/typing.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType, intType, stringType } from "../types/data-type.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { extractValue } from "./resolve-attribute.ts";

/** What functions take of the column, and what they are where no file is read. */
const functions: ReadonlyMap<string, { readonly field: string; readonly otherwise: Expr }> = new Map([
  ["input_file_name", { field: "file_path", otherwise: literal("", stringType) }],
  ["input_file_block_start", { field: "file_block_start", otherwise: literal(-1n, bigintType) }],
  ["input_file_block_length", { field: "file_block_length", otherwise: literal(-1n, bigintType) }],
]);

function functionOf(node: Expr): { readonly field: string; readonly otherwise: Expr } | undefined {
  return node.kind === "UnresolvedFunction" && node.args.length === 0
    ? functions.get(node.name.toLowerCase())
    : undefined;
}

/** `file:/a` as `file:///a`: the function has another form of the path than the column. */
function withAuthority(path: Expr): Expr {
  const call = (fn: string, ...args: readonly Expr[]): Expr => ({
    kind: "UnresolvedFunction",
    name: fn,
    args,
    distinct: false,
  });
  return call("concat", literal("file://", stringType), call("substring", path, literal(6, intType)));
}

/** The input with the attribute of its scan's metadata in its output; undefined when there is none. */
function expose(
  plan: LogicalPlan,
  context: AnalysisContext,
): { readonly plan: LogicalPlan; readonly attribute: Attribute } | undefined {
  switch (plan.kind) {
    case "Scan": {
      const field = context.metadataOf(plan.read);
      if (field === undefined) return undefined;
      const known = plan.output.find(isHidden);
      if (known !== undefined) return { plan, attribute: known };
      const attribute: Attribute = {
        kind: "Attribute",
        id: context.ids.next(),
        name: field.name,
        type: field.type,
        nullable: field.nullable,
        metadata: { hidden: true },
      };
      return { plan: { ...plan, output: [...plan.output, attribute] }, attribute };
    }
    case "Filter":
    case "Sort":
    case "Limit":
    case "Offset":
    case "Hint": {
      const below = expose(plan.input, context);
      return below === undefined ? undefined : { ...below, plan: { ...plan, input: below.plan } };
    }
    case "SubqueryAlias": {
      const below = expose(plan.input, context);
      if (below === undefined) return undefined;
      return { plan: { ...plan, input: below.plan }, attribute: { ...below.attribute, qualifier: plan.alias } };
    }
    case "Project": {
      const below = expose(plan.input, context);
      if (below === undefined) return undefined;
      const { attribute } = below;
      const known = plan.expressions.some((e) => e.kind === "Attribute" && e.id === attribute.id);
      const expressions = known ? plan.expressions : [...plan.expressions, attribute];
      return { plan: { ...plan, expressions, input: below.plan }, attribute };
    }
    default:
      return undefined;
  }
}

/**
 * Resolves a node over `input` by `build`, with the hidden column where the node's expressions name it.
 * @param rewrite gives `build` the node's expressions
 * @param keepsInput whether the node's output holds that of its input
 */
export function withMetadata<E extends Expr>(
  expressions: readonly E[],
  input: LogicalPlan,
  context: AnalysisContext,
  keepsInput: boolean,
  build: (input: LogicalPlan, expressions: readonly E[]) => LogicalPlan,
): LogicalPlan {
  const name = "_metadata";
  const names = (node: Expr): boolean =>
    node.kind === "UnresolvedAttribute" && node.parts.some((part, i) => i < 2 && sameName(part, name, context));
  const mentions = expressions.some((e) => someExpression(e, (n) => names(n) || functionOf(n) !== undefined));
  if (!mentions) return build(input, expressions);
  const visible = outputOf(input);
  const isColumn = visible.some((a) => sameName(a.name, name, context));
  const exposed = isColumn ? undefined : expose(input, context);
  const replaced = (node: Expr): Expr => {
    const fn = functionOf(node);
    if (fn === undefined) return node;
    if (exposed === undefined) return fn.otherwise;
    const value = extractValue(exposed.attribute, literal(fn.field, stringType), name, context);
    return fn.field === "file_path" ? withAuthority(value) : value;
  };
  const rewritten = expressions.map((expr): E => {
    const next = transformUp(expr, replaced) as E;
    // The column keeps the name of what was written.
    if (next === expr || expr.kind !== "UnresolvedFunction") return next;
    return { kind: "Alias", child: next, name: `${expr.name.toLowerCase()}()` } satisfies Expr as Expr as E;
  });
  if (exposed === undefined) return build(input, rewritten);
  const { attribute } = exposed;
  const result = build(exposed.plan, rewritten);
  const output = outputOf(result);
  if (!output.some(isHidden)) return result;
  const kept = keepsInput ? output.filter((a) => a.id !== attribute.id) : output;
  // Where it was asked for by its name it is a column like others from here on.
  const columns = kept.map((a): Expr =>
    isHidden(a) ? { kind: "Alias", child: a, name: a.name, id: context.ids.next(), metadata: {} } : a,
  );
  return { kind: "Project", input: result, expressions: columns };
}

const isHidden = (a: Attribute): boolean => a.metadata?.["hidden"] === true;

/** The columns of a plan that a star stands for. */
export function visibleOutput(plan: LogicalPlan): readonly Attribute[] {
  const output = outputOf(plan);
  return output.some(isHidden) ? output.filter((a) => !isHidden(a)) : output;
}
