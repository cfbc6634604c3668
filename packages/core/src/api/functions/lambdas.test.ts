import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  aggregate,
  arraySort,
  col,
  exists,
  expr,
  filter,
  lit,
  SparkSession,
  transform,
  when,
  zipWith,
} from "../index.ts";
import { array } from "../../types/schema-literal.ts";
import "../embedded.ts";

let spark: SparkSession;
beforeAll(async () => {
  spark = await SparkSession.builder.appName("lambdas").getOrCreate();
});
afterAll(() => spark.stop());

const schema = { xs: array("int"), words: array("string"), n: "int!" } as const;
const rowOf = fc.record({
  xs: fc.option(fc.array(fc.option(fc.integer({ min: -9, max: 9 })), { maxLength: 5 })),
  words: fc.option(fc.array(fc.option(fc.string({ maxLength: 3 })), { maxLength: 4 })),
  n: fc.integer({ min: -3, max: 3 }),
});

const expressions = [
  "transform(xs, (x, i) -> x * n + i)",
  "transform(xs, x -> transform(xs, y -> x + y + n))",
  "filter(words, (w, i) -> length(w) > 1 OR i = n)",
  "exists(xs, x -> x > n)",
  "forall(xs, x -> x > n)",
  "aggregate(xs, CAST(n AS BIGINT), (s, x) -> s + coalesce(x, 0), s -> concat('=', s))",
  "zip_with(xs, words, (x, w) -> named_struct('x', x, 'w', upper(w)))",
  "array_sort(xs, (a, b) -> CASE WHEN a IS NULL THEN 1 WHEN b IS NULL THEN -1 ELSE b - a END)",
  "transform(words, w -> CASE WHEN w IS NULL THEN 'none' ELSE concat(w, w) END)",
  "filter(transform(xs, x -> named_struct('v', x, 'k', n)), s -> s.v > s.k)",
  "transform_values(map_from_arrays(transform(xs, (x, i) -> i), xs), (k, v) -> k * v)",
  "aggregate(words, array(CAST(NULL AS STRING)), (all, w) -> array_append(all, w), all -> size(all))",
];

describe("lambdas in generated code give what the interpreter gives", () => {
  test.each(expressions)("%s", async (text) => {
    await fc.assert(
      fc.asyncProperty(fc.array(rowOf, { minLength: 1, maxLength: 6 }), async (rows) => {
        const answers: unknown[] = [];
        for (const codegen of ["true", "false"]) {
          spark.conf.set("millrace.codegen.enabled", codegen);
          answers.push(await spark.createDataFrame(rows, schema).select(expr(text).alias("r")).collect());
        }
        expect(answers[0]).toEqual(answers[1]);
      }),
      { numRuns: 25 },
    );
  });
});

test("TypeScript functions are lambdas", async () => {
  const rows = spark.createDataFrame([{ xs: [3, null, 1], words: ["b", "a"], n: 10 }], schema);
  const [row] = await rows
    .select((c) => ({
      plus: transform(c.xs, (x) => x.plus(c.n)),
      indexed: transform(c.xs, (_x, i) => i.times(2)),
      nested: transform(c.xs, (x) => transform(c.xs, (y) => x.plus(y))),
      kept: filter(c.xs, (x) => x.gt(1)),
      any: exists(c.words, (w) => w.eq("a")),
      sum: aggregate(c.xs, lit(0), (sum, x) => sum.plus(when(x.isNull(), 0).otherwise(x))),
      zipped: zipWith(c.xs, c.words, (x, w) => when(w.isNull(), x).otherwise(-1)),
      sorted: arraySort(c.words, (a, b) => when(a.lt(b), -1).otherwise(1)),
      constant: transform(c.words, () => 7),
    }))
    .collect();
  expect(row).toEqual({
    plus: [13, null, 11],
    indexed: [0, 2, 4],
    nested: [
      [6, null, 4],
      [null, null, null],
      [4, null, 2],
    ],
    kept: [3],
    any: true,
    sum: 4,
    zipped: [-1, -1, 1],
    sorted: ["a", "b"],
    constant: [7, 7],
  });
});

test("grouping by an expression with a lambda finds it again in the result, whatever its parameter is called", async () => {
  const rows = spark.createDataFrame([{ xs: [1], words: null, n: 1 }], schema);
  const grouped = rows
    .groupBy(expr("transform(xs, x -> x + 1)").alias("k"))
    .agg(expr("size(transform(xs, y -> y + 1)) AS s"));
  expect(await grouped.collect()).toEqual([{ k: [2], s: 1 }]);
});

test("withField and dropFields", async () => {
  const rows = spark.range(1).selectExpr("named_struct('a', 1, 'b', named_struct('c', 2, 'd', 3)) AS s");
  const changed = rows.select(
    col("s").withField("e", lit("x")).alias("added"),
    col("s").withField("b.c", lit(9)).alias("inside"),
    col("s").dropFields("a", "b.d").alias("dropped"),
  );
  expect(await changed.collect()).toEqual([
    {
      added: { a: 1, b: { c: 2, d: 3 }, e: "x" },
      inside: { a: 1, b: { c: 9, d: 3 } },
      dropped: { b: { c: 2 } },
    },
  ]);
});
