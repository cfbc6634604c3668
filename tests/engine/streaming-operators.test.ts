/**
 * Every operator that needs no state, and every aggregate function, as a stream: for any split of the rows into batches, and with the
 * query started again after each of them, it gives what the batch query gives. What a stream cannot do is refused with a class.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { col, type DataFrame, expr, lit, type Schema } from "millrace";
import { MemoryStream, parseDdl } from "millrace/engine";
import { functionRegistry } from "../../packages/core/src/functions/registry.ts";
import { simulatedSession, type SimulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
interface Row {
  readonly k: string | null;
  readonly i: number | null;
  readonly d: number | null;
  readonly s: string | null;
}
const ddl = "k STRING, i INT, d DOUBLE, s STRING";
const row: fc.Arbitrary<Row> = fc.record({
  k: fc.constantFrom("a", "b", "c", null),
  i: fc.option(fc.integer({ min: -20, max: 20 }), { freq: 5 }),
  // Quarters add up exactly, in any order.
  d: fc.option(
    fc.integer({ min: -40, max: 40 }).map((n) => n / 4),
    { freq: 5 },
  ),
  s: fc.option(fc.constantFrom("", "x", "yy", "é z", "x,y"), { freq: 5 }),
});
const splits = fc.array(fc.array(row, { maxLength: 7 }), { minLength: 1, maxLength: 4 });

/** Rows as texts in an order of their own. */
const shown = (rows: readonly unknown[]): string[] =>
  rows.map((each) => JSON.stringify(each, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v))).toSorted();

/** What a stream over the parts gives out, started again for each of them. */
async function streamed(
  session: SimulatedSession,
  parts: readonly (readonly Row[])[],
  build: (events: Frame, session: SimulatedSession) => Frame,
  mode: "append" | "complete",
  name: string,
): Promise<readonly unknown[]> {
  const stream = new MemoryStream(parseDdl(ddl));
  let rows: unknown[] = [];
  for (const part of parts) {
    stream.add(part);
    const events = session.spark.readStream.from(stream, {}) as unknown as Frame;
    const query = await build(events, session)
      .writeStream.outputMode(mode)
      .option("checkpointLocation", `/checkpoint/${name}`)
      .foreachBatch(async (batch) => {
        const collected = await batch.collect();
        rows = mode === "complete" ? [...collected] : [...rows, ...collected];
      })
      .start();
    await query.processAllAvailable();
    await query.stop();
  }
  return rows;
}
const batchOf = (session: SimulatedSession, parts: readonly (readonly Row[])[]): Frame =>
  session.spark.createDataFrame(parts.flat() as object[], ddl) as unknown as Frame;

let checkpoints = 0;
async function expectSame(
  build: (events: Frame, session: SimulatedSession) => Frame,
  mode: "append" | "complete",
  conf: Readonly<Record<string, string>> = {},
  numRuns = 6,
): Promise<void> {
  await using session = await simulatedSession(undefined, conf);
  await fc.assert(
    fc.asyncProperty(splits, async (parts) => {
      const got = await streamed(session, parts, build, mode, String(checkpoints++));
      expect(shown(got)).toEqual(shown(await build(batchOf(session, parts), session).collect()));
    }),
    { numRuns },
  );
}

const names = ({ spark }: SimulatedSession): Frame =>
  spark.createDataFrame(
    [
      { k: "a", n: 1 },
      { k: "a", n: 2 },
      { k: "b", n: 3 },
      { k: null, n: 4 },
    ],
    "k STRING, n INT",
  ) as unknown as Frame;

