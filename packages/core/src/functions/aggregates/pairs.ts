/** Statistics of two columns: covariance, correlation and linear regression. Rows where one is NULL do not count. */
import { bigintType, doubleType, type SqlValue } from "../../types/data-type.ts";
import type { AggregateFunction } from "../function.ts";
import { signature } from "../resolution.ts";
import { counts } from "./count.ts";
import { type DoubleRows, doubleRows } from "./double-rows.ts";
import { addToMoments, mergeMoments } from "./moments.ts";

const present = ([x, y]: readonly SqlValue[]): boolean => x !== null && y !== null;

/** n, mean of x, mean of y, sum of products of distances; for correlations also the sums of squares of x and of y. */
function addPair(s: Float64Array, at: number, x: number, y: number, squares: boolean): void {
  const n = s[at]! + 1;
  const [dx, dy] = [x - s[at + 1]!, y - s[at + 2]!];
  const [xMean, yMean] = [s[at + 1]! + dx / n, s[at + 2]! + dy / n];
  s[at] = n;
  s[at + 1] = xMean;
  s[at + 2] = yMean;
  s[at + 3]! += dx * (y - yMean);
  if (!squares) return;
  s[at + 4]! += dx * (x - xMean);
  s[at + 5]! += dy * (y - yMean);
}
function mergePairs(s: Float64Array, at: number, other: readonly number[], squares: boolean): void {
  const n1 = s[at]!;
  const [n2, xMean, yMean, products] = other as [number, number, number, number];
  const n = n1 + n2;
  if (n === 0) return;
  const [dx, dy] = [xMean - s[at + 1]!, yMean - s[at + 2]!];
  s[at] = n;
  s[at + 1]! += (dx / n) * n2;
  s[at + 2]! += (dy / n) * n2;
  s[at + 3]! += products + dx * (dy / n) * n1 * n2;
  if (!squares) return;
  s[at + 4]! += other[4]! + dx * (dx / n) * n1 * n2;
  s[at + 5]! += other[5]! + dy * (dy / n) * n1 * n2;
}

/** Over the moments of both columns. The first argument is x here, whatever the function calls it. */
const pairRows = (squares: boolean, evaluate: DoubleRows["evaluate"]): DoubleRows => ({
  width: squares ? 6 : 4,
  update(s, at, row) {
    if (present(row)) addPair(s, at, row[0] as number, row[1] as number, squares);
  },
  merge: (s, at, other) => mergePairs(s, at, other, squares),
  evaluate,
});
/** Over one of the columns, of rows where both are present. */
const singleRows = (argument: 0 | 1, evaluate: DoubleRows["evaluate"]): DoubleRows => ({
  width: 3,
  update(s, at, row) {
    if (present(row)) addToMoments(s, at, row[argument] as number, 2);
  },
  merge: (s, at, other) => mergeMoments(s, at, other, 2),
  evaluate,
});
/** Covariance of the second with the first argument, then the variance of the second. */
const lineRows = (evaluate: DoubleRows["evaluate"]): DoubleRows => ({
  width: 7,
  update(s, at, row) {
    if (!present(row)) return;
    addPair(s, at, row[1] as number, row[0] as number, false);
    addToMoments(s, at + 4, row[1] as number, 2);
  },
  merge(s, at, other) {
    mergePairs(s, at, other, false);
    mergeMoments(s, at + 4, other.slice(4), 2);
  },
  evaluate,
});

const single = ["n", "avg", "m2"];
const pair = ["n", "xAvg", "yAvg", "ck"];
const correlated = [...pair, "xMk", "yMk"];
/** Spark names fields of the two parts alike; here they are told apart. */
const line = [...pair, "n2", "avg", "m2"];

