import { expect, test } from "vitest";
import type { Expr } from "../../expressions/expression.ts";
import { childrenOf } from "../../expressions/traverse.ts";
import { functionRegistry } from "../../functions/registry.ts";
import { Column, functions } from "../index.ts";

/** Arguments for functions that take more than a column. */
const others: Readonly<Record<string, readonly unknown[]>> = {
  createStruct: [{ a: functions.col("a") }],
  fromJson: ["a", { a: "int" }],
  when: [functions.expr("a > 1"), 1],
  not: [functions.expr("a > 1")],
  dateTrunc: ["hour", "a"],
  callFunction: ["abs", "a"],
  widthBucket: ["a", 0, 10, 5],
  variantGet: ["a", "$.a", "int"],
  tryVariantGet: ["a", "$.a", "int"],
  percentileApprox: ["a", [0.5, 0.9]],
  percentiles: ["a", [0.5, 0.9]],
  histogramNumeric: ["a", 3],
  ...Object.fromEntries(
    ["transform", "filter", "exists", "forall", "transformKeys", "transformValues", "mapFilter", "arraySort"].map(
      (name) => [name, ["a", () => functions.lit(1)]],
    ),
  ),
  ...Object.fromEntries(["zipWith", "mapZipWith"].map((name) => [name, ["a", "b", () => functions.lit(1)]])),
  ...Object.fromEntries(["aggregate", "reduce"].map((name) => [name, ["a", functions.lit(0), () => functions.lit(1)]])),
};
/** Known to the analyzer and not to the registry. */
const special = new Set([
  "grouping",
  "grouping_id",
  "window",
  "input_file_name",
  "input_file_block_start",
  "input_file_block_length",
  "window_time",
]);

const makers = Object.entries<unknown>(functions).filter(
  ([name]) => !["col", "lit", "expr", "asc", "desc", "udf", "broadcast"].includes(name),
);

test.each(makers)("%s calls a function of the registry", (name, maker) => {
  const make = maker as (...args: readonly unknown[]) => unknown;
  const column = make(...(others[name] ?? ["a", "b", 1].slice(0, Math.max(1, make.length))));
  expect(column).toBeInstanceOf(Column);
  const pending: Expr[] = [(column as Column).expr];
  for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
    pending.push(...childrenOf(expr));
    if (expr.kind !== "UnresolvedFunction" || special.has(expr.name)) continue;
    const known =
      functionRegistry.scalar(expr.name) ??
      functionRegistry.aggregate(expr.name) ??
      functionRegistry.generator(expr.name) ??
      functionRegistry.window(expr.name);
    expect(known, expr.name).toBeDefined();
    expect(expr).toHaveProperty("origin");
    break;
  }
});
