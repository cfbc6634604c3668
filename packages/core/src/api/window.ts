/** Windows that functions are computed over: `sum(c.amount).over(Window.partitionBy("user").orderBy("at"))`. */
import { MillraceError } from "../errors/index.ts";
import type { Expr, SortOrder } from "../expressions/expression.ts";
import {
  currentRow,
  type FrameBound,
  unboundedFollowing,
  unboundedPreceding,
  type WindowFrame,
} from "../expressions/window-expression.ts";
import { originOf, type PublicMethod } from "./call-site.ts";
import { columnNamed } from "./column-names.ts";
import type { ColumnLike } from "./column-types.ts";
import { SortColumn } from "./column.ts";
import { isColumn, literalOf } from "./literal.ts";

/** A column, its name, or for `orderBy` a column with its order. */
export type PartitionItem = string | ColumnLike;
export type WindowOrderItem = PartitionItem | SortColumn;
/** An end of a frame: rows or values from the row, negative before it; in RANGE frames also a constant column such as an interval. */
export type FrameEnd = number | bigint | ColumnLike;

/**
 * Which rows belong together, in which order, and which of them around a row its value is computed from. Each method gives
 * a new window. Without a frame it is the whole partition, or with an order the rows up to the row and its equals.
 */
export class WindowSpec {
  readonly #partitionBy: readonly Expr[];
  readonly #orderBy: readonly SortOrder[];
  readonly #frame: WindowFrame | undefined;

  constructor(partitionBy: readonly Expr[], orderBy: readonly SortOrder[], frame?: WindowFrame) {
    this.#partitionBy = partitionBy;
    this.#orderBy = orderBy;
    this.#frame = frame;
  }

  /** Rows with equal values belong together. `Window.partitionBy("user")` */
  partitionBy(...items: readonly (PartitionItem | readonly PartitionItem[])[]): WindowSpec {
    return new WindowSpec(partitionsOf(items, this.partitionBy), this.#orderBy, this.#frame);
  }
  /** The order of the rows of a partition, ascending unless told otherwise. `.orderBy((desc("amount")), "id")` */
  orderBy(...items: readonly (WindowOrderItem | readonly WindowOrderItem[])[]): WindowSpec {
    return new WindowSpec(this.#partitionBy, ordersOf(items, this.orderBy), this.#frame);
  }
  /** Rows from `start` to `end`, counted from the row, both included. `.rowsBetween(-2, Window.currentRow)` */
  rowsBetween(start: FrameEnd, end: FrameEnd): WindowSpec {
    return this.#framed("rows", start, end);
  }
  /** Rows whose order lies between the row's plus `start` and plus `end`, both included. `.rangeBetween(-10, 0)` */
  rangeBetween(start: FrameEnd, end: FrameEnd): WindowSpec {
    return this.#framed("range", start, end);
  }
  /** As `rowsBetween`, counted in groups of rows that are equal in the order. Not in Spark. */
  groupsBetween(start: FrameEnd, end: FrameEnd): WindowSpec {
    return this.#framed("groups", start, end);
  }

  /** The expression of a function over this window. */
  over(fn: Expr, method: PublicMethod): Expr {
    if (fn.kind !== "UnresolvedFunction") {
      const sqlExpr = fn.kind === "UnresolvedAttribute" ? fn.parts.join(".") : fn.kind;
      throw new MillraceError("UNSUPPORTED_EXPR_FOR_WINDOW", { sqlExpr }, { context: originOf(method) });
    }
    const frame = this.#frame === undefined ? {} : { frame: this.#frame };
    const spec = { partitionBy: this.#partitionBy, orderBy: this.#orderBy, ...frame };
    return { kind: "WindowExpression", fn, ...spec, origin: originOf(method) };
  }

  #framed(unit: WindowFrame["unit"], start: FrameEnd, end: FrameEnd): WindowSpec {
    return new WindowSpec(this.#partitionBy, this.#orderBy, { unit, lower: boundOf(start), upper: boundOf(end) });
  }
}

const everything = new WindowSpec([], []);

interface WindowBuilder extends Pick<
  WindowSpec,
  "partitionBy" | "orderBy" | "rowsBetween" | "rangeBetween" | "groupsBetween"
> {
  /** The first row of the partition. */
  readonly unboundedPreceding: number;
  /** The last row of the partition. */
  readonly unboundedFollowing: number;
  /** The row itself, in RANGE and GROUPS frames with all that are equal to it in the order. */
  readonly currentRow: number;
}

/** Where windows begin: `Window.partitionBy("user").orderBy("at").rowsBetween(-2, Window.currentRow)`. */
export const Window: WindowBuilder = {
  unboundedPreceding: Number.NEGATIVE_INFINITY,
  unboundedFollowing: Number.POSITIVE_INFINITY,
  currentRow: 0,
  partitionBy: (...items) => everything.partitionBy(...items),
  orderBy: (...items) => everything.orderBy(...items),
  rowsBetween: (start, end) => everything.rowsBetween(start, end),
  rangeBetween: (start, end) => everything.rangeBetween(start, end),
  groupsBetween: (start, end) => everything.groupsBetween(start, end),
};

function expressionOf(item: PartitionItem, method: PublicMethod): Expr {
  return typeof item === "string" ? columnNamed(item, originOf(method)) : item.expr;
}

function partitionsOf(
  items: readonly (PartitionItem | readonly PartitionItem[])[],
  method: PublicMethod,
): readonly Expr[] {
  return (items.flat() as readonly PartitionItem[]).map((item) => expressionOf(item, method));
}

function ordersOf(
  items: readonly (WindowOrderItem | readonly WindowOrderItem[])[],
  method: PublicMethod,
): readonly SortOrder[] {
  return (items.flat() as readonly WindowOrderItem[]).map((item) =>
    item instanceof SortColumn ? item.order : new SortColumn(expressionOf(item, method), "ascending", "first").order,
  );
}

/** Numbers beyond exact integers stand for the ends of the partition, as Long.MinValue and Long.MaxValue in Spark. */
function boundOf(end: FrameEnd): FrameBound {
  if (isColumn(end)) return { kind: "offset", preceding: false, value: end.expr };
  if (end <= Number.MIN_SAFE_INTEGER) return unboundedPreceding;
  if (end >= Number.MAX_SAFE_INTEGER) return unboundedFollowing;
  return Number(end) === 0 ? currentRow : { kind: "offset", preceding: false, value: literalOf(end) };
}
