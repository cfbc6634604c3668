/**
 * Relations that are combinations of others once the columns of their input are known. The analyzer replaces each by
 * projections, filters, expansions and aggregations, so that no stage after it meets them.
 */
import type { Expr, Literal } from "../expressions/expression.ts";
import type { StructType } from "../types/data-type.ts";
import type { LogicalPlan } from "./logical-plan.ts";

export interface Derived {
  readonly kind: "Derived";
  readonly input: LogicalPlan;
  readonly relation: DerivedRelation;
}

/** `na.drop`: rows with fewer than `minNonNulls` values that are neither NULL nor NaN; absent: with any NULL. */
export interface NaDrop {
  readonly kind: "NaDrop";
  readonly columns?: readonly string[];
  readonly minNonNulls?: number;
}
/** `na.fill`: one value for all columns of its type (among `columns`), or a value for each named column. */
export interface NaFill {
  readonly kind: "NaFill";
  readonly columns?: readonly string[];
  readonly value?: Literal;
  readonly values?: readonly (readonly [column: string, value: Literal])[];
}
/** `na.replace`: values by others, in the columns of their type. */
export interface NaReplace {
  readonly kind: "NaReplace";
  readonly columns?: readonly string[];
  readonly replacements: readonly (readonly [from: Literal, to: Literal])[];
}
/** One row for each row and value column: the identifiers, the column's name, its value. */
export interface Unpivot {
  readonly kind: "Unpivot";
  readonly ids: readonly Expr[];
  /** Absent: all columns that are no identifier. */
  readonly values?: readonly Expr[];
  readonly variableColumnName: string;
  readonly valueColumnName: string;
}
/** Groups of `grouping`, with a column for each value of `column` and each aggregate. */
export interface Pivot {
  readonly kind: "Pivot";
  readonly grouping: readonly Expr[];
  readonly column: Expr;
  /** Absent until the session has looked for them. */
  readonly values?: readonly Expr[];
  readonly aggregates: readonly Expr[];
}
/** Rows to columns by the values of `index` (absent: the first column); the session reads them and puts rows in its place. */
export interface Transpose {
  readonly kind: "Transpose";
  readonly index?: Expr;
}
/** `to`: the columns of a schema by name, reordered and cast. */
export interface MatchSchema {
  readonly kind: "MatchSchema";
  readonly schema: StructType;
}
/** `describe` and `summary`: one row for each statistic, all values as text. */
export interface Summary {
  readonly kind: "Summary";
  readonly columns?: readonly string[];
  readonly statistics: readonly string[];
}
/** Rows whose random number is in [lower, upper), or each row a random number of times with mean `upper`. */
export interface Sample {
  readonly kind: "Sample";
  readonly lower: number;
  readonly upper: number;
  readonly withReplacement: boolean;
  readonly seed: bigint;
  /** Sorts the rows first, so that the parts of a split do not overlap when the input is computed again. */
  readonly sorted: boolean;
}
/** What a session may see of a view: the rows for which `filter` is true, with `masks` in the place of columns. */
export interface Guarded {
  readonly kind: "Guarded";
  readonly view: string;
  readonly filter?: Expr;
  readonly masks: readonly ColumnMask[];
}
/** What is seen instead of the columns of a name. */
export interface ColumnMask {
  readonly column: string;
  readonly mask: Expr;
}
/** Advice for the planner, such as `broadcast`: changes no result, and what is not known is passed over. */
export interface Hint {
  readonly kind: "Hint";
  readonly name: string;
  readonly parameters: readonly (string | number)[];
}

/** The name of the operator with state that the input comes from. */
export interface OperatorName {
  readonly kind: "OperatorName";
  readonly name: string;
}

export type DerivedRelation =
  | Guarded
  | Hint
  | OperatorName
  | NaDrop
  | NaFill
  | NaReplace
  | Unpivot
  | Pivot
  | Transpose
  | MatchSchema
  | Summary
  | Sample;
