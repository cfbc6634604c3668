/** JavaScript values as SQL literals. */
import { MillraceError } from "../errors/index.ts";
import type { Expr, Literal } from "../expressions/expression.ts";
import {
  bigintType,
  binaryType,
  booleanType,
  doubleType,
  intType,
  nullType,
  stringType,
  timestampType,
} from "../types/data-type.ts";
import type { ColumnLike, LiteralValue } from "./column-types.ts";

/**
 * The literal of a value: whole numbers are INT, or BIGINT beyond 32 bits; other numbers (and −0) DOUBLE; bigint is
 * BIGINT; Date is TIMESTAMP.
 * @throws MillraceError UNSUPPORTED_FEATURE.LITERAL_TYPE, ARITHMETIC_OVERFLOW for a bigint beyond 64 bits
 */
export function literalOf(value: LiteralValue): Literal {
  switch (typeof value) {
    case "string":
      return { kind: "Literal", value, type: stringType };
    case "boolean":
      return { kind: "Literal", value, type: booleanType };
    case "bigint":
      return bigintLiteral(value);
    case "number":
      return numberLiteral(value);
    default:
      break;
  }
  if (value === null) return { kind: "Literal", value: null, type: nullType };
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return { kind: "Literal", value: BigInt(value.getTime()) * 1000n, type: timestampType };
  if (value instanceof Uint8Array) return { kind: "Literal", value: Uint8Array.from(value), type: binaryType };
  throw new MillraceError("UNSUPPORTED_FEATURE.LITERAL_TYPE", { value: describe(value), type: typeof value });
}

function numberLiteral(value: number): Literal {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return { kind: "Literal", value, type: doubleType };
  return value === (value | 0)
    ? { kind: "Literal", value, type: intType }
    : { kind: "Literal", value: BigInt(value), type: bigintType };
}

function bigintLiteral(value: bigint): Literal {
  if (BigInt.asIntN(64, value) === value) return { kind: "Literal", value, type: bigintType };
  throw new MillraceError("ARITHMETIC_OVERFLOW", {
    message: `the literal ${value} is beyond 64 bits`,
    alternative: " Write it as a string and cast that to DECIMAL(38, 0).",
    config: "spark.sql.ansi.enabled",
  });
}

function describe(value: unknown): string {
  return value instanceof Date ? "an invalid Date" : Object.prototype.toString.call(value);
}

/** Whether a value is a column rather than a plain value. */
export function isColumn(value: unknown): value is ColumnLike {
  return typeof value === "object" && value !== null && "expr" in value && typeof value.expr === "object";
}

/** The expression of an operand: a column's own, or the literal of a value. */
export function operandOf(value: ColumnLike | LiteralValue): Expr {
  return isColumn(value) ? value.expr : literalOf(value);
}