function pairFunction(
  name: string,
  parameters: string,
  summary: string,
  example: string,
  fields: readonly string[],
  rows: DoubleRows,
): AggregateFunction {
  return {
    name,
    since: "0.2.0",
    arity: [2, 2],
    resolve: signature([doubleType, doubleType], doubleType),
    nullable: true,
    orderIndependent: true,
    buffer: () => fields.map((field) => ({ name: field, type: doubleType, nullable: true })),
    bind: () => doubleRows(rows),
    doc: {
      group: "Aggregate",
      usage: `${name}(${parameters})`,
      summary,
      examples: [{ sql: `${name}(2, 1)`, result: example }],
    },
  };
}

const unlessEmpty =
  (value: (s: Float64Array, at: number) => number | null): DoubleRows["evaluate"] =>
  (s, at) =>
    s[at] === 0 ? null : value(s, at);
const mean = unlessEmpty((s, at) => s[at + 1]!);
const squareSum = unlessEmpty((s, at) => s[at + 2]!);

const count = counts.find(({ name }) => name === "count")!;

export const pairs: readonly AggregateFunction[] = [
  pairFunction(
    "covar_pop",
    "x, y",
    "Covariance of a population.",
    "0.0",
    pair,
    pairRows(
      false,
      unlessEmpty((s, at) => s[at + 3]! / s[at]!),
    ),
  ),
  pairFunction(
    "covar_samp",
    "x, y",
    "Covariance of a sample; NULL for one row.",
    "NULL",
    pair,
    pairRows(
      false,
      unlessEmpty((s, at) => (s[at] === 1 ? null : s[at + 3]! / (s[at]! - 1))),
    ),
  ),
  pairFunction(
    "corr",
    "x, y",
    "Pearson's correlation, from −1 to 1; NULL when all values of one are equal.",
    "NULL",
    correlated,
    pairRows(
      true,
      unlessEmpty((s, at) => {
        const spread = Math.sqrt(s[at + 4]! * s[at + 5]!);
        return spread === 0 ? null : s[at + 3]! / spread;
      }),
    ),
  ),
  pairFunction(
    "regr_r2",
    "y, x",
    "Coefficient of determination of the regression line of y over x; NULL when all x are equal.",
    "NULL",
    correlated,
    pairRows(true, (s, at) => {
      if (s[at + 5] === 0) return null;
      return s[at + 4] === 0 ? 1 : (s[at + 3]! / Math.sqrt(s[at + 4]! * s[at + 5]!)) ** 2;
    }),
  ),
  pairFunction(
    "regr_slope",
    "y, x",
    "Slope of the regression line of y over x; NULL when all x are equal.",
    "NULL",
    line,
    lineRows((s, at) => (s[at + 6] === 0 ? null : s[at + 3]! / s[at + 6]!)),
  ),
  pairFunction(
    "regr_intercept",
    "y, x",
    "Where the regression line of y over x meets x = 0; NULL when all x are equal.",
    "NULL",
    line,
    lineRows((s, at) => (s[at + 6] === 0 ? null : s[at + 2]! - (s[at + 3]! / s[at + 6]!) * s[at + 1]!)),
  ),
  pairFunction("regr_avgx", "y, x", "Mean of x where y is not NULL.", "1.0", single, singleRows(1, mean)),
  pairFunction("regr_avgy", "y, x", "Mean of y where x is not NULL.", "2.0", single, singleRows(0, mean)),
  pairFunction("regr_sxx", "y, x", "Sum of squares of x around its mean.", "0.0", single, singleRows(1, squareSum)),
  pairFunction("regr_syy", "y, x", "Sum of squares of y around its mean.", "0.0", single, singleRows(0, squareSum)),
  pairFunction(
    "regr_sxy",
    "y, x",
    "Sum of products of x and y around their means.",
    "0.0",
    pair,
    pairRows(
      false,
      unlessEmpty((s, at) => s[at + 3]!),
    ),
  ),
  {
    ...count,
    name: "regr_count",
    since: "0.2.0",
    arity: [2, 2],
    resolve: signature([doubleType, doubleType], bigintType),
    doc: {
      group: "Aggregate",
      usage: "regr_count(y, x)",
      summary: "Number of rows where neither is NULL.",
      examples: [{ sql: "regr_count(2, 1)", result: "1" }],
    },
  },
];
