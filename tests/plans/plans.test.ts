/** `explain("extended")` of plans, in plans.plan; analysis errors in the *errors.plan. `npm run bless` rewrites them. */
import { test } from "vitest";
import {
  array,
  avg,
  col,
  count,
  countDistinct,
  type DataFrame,
  expr,
  lit,
  map,
  max,
  sessionWindow,
  type SparkSession,
  struct,
  sum,
  window,
  windowTime,
} from "millrace";
import { MemoryStream, parseDdl } from "millrace/engine";
import { simulatedSession } from "../engine/simulated-session.ts";
import { expectGolden } from "./golden.ts";

interface Tables {
  readonly spark: SparkSession;
  readonly people: ReturnType<typeof peopleOf>;
  readonly orders: ReturnType<typeof ordersOf>;
  readonly nested: ReturnType<typeof nestedOf>;
}

const peopleOf = (spark: SparkSession) =>
  spark.createDataFrame([], { id: "bigint!", name: "string", age: "int", city: "string" });
const ordersOf = (spark: SparkSession) =>
  spark.read.schema({ id: "bigint", person: "bigint", price: "decimal(10,2)", at: "timestamp" }).json("/orders");
const nestedOf = (spark: SparkSession) =>
  spark.createDataFrame([], { id: "int", tags: array("string"), home: struct({ street: "string", zip: "int" }) });

const plans: Readonly<
  Record<string, (tables: Tables) => { readonly plan: unknown; explain(mode: "extended"): Promise<void> }>
