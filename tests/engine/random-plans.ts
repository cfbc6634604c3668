/** Random plans over tables with the columns a INT, b INT and s STRING. */
import fc from "fast-check";
import { count, type DataFrame, expr, max, min } from "millrace";

export type Row = { readonly a: number | null; readonly b: number | null; readonly s: string | null };
export const schema = { a: "int", b: "int", s: "string" } as const;
export type Frame = DataFrame<typeof schema>;

const small = fc.option(fc.integer({ min: -2, max: 3 }));
export const tableOf: fc.Arbitrary<Row[]> = fc.array(
  fc.record({ a: small, b: small, s: fc.option(fc.constantFrom("x", "y", "")) }),
  { maxLength: 8 },
);

const condition = fc.oneof(
  fc.constantFrom(
    "a > 0",
    "b <= a",
    "s = 'x'",
    "s IS NULL",
    "a IS NOT NULL AND b > 1",
    "NOT (a > 1)",
    "a <=> b",
    "1 = 1",
    "1 = 2",
    "a = 1 OR s = 'y'",
    "coalesce(a, b, 0) > 0",
    "CAST(NULL AS BOOLEAN)",
    "a IN (1, 2, NULL)",
    "upper(s) = 'X'",
  ),
);
export type Step = (frame: Frame, tables: readonly Frame[]) => Frame;
const keep = (frame: { readonly plan: unknown }): Frame => frame as unknown as Frame;
export const step: fc.Arbitrary<Step & { readonly text?: string }> = fc.oneof(
  {
    weight: 4,
    arbitrary: condition.map(
      (sql): Step =>
        (frame) =>
          frame.filter(sql),
    ),
  },
  fc.constantFrom<Step>(
    (frame) => keep(frame.selectExpr("b AS a", "a AS b", "s")),
    (frame) => keep(frame.selectExpr("a + 1 AS a", "b", "concat(s, 'z') AS s")),
    (frame) => keep(frame.selectExpr("a * 2 AS a", "a + a AS b", "CAST(b AS STRING) AS s")),
    (frame) => keep(frame.selectExpr("5 AS a", "b", "s")),
    (frame) => keep(frame.selectExpr("b AS a", "explode(array(a, b, 1)) AS b", "s").select("a", "b", "s")),
    (frame, [, other]) => keep(frame.union(other!)),
    (frame) => keep(frame.union(frame)),
    (frame) => frame.distinct(),
    (frame) => keep(frame.groupBy("a").agg(() => ({ b: expr("CAST(sum(b) AS INT)"), s: max("s") }))),
    (frame) =>
      keep(
        frame
          .groupBy("s", "a")
          .agg(() => ({ n: count("*") }))
          .selectExpr("a", "CAST(n AS INT) AS b", "s"),
      ),
    (frame) => keep(frame.agg(() => ({ a: min("a"), b: max("b"), s: min("s") }))),
    (frame) =>
      keep(
        frame
          .withColumn("extra", (c) => c.a.plus(c.b))
          .filter("extra > 0")
          .drop("extra"),
      ),
  ),
  fc.constantFrom("inner", "left", "right", "full", "leftSemi", "leftAnti").map(
    (how): Step =>
      (frame, [, other]) =>
        keep(
          frame
            .join(other!, "a", how as "inner")
            .selectExpr("a", ...(/Semi|Anti/.test(how) ? ["b", "s"] : []))
            .selectExpr("a", ...(/Semi|Anti/.test(how) ? ["b", "s"] : ["a AS b", "'j' AS s"])),
        ),
  ),
  fc.constantFrom("inner", "left", "right", "full").chain((how) =>
    fc.constantFrom("l.a = r.b", "l.a = r.a AND l.b > 0", "l.a = r.a AND r.s = 'x'", "l.a < r.b").map(
      (on): Step =>
        (frame, [, other]) =>
          keep(
            frame
              .alias("l")
              .join(other!.alias("r"), expr(on), how as "inner")
              .selectExpr("l.a", "r.b", "coalesce(l.s, r.s) AS s"),
          ),
    ),
  ),
);
