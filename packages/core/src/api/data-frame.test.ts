import { describe, expect, test } from "vitest";
import { printPlan } from "../logical-plan/print.ts";
import { isMillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { fakeSession } from "./fake-engine.test-support.ts";
import {
  broadcast,
  col,
  count,
  desc,
  explode,
  expr,
  lit,
  max,
  struct,
  sum,
  udf,
  when,
  window,
  array,
} from "./index.ts";

const { spark } = await fakeSession();
const events = spark.read
  .schema({
    at: "timestamp",
    route: "string",
    status: "int!",
    ms: "double",
    user: struct({ id: "int" }),
    tags: array("string"),
  })
  .json("logs");
const users = spark.read.schema({ id: "int", route: "string" }).csv("users");
const plan = (df: { readonly plan: LogicalPlan }): string => printPlan(df.plan);

describe("select", () => {
  test("names, paths, stars, columns and lambdas", () => {
    const df = events.select("route", "user.id", "*", col("ms").alias("x"), (c) => ({ late: c.ms.gt(1), ms: c.ms }));
    expect(plan(df)).toMatchInlineSnapshot(`
      "'Project [route, user.id, *, ms AS x, (ms > 1) AS late, ms]
      +- 'Relation json [logs]"
    `);
  });
  test("SQL text, several columns in one text too", () => {
    expect(plan(events.selectExpr("ms * 2 AS twice, route", "count(*)"))).toMatchInlineSnapshot(`
      "'Project [(ms * 2) AS twice, route, count(1)]
      +- 'Relation json [logs]"
    `);
  });
  test("names that are hostile stay names", () => {
    const hostile = spark.read
      .schema({ __proto__x: "int", "a.b": "int", "'];x()//": "int", constructor: "int" })
      .json("x");
    expect(plan(hostile.select((c) => [c["a.b"], c["'];x()//"], c.constructor]))).toMatchInlineSnapshot(`
      "'Project [\`a.b\`, '];x()//, constructor]
      +- 'Relation json [x]"
    `);
    const [column] = (hostile.select((c) => c["a.b"]).plan as Extract<LogicalPlan, { kind: "Project" }>).expressions;
    expect(column).toMatchObject({ kind: "UnresolvedAttribute", parts: ["a.b"] });
  });
});

test("columns are added, renamed and dropped", () => {
  const df = events
    .withColumn("twice", (c) => c.ms.times(2))
    .withColumns((c) => ({ a: c.status, b: c.route }))
    .withColumnRenamed("a", "z")
    .drop("b", "ms")
    .toDF("c1", "c2");
  expect(plan(df)).toMatchInlineSnapshot(`
    "'ToDF [c1, c2]
    +- 'Drop [b, ms]
       +- 'WithColumnsRenamed [a AS z]
          +- 'WithColumns [status AS a, route AS b]
             +- 'WithColumns [(ms * 2) AS twice]
                +- 'Relation json [logs]"
  `);
});

test("filters, order and limits", () => {
  const df = events
    .filter((c) => c.route.startsWith("/api").and(c.status.isin(200, 201).not()))
    .where("ms BETWEEN 1 AND 2")
    .filter(col("status").isNotNull())
    .orderBy("route", desc("ms"), (c) => c.status.ascNullsLast())
    .limit(5)
    .distinct()
    .dropDuplicates("route");
  expect(plan(df)).toMatchInlineSnapshot(`
    "'Deduplicate [route]
    +- 'Deduplicate
       +- Limit 5
          +- 'Sort [route ASC NULLS FIRST, ms DESC NULLS LAST, status ASC NULLS LAST]
             +- 'Filter (status IS NOT NULL)
                +- 'Filter ((ms >= 1) AND (ms <= 2))
                   +- 'Filter (startswith(route, /api) AND (NOT (status IN (200, 201))))
                      +- 'Relation json [logs]"
  `);
});

test("groups and aggregates", () => {
  const windowed = events
    .withWatermark("at", "10 seconds")
    .groupBy(window("at", "10 seconds", "5 seconds"), "route")
    .agg((r) => ({ n: count(), total: sum(r.ms), worst: max("ms") }), count().alias("again"));
  expect(plan(windowed)).toMatchInlineSnapshot(`
    "'Aggregate [window(at, 10 seconds, 5 seconds), route], [count(1) AS n, sum(ms) AS total, max(ms) AS worst, count(1) AS again]
    +- 'WithWatermark at, 10 seconds
       +- 'Relation json [logs]"
  `);
  expect(plan(events.groupBy("route").count())).toMatchInlineSnapshot(`
    "'Aggregate [route], [count(1) AS count]
    +- 'Relation json [logs]"
  `);
  expect(plan(events.groupBy((c) => ({ hundred: c.status.divide(100) })).avg("ms", "status"))).toMatchInlineSnapshot(`
    "'Aggregate [(status / 100) AS hundred], [avg(ms) AS avg(ms), avg(status) AS avg(status)]
    +- 'Relation json [logs]"
  `);
});

test("joins by name and by condition, which knows its sides", () => {
  expect(plan(events.join(users, "route", "left_outer"))).toMatchInlineSnapshot(`
    "'Join LeftOuter, using [route]
    :- 'Relation json [logs]
    +- 'Relation csv [users]"
  `);
  const joined = events.join(users, (l, r) => l.route.eq(r.route), "semi").plan;
  expect(joined).toMatchObject({
    joinType: "leftSemi",
    condition: {
      name: "=",
      args: [
        { parts: ["route"], side: "left" },
        { parts: ["route"], side: "right" },
      ],
    },
  });
  expect(plan(events.as("e").crossJoin(users))).toMatchInlineSnapshot(`
    "Join Cross
    :- SubqueryAlias e
    :  +- 'Relation json [logs]
    +- 'Relation csv [users]"
  `);
  const how = "sideways" as "inner";
  expect(() => events.join(users, "route", how)).toThrow(
    expect.objectContaining({ errorClass: "UNSUPPORTED_JOIN_TYPE" }),
  );
});

test("unions", () => {
  expect(plan(users.union(users).unionByName(events, { allowMissingColumns: true }))).toMatchInlineSnapshot(`
    "'Union byName, allowMissingColumns
    :- Union
    :  :- 'Relation csv [users]
    :  +- 'Relation csv [users]
    +- 'Relation json [logs]"
  `);
});

test("closures over rows; a single type makes a column named value", () => {
  const lengths = users.map(function nameLength(row) {
    return row.route?.length ?? 0;
  }, "int");
  expect(plan(lengths.filterRows((row) => row.value !== null).mapPartitions((rows) => rows, { value: "int" })))
    .toMatchInlineSnapshot(`
    "'MapPartitions lambda, struct<value:int>
    +- 'TypedFilter lambda
       +- 'MapElements nameLength, struct<value:int>
          +- 'Relation csv [users]"
  `);
  const { closure } = (lengths.plan as Extract<LogicalPlan, { kind: "UserRows" }>).fn;
  expect((closure as (row: object) => unknown)({ route: "abc" })).toEqual({ value: 3 });
  const words = users.flatMap((row) => (row.route ?? "").split(" "), "string!");
  const split = (words.plan as Extract<LogicalPlan, { kind: "UserRows" }>).fn.closure as (
    row: object,
  ) => Iterable<unknown>;
  expect([...split({ route: "a b" })]).toEqual([{ value: "a" }, { value: "b" }]);
});

test("groups by a computed key", () => {
  const keyed = users.groupByKey((row) => (row.route ?? "").length, "int!");
  expect(plan(keyed.count())).toMatchInlineSnapshot(`
    "'Aggregate [key], [count(1) AS count]
    +- 'MapElements lambda, struct<key:int>
       +- 'Relation csv [users]"
  `);
  expect(plan(keyed.reduceGroups((a) => a))).toMatchInlineSnapshot(`
    "'ReduceGroups key lambda: int, lambda
    +- 'Relation csv [users]"
  `);
  expect(plan(keyed.mapGroups((key, rows) => ({ key, n: [...rows].length }), { key: "int", n: "int" })))
    .toMatchInlineSnapshot(`
    "'MapGroups key lambda: int, lambda, struct<key:int,n:int>
    +- 'Relation csv [users]"
  `);
});

test("expressions of columns", () => {
  const shout = udf(function shout(text: string | null) {
    return `${text}!`;
  }, "string");
  const df = events.select((c) => [
    when(c.status.geq(500), "error").when(c.status.geq(400), "client").otherwise("ok").alias("kind"),
    c.user.getField("id").cast("string").alias("id"),
    c.tags.getItem(0).alias("first"),
    c.route.substr(1, 4).eqNullSafe(null).alias("none"),
    c.ms.tryCast("decimal(10,2)").alias("d"),
    shout(c.route).alias("loud"),
    lit(3_000_000_000).alias("big"),
    expr("explode(tags) AS tag"),
    explode("tags").as("tag2"),
  ]);
  expect(plan(df)).toMatchInlineSnapshot(`
    "'Project [CASE WHEN (status >= 500) THEN error WHEN (status >= 400) THEN client ELSE ok END AS kind, CAST(user[id] AS STRING) AS id, tags[0] AS first, (substring(route, 1, 4) <=> NULL) AS none, TRY_CAST(ms AS DECIMAL(10,2)) AS d, shout(route) AS loud, 3000000000 AS big, explode(tags) AS tag, explode(tags) AS tag2]
    +- 'Relation json [logs]"
  `);
});

test("a column remembers the user's line", () => {
  const project = events.select("route").plan as Extract<LogicalPlan, { kind: "Project" }>;
  const filter = events.filter((c) => c.route.eq("/")).plan as Extract<LogicalPlan, { kind: "Filter" }>;
  expect(project.expressions[0]).toHaveProperty(
    "origin.callSite",
    expect.stringMatching(/data-frame\.test\.ts:\d+:\d+$/),
  );
  expect(filter.condition).toHaveProperty("origin.callSite", expect.stringMatching(/data-frame\.test\.ts:\d+:\d+$/));
});

test("streams are told from finite data", () => {
  const stream = spark.readStream.schema("a INT, at TIMESTAMP").json("in");
  expect(stream.isStreaming).toBe(true);
  expect(users.crossJoin(stream).isStreaming).toBe(true);
  expect(users.isStreaming).toBe(false);
  stream.createOrReplaceTempView("incoming");
  expect(spark.table("incoming").limit(1).isStreaming).toBe(true);
  expect(() => users.writeStream).toThrow(expect.objectContaining({ errorClass: "WRITE_STREAM_NOT_ALLOWED" }));
});

test("a name with unpaired backticks is refused where it is written", () => {
  let error: unknown;
  try {
    users.select("a`b" as "id");
  } catch (caught) {
    error = caught;
  }
  expect(isMillraceError(error, "INVALID_ATTRIBUTE_NAME_SYNTAX")).toBe(true);
});

test("what is no column is named", async () => {
  const { spark } = await fakeSession();
  const data = spark.createDataFrame([{ a: 1 }]);
  const untyped = data as unknown as { agg(...items: unknown[]): unknown; filter(item: unknown): unknown };
  const refused = (action: () => unknown, parameters: object): void =>
    expect(action).toThrow(expect.objectContaining({ errorClass: "NOT_COLUMN", parameters }));
  refused(() => untyped.agg({ a: "sum" }), { what: "the value of a", value: '"sum"' });
  refused(() => untyped.agg(() => ({ n: 5 })), { what: "the value of n", value: "5" });
  refused(() => untyped.agg(null), { what: "an item of the list", value: "null" });
  refused(() => untyped.filter(() => true), { what: "the argument", value: "true" });
});

test("short forms of statistics, and the hint of a broadcast", async () => {
  const { spark } = await fakeSession();
  const data = spark.createDataFrame([{ a: 1, b: "x" }]);
  expect(data.freqItems(["a"]).plan).toEqual(data.stat.freqItems(["a"]).plan);
  expect(data.crosstab("a", "b").plan).toEqual(data.stat.crosstab("a", "b").plan);
  expect(broadcast(data).plan).toEqual(data.hint("broadcast").plan);
  expect(data.groupBy("b").mean("a").plan).toEqual(data.groupBy("b").avg("a").plan);
});