> = {
  "projection of a projection collapses": ({ people }) =>
    people.select("id", (c) => ({ next: c.age.plus(1) })).select((c) => ({ twice: c.next.times(2) })),
  "work that is used twice is not copied into both uses": ({ people }) =>
    people.select((c) => ({ next: c.age.plus(1) })).selectExpr("next * next AS square"),
  "rand is computed once": ({ people }) => people.selectExpr("rand(1) AS r").selectExpr("r", "r + 1 AS s"),
  "a filter goes below a projection and joins another filter": ({ people }) =>
    people
      .filter("id > 1")
      .select((c) => ({ next: c.age.plus(1) }))
      .filter("next > 3"),
  "a filter on rand stays above": ({ people }) => people.selectExpr("rand(1) AS r", "id").filter("r > 0.5 AND id > 1"),
  "filters go to both sides of an inner join": ({ people, orders }) =>
    people
      .alias("p")
      .join(orders.alias("o"), expr("p.id = o.person"))
      .filter("p.age > 20 AND o.price > 5 AND p.age > o.price"),
  "a filter goes to the preserved side of a left join only": ({ people, orders }) =>
    people.alias("p").join(orders.alias("o"), expr("p.id = o.person"), "left").filter("p.age > 20 AND o.price > 5"),
  "a filter stays above a full join": ({ people, orders }) =>
    people.alias("p").join(orders.alias("o"), expr("p.id = o.person"), "full").filter("p.age > 20"),
  "a filter goes into every input of a union": ({ people }) =>
    people.select("id", "age").union(people.select("id", "age").filter("id < 9")).filter("age > 3"),
  "a filter on the key goes below an aggregation": ({ people }) =>
    people
      .groupBy("city")
      .agg(() => ({ n: count("*") }))
      .filter("city = 'Rome' AND n > 3"),
  "a filter stays above a global aggregation": ({ people }) => people.agg(() => ({ n: count("*") })).filter("1 = 2"),
  "a filter stays above a limit": ({ people }) => people.limit(3).filter("age > 3"),
  "constants fold": ({ people }) =>
    people.selectExpr("1 + 2 * 3 AS n", "upper('a') || 'b' AS s", "CAST('5' AS INT) + age AS t"),
  "a constant that fails is left to the rows": ({ people }) => people.selectExpr("1 / 0 AS n"),
  "TRUE AND disappears": ({ people }) => people.filter("1 = 1 AND age > 3").filter("true"),
  "columns are pruned into the scan": ({ orders }) => orders.groupBy("person").agg(() => ({ total: sum("price") })),
  "filters are pushed into the scan": ({ orders }) => orders.filter("price > 5 AND person IS NOT NULL").select("id"),
  "a count needs no column": ({ orders }) => orders.agg(() => ({ n: count("*") })),
  "unused union columns are pruned": ({ orders }) => orders.union(orders).select("id"),
  "tumbling windows": ({ orders }) => orders.groupBy(window("at", "10 minutes")).agg(() => ({ n: count("*") })),
  "sliding windows": ({ orders }) =>
    orders.groupBy(window("at", "10 minutes", "5 minutes"), "person").agg(() => ({ total: sum("price") })),
  "a filter on the session stays above its merge": ({ orders }) =>
    orders
      .groupBy(sessionWindow("at", "10 minutes"), "person")
      .agg(() => ({ total: sum("price") }))
      .filter("person > 3 AND session_window.start > TIMESTAMP'2024-01-01'"),
  "sessions of changing gaps": ({ orders }) =>
    orders
      .groupBy("person", sessionWindow("at", expr("CASE WHEN price > 9 THEN '1 hour' ELSE '5 minutes' END")))
      .count(),
  "a watermark on a batch": ({ orders }) => orders.withWatermark("at", "10 minutes").filter("id > 1"),
  "join using": ({ people, orders }) => people.join(orders, "id"),
  "full join using": ({ people, orders }) => people.join(orders, ["id"], "full"),
  "semi join": ({ people, orders }) => people.join(orders, "id", "leftSemi"),
  "a semi join of two streams goes below the projection of its left side": ({ spark }) => {
    const right = streamOf(spark).withWatermark("at", "1 minute").select("id", "at").alias("r");
    const left = streamOf(spark)
      .withWatermark("at", "1 minute")
      .selectExpr("id % 5 AS five", "at AS t", "id")
      .alias("l");
    return left.join(right, expr("l.five = r.id AND l.t BETWEEN r.at AND r.at + INTERVAL 1 MINUTE"), "leftSemi");
  },
  "terms of a join condition go to the sides, and what is known of a key to the other one": ({ people, orders }) =>
    people
      .filter("id > 3")
      .alias("p")
      .join(orders.alias("o"), expr("p.id = o.person AND p.age > 20 AND o.price < 5 AND p.age < o.price")),
  "terms over the preserved side of a left join stay in its condition": ({ people, orders }) =>
    people
      .filter("id > 3")
      .alias("p")
      .join(orders.alias("o"), expr("p.id <=> o.person AND p.age > 20 AND o.price < 5"), "left"),
  "a hint puts its side into memory": ({ people, orders }) =>
    people.join(orders.hint("broadcast").filter("price > 1"), "id", "left"),
  "cross join": ({ people }) => people.select("id").crossJoin(people.select("name")),
  "self-join by sides": ({ people }) => people.join(people, (l, r) => l.id.eq(r.age)).select(lit(1).as("one")),
  "withColumn replaces in place, adds at the end": ({ people }) =>
    people.withColumn("age", (c) => c.age.plus(1)).withColumn("tall", () => lit(true)),
  "withColumnRenamed and drop": ({ people }) =>
    people.withColumnRenamed("age", "years").drop("name", "no such" as "name"),
  toDF: ({ people }) => people.select("id", "age").toDF("a", "b"),
  explode: ({ nested }) => nested.selectExpr("id", "explode(tags) AS tag").filter("id > 1 AND tag = 'x'"),
  "explode under the name of another column": ({ nested }) => nested.selectExpr("id AS key", "explode(tags) AS id"),
  "struct star": ({ nested }) => nested.select("id", "home.*" as "id"),
  "struct of columns": ({ people }) => people.selectExpr("struct(id, age AS years, age + 1) AS s"),
  "union by name with missing columns": ({ people, nested }) =>
    people.select("id", "age").unionByName(nested.select("id", "tags"), { allowMissingColumns: true }),
  "a union widens": ({ people, nested }) => people.select("id").union(nested.select("id")),
  "sort by a dropped column": ({ people }) => people.select("name").orderBy(col("age").desc()),
  distinct: ({ people }) => people.select("city").distinct(),
  dropDuplicates: ({ people }) => people.dropDuplicates("city"),
  "expressions over aggregates": ({ people }) =>
    people.groupBy("city").agg(() => ({ ratio: sum("age").divide(count("*")), n: count("*") })),
  "aggregate of an expression key": ({ people }) =>
    people.groupBy((c) => ({ decade: c.age.divide(10).cast("int") })).agg(() => ({ oldest: max("age") })),
  "names match whatever their case": ({ people }) => people.select("ID" as "id", "Name" as "name").filter("NAME = 'x'"),
};

