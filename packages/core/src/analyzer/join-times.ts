/**
 * What a join condition says about times: comparisons of a time of one side with a time of the other, such as
 * `click.at BETWEEN shown.at AND shown.at + INTERVAL 1 HOUR`, solved for one of the two. From them follows which rows of a
 * stream can still find a partner, given a watermark, and where among rows that are ordered by time partners can be.
 * @see Spark `StreamingJoinHelper`
 */
import { readsOnly, splitConjunction } from "../expressions/conjunction.ts";
import type { Attribute, AttributeId, Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { watermarkDelayMs } from "./watermark-columns.ts";

/** `column` is at most (upper) or at least (lower) `by` plus some µs, for `by` a value of the other side. */
export interface TimeBound {
  readonly column: Attribute;
  readonly kind: "lower" | "upper";
  readonly by: Expr;
  readonly micros: number;
  /** Whether the bound itself fulfils the comparison. */
  readonly inclusive: boolean;
  /** By so many µs the bound may be off, because the comparison rounds. */
  readonly slack: number;
}

/** A sum of times and constants, µs. */
interface Sum {
  readonly columns: ReadonlyMap<AttributeId, { readonly column: Attribute; readonly factor: number }>;
  readonly micros: number;
  readonly slack: number;
}

/** The bounds of columns of one side that the terms of a condition set. */
export function timeBounds(
  terms: readonly Expr[],
  side: readonly Attribute[],
  other: readonly Attribute[],
): readonly TimeBound[] {
  return terms.flatMap((term): TimeBound[] => {
    if (term.kind !== "Call") return [];
    const [a, b] = term.args;
    if (a === undefined || b === undefined) return [];
    switch (term.fn) {
      case "<":
        return bound(a, b, false, side, other);
      case "<=":
        return bound(a, b, true, side, other);
      case ">":
        return bound(b, a, false, side, other);
      case ">=":
        return bound(b, a, true, side, other);
      default:
        return [];
    }
  });
}

/** What `less < more` says of a column of a side. */
function bound(
  less: Expr,
  more: Expr,
  inclusive: boolean,
  side: readonly Attribute[],
  other: readonly Attribute[],
): TimeBound[] {
  const [a, b] = [sumOf(less), sumOf(more)];
  const difference = a === undefined || b === undefined ? undefined : plus(a, b, -1);
  if (difference !== undefined) {
    const columns = [...difference.columns.values()].filter(({ factor }) => factor !== 0);
    const own = columns.filter(({ column }) => side.some(({ id }) => id === column.id));
    const others = columns.filter(({ column }) => other.some(({ id }) => id === column.id));
    if (own.length !== 1 || others.length !== 1 || columns.length !== 2) return [];
    const [{ column, factor }] = own as [(typeof own)[0]];
    const [by] = others as [(typeof others)[0]];
    if (Math.abs(factor) !== 1 || factor !== -by.factor) return [];
    const { micros, slack } = difference;
    // column − by + micros < 0, or by − column + micros < 0.
    return factor === 1
      ? [{ column, kind: "upper", by: by.column, micros: -micros, inclusive, slack }]
      : [{ column, kind: "lower", by: by.column, micros, inclusive, slack }];
  }
  // A time of this side beside anything that the other side computes.
  for (const [sum, expr, kind] of [
    [a, more, "upper"],
    [b, less, "lower"],
  ] as const) {
    if (sum === undefined || sum.columns.size !== 1 || !isTime(expr) || !readsOnly(expr, other)) continue;
    const [{ column, factor }] = [...sum.columns.values()] as [{ column: Attribute; factor: number }];
    if (factor !== 1 || !side.some(({ id }) => id === column.id)) continue;
    return [{ column, kind, by: expr, micros: -sum.micros, inclusive, slack: sum.slack }];
  }
  return [];
}

function isTime(expr: Expr): boolean {
  const { kind } = typeOf(expr);
  return kind === "timestamp" || kind === "timestamp_ntz";
}

/** An expression as a sum of times; undefined when it is something else. Numbers are seconds, as casts make them of times. */
function sumOf(expr: Expr): Sum | undefined {
  switch (expr.kind) {
    case "Attribute":
      if (!isTime(expr)) return undefined;
      return { columns: new Map([[expr.id, { column: expr, factor: 1 }]]), micros: 0, slack: 0 };
    case "Literal":
      return constant(expr.value, expr.type.kind);
    case "Cast": {
      const [from, to] = [typeOf(expr.child).kind, expr.type.kind];
      const sum = sumOf(expr.child);
      if (sum === undefined || from === to) return sum;
      const timeZoneMatters = from === "timestamp_ntz" || to === "timestamp_ntz";
      if (timeZoneMatters) return undefined;
      if (to === "bigint" || to === "int") return { ...sum, slack: sum.slack + 1_000_000 };
      if (to === "double" || to === "decimal" || to === "timestamp") return { ...sum, slack: sum.slack + 1 };
      return undefined;
    }
    case "Call": {
      const [a, b] = expr.args.map(sumOf);
      if (expr.fn === "negative" && a !== undefined) return plus({ columns: new Map(), micros: 0, slack: 0 }, a, -1);
      if (a === undefined || b === undefined || (expr.fn !== "+" && expr.fn !== "-")) return undefined;
      return plus(a, b, expr.fn === "+" ? 1 : -1);
    }
    default:
      return undefined;
  }
}

function constant(value: unknown, kind: string): Sum | undefined {
  const micros =
    kind === "interval_day_time" || kind === "timestamp" || kind === "timestamp_ntz"
      ? Number(value)
      : kind === "int" || kind === "bigint" || kind === "double"
        ? Number(value) * 1e6
        : Number.NaN;
  return value === null || Number.isNaN(micros) ? undefined : { columns: new Map(), micros, slack: 0 };
}

function plus(a: Sum, b: Sum, factor: 1 | -1): Sum {
  const columns = new Map(a.columns);
  for (const [id, { column, factor: own }] of b.columns) {
    columns.set(id, { column, factor: (columns.get(id)?.factor ?? 0) + factor * own });
  }
  return { columns, micros: a.micros + factor * b.micros, slack: a.slack + b.slack };
}

/** Rows of a side at or before the watermark plus `micros` (less a millisecond when `inclusive`) find no partner any more. */
export interface StateLimit {
  readonly micros: number;
  readonly inclusive: boolean;
}

/**
 * What a watermark over the other side says about rows of a side. Of several limits the least one counts.
 * @param columns the columns of the side for which limits are wanted
 */
export function stateLimits(
  condition: Expr | undefined,
  columns: readonly Attribute[],
  other: readonly Attribute[],
): readonly StateLimit[] {
  if (condition === undefined) return [];
  const watermarked = other.filter((column) => watermarkDelayMs(column) !== undefined);
  return timeBounds(splitConjunction(condition), columns, other).flatMap(({ kind, by, micros, inclusive, slack }) =>
    kind === "lower" && by.kind === "Attribute" && watermarked.some(({ id }) => id === by.id)
      ? [{ micros: micros - slack, inclusive }]
      : [],
  );
}

/** The state watermark in ms that belongs to an input watermark; rows at or before it leave. */
export function stateWatermarkMs(limits: readonly StateLimit[], inputMs: number): number {
  return Math.min(
    ...limits.map(({ micros, inclusive }) => Math.trunc((inputMs * 1000 + micros) / 1000) - (inclusive ? 1 : 0)),
  );
}
