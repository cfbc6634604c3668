/** Plans as text, one node a line, as Spark's tree strings: `+-` for the last input, `:-` for those before it. */
import { unreachable } from "../errors/index.ts";
import type { Alias, Attribute, Expr, SortOrder } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { printExpression } from "../expressions/print.ts";
import { simpleString } from "../types/type-names.ts";
import {
  type Aggregate,
  inMemoryFormat,
  type JoinType,
  type LogicalPlan,
  type Read,
  type Repartition,
} from "./logical-plan.ts";
import { childrenOfPlan } from "./traverse.ts";

/** The plan, its root first, without a newline at the end. Nodes that the analyzer has yet to resolve start with `'`. */
export function printPlan(plan: LogicalPlan): string {
  const lines: string[] = [];
  // Of a deep plan only the nodes beside the path are pending; nothing recurses.
  const pending = [{ node: plan, first: "", rest: "" }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, first, rest } = next;
    lines.push(first + describePlan(node));
    const children = childrenOfPlan(node);
    for (let i = children.length - 1; i >= 0; i--) {
      const isLast = i === children.length - 1;
      pending.push({
        node: children[i]!,
        first: `${rest}${isLast ? "+- " : ":- "}`,
        rest: `${rest}${isLast ? "   " : ":  "}`,
      });
    }
  }
  return lines.join("\n");
}

/** One node without its inputs. */
export function describePlan(plan: LogicalPlan): string {
  switch (plan.kind) {
    case "Read":
      return `'${describeRead(plan)}`;
    case "LocalRelation":
      return `LocalRelation [${plan.batch.schema.fields.map((f) => f.name).join(", ")}], ${rows(plan.batch.length)}`;
    case "Range":
      return `Range (${plan.start}, ${plan.end}, step=${plan.step})`;
    case "Project":
      return `${mark(plan.expressions)}Project ${list(plan.expressions)}`;
    case "Filter":
      return `${mark([plan.condition])}Filter ${text(plan.condition)}`;
    case "Join": {
      const using = plan.using === undefined ? "" : `, using [${plan.using.join(", ")}]`;
      const condition = plan.condition === undefined ? "" : `, ${text(plan.condition)}`;
      const unresolved = plan.using !== undefined ? "'" : mark(plan.condition === undefined ? [] : [plan.condition]);
      return `${unresolved}Join ${joinNames[plan.joinType]}${using}${condition}`;
    }
    case "Union":
      return plan.byName
        ? `'Union byName, ${plan.allowMissingColumns ? "allowMissingColumns" : "all columns"}`
        : "Union";
    case "SetOperation":
      return `'${plan.operation === "intersect" ? "Intersect" : "Except"} ${plan.all ? "All" : "Distinct"}`;
    case "Offset":
      return `Offset ${plan.offset}`;
    case "Repartition":
      return `${mark(plan.expressions)}${describeRepartition(plan)}`;
    case "CollectMetrics":
      return `${mark(plan.metrics)}CollectMetrics ${plan.name}, ${list(plan.metrics)}`;
    case "Derived":
      return `'${plan.relation.kind}`;
    case "Sort":
      return `${mark(plan.order)}Sort ${list(plan.order)}${plan.withinPartitions === true ? ", within partitions" : ""}`;
    case "Limit":
      return `Limit ${plan.limit}`;
    case "Aggregate":
      return `${mark([...plan.grouping, ...plan.aggregates])}Aggregate ${list(plan.grouping)}${groupingSets(plan)}, ${list(plan.aggregates)}`;
    case "Deduplicate":
      return `'Deduplicate${within(plan)}${plan.columns === undefined ? "" : ` [${plan.columns.join(", ")}]`}`;
    case "SubqueryAlias":
      return `SubqueryAlias ${plan.alias}`;
    case "Hint":
      return `Hint ${plan.name}`;
    case "WithColumns":
      return `'WithColumns ${list(plan.columns)}`;
    case "WithColumnsRenamed":
      return `'WithColumnsRenamed [${plan.renames.map(({ from, to }) => `${from} AS ${to}`).join(", ")}]`;
    case "ToDF":
      return `'ToDF [${plan.names.join(", ")}]`;
    case "Drop":
      return `'Drop ${list(plan.columns)}`;
    case "WithWatermark":
      return `'WithWatermark ${plan.eventTime}, ${plan.delay}`;
    case "UserRows":
    case "ResolvedUserRows": {
      const node = plan.kind === "UserRows" ? plan : plan.plan;
      const schema = node.schema === undefined ? "" : `, ${simpleString(node.schema)}`;
      return `${plan.kind === "UserRows" ? "'" : ""}${userRowsNames[node.how]} ${node.fn.name}${schema}`;
    }
    case "KeyedGroups":
    case "ResolvedKeyedGroups": {
      const node = plan.kind === "KeyedGroups" ? plan : plan.plan;
      const schema = node.schema === undefined ? "" : `, ${simpleString(node.schema)}`;
      const key = `${node.key.name}: ${simpleString(node.keyType)}`;
      return `${plan.kind === "KeyedGroups" ? "'" : ""}${keyedNames[node.how]} key ${key}, ${node.fn.name}${schema}`;
    }
    case "StatefulGroups":
    case "ResolvedStatefulGroups": {
      const node = plan.kind === "StatefulGroups" ? plan : plan.plan;
      const key = `${node.key.name}: ${simpleString(node.keyType)}`;
      const name = `${node.work.name.slice(0, 1).toUpperCase()}${node.work.name.slice(1)}`;
      return `${plan.kind === "StatefulGroups" ? "'" : ""}${name} key ${key}, ${node.work.fn.name}, ${simpleString(node.schema)}`;
    }
    case "NamedTable":
      return `'UnresolvedRelation [${plan.name}]${plan.streaming ? ", streaming" : ""}`;
    case "Scan": {
      const filters = plan.filters.length === 0 ? "" : `, filters ${list(plan.filters)}`;
      return `${describeRead(plan.read)} ${attributes(plan.output)}${filters}`;
    }
    case "LocalScan":
      return `LocalRelation ${attributes(plan.output)}, ${rows(plan.batch.length)}`;
    case "RangeScan":
      return `Range (${plan.range.start}, ${plan.range.end}, step=${plan.range.step}) ${attributes(plan.output)}`;
    case "Expand":
      return `Expand [${plan.projections.map(list).join(", ")}], ${attributes(plan.output)}`;
    case "Generate":
      return `Generate ${plan.generator}(${plan.args.map(text).join(", ")}), ${attributes(plan.generated)}`;
    case "Window": {
      const limit = plan.groupLimit === undefined ? "" : `, ${plan.groupLimit.rank} <= ${plan.groupLimit.limit}`;
      return `Window ${list(plan.functions)}, ${list(plan.partitionBy)}, ${list(plan.orderBy)}${limit}`;
    }
    case "EventTimeWatermark":
      return `EventTimeWatermark ${attribute(plan.column)}, ${plan.delayMicros / 1000n} ms`;
    case "LateRows":
      return `LateRows ${attribute(plan.column)}`;
    case "Guard":
      return `Guard ${plan.view}`;
    case "StreamingDeduplicate":
      return `Deduplicate${within(plan)} ${attributes(plan.keys)}`;
    default:
      return unreachable(plan);
  }
}