const stateless: Readonly<Record<string, (df: Frame, session: SimulatedSession) => Frame>> = {
  select: (df) => df.select("k", expr("i + 1 AS j")) as unknown as Frame,
  filter: (df) => df.filter("i > 0 AND k IS NOT NULL"),
  withColumn: (df) => df.withColumn("u", expr("upper(s)")) as unknown as Frame,
  withColumns: (df) => df.withColumns({ a: expr("i * 2"), b: lit(1) }) as unknown as Frame,
  withColumnRenamed: (df) => df.withColumnRenamed("k", "key") as unknown as Frame,
  drop: (df) => df.drop("d") as unknown as Frame,
  toDF: (df) => df.toDF("a", "b", "c", "e") as unknown as Frame,
  toJSON: (df) => df.toJSON() as unknown as Frame,
  transform: (df) => df.transform((x) => x.filter("i < 5")),
  explode: (df) => df.selectExpr("k", "explode(split(s, ',')) AS part") as unknown as Frame,
  explodeOuter: (df) => df.selectExpr("k", "explode_outer(array(i, NULL))") as unknown as Frame,
  posexplode: (df) => df.selectExpr("posexplode(sequence(0, abs(i) % 3))") as unknown as Frame,
  inline: (df) => df.selectExpr("inline(array(struct(i, s), struct(1 AS i, 'one' AS s)))") as unknown as Frame,
  stack: (df) => df.selectExpr("stack(2, k, i, s, 1)") as unknown as Frame,
  unpivot: (df) => df.unpivot(["k"], ["i"], "name", "value") as unknown as Frame,
  naFill: (df) => df.na.fill(0),
  naDrop: (df) => df.na.drop() as unknown as Frame,
  naReplace: (df) => df.na.replace({ x: "X" } as never) as Frame,
  union: (df) => df.union(df.filter("i > 0")) as unknown as Frame,
  unionByName: (df) => df.unionByName(df.select("s", "d", "i", "k") as unknown as Frame) as unknown as Frame,
  repartition: (df) => df.repartition(2, "k"),
  coalesce: (df) => df.coalesce(1),
  hint: (df) => df.hint("broadcast"),
  observe: (df) => df.observe("seen", expr("count(*) AS n")),
  map: (df) => df.map((r) => ({ t: `${String((r as unknown as Row).k)}!` }), { t: "string" }) as unknown as Frame,
  flatMap: (df) =>
    df.flatMap((r) => ((r as unknown as Row).i === null ? [] : [{ t: 1 }, { t: 2 }]), { t: "int" }) as unknown as Frame,
  innerJoin: (df, session) => df.join(names(session) as Frame, "k") as unknown as Frame,
  leftJoin: (df, session) => df.join(names(session) as Frame, "k", "left") as unknown as Frame,
  rightJoinOfStatic: (df, session) => names(session).join(df, "k", "right") as unknown as Frame,
  semiJoin: (df, session) => df.join(names(session) as Frame, "k", "left_semi") as unknown as Frame,
  antiJoin: (df, session) => df.join(names(session) as Frame, "k", "left_anti") as unknown as Frame,
  crossJoin: (df, session) => df.crossJoin(names(session).toDF("a", "b") as never) as unknown as Frame,
  conditionJoin: (df, session) =>
    df.join(names(session).toDF("a", "b") as never, expr("i < b") as never, "left") as unknown as Frame,
  staticAggregate: (df, session) =>
    df.join(names(session).groupBy("k").agg(expr("sum(n) AS total")) as never, "k") as unknown as Frame,
};

describe("operators without state", () => {
  test.each(Object.keys(stateless))("%s gives out what the batch gives", async (name) => {
    await expectSame(stateless[name]!, "append", {}, 3);
  });
});

const refused: Readonly<
  Record<string, readonly [(df: Frame, session: SimulatedSession) => Frame, "append" | "complete" | "update"]>
> = {
  "a sort": [(df) => df.orderBy("k"), "append"],
  "a window function": [
    (df) => df.selectExpr("row_number() OVER (PARTITION BY k ORDER BY i)") as unknown as Frame,
    "append",
  ],
  "a number of each row": [(df) => df.zipWithIndex() as unknown as Frame, "append"],
  "an offset": [(df) => df.offset(1), "append"],
  "a distinct aggregate": [(df) => df.groupBy("k").agg(expr("count(DISTINCT i)")) as unknown as Frame, "complete"],
  "an aggregation in append mode without a watermark": [(df) => df.groupBy("k").count() as unknown as Frame, "append"],
  "complete mode without an aggregation": [(df) => df.filter("i > 0"), "complete"],
  "a union with a batch": [(df, session) => df.union(batchOf(session, [])) as unknown as Frame, "append"],
  "a full outer join with a batch": [
    (df, session) => df.join(names(session) as Frame, "k", "full") as unknown as Frame,
    "append",
  ],
  "a left outer join of a batch with a stream": [
    (df, session) => names(session).join(df, "k", "left") as unknown as Frame,
    "append",
  ],
  "a right outer join with a batch": [
    (df, session) => df.join(names(session) as Frame, "k", "right") as unknown as Frame,
    "append",
  ],
  "a semi join of a batch with a stream": [
    (df, session) => names(session).join(df, "k", "left_semi") as unknown as Frame,
    "append",
  ],
  "an anti join of a batch with a stream": [
    (df, session) => names(session).join(df, "k", "left_anti") as unknown as Frame,
    "append",
  ],
  "a limit in update mode": [(df) => df.groupBy("k").count().limit(3) as unknown as Frame, "update"],
  "grouping by a map": [(df) => df.groupBy(expr("map(k, 1)")).count() as unknown as Frame, "complete"],
};
const classes: Readonly<Record<string, string>> = {
  "a window function": "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
  "an aggregation in append mode without a watermark": "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
  "complete mode without an aggregation": "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
};

