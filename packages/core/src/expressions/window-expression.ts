/** `function OVER (PARTITION BY … ORDER BY … frame)`: a value for each row, computed from the rows around it. */
import type { DataType } from "../types/data-type.ts";
import type { AggregateCall, Expr, Origin, SortOrder, UnresolvedFunction } from "./expression.ts";

export interface WindowExpression {
  readonly kind: "WindowExpression";
  /** Not a node of its own: rules that look for aggregate calls must not find this one, only those in its arguments. */
  readonly fn: UnresolvedFunction | AggregateCall | WindowCall;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortOrder[];
  /** As written; the analyzer fills in the frame that holds when none is. */
  readonly frame?: WindowFrame;
  readonly origin?: Origin;
}

/** A resolved function of the registry that only exists with OVER: arguments are coerced to its types. */
export interface WindowCall {
  readonly kind: "WindowCall";
  readonly fn: string;
  readonly args: readonly Expr[];
  readonly ignoreNulls: boolean;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** The rows around a row that its value is computed from, both ends included. */
export interface WindowFrame {
  /** Ends are counted in rows, by the value that rows are ordered by, or in groups of rows with equal values. */
  readonly unit: "rows" | "range" | "groups";
  readonly lower: FrameBound;
  readonly upper: FrameBound;
}
export type FrameBound =
  | { readonly kind: "unboundedPreceding" | "currentRow" | "unboundedFollowing" }
  /**
   * `value PRECEDING` or `value FOLLOWING`. In RANGE frames the analyzer adds `limit`, the value of the row's order plus or
   * minus the offset: the frame reaches to the rows whose order, cast to the type of the limit (`key`), is at the limit.
   */
  | {
      readonly kind: "offset";
      readonly preceding: boolean;
      readonly value: Expr;
      readonly limit?: { readonly key: Expr; readonly value: Expr };
    };

export const unboundedPreceding: FrameBound = { kind: "unboundedPreceding" };
export const unboundedFollowing: FrameBound = { kind: "unboundedFollowing" };
export const currentRow: FrameBound = { kind: "currentRow" };

/** From the first row of the partition to the last. */
export const wholePartition: WindowFrame = { unit: "rows", lower: unboundedPreceding, upper: unboundedFollowing };
/** From the first row of the partition to the row and all that are equal to it in the order. */
export const upToPeers: WindowFrame = { unit: "range", lower: unboundedPreceding, upper: currentRow };
/** From the first row of the partition to the row. */
export const upToRow: WindowFrame = { unit: "rows", lower: unboundedPreceding, upper: currentRow };

/** Offsets of a frame and their limits, the lower first. */
function frameExpressions(frame: WindowFrame | undefined): readonly Expr[] {
  if (frame === undefined) return [];
  return [frame.lower, frame.upper].flatMap((bound) => {
    if (bound.kind !== "offset") return [];
    return bound.limit === undefined ? [bound.value] : [bound.value, bound.limit.key, bound.limit.value];
  });
}

/** The sub-expressions: the function's arguments and filter, partitioning, order, offsets of the frame. */
export function childrenOfWindow({ fn, partitionBy, orderBy, frame }: WindowExpression): readonly Expr[] {
  const filter = fn.kind !== "WindowCall" && fn.filter !== undefined ? [fn.filter] : [];
  return [...fn.args, ...filter, ...partitionBy, ...orderBy, ...frameExpressions(frame)];
}

/** The same window expression over other sub-expressions, as {@link childrenOfWindow} lists them. */
export function withWindowChildren(window: WindowExpression, children: readonly Expr[]): WindowExpression {
  let at = 0;
  const next = (): Expr => children[at++]!;
  const { fn, frame } = window;
  const args = fn.args.map(next);
  const filter = fn.kind !== "WindowCall" && fn.filter !== undefined ? { filter: next() } : {};
  const partitionBy = window.partitionBy.map(next);
  const orderBy = window.orderBy.map(() => next() as SortOrder);
  const bound = (old: FrameBound): FrameBound => {
    if (old.kind !== "offset") return old;
    const value = next();
    return { ...old, value, ...(old.limit === undefined ? {} : { limit: { key: next(), value: next() } }) };
  };
  const lower = frame === undefined ? undefined : bound(frame.lower);
  const upper = frame === undefined ? undefined : bound(frame.upper);
  return {
    ...window,
    fn: { ...fn, args, ...filter },
    partitionBy,
    orderBy,
    ...(lower === undefined || upper === undefined ? {} : { frame: { unit: frame!.unit, lower, upper } }),
  };
}