const errors: typeof plans = {
  "unknown column": ({ people }) => people.select("nmae" as "name"),
  "unknown column in a lambda": ({ people }) => people.filter((c) => (c as never as { aeg: typeof c.age }).aeg.gt(1)),
  "unknown column in SQL": ({ people }) => people.filter("aeg > 1"),
  "unknown column of nothing": ({ spark }) => spark.createDataFrame([], {}).select("a" as never),
  "unknown qualifier": ({ people }) => people.alias("p").filter("q.id = 1"),
  ambiguous: ({ people }) => people.join(people, (l, r) => l.id.eq(r.id)).select("name" as never),
  "ambiguous by case": ({ people }) => people.selectExpr("id", "age AS ID").select("id"),
  "ambiguous using": ({ people }) => people.selectExpr("id", "age AS ID").join(people, "id" as never),
  "unknown using": ({ people, nested }) => people.join(nested, "name" as never),
  "unknown struct field": ({ nested }) => nested.selectExpr("home.strete"),
  "field of a number": ({ nested }) => nested.selectExpr("id.x"),
  "star of a number": ({ nested }) => nested.selectExpr("id.*"),
  "not grouped": ({ people }) => people.groupBy("city").agg((c) => ({ age: c.age as never })),
  "not grouped, globally": ({ people }) => people.selectExpr("age", "count(1)"),
  "aggregate of an aggregate": ({ people }) => people.agg(() => ({ x: sum(max("age")) })),
  "aggregate in a filter": ({ people }) => people.filter("sum(age) > 1"),
  "unknown function": ({ people }) => people.selectExpr("uper(name)"),
  "too many arguments": ({ people }) => people.selectExpr("upper(name, 1)"),
  "text plus array": ({ nested }) => nested.selectExpr("tags + 1"),
  "compare struct with number": ({ nested }) => nested.filter("home = 1"),
  "filter by a number": ({ people }) => people.filter("age"),
  "cast array to int": ({ nested }) => nested.selectExpr("CAST(tags AS INT)"),
  "order by map": ({ people }) => people.selectExpr("map(name, age) AS m").orderBy("m"),
  "order by array of maps": ({ people }) => people.orderBy(expr("array(map(name, age))")),
  "sum of text array": ({ nested }) => nested.agg(() => ({ x: sum("tags" as never) })),
  "nested generator": ({ nested }) => nested.selectExpr("upper(explode(tags))"),
  "generator in a filter": ({ nested }) => nested.filter("explode(tags)"),
  "window of zero": ({ orders }) => orders.groupBy(window("at", "0 seconds")).count(),
  "window of months": ({ orders }) => orders.groupBy(window("at", "1 month")).count(),
  "slide longer than the window": ({ orders }) => orders.groupBy(window("at", "5 minutes", "10 minutes")).count(),
  "window of nonsense": ({ orders }) => orders.groupBy(window("at", "soon")).count(),
  "session of nonsense": ({ orders }) => orders.groupBy(sessionWindow("at", "soon")).count(),
  "session with a number for its gap": ({ orders }) => orders.groupBy(expr("session_window(at, id)")).count(),
  "window over a number": ({ people }) => people.groupBy(window("age" as never, "5 minutes")).count(),
  "two windows": ({ orders }) => orders.groupBy(window("at", "5 minutes"), window("at", "10 minutes").as("w")).count(),
  "watermark over a number": ({ people }) => people.withWatermark("age" as never, "1 minute"),
  "watermark over nothing": ({ people }) => people.withWatermark("att" as never, "1 minute"),
  "negative watermark": ({ orders }) => orders.withWatermark("at", "-1 minute"),
  "union of other widths": ({ people }) => people.select("id").union(people.select("id", "age") as never),
  "union of other types": ({ people, nested }) => people.select("id").union(nested.select("tags") as never),
  "unionByName without a column": ({ people }) => people.select("id").unionByName(people.select("age") as never),
  "toDF of another number": ({ people }) => people.toDF("a", "b"),
  "limit below zero": ({ people }) => people.limit(-1),
  "unknown table": ({ spark }) => spark.table("nowhere"),
  "star in an expression": ({ people }) => people.selectExpr("1 + *"),
  "avg of an array": ({ nested }) => nested.agg(() => ({ x: avg("tags" as never) })),
};

