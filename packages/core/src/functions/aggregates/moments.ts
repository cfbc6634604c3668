/**
 * Statistics of one column by its central moments: count, mean, and the sums of the second to fourth powers of the distances
 * from the mean, updated and merged in one pass.
 * @see Pébay, "Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments", 2008
 */
import { doubleType } from "../../types/data-type.ts";
import type { Accumulators, AggregateFunction } from "../function.ts";
import { signature } from "../resolution.ts";
import { doubleRows } from "./double-rows.ts";

type Final = (n: number, m2: number, m3: number, m4: number) => number | null;

/** Adds a value to n, mean, m2 and, as far as `order` says, m3 and m4, which lie in `s` from `at` on. */
export function addToMoments(s: Float64Array, at: number, x: number, order: 2 | 3 | 4): void {
  const n = s[at]! + 1;
  const delta = x - s[at + 1]!;
  const part = delta / n;
  s[at] = n;
  s[at + 1]! += part;
  const m2 = s[at + 2]! + delta * (delta - part);
  s[at + 2] = m2;
  if (order < 3) return;
  const [square, partSquare] = [delta * delta, part * part];
  const m3 = s[at + 3]! - 3 * part * m2 + delta * (square - partSquare);
  s[at + 3] = m3;
  if (order < 4) return;
  s[at + 4] = s[at + 4]! - 4 * part * m3 - 6 * partSquare * m2 + delta * (delta * square - part * partSquare);
}

export function mergeMoments(s: Float64Array, at: number, other: readonly number[], order: 2 | 3 | 4): void {
  const [n1, m2a] = [s[at]!, s[at + 2]!];
  const [n2, mean, m2b] = other as [number, number, number];
  const n = n1 + n2;
  if (n === 0) return;
  const delta = mean - s[at + 1]!;
  const part = delta / n;
  s[at] = n;
  s[at + 1]! += part * n2;
  s[at + 2] = m2a + m2b + delta * part * n1 * n2;
  if (order < 3) return;
  const [m3a, m3b] = [s[at + 3]!, other[3]!];
  s[at + 3] = m3a + m3b + part * part * delta * n1 * n2 * (n1 - n2) + 3 * part * (n1 * m2b - n2 * m2a);
  if (order < 4) return;
  s[at + 4] =
    s[at + 4]! +
    other[4]! +
    part * part * part * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
    part * part * 6 * (n1 * n1 * m2b + n2 * n2 * m2a) +
    4 * part * (n1 * m3b - n2 * m3a);
}

function momentAccumulators(order: 2 | 3 | 4, final: Final): Accumulators {
  return doubleRows({
    width: order + 1,
    update(s, at, [value]) {
      if (value !== null) addToMoments(s, at, value as number, order);
    },
    merge: (s, at, other) => mergeMoments(s, at, other, order),
    evaluate(s, at) {
      const n = s[at]!;
      return n === 0 ? null : final(n, s[at + 2]!, s[at + 3] ?? 0, s[at + 4] ?? 0);
    },
  });
}

function moment(
  name: string,
  aliases: readonly string[],
  summary: string,
  example: { readonly sql: string; readonly result: string },
  final: Final,
  order: 2 | 3 | 4 = 2,
): AggregateFunction {
  return {
    name,
    aliases,
    since: "0.1.0",
    arity: [1, 1],
    resolve: signature([doubleType], doubleType),
    nullable: true,
    orderIndependent: true,
    buffer: () =>
      ["n", "avg", "m2", "m3", "m4"]
        .slice(0, order + 1)
        .map((field) => ({ name: field, type: doubleType, nullable: true })),
    bind: () => momentAccumulators(order, final),
    doc: { group: "Aggregate", usage: `${name}(expr)`, summary, examples: [example] },
  };
}

export const moments: readonly AggregateFunction[] = [
  moment(
    "stddev_samp",
    ["stddev", "std"],
    "Standard deviation of a sample; NULL for one row.",
    { sql: "stddev_samp(1)", result: "NULL" },
    (n, m2) => (n === 1 ? null : Math.sqrt(m2 / (n - 1))),
  ),
  moment("stddev_pop", [], "Standard deviation of a population.", { sql: "stddev_pop(1)", result: "0.0" }, (n, m2) =>
    Math.sqrt(m2 / n),
  ),
  moment(
    "var_samp",
    ["variance"],
    "Variance of a sample; NULL for one row.",
    { sql: "var_samp(1)", result: "NULL" },
    (n, m2) => (n === 1 ? null : m2 / (n - 1)),
  ),
  moment("var_pop", [], "Variance of a population.", { sql: "var_pop(1)", result: "0.0" }, (n, m2) => m2 / n),
  moment(
    "skewness",
    [],
    "Skewness; NULL when all values are equal.",
    { sql: "skewness(1)", result: "NULL" },
    (n, m2, m3) => (m2 === 0 ? null : (Math.sqrt(n) * m3) / Math.sqrt(m2 * m2 * m2)),
    3,
  ),
  moment(
    "kurtosis",
    [],
    "Excess kurtosis, 0 for the normal distribution; NULL when all values are equal.",
    { sql: "kurtosis(1)", result: "NULL" },
    (n, m2, _m3, m4) => (m2 === 0 ? null : (n * m4) / (m2 * m2) - 3),
    4,
  ),
];
