import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr, SortOrder, UnresolvedFunction, UnresolvedStar } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { collect, someExpression, transformDown } from "../expressions/traverse.ts";
import { attributeOf, isNamed, typeOf } from "../expressions/typing.ts";
import { argumentInfo } from "../functions/fold.ts";
import { functionRegistry } from "../functions/registry.ts";
import { requireOrderable } from "../functions/resolution.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { visibleOutput } from "./hidden-metadata.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { castTo, findAttribute, isWordFunction, unresolvedColumn } from "./resolve-attribute.ts";
import { resolveAggregate } from "./resolve-aggregate.ts";
import { named } from "./named-expression.ts";
import { containsAggregate, requireArity, resolveCondition, resolveExpression } from "./resolve-expression.ts";
import { containsWindow, projectWithWindows, requireNoWindow } from "./extract-windows.ts";
import { withDefaultFrames } from "./resolve-window.ts";
import { resolveTimeWindows } from "./time-window.ts";

/** A select list. With an aggregate function in it, a global aggregate. */
export function resolveProject(list: readonly Expr[], input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const expressions = list.flatMap((expr) => expandStar(withDefaultFrames(expr), input, context));
  if (expressions.some(containsAggregate)) return resolveAggregate([], expressions, input, context);
  const windows = resolveTimeWindows(expressions, input, context);
  const generated = resolveGenerators(windows.expressions, windows.input, context);
  // Names mean the input's columns, also where the generated column has the same name.
  const scope = { attributes: outputOf(windows.input) };
  return projectWithWindows(
    generated.expressions.map((expr) => named(expr, resolveExpression(expr, scope, context), context)),
    generated.input,
    context,
  );
}

function expandStar(expr: Expr, input: LogicalPlan, context: AnalysisContext): readonly Expr[] {
  if (expr.kind !== "UnresolvedStar") return [expandStarArguments(expr, input, context)];
  const output = visibleOutput(input);
  if (expr.pattern !== undefined) {
    const pattern = namePattern(expr.pattern, context);
    return output.filter((a) => pattern.test(a.name));
  }
  if (expr.except !== undefined) return starExcept(expr, expr.except, input, context);
  if (expr.target.length === 0) return output;
  const qualifier = expr.target.at(-1)!;
  const matches = output.filter((a) => a.qualifier !== undefined && sameName(a.qualifier, qualifier, context));
  if (matches.length > 0) return matches;
  const base = findAttribute({ kind: "UnresolvedAttribute", parts: expr.target }, { attributes: output }, context);
  const type = base === undefined ? undefined : typeOf(base);
  if (base !== undefined && type?.kind === "struct") {
    return type.fields.map((f, ordinal) => ({
      kind: "Alias",
      name: f.name,
      child: { kind: "GetStructField", child: base, ordinal, name: f.name, type: f.type, nullable: true },
    }));
  }
  throw unresolvedColumn({ kind: "UnresolvedAttribute", parts: expr.target }, output);
}

function namePattern(pattern: string, context: AnalysisContext): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, context.caseSensitive ? "" : "i");
  } catch {
    throw new MillraceError("INVALID_USAGE_OF_STAR_OR_REGEX", {
      elem: `regular expression '${pattern}'`,
      prettyName: "colRegex",
    });
  }
}

/** The columns of a star but some of them. */
function starExcept(
  star: UnresolvedStar,
  except: readonly (readonly string[])[],
  input: LogicalPlan,
  context: AnalysisContext,
): readonly Expr[] {
  const all = expandStar({ kind: "UnresolvedStar", target: star.target }, input, context);
  const names = all.map((expr) => (expr.kind === "Attribute" || expr.kind === "Alias" ? expr.name : ""));
  const left = new Set<number>();
  for (const parts of except) {
    const at = names.findIndex((name) => sameName(name, parts.at(-1)!, context));
    if (at < 0) throw unresolvedColumn({ kind: "UnresolvedAttribute", parts }, outputOf(input));
    if (left.has(at)) {
      throw new MillraceError("EXCEPT_OVERLAPPING_COLUMNS", {
        columns: except.map((path) => path.join(".")).join(", "),
      });
    }
    left.add(at);
  }
  return all.filter((_, i) => !left.has(i));
}

/** `struct(*)`, `array(t.*)`: a star among a function's arguments stands for the columns. Operators take none. */
function expandStarArguments(expr: Expr, input: LogicalPlan, context: AnalysisContext): Expr {
  return transformDown(expr, (node) =>
    node.kind === "UnresolvedFunction" &&
    !/^(?:\W.*|and|or|not)$/i.test(node.name) &&
    node.args.some((arg) => arg.kind === "UnresolvedStar")
      ? { ...node, args: node.args.flatMap((arg) => expandStar(arg, input, context)) }
      : node,
  );
}

function generatorOf(expr: Expr): UnresolvedFunction | undefined {
  const inner = expr.kind === "Alias" ? expr.child : expr;
  return inner.kind === "UnresolvedFunction" && functionRegistry.generator(inner.name) !== undefined
    ? inner
    : undefined;
}