describe("what a stream cannot do", () => {
  test.each(Object.keys(refused))("%s is refused before the query starts", async (name) => {
    await using session = await simulatedSession();
    const [build, mode] = refused[name]!;
    const events = session.spark.readStream.from(new MemoryStream(parseDdl(ddl)), {}) as unknown as Frame;
    const starting = async (): Promise<unknown> =>
      build(events, session)
        .writeStream.outputMode(mode)
        .option("checkpointLocation", "/checkpoint/refused")
        .foreachBatch(() => {})
        .start();
    await expect(starting()).rejects.toMatchObject({ errorClass: classes[name] ?? "UNSUPPORTED_STREAMING_OPERATION" });
  });
});

/** A call of every aggregate function; the batch is in the order of the stream, so that first and last mean the same. */
const aggregates: readonly string[] = [
  "count(*)",
  "count(i, s)",
  "count_if(i > 0)",
  "sum(i)",
  "sum(d)",
  "sum(cast(i AS DECIMAL(10, 2)))",
  "sum(make_dt_interval(i))",
  "try_sum(i)",
  "avg(i)",
  "avg(cast(i AS DECIMAL(10, 2)))",
  "try_avg(d)",
  "min(s)",
  "max(d)",
  "min(struct(i, s))",
  "min_by(s, struct(i, d, s))",
  "max_by(s, struct(i, d, s))",
  "first(i)",
  "first(s, true)",
  "last(s)",
  "last(i, true)",
  "collect_list(s)",
  "collect_set(i)",
  "collect_union(split(s, ','))",
  "listagg(s, '|')",
  "listagg(s) WITHIN GROUP (ORDER BY s, i)",
  "median(d)",
  "mode(i)",
  "percentile(d, array(0.1, 0.5))",
  "percentile_cont(0.3) WITHIN GROUP (ORDER BY d)",
  "percentile_disc(0.3) WITHIN GROUP (ORDER BY d)",
  "percentile_approx(i, 0.5)",
  "histogram_numeric(i, 3)",
  "approx_count_distinct(s)",
  "stddev_pop(i)",
  "stddev_samp(i)",
  "var_pop(i)",
  "var_samp(i)",
  "skewness(i)",
  "kurtosis(i)",
  "corr(i, d)",
  "covar_pop(i, d)",
  "covar_samp(i, d)",
  "regr_avgx(i, d)",
  "regr_avgy(i, d)",
  "regr_count(i, d)",
  "regr_intercept(i, d)",
  "regr_r2(i, d)",
  "regr_slope(i, d)",
  "regr_sxx(i, d)",
  "regr_sxy(i, d)",
  "regr_syy(i, d)",
  "product(i)",
  "bool_and(i > 0)",
  "bool_or(i > 0)",
  "bit_and(i)",
  "bit_or(i)",
  "bit_xor(i)",
  "hex(bitmap_construct_agg(bitmap_bit_position(abs(i))))",
  "hex(bitmap_or_agg(cast(s AS BINARY)))",
  "hex(bitmap_and_agg(cast(s AS BINARY)))",
  "schema_of_variant_agg(to_variant_object(struct(i, s)))",
  "sum(i) FILTER (WHERE d > 0)",
];
/** Of moments and sums of squares the last digits depend on how rows were put together. */
const rounded = /^(?:std|var|skew|kurt|corr|cov|regr|avg|histogram)/;

describe("aggregate functions", () => {
  test("all are in the table", () => {
    const covered = aggregates.join(" ");
    // The last is no function of users: `stat.freqItems` is made of it, which streams refuse.
    const missing = functionRegistry
      .allFunctions()
      .filter((fn) => "withinGroup" in fn || "orderIndependent" in fn)
      .map(({ name }) => name)
      .filter((name) => !new RegExp(`\\b${name}\\(`).test(covered) && name !== "collect_frequent_items");
    expect(missing).toEqual([]);
  });

  // Each batch is a version of the state, which the next start reads: from deltas, and from snapshots.
  test.each([1, 10])("survive the state store with snapshots every %i versions", async (deltas) => {
    const list = aggregates.map((text, i) => expr(`${rounded.test(text) ? roundedCall(text) : text} AS a${i}`));
    await expectSame(
      (df) => df.groupBy(col("k")).agg(...list) as unknown as Frame,
      "complete",
      { "spark.sql.streaming.stateStore.minDeltasForSnapshot": String(deltas) },
      5,
    );
  });

  test("cubes and rollups are kept in complete mode", async () => {
    await expectSame(
      (df) => df.cube("k", "s").agg(expr("count(*) AS n"), expr("sum(i) AS t")) as unknown as Frame,
      "complete",
      {},
      3,
    );
    await expectSame((df) => df.rollup("k", "s").count() as unknown as Frame, "complete", {}, 3);
  });
});
function roundedCall(text: string): string {
  return text.startsWith("histogram") ? `size(${text})` : `round(${text}, 6)`;
}