async function withTables(run: (tables: Tables, printed: () => string) => Promise<void>): Promise<void> {
  await using session = await simulatedSession();
  const { spark, runtime } = session;
  await runtime.fs.apply([{ op: "makeDirectory", path: "/orders" }]);
  let at = 0;
  await run({ spark, people: peopleOf(spark), orders: ordersOf(spark), nested: nestedOf(spark) }, () => {
    const text = runtime.process.printed.slice(at).join("");
    at = runtime.process.printed.length;
    return text;
  });
}

test("plans are analyzed, optimized and planned as in plans.plan", () =>
  withTables(async (tables, printed) => {
    await expectGolden(
      new URL("plans.plan", import.meta.url),
      Object.fromEntries(
        Object.entries(plans).map(([name, build]) => [
          name,
          async () => {
            await build(tables).explain("extended");
            return printed()
              .replace(/^== Parsed[^]*?(?=== Analyzed)/, "")
              .replaceAll("\n\n==", "\n==");
          },
        ]),
      ),
    );
  }));

test("plans that do not fit are refused as in errors.plan", () =>
  withTables(async (tables, printed) => {
    await expectGolden(
      new URL("errors.plan", import.meta.url),
      Object.fromEntries(
        Object.entries(errors).map(([name, build]) => [
          name,
          async () => {
            await build(tables).explain("extended");
            return `accepted\n${printed().replace(/^== Parsed[^]*?(?=== Analyzed)/, "")}`;
          },
        ]),
      ),
    );
  }));

type StreamCase = readonly [
  mode: "append" | "update" | "complete",
  build: (stream: ReturnType<typeof streamOf>, tables: Tables) => DataFrame,
];
const streamOf = (spark: SparkSession) =>
  spark.readStream.from(new MemoryStream(parseDdl("id BIGINT, at TIMESTAMP, m MAP<STRING, INT>")), {
    id: "bigint",
    at: "timestamp",
    m: map("string", "int"),
  });
const windows = (stream: ReturnType<typeof streamOf>) =>
  stream.withWatermark("at", "1 minute").groupBy(window("at", "10 minutes")).count();
const sessions = (stream: ReturnType<typeof streamOf>, key: string) =>
  stream.withWatermark("at", "1 minute").groupBy(sessionWindow("at", "1 minute"), expr(key));
const timed = (stream: ReturnType<typeof streamOf>): DataFrame =>
  frame(stream.drop("m").withWatermark("at", "1 minute"));
const ranged = (stream: ReturnType<typeof streamOf>, how: "inner" | "left" | "right" | "leftAnti"): DataFrame =>
  frame(
    timed(stream)
      .alias("l")
      .join(
        timed(stream).alias("r"),
        expr("l.id = r.id AND l.at BETWEEN r.at - INTERVAL 1 MINUTE AND r.at + INTERVAL 1 MINUTE"),
        how,
      ),
  );
