/**
 * Expressions: a closed union of plain data, without behaviour. Nodes up to `UnresolvedExtractValue` are what the doors build and
 * mirror Spark Connect's `Expression`; the analyzer replaces the unresolved ones. Deliberate differences to Spark Connect: SQL
 * text is parsed by the door into nodes (no `ExpressionString`); a literal carries its type; `UserFunctionCall` stands
 * for `CommonInlineUserDefinedFunction`.
 *
 * A resolved expression refers to a column by {@link Attribute} (an id unique in the plan); the planner binds attributes
 * to positions ({@link BoundReference}) for execution. Functions are referred to by registry name, so that a bound
 * expression without user closures is plain data that can be sent to another thread.
 */
import type { DataType, SqlValue } from "../types/data-type.ts";
import type { WindowExpression } from "./window-expression.ts";

export interface Literal {
  readonly kind: "Literal";
  readonly value: SqlValue;
  readonly type: DataType;
  /** Of a policy on a view, or computed from one: texts of plans and errors do not show the value. */
  readonly redacted?: true;
}
/** `a`, `t.a`, `a.b.c`: name parts as written; the analyzer decides what is qualifier, column and struct field. */
export interface UnresolvedAttribute {
  readonly kind: "UnresolvedAttribute";
  readonly parts: readonly string[];
  /** In a join condition: which side is meant, when the name alone does not tell. */
  readonly side?: "left" | "right";
  readonly origin?: Origin;
}
/** `*` or `t.*` */
export interface UnresolvedStar {
  readonly kind: "UnresolvedStar";
  readonly target: readonly string[];
  /** `* EXCEPT (a, b)`: columns that are left out. */
  readonly except?: readonly (readonly string[])[];
  /** Regular expression that the whole name must match, in any case. */
  readonly pattern?: string;
}
export interface UnresolvedFunction {
  readonly kind: "UnresolvedFunction";
  readonly name: string;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  /** `FILTER (WHERE …)` of an aggregate. */
  readonly filter?: Expr;
  /** `IGNORE NULLS`, where that is not an argument of the function. */
  readonly ignoreNulls?: true;
  readonly origin?: Origin;
}
/** `child[extraction]`, `child.field`: field of a struct, element of an array, value of a map. */
export interface UnresolvedExtractValue {
  readonly kind: "UnresolvedExtractValue";
  readonly child: Expr;
  readonly extraction: Expr;
}
/** `x`, `x.field` in the body of a lambda: a parameter of the lambda or of one around it. */
export interface UnresolvedLambdaVariable {
  readonly kind: "UnresolvedLambdaVariable";
  readonly parts: readonly string[];
}
/** `x -> body`, `(x, y) -> body`, as argument of a higher-order function. */
export interface LambdaFunction {
  readonly kind: "LambdaFunction";
  readonly body: Expr;
  readonly parameters: readonly LambdaParameter[];
}
/** A parameter; id and type are given by the analyzer. */
export interface LambdaParameter {
  readonly name: string;
  readonly id?: AttributeId;
  readonly type?: DataType;
}
export interface Alias {
  readonly kind: "Alias";
  readonly child: Expr;
  readonly name: string;
  /** Of a generator with several columns: a name for each. */
  readonly names?: readonly string[];
  /** Given by the analyzer. */
  readonly id?: AttributeId;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
export interface Cast {
  readonly kind: "Cast";
  readonly child: Expr;
  readonly type: DataType;
  /** `ansi`: error on malformed input or overflow; `try`: NULL instead; `legacy`: Spark's non-ANSI casts. Unset until analysis. */
  readonly mode?: "ansi" | "try" | "legacy";
}
export interface SortOrder {
  readonly kind: "SortOrder";
  readonly child: Expr;
  readonly direction: "ascending" | "descending";
  readonly nulls: "first" | "last";
}
/** A user's closure as a column. */
export interface UserFunctionCall {
  readonly kind: "UserFunctionCall";
  readonly fn: UserFunction;
  readonly args: readonly Expr[];
  readonly type: DataType;
}

/** A column of the resolved plan. */
export interface Attribute {
  readonly kind: "Attribute";
  readonly id: AttributeId;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  /** Alias of the relation it comes from, if any. */
  readonly qualifier?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
/** A resolved scalar function: arguments are already coerced to the function's types. */
export interface Call {
  readonly kind: "Call";
  readonly fn: string;
  readonly args: readonly Expr[];
  readonly type: DataType;
  readonly nullable: boolean;
  /** ANSI semantics of this call (errors instead of NULL or wrap-around). */
  readonly ansi: boolean;
}
/** A resolved aggregate function. Stands only in `Aggregate.aggregates` and in {@link WindowExpression}s. */
export interface AggregateCall {
  readonly kind: "AggregateCall";
  readonly fn: string;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  readonly filter?: Expr;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly ansi: boolean;
}
/** The value of a lambda's parameter while its body is evaluated. */
export interface LambdaVariable {
  readonly kind: "LambdaVariable";
  readonly id: AttributeId;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}
/** Field of a struct by ordinal. */
export interface GetStructField {
  readonly kind: "GetStructField";
  readonly child: Expr;
  readonly ordinal: number;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}
/** Column of the input batch by position; only in bound expressions. */
export interface BoundReference {
  readonly kind: "BoundReference";
  readonly ordinal: number;
  readonly type: DataType;
  readonly nullable: boolean;
}

export type Expr =
  | Literal
  | UnresolvedAttribute
  | UnresolvedStar
  | UnresolvedFunction
  | UnresolvedExtractValue
  | UnresolvedLambdaVariable
  | LambdaFunction
  | Alias
  | Cast
  | SortOrder
  | UserFunctionCall
  | Attribute
  | Call
  | AggregateCall
  | WindowExpression
  | LambdaVariable
  | GetStructField
  | BoundReference;

export type { WindowExpression } from "./window-expression.ts";

export type AttributeId = number & { readonly __brand: "AttributeId" };

/** Where an expression stands in the user's program. */
export interface Origin {
  readonly sql?: { readonly text: string; readonly start: number; readonly stop: number };
  readonly callSite?: string;
}

/**
 * A user's function in the plan: the closure itself and, when it was exported from a module, where from. The closure is
 * called with external values (docs/types.md) of the argument columns.
 */
export interface UserFunction {
  readonly name: string;
  readonly closure: (...args: never[]) => unknown;
  readonly module?: { readonly url: string; readonly exportName: string };
  /** Loads the module's function; `closure` can be called when it has. */
  readonly load?: () => Promise<void>;
  readonly deterministic: boolean;
}