const joinNames = {
  inner: "Inner",
  leftOuter: "LeftOuter",
  rightOuter: "RightOuter",
  fullOuter: "FullOuter",
  leftSemi: "LeftSemi",
  leftAnti: "LeftAnti",
  cross: "Cross",
} satisfies Record<JoinType, string>;
const userRowsNames = {
  map: "MapElements",
  flatMap: "FlatMapElements",
  filter: "TypedFilter",
  mapPartitions: "MapPartitions",
} as const;
const keyedNames = { reduce: "ReduceGroups", mapGroups: "MapGroups", flatMapGroups: "FlatMapGroups" } as const;

function within(plan: { readonly withinWatermark?: boolean }): string {
  return plan.withinWatermark === true ? "WithinWatermark" : "";
}
function describeRepartition(plan: Repartition): string {
  if (plan.how === "coalesce") return `Repartition ${plan.partitions}, false`;
  if (plan.how === "roundRobin") return `Repartition ${plan.partitions}, true`;
  const partitions = plan.partitions === undefined ? "" : `, ${plan.partitions}`;
  return `RepartitionByExpression ${plan.how === "hash" ? "" : `${plan.how} `}${list(plan.expressions)}${partitions}`;
}
function groupingSets(plan: Aggregate): string {
  const sets = plan.groupingSets?.map((set) => `(${set.map((i) => text(plan.grouping[i]!)).join(", ")})`);
  return sets === undefined ? "" : ` grouping sets [${sets.join(", ")}]`;
}
function describeRead(read: Read): string {
  if (read.format === inMemoryFormat) return "InMemoryRelation";
  const paths = read.paths.length === 0 ? "" : ` [${read.paths.join(", ")}]`;
  return `${read.streaming ? "StreamingRelation" : "Relation"} ${read.format}${paths}`;
}

function rows(count: number): string {
  return `${count} ${count === 1 ? "row" : "rows"}`;
}
function list(exprs: readonly Expr[]): string {
  return `[${exprs.map(text).join(", ")}]`;
}
function attributes(output: readonly Attribute[]): string {
  return `[${output.map(attribute).join(", ")}]`;
}
function attribute(column: Attribute): string {
  return `${column.name}#${column.id}`;
}

function text(expr: Expr): string {
  if (expr.kind === "Alias") return alias(expr);
  if (expr.kind === "SortOrder") return sortOrder(expr);
  return expr.kind === "Attribute" ? attribute(expr) : printExpression(expr);
}
function alias(expr: Alias): string {
  return `${text(expr.child)} AS ${expr.name}${expr.id === undefined ? "" : `#${expr.id}`}`;
}
function sortOrder(expr: SortOrder): string {
  return `${text(expr.child)} ${expr.direction === "ascending" ? "ASC" : "DESC"} NULLS ${expr.nulls.toUpperCase()}`;
}

/** `'` when an expression is still to be resolved; only what the doors build can be. */
function mark(exprs: readonly Expr[]): string {
  return exprs.some((expr) => isUnresolved(expr)) ? "'" : "";
}
function isUnresolved(root: Expr): boolean {
  const pending: Expr[] = [root];
  for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
    if (expr.kind.startsWith("Unresolved")) return true;
    pending.push(...childrenOf(expr));
  }
  return false;
}
