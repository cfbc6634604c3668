/**
 * From what the user wrote to a plan in which every name and type is known. The plan is walked from the leaves up; each
 * node kind has one function. A subplan that occurs twice is resolved twice, so that its columns get their own ids (a
 * self-join needs no renaming); the `Read` objects stay shared, which is how a stream that is read twice stays one source.
 */
import { MillraceError, unreachable } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { transformDown } from "../expressions/traverse.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { StructType } from "../types/data-type.ts";
import { resolveAggregate } from "./resolve-aggregate.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { withMetadata } from "./hidden-metadata.ts";
import { resolveJoin } from "./resolve-join.ts";
import { resolveDeduplicate } from "./resolve-deduplicate.ts";
import { resolveDerived } from "./resolve-derived.ts";
import { resolveMetrics } from "./resolve-metrics.ts";
import { resolveFilter, resolveProject, resolveSort } from "./resolve-project.ts";
import { resolveRepartition } from "./resolve-repartition.ts";
import { resolveSetOperation } from "./resolve-set-operation.ts";
import { resolveUnion } from "./resolve-union.ts";
import { resolveStatefulGroups } from "./resolve-stateful-groups.ts";
import { resolveKeyedGroups, resolveUserRows } from "./resolve-user-code.ts";
import { resolveWatermark } from "./resolve-watermark.ts";

/** Resolves a plan. Throws the analysis errors of Spark for names, types and arguments that do not fit. */
export function analyze(plan: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const input = (node: { readonly input: LogicalPlan }): LogicalPlan => analyze(node.input, context);
  switch (plan.kind) {
    case "Read": {
      const schema = context.schemas.get(plan);
      if (schema === undefined) {
        throw new MillraceError("INTERNAL_ERROR", { message: `no schema for a read of ${plan.format}` });
      }
      return {
        kind: "Scan",
        read: plan,
        schema,
        output: newAttributes(schema, context),
        filters: [],
        sourceIndex: -1,
      };
    }
    case "LocalRelation":
      return { kind: "LocalScan", batch: plan.batch, output: newAttributes(plan.batch.schema, context) };
    case "Range": {
      const schema: StructType = {
        kind: "struct",
        fields: [{ name: "id", type: { kind: "bigint" }, nullable: false }],
      };
      return { kind: "RangeScan", range: plan, output: newAttributes(schema, context) };
    }
    case "NamedTable": {
      const table = context.table(plan.name);
      if (table === undefined) {
        throw new MillraceError("TABLE_OR_VIEW_NOT_FOUND", { relationName: `\`${plan.name}\`` });
      }
      return { kind: "SubqueryAlias", alias: plan.name, input: analyze(table, context) };
    }
    case "Project":
      return withMetadata(plan.expressions, input(plan), context, false, (below, list) =>
        resolveProject(list, below, context),
      );
    case "Filter":
      return withMetadata([plan.condition], input(plan), context, true, (below, [condition]) =>
        resolveFilter(condition!, below, context),
      );
    case "Sort":
      return withMetadata(plan.order, input(plan), context, true, (below, order) =>
        resolveSort(order, below, context, plan.withinPartitions),
      );
    case "Aggregate": {
      const { length } = plan.grouping;
      return withMetadata([...plan.grouping, ...plan.aggregates], input(plan), context, false, (below, list) =>
        resolveAggregate(list.slice(0, length), list.slice(length), below, context, plan.groupingSets),
      );
    }
    case "Deduplicate":
      return resolveDeduplicate(plan, input(plan), context);
    case "Join":
      return resolveJoin(plan, analyze(plan.left, context), analyze(plan.right, context), context);
    case "Union":
      return resolveUnion(
        plan,
        plan.inputs.map((child) => analyze(child, context)),
        context,
      );
    case "SetOperation":
      return resolveSetOperation(plan, analyze(plan.left, context), analyze(plan.right, context), context);
    case "Limit":
      requireCount("limit", plan.limit);
      return { ...plan, input: input(plan) };
    case "Offset":
      requireCount("offset", plan.offset);
      return { ...plan, input: input(plan) };
    case "Repartition":
      return resolveRepartition(plan, input(plan), context);
    case "CollectMetrics":
      return resolveMetrics(plan, input(plan), context);
    case "Derived":
      return resolveDerived(plan, input(plan), context);
    case "SubqueryAlias":
    case "Hint":
      return { ...plan, input: input(plan) };
    case "WithColumns":
      return withMetadata(
        plan.columns.map(({ child }) => child),
        input(plan),
        context,
        true,
        (below, list) =>
          resolveWithColumns(
            plan.columns.map(({ name }, i) => {
              const child = list[i]!;
              return { name, child: child.kind === "Alias" ? child.child : child };
            }),
            below,
            context,
          ),
      );
    case "WithColumnsRenamed": {
      const child = input(plan);
      const expressions = outputOf(child).map((a) => {
        // One after another: a later rename sees the names of those before it.
        const name = plan.renames.reduce((held, { from, to }) => (sameName(from, held, context) ? to : held), a.name);
        return name === a.name ? a : renamed(a, name, context);
      });
      return { kind: "Project", input: child, expressions };
    }
    case "ToDF": {
      const child = input(plan);
      const output = outputOf(child);
      if (output.length !== plan.names.length) {
        throw new MillraceError("ASSIGNMENT_ARITY_MISMATCH", {
          numTarget: String(plan.names.length),
          numExpr: String(output.length),
          columns: output.map((a) => a.name).join(", "),
        });
      }
      return { kind: "Project", input: child, expressions: output.map((a, i) => renamed(a, plan.names[i]!, context)) };
    }
    case "Drop": {
      const child = input(plan);
      const output = outputOf(child);
      const dropped = (a: Attribute): boolean =>
        plan.columns.some(
          (column) =>
            column.kind === "UnresolvedAttribute" &&
            (column.parts.length === 1
              ? sameName(column.parts[0]!, a.name, context)
              : column.parts.length === 2 &&
                a.qualifier !== undefined &&
                sameName(column.parts[0]!, a.qualifier, context) &&
                sameName(column.parts[1]!, a.name, context)),
        );
      const kept = output.filter((a) => !dropped(a));
      return kept.length === output.length ? child : { kind: "Project", input: child, expressions: kept };
    }
    case "WithWatermark":
      return resolveWatermark(plan, input(plan), context);
    case "UserRows":
      return resolveUserRows(plan, input(plan), (schema) => newAttributes(schema, context));
    case "KeyedGroups":
      return resolveKeyedGroups(plan, input(plan), (schema) => newAttributes(schema, context));
    case "StatefulGroups":
      return resolveStatefulGroups(plan, input(plan), plan.initial && analyze(plan.initial.plan, context), (schema) =>
        newAttributes(schema, context),
      );
    case "Scan":
    case "LocalScan":
    case "RangeScan":
    case "Expand":
    case "Generate":
    case "Window":
    case "EventTimeWatermark":
    case "LateRows":
    case "Guard":
    case "StreamingDeduplicate":
    case "ResolvedUserRows":
    case "ResolvedKeyedGroups":
    case "ResolvedStatefulGroups":
      return plan;
    default:
      return unreachable(plan);
  }
}

