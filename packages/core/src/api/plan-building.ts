/** Plans that DataFrame's methods build in more than a line. */
import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { originOf, type PublicMethod } from "./call-site.ts";
import { columnNamed } from "./column-names.ts";
import type { ColumnLike, ColumnPath, Schema } from "./column-types.ts";
import { SortColumn } from "./column.ts";
import { expressionsOf } from "./columns.ts";

/** What `repartition` goes by. */
export type PartitionItem<S extends Schema> = ColumnPath<S> | ColumnLike | SortColumn;

export function sampled(
  input: LogicalPlan,
  how: { readonly withReplacement: boolean; readonly upper: number; readonly seed: bigint },
): LogicalPlan {
  const { withReplacement, upper } = how;
  if (!(upper >= 0) || (!withReplacement && upper > 1)) {
    throw new MillraceError("INVALID_OPTION", {
      option: "fraction",
      provider: "sample",
      value: String(upper),
      expected: withReplacement ? "It must not be negative." : "It is a number from 0 to 1.",
    });
  }
  return { kind: "Derived", input, relation: { kind: "Sample", ...how, lower: 0, sorted: false } };
}

export function splits(input: LogicalPlan, weights: readonly number[], seed: bigint): readonly LogicalPlan[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.some((weight) => !(weight >= 0)) || !(total > 0)) {
    throw new MillraceError("INVALID_OPTION", {
      option: "weights",
      provider: "randomSplit",
      value: weights.join(", "),
      expected: "Weights must not be negative, and their sum must be positive.",
    });
  }
  let lower = 0;
  return weights.map((weight) => {
    const upper = lower + weight / total;
    const relation = { kind: "Sample", lower, upper, withReplacement: false, seed, sorted: true } as const;
    lower = upper;
    return { kind: "Derived", input, relation };
  });
}

export function repartitioned(
  input: LogicalPlan,
  how: "hash" | "range" | "id",
  items: readonly unknown[],
  method: PublicMethod,
): LogicalPlan {
  const partitions = typeof items[0] === "number" ? items[0] : undefined;
  const by = partitions === undefined ? items : items.slice(1);
  const origin = originOf(method);
  const expressions = by.flatMap((item): readonly Expr[] => {
    if (item instanceof SortColumn) return [how === "range" ? item.order : item.order.child];
    const exprs = typeof item === "string" ? [columnNamed(item, origin)] : expressionsOf([item], method);
    if (how !== "range") return exprs;
    return exprs.map((child) => ({ kind: "SortOrder", child, direction: "ascending", nulls: "first" }));
  });
  if (expressions.length === 0 && (how === "range" || partitions === undefined)) {
    throw new MillraceError("INVALID_OPTION", {
      option: "columns",
      provider: how === "range" ? "repartitionByRange" : "repartition",
      value: "none",
      expected: how === "range" ? "Give at least one column." : "Give a number of partitions, columns, or both.",
    });
  }
  return {
    kind: "Repartition",
    input,
    how: expressions.length === 0 ? "roundRobin" : how,
    expressions,
    ...(partitions === undefined ? {} : { partitions }),
  };
}

/** All subsets of the positions below `count`, larger ones of earlier positions first, as Spark lists them. */
export function subsets(count: number): readonly (readonly number[])[] {
  const all: (readonly number[])[] = [[]];
  for (let i = count - 1; i >= 0; i--) all.unshift(...all.map((set) => [i, ...set]));
  return all;
}

/** Where the columns of a grouping set stand among the grouping columns. */
export function positionsOf(set: readonly Expr[], grouping: readonly Expr[]): readonly number[] {
  return set.map((wanted) => {
    const at = grouping.findIndex((each) => sameWritten(each, wanted));
    if (at >= 0) return at;
    throw new MillraceError("INVALID_OPTION", {
      option: "groupingSets",
      provider: "groupingSets",
      value: "a set",
      expected: "Every column of a grouping set must be among the columns that are grouped by.",
    });
  });
}

function sameWritten(a: Expr, b: Expr): boolean {
  if (a.kind === "UnresolvedAttribute" && b.kind === "UnresolvedAttribute") {
    return a.parts.length === b.parts.length && a.parts.every((part, i) => part === b.parts[i]);
  }
  return sameExpression(a, b);
}