const frame = (built: { readonly plan: unknown }): DataFrame => built as unknown as DataFrame;
const streams: Readonly<Record<string, StreamCase>> = {
  "complete without an aggregation": ["complete", (s) => frame(s)],
  "append of an aggregation without a watermark": ["append", (s) => frame(s.groupBy("id").count())],
  "append of an aggregation whose keys have no watermark": [
    "append",
    (s) => frame(s.withWatermark("at", "1 minute").groupBy("id").count()),
  ],
  "sessions in append mode": ["append", (s) => frame(sessions(s, "id").count())],
  "sessions in update mode": ["update", (s) => frame(sessions(s, "id").count())],
  "sessions of distinct values": ["append", (s) => frame(sessions(s, "m['a']").agg(countDistinct("id")))],
  "sessions without another key": [
    "append",
    (s) => frame(s.withWatermark("at", "1 minute").groupBy(sessionWindow("at", "1 minute")).count()),
  ],
  "append of sessions without a watermark": [
    "append",
    (s) => frame(s.groupBy("id", sessionWindow("at", "1 minute")).count()),
  ],
  "sort of a stream": ["append", (s) => frame(s.orderBy("id"))],
  "window function over a stream": [
    "append",
    (s) => frame(s.selectExpr("id", "row_number() OVER (PARTITION BY id ORDER BY at) AS n")),
  ],
  "sort of an aggregation in update mode": ["update", (s) => frame(s.groupBy("id").count().orderBy("id"))],
  "limit in append mode": ["append", (s) => frame(s.limit(3))],
  "limit of an aggregation in complete mode": ["complete", (s) => frame(s.groupBy("id").count().limit(3))],
  "limit in update mode": ["update", (s) => frame(s.limit(3))],
  "union with a table": ["append", (s, { people }) => frame(s.select("id").union(people.select("id") as never))],
  "inner join of two streams": ["append", (s) => frame(s.join(s, (l, r) => l.id.eq(r.id)))],
  "inner join of two streams in update mode": ["update", (s) => frame(s.join(s, "id"))],
  "join of two streams in complete mode": ["complete", (s) => frame(s.join(s, "id").groupBy("id").count())],
  "outer join of two streams in update mode": ["update", (s) => frame(ranged(s, "left"))],
  "outer join of two streams without a watermark": ["append", (s) => frame(s.join(s, "id", "full"))],
  "semi join of two streams without a watermark": ["append", (s) => frame(s.join(s, "id", "leftSemi"))],
  "outer join of two streams by a watermarked key": [
    "append",
    (s) => frame(timed(s).join(timed(s), ["id", "at"], "full")),
  ],
  "outer join of two streams in a range of times": ["append", (s) => frame(ranged(s, "right"))],
  "outer join of two streams in half a range": [
    "append",
    (s) => frame(timed(s).alias("l").join(timed(s).alias("r"), expr("l.id = r.id AND l.at < r.at"), "left")),
  ],
  "anti join of two streams": ["append", (s) => frame(ranged(s, "leftAnti"))],
  "aggregation after a join of two streams": [
    "append",
    (s) => frame(ranged(s, "inner").groupBy(expr("window(l.at, '1 minute')")).count()),
  ],
  "join of two streams after an aggregation in update mode": [
    "update",
    (s) => frame(windows(s).join(windows(s), "window")),
  ],
  "join of a stream with two event times": [
    "append",
    (s) => frame(ranged(s, "inner").selectExpr("l.id", "l.at", "r.at AS too").join(timed(s), "id")),
  ],
  "full join with a table": ["append", (s, { people }) => frame(s.join(people, "id", "full"))],
  "left join with the stream on the right": ["append", (s, { people }) => frame(people.join(s, "id", "left"))],
  "right join with the stream on the left": ["append", (s, { people }) => frame(s.join(people, "id", "right"))],
  "count distinct": ["complete", (s) => frame(s.agg(() => ({ n: countDistinct("id") })))],
  "group by a map": ["complete", (s) => frame(s.groupBy("m").count())],
  "two aggregations in complete mode": ["complete", (s) => frame(s.groupBy("id").count().groupBy("count").count())],
  "two aggregations in update mode": ["update", (s) => frame(windows(s).groupBy("count").count())],
  "a window of windows in append mode": [
    "append",
    (s) => frame(windows(s).groupBy(window("window", "1 hour")).count()),
  ],
  "append of two aggregations, the upper one without a watermark": [
    "append",
    (s) => frame(windows(s).groupBy("count").count()),
  ],
  "append of two aggregations, the lower one without a watermark": [
    "append",
    (s) =>
      frame(
        s.withWatermark("at", "1 minute").groupBy("id").agg(max("at").as("at")).groupBy(window("at", "1 hour")).count(),
      ),
  ],
  "grouping by two columns with a watermark": [
    "append",
    (s) => frame(s.withWatermark("at", "1 minute").groupBy("at", window("at", "1 hour")).count()),
  ],
  "dropDuplicates in append mode": ["append", (s) => frame(s.select("id", "at").dropDuplicates("id"))],
  "dropDuplicates in complete mode": ["complete", (s) => frame(s.select("id", "at").dropDuplicates("id"))],
  "dropDuplicates of maps": ["append", (s) => frame(s.dropDuplicates("m"))],
  "dropDuplicates of an unknown column": ["append", (s) => frame(s.dropDuplicates("idd" as "id"))],
  "dropDuplicates below an aggregation in complete mode": [
    "complete",
    (s) => frame(s.dropDuplicates("id").groupBy("id").count()),
  ],
  "dropDuplicates of windows after an aggregation in append mode": [
    "append",
    (s) => frame(windows(s).dropDuplicates("window")),
  ],
  "dropDuplicates of windows after an aggregation in update mode": [
    "update",
    (s) => frame(windows(s).dropDuplicates("window")),
  ],
  "dropDuplicates without event time after an aggregation in update mode": [
    "update",
    (s) => frame(windows(s).dropDuplicates("count")),
  ],
  "dropDuplicates with two watermarks": [
    "append",
    (s) => frame(s.withWatermark("at", "1 minute").withColumn("again", col("at")).dropDuplicates("id")),
  ],
  "distinct in complete mode": ["complete", (s) => frame(s.select("id").distinct())],
  dropDuplicatesWithinWatermark: [
    "update",
    (s) => frame(s.withWatermark("at", "1 minute").dropDuplicatesWithinWatermark("id")),
  ],
  "dropDuplicatesWithinWatermark without a watermark": ["append", (s) => frame(s.dropDuplicatesWithinWatermark("id"))],
  "a watermark on the result of an aggregation": [
    "append",
    (s) =>
      frame(windows(s).withColumn("end", windowTime("window")).withWatermark("end", "1 minute").groupBy("end").count()),
  ],
  "two watermarks": ["append", (s) => frame(s.withWatermark("at", "1 minute").withWatermark("at", "2 minutes"))],
  "mapGroups of a stream": [
    "append",
    (s) => frame(s.groupByKey((row) => row.id, "bigint").mapGroups((id) => ({ id }), { id: "bigint" })),
  ],
  "an unknown column": ["append", (s) => frame(s.select("idd" as "id"))],
};

test("streams that cannot run are refused before they start, as in streaming-errors.plan", () =>
  withTables(async (tables) => {
    await expectGolden(
      new URL("streaming-errors.plan", import.meta.url),
      Object.fromEntries(
        Object.entries(streams).map(([name, [mode, build]]) => [
          name,
          async () => {
            const writer = build(streamOf(tables.spark), tables).writeStream.outputMode(mode);
            const query = await writer.option("checkpointLocation", "/refused").format("noop").start();
            await query.stop();
            return "accepted";
          },
        ]),
      ),
    );
    await expectGolden(new URL("batch-errors.plan", import.meta.url), {
      "collect of a stream": async () => `${(await streamOf(tables.spark).collect()).length} rows`,
      "show of a stream": () => streamOf(tables.spark).showString(),
      "write of a stream": async () => `${await frame(streamOf(tables.spark)).write.format("noop").save()}`,
      "dropDuplicatesWithinWatermark of a table": async () =>
        `${await tables.people.dropDuplicatesWithinWatermark("id").count()}`,
      "writeStream of a table": async () => (await tables.people.writeStream.format("noop").start()).id,
    });
  }));