/** Generators in the list become Generate nodes below, the first one lowest: all combinations of their rows. */
function resolveGenerators(
  list: readonly Expr[],
  input: LogicalPlan,
  context: AnalysisContext,
): { readonly expressions: readonly Expr[]; readonly input: LogicalPlan } {
  const scope = outputOf(input);
  let state = { expressions: list, input };
  while (state.expressions.some((expr) => generatorOf(expr) !== undefined)) {
    state = resolveGenerator(state.expressions, state.input, scope, context);
  }
  return state;
}

/** Moves a generator in the list into a Generate below; the list then refers to its columns. */
function resolveGenerator(
  expressions: readonly Expr[],
  input: LogicalPlan,
  scope: readonly Attribute[],
  context: AnalysisContext,
): { readonly expressions: readonly Expr[]; readonly input: LogicalPlan } {
  const element = expressions.find((expr) => generatorOf(expr) !== undefined)!;
  const call = generatorOf(element)!;
  const generator = functionRegistry.generator(call.name)!;
  requireArity(generator, call);
  const args = call.args.map((arg) => resolveExpression(arg, { attributes: scope }, context));
  const signature = generator.resolve(
    args.map((arg) => argumentInfo(arg, context.evaluation)),
    { sql: printExpression(call), ansi: context.evaluation.ansi },
  );
  const names = element.kind === "Alias" ? (element.names ?? [element.name]) : undefined;
  if (names !== undefined && names.length !== signature.returns.length) {
    throw new MillraceError("UDTF_ALIAS_NUMBER_MISMATCH", {
      aliasesSize: String(signature.returns.length),
      aliasesNames: names.join(","),
    });
  }
  const generated = signature.returns.map((column, i): Attribute => ({
    kind: "Attribute",
    id: context.ids.next(),
    name: names?.[i] ?? column.name,
    type: column.type,
    nullable: column.nullable,
  }));
  return {
    input: {
      kind: "Generate",
      input,
      generator: generator.name,
      args: args.map((arg, i) => castTo(arg, signature.args[i] ?? typeOf(arg))),
      generated,
    },
    expressions: expressions.flatMap((expr) => (expr === element ? generated : [expr])),
  };
}

export function resolveFilter(condition: Expr, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  if (someExpression(condition, (node) => generatorOf(node) !== undefined)) {
    throw new MillraceError("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", { plan: `Filter ${printExpression(condition)}` });
  }
  if (containsWindow(condition)) {
    throw new MillraceError("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", { clauseName: "WHERE" });
  }
  if (containsAggregate(condition)) {
    throw new MillraceError("INVALID_WHERE_CONDITION", {
      condition: printExpression(condition),
      expressionList: printExpression(condition),
    });
  }
  return withHiddenColumns([condition], input, context, (plan, scope) => ({
    kind: "Filter",
    input: plan,
    condition: resolveCondition(condition, { attributes: scope }, context),
  }));
}

export function resolveSort(
  order: readonly SortOrder[],
  input: LogicalPlan,
  context: AnalysisContext,
  withinPartitions?: true,
): LogicalPlan {
  requireNoWindow("Sort", order);
  return withHiddenColumns(order, input, context, (plan, scope) => ({
    kind: "Sort",
    ...(withinPartitions === undefined ? {} : { withinPartitions }),
    input: plan,
    order: order.map((item) => {
      const resolved = resolveExpression(item, { attributes: scope }, context) as SortOrder;
      if (containsAggregate(resolved.child)) {
        throw new MillraceError("UNSUPPORTED_EXPR_FOR_OPERATOR", {
          operator: "Sort",
          invalidExprSqls: `"${printExpression(item.child)}"`,
        });
      }
      requireOrderable("sort order", typeOf(resolved.child), {
        sql: printExpression(item.child),
        ansi: context.evaluation.ansi,
      });
      return resolved;
    }),
  }));
}

/**
 * Filters and sorts may use columns that a projection just below has dropped: those are carried along and projected away
 * again above.
 */
function withHiddenColumns(
  expressions: readonly Expr[],
  input: LogicalPlan,
  context: AnalysisContext,
  build: (plan: LogicalPlan, scope: readonly Attribute[]) => LogicalPlan,
): LogicalPlan {
  const output = outputOf(input);
  const missing = expressions.some((expr) =>
    someExpression(
      expr,
      (node) =>
        node.kind === "UnresolvedAttribute" && findAttribute(node, { attributes: output }, context) === undefined,
    ),
  );
  if (!missing || input.kind !== "Project") return build(input, output);
  const below = outputOf(input.input);
  const hidden = new Map<number, Attribute>();
  for (const expr of expressions) {
    for (const node of collect(expr, (e) => e.kind === "UnresolvedAttribute")) {
      if (node.kind !== "UnresolvedAttribute") continue;
      if (findAttribute(node, { attributes: output }, context) !== undefined) continue;
      const found = findAttribute(node, { attributes: below }, context);
      if (found === undefined && isWordFunction(node.parts)) continue;
      if (found === undefined) throw unresolvedColumn(node, output);
      for (const a of collect(found, (e) => e.kind === "Attribute")) if (a.kind === "Attribute") hidden.set(a.id, a);
    }
  }
  const extra = [...hidden.values()].filter((a) => !output.some((o) => o.id === a.id));
  const wider: LogicalPlan = { ...input, expressions: [...input.expressions, ...extra] };
  return {
    kind: "Project",
    input: build(wider, [...output, ...extra]),
    expressions: input.expressions.map((expr) => (isNamed(expr) ? attributeOf(expr) : expr)),
  };
}
