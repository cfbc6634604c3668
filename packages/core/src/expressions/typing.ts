import { MillraceError, unreachable } from "../errors/index.ts";
import { type DataType, nullType } from "../types/data-type.ts";
import type { Alias, Attribute, AttributeId, Expr, Literal } from "./expression.ts";

/** Type of a resolved expression. */
export function typeOf(expr: Expr): DataType {
  switch (expr.kind) {
    case "Literal":
    case "Cast":
    case "UserFunctionCall":
    case "Attribute":
    case "Call":
    case "AggregateCall":
    case "GetStructField":
    case "LambdaVariable":
    case "BoundReference":
      return expr.type;
    case "LambdaFunction":
      return typeOf(expr.body);
    case "Alias":
    case "SortOrder":
      return typeOf(expr.child);
    case "WindowExpression":
      if (expr.fn.kind !== "UnresolvedFunction") return expr.fn.type;
      throw new MillraceError("INTERNAL_ERROR", { message: "type of an unresolved window function" });
    case "UnresolvedAttribute":
    case "UnresolvedStar":
    case "UnresolvedFunction":
    case "UnresolvedExtractValue":
    case "UnresolvedLambdaVariable":
      throw new MillraceError("INTERNAL_ERROR", { message: `type of an unresolved expression (${expr.kind})` });
    default:
      return unreachable(expr);
  }
}

/** Whether a resolved expression can be NULL. */
export function nullableOf(expr: Expr): boolean {
  switch (expr.kind) {
    case "Literal":
      return expr.value === null;
    case "Cast":
      return expr.mode === "ansi" ? nullableOf(expr.child) : true;
    case "UserFunctionCall":
      return true;
    case "Attribute":
    case "Call":
    case "AggregateCall":
    case "GetStructField":
    case "LambdaVariable":
    case "BoundReference":
      return expr.nullable;
    case "LambdaFunction":
      return nullableOf(expr.body);
    case "Alias":
    case "SortOrder":
      return nullableOf(expr.child);
    case "WindowExpression":
      return expr.fn.kind === "UnresolvedFunction" || expr.fn.nullable;
    default:
      throw new MillraceError("INTERNAL_ERROR", { message: `nullability of an unresolved expression (${expr.kind})` });
  }
}

/** An expression that names a column of its output. */
export type NamedExpr = Attribute | (Alias & { readonly id: AttributeId });

export function isNamed(expr: Expr): expr is NamedExpr {
  return expr.kind === "Attribute" || (expr.kind === "Alias" && expr.id !== undefined);
}

/** The column that a named expression makes. */
export function attributeOf(expr: NamedExpr): Attribute {
  if (expr.kind === "Attribute") return expr;
  const child = expr.child;
  const metadata = expr.metadata ?? (child.kind === "Attribute" ? child.metadata : undefined);
  return {
    kind: "Attribute",
    id: expr.id,
    name: expr.name,
    type: typeOf(child),
    nullable: nullableOf(child),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

export function literal(value: Literal["value"], type: DataType): Literal {
  return { kind: "Literal", value, type };
}

export const nullLiteral: Literal = { kind: "Literal", value: null, type: nullType };

/** Makes numbers for new columns, one counter per analysis. */
export class AttributeIds {
  #next = 1;
  next(): AttributeId {
    return this.#next++ as AttributeId;
  }
}
