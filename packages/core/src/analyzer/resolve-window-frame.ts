/** The frame of a window: which ends are allowed together, and with which order. */
import { MillraceError } from "../errors/index.ts";
import type { Expr, SortOrder, UnresolvedFunction } from "../expressions/expression.ts";
import { printExpression, printFrame } from "../expressions/print.ts";
import { literal, typeOf } from "../expressions/typing.ts";
import {
  currentRow,
  type FrameBound,
  type WindowExpression,
  type WindowFrame,
} from "../expressions/window-expression.ts";
import { isInterval } from "../functions/coercion.ts";
import { constantValue } from "../functions/fold.ts";
import { typeText } from "../functions/type-text.ts";
import { type DataType, intType, isNumeric, sameTypeIgnoringNullability, type SqlValue } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { castTo } from "./resolve-attribute.ts";

type Where = { readonly context: NonNullable<WindowExpression["origin"]> };
type Offset = Extract<FrameBound, { readonly kind: "offset" }>;

/**
 * Checks a frame and makes its offsets constants; offsets by value get the limits that rows are compared with.
 * @throws MillraceError DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_*, DATATYPE_MISMATCH.RANGE_FRAME_*
 */
export function resolveFrame(
  written: WindowFrame,
  orderBy: readonly SortOrder[],
  resolveFunction: (fn: UnresolvedFunction) => Expr,
  context: AnalysisContext,
  where: Where,
): WindowFrame {
  const sqlExpr = printFrame(written, "name");
  const { lower, upper } = written;
  if (lower.kind === "unboundedFollowing" || upper.kind === "unboundedPreceding") {
    throw new MillraceError(
      "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND",
      { sqlExpr, upper: boundText(upper), lower: boundText(lower) },
      where,
    );
  }
  const bounded = lower.kind !== "unboundedPreceding" || upper.kind !== "unboundedFollowing";
  if (written.unit !== "rows" && bounded && orderBy.length === 0) {
    throw new MillraceError("DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER", { sqlExpr: `(${sqlExpr})` }, where);
  }
  const byValue = written.unit === "range" && (lower.kind === "offset" || upper.kind === "offset");
  if (byValue && orderBy.length > 1) {
    const order = orderBy.map((item) => printExpression(item)).join(", ");
    throw new MillraceError(
      "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
      { sqlExpr: `(ORDER BY ${order} ${sqlExpr})`, orderSpec: order },
      where,
    );
  }
  const key = byValue ? orderBy[0] : undefined;
  const resolveBound = (bound: FrameBound, location: "lower" | "upper"): FrameBound => {
    if (bound.kind !== "offset") return bound;
    const constant = constantOffset(bound, location, key, sqlExpr, context, where);
    const { value } = constant.value as { readonly value: SqlValue };
    // The row itself, whatever the order's type.
    if (key === undefined && value === 0) return currentRow;
    return key === undefined ? constant : { ...constant, limit: limitOf(key, constant, resolveFunction) };
  };
  const frame = { unit: written.unit, lower: resolveBound(lower, "lower"), upper: resolveBound(upper, "upper") };
  requireOrder(frame, sqlExpr, where);
  return frame;
}

function boundText(bound: FrameBound): string {
  if (bound.kind === "offset") return printExpression(bound.value);
  return {
    unboundedPreceding: "UNBOUNDED PRECEDING",
    currentRow: "CURRENT ROW",
    unboundedFollowing: "UNBOUNDED FOLLOWING",
  }[bound.kind];
}

function constantOffset(
  bound: Offset,
  location: "lower" | "upper",
  key: SortOrder | undefined,
  sqlExpr: string,
  context: AnalysisContext,
  where: Where,
): Offset {
  const from = typeOf(bound.value);
  const unaccepted = (expected: string): MillraceError =>
    new MillraceError(
      "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
      { sqlExpr, location, exprType: `"${typeText(from)}"`, expectedType: expected },
      where,
    );
  let type: DataType;
  if (key === undefined) {
    if (from.kind !== "int") throw unaccepted('"INT"');
    type = intType;
  } else {
    const order = typeOf(key.child);
    const found = offsetType(order, from);
    if (found === "unaccepted") throw unaccepted('("NUMERIC" or "INTERVAL")');
    if (found === undefined) {
      const orderSpecType = `"${typeText(order)}"`;
      const names = { sqlExpr: `(ORDER BY ${printExpression(key)} ${sqlExpr})`, orderSpecType };
      throw new MillraceError(
        "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE",
        { ...names, valueBoundaryType: `"${typeText(from)}"` },
        where,
      );
    }
    type = found;
  }
  const cast = castTo(bound.value, type);
  // A text that is no number is an error here.
  const known = constantValue(cast, context.evaluation);
  if (known === undefined) {
    throw new MillraceError(
      "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE",
      { sqlExpr, location, expression: printExpression(bound.value) },
      where,
    );
  }
  if (known.value === null) throw unaccepted('"INT"');
  return { ...bound, value: literal(known.value, type) };
}

/** The type that an offset of a RANGE frame is cast to, by the type of the order; undefined when the two do not go together. */
function offsetType(order: DataType, offset: DataType): DataType | "unaccepted" | undefined {
  if (order.kind === "date") {
    if (offset.kind === "int" || offset.kind === "smallint" || offset.kind === "tinyint") return intType;
    if (offset.kind === "interval_year_month") return offset;
    return offset.kind === "interval_day_time" && offset.endField === wholeDays ? offset : undefined;
  }
  if (order.kind === "timestamp" || order.kind === "timestamp_ntz") return isInterval(offset) ? offset : undefined;
  if (isInterval(order)) return offset.kind === order.kind ? offset : undefined;
  if (!isNumeric(order)) return "unaccepted";
  if (offset.kind === "null") return "unaccepted";
  return isNumeric(offset) || offset.kind === "string" ? order : undefined;
}
const wholeDays = 0;

/** The order plus or minus the offset. */
function limitOf(
  key: SortOrder,
  { preceding, value }: Offset,
  resolveFunction: (fn: UnresolvedFunction) => Expr,
): NonNullable<Offset["limit"]> {
  const name = preceding === (key.direction === "ascending") ? "-" : "+";
  const sum = resolveFunction({ kind: "UnresolvedFunction", name, args: [key.child, value], distinct: false });
  return { key: castTo(key.child, typeOf(sum)), value: sum };
}

/** Of two offsets the lower must not lie behind the upper. */
function requireOrder({ lower, upper }: WindowFrame, sqlExpr: string, where: Where): void {
  if (lower.kind !== "offset" || upper.kind !== "offset") return;
  const [from, to] = [lower, upper].map(({ preceding, value }) => {
    const size = (value as { readonly value: SqlValue }).value as number | bigint;
    return { type: typeOf(value), size: preceding ? -size : size };
  });
  if (!sameTypeIgnoringNullability(from!.type, to!.type)) {
    throw new MillraceError(
      "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES",
      {
        sqlExpr,
        lower: boundText(lower),
        upper: boundText(upper),
        lowerType: `"${typeText(from!.type)}"`,
        upperType: `"${typeText(to!.type)}"`,
      },
      where,
    );
  }
  if (from!.size > to!.size) {
    throw new MillraceError("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", { sqlExpr }, where);
  }
}