function newAttributes(schema: StructType, context: AnalysisContext): readonly Attribute[] {
  return schema.fields.map((f) => ({
    kind: "Attribute",
    id: context.ids.next(),
    name: f.name,
    type: f.type,
    nullable: f.nullable,
    ...(f.metadata === undefined ? {} : { metadata: f.metadata }),
  }));
}

function requireCount(name: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw new MillraceError("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", { name, v: `${count}` });
}

function renamed(attribute: Attribute, name: string, context: AnalysisContext): Expr {
  return { kind: "Alias", child: attribute, name, id: context.ids.next() };
}

/** Replaces columns of the same name in place and appends the others. */
function resolveWithColumns(
  columns: readonly { readonly name: string; readonly child: Expr }[],
  input: LogicalPlan,
  context: AnalysisContext,
): LogicalPlan {
  const output = outputOf(input);
  const replacement = new Map<number, Expr>();
  const added: Expr[] = [];
  const known: { readonly name: string; readonly child: Expr }[] = [];
  for (const column of columns) {
    // A name that the input does not have can be one of the columns before.
    const child = transformDown(column.child, (node) => {
      if (node.kind !== "UnresolvedAttribute" || node.parts.length !== 1) return node;
      const name = node.parts[0]!;
      if (output.some((a) => sameName(a.name, name, context))) return node;
      return known.find((earlier) => sameName(earlier.name, name, context))?.child ?? node;
    });
    known.push({ name: column.name, child });
    const alias: Expr = { kind: "Alias", child, name: column.name };
    const at = output.flatMap((a, i) => (sameName(a.name, column.name, context) ? [i] : []));
    if (at.length === 0) added.push(alias);
    for (const i of at) replacement.set(i, alias);
  }
  const expressions = [...output.map((a, i) => replacement.get(i) ?? a), ...added];
  return resolveProject(expressions, input, context);
}
