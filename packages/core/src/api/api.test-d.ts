/** What the editor says of queries: checked by the compiler, run by nobody. */
import { expectTypeOf, test } from "vitest";
import {
  array,
  avg,
  broadcast,
  type Column,
  coalesce,
  col,
  collectList,
  count,
  countIf,
  createStruct,
  DataFrame,
  explode,
  expr,
  fromJson,
  lit,
  map,
  max,
  nvl,
  percentileApprox,
  sessionWindow,
  sin,
  SparkSession,
  struct,
  sum,
  udf,
  when,
  window,
} from "./index.ts";

const spark = await SparkSession.builder.appName("types").getOrCreate();
const events = spark.readStream
  .schema({
    at: "timestamp",
    route: "string",
    status: "int!",
    ms: "double",
    bytes: "bigint",
    price: "decimal(10,2)",
    tags: array("string!"),
    headers: map("string", "int"),
    user: struct({ id: "bigint!", name: "string" }),
  })
  .json("logs/");
const users = spark.createDataFrame([{ id: 1, name: "Ada" }], { id: "bigint!", name: "string" });

test("a misspelt column fails", () => {
  events.select("route", "user.name", "*");
  // @ts-expect-error stauts is no column
  events.select("stauts");
  // @ts-expect-error user has no field nam
  events.select("user.nam");
  // @ts-expect-error stauts is no column
  events.filter((c) => c.stauts.gt(1));
  // @ts-expect-error stauts is no column
  events.groupBy("stauts");
  // @ts-expect-error stauts is no column
  events.groupBy("route").agg((r) => ({ n: count(r.stauts) }));
  // @ts-expect-error stauts is no column
  events.orderBy("stauts");
  // @ts-expect-error stauts is no column
  events.drop("stauts");
  // @ts-expect-error stauts is no column
  events.withColumnRenamed("stauts", "status");
  // @ts-expect-error route is no number
  events.groupBy("route").sum("route");
});

test("only comparable types compare", () => {
  events.filter((c) => c.route.eq("/").and(c.status.geq(500)).or(c.at.gt("2024-01-01")));
  events.filter((c) =>
    c.status
      .gt(c.ms)
      .and(c.at.lt(new Date(0)))
      .and(c.bytes.eq(1n)),
  );
  // @ts-expect-error a string is not compared with a number
  events.filter((c) => c.route.eq(1));
  // @ts-expect-error a number is not compared with a string
  events.filter((c) => c.status.gt("500"));
  // @ts-expect-error a string column is not compared with a number column
  events.filter((c) => c.route.eq(c.status));
  // @ts-expect-error not a condition
  events.filter((c) => c.status);
  // @ts-expect-error like needs text
  events.filter((c) => c.status.like("5%"));
  // @ts-expect-error no arithmetic over text
  events.select((c) => ({ x: c.route.plus(1) }));
  // @ts-expect-error isin takes values of the type
  events.filter((c) => c.route.isin("a", 1));
});

test("untyped columns fit everywhere", () => {
  events.filter(col("anything").gt(1)).filter("status > 3").filter(expr("status > 3"));
  events.filter((c) => c.status.eq(col("x")).and(expr("y")));
  const read = spark.read.json("x");
  read
    .filter((c) => c("a").gt(c("b")))
    .select("a", "b")
    .filter((c) => c.a.gt(c.b));
  expectTypeOf(read.select("a").rowType).toEqualTypeOf<{ readonly a: unknown }>();
});

test("select gives the columns in their types", () => {
  const chosen = events.select(
    "route",
    "user.name",
    col("x").alias("y"),
    (c) => ({ twice: c.status.times(2), rate: c.bytes.divide(c.ms), late: c.ms.gt(100) }),
    (c) => [c.bytes, c.status.cast("string").alias("code")],
  );
  expectTypeOf(chosen.rowType).toEqualTypeOf<{
    readonly route: string | null;
    readonly name: string | null;
    readonly y: unknown;
    readonly twice: number;
    readonly rate: number | null;
    readonly late: boolean | null;
    readonly bytes: number | null;
    readonly code: string;
  }>();
  expectTypeOf(events.select("*").rowType).toEqualTypeOf(events.rowType);
  expectTypeOf(events.select("status").withColumn("b", (c) => c.status.geq(500)).rowType).toEqualTypeOf<{
    readonly status: number;
    readonly b: boolean;
  }>();
  expectTypeOf(users.withColumnRenamed("id", "userId").drop("name").rowType).toEqualTypeOf<{
    readonly userId: number;
  }>();
  expectTypeOf(events.select((c) => ({ item: explode(c.tags) })).rowType).toEqualTypeOf<{ readonly item: string }>();
  expectTypeOf(events.select("status", (c) => explode(c.tags).alias("tag")).rowType).toEqualTypeOf<{
    readonly status: number;
    readonly tag: string;
  }>();
  expectTypeOf(events.select((c) => ({ n: c.user.getField("id"), h: c.headers.getItem("a") })).rowType).toEqualTypeOf<{
    readonly n: number;
    readonly h: number | null;
  }>();
});

test("arithmetic widens", () => {
  const types = events.select((c) => ({
    intBigint: c.status.plus(c.bytes),
    intDouble: c.status.plus(1.5),
    intInt: c.status.plus(1),
    decimal: c.price.times(c.status),
    whole: c.status.divide(2),
  }));
  expectTypeOf<(typeof types)["schemaType"]>().toEqualTypeOf<{
    readonly intBigint: "bigint";
    readonly intDouble: "double!";
    readonly intInt: "int!";
    readonly decimal: `decimal(${number},${number})`;
    readonly whole: "double";
  }>();
});

test("sessions are columns of their name, with a gap that is a text or a column", () => {
  const sessions = events.groupBy(sessionWindow("at", "5 minutes"), "route").count();
  expectTypeOf(sessions.rowType).toEqualTypeOf<{
    readonly session_window: { readonly start: Date | null; readonly end: Date | null };
    readonly route: string | null;
    readonly count: number;
  }>();
  events.groupBy((r) => sessionWindow(r.at, when(r.status.geq(500), "1 hour").otherwise("5 minutes")));
  // @ts-expect-error a number has no unit
  events.groupBy((r) => sessionWindow(r.at, r.status));
  // @ts-expect-error no time
  events.groupBy(sessionWindow(col<"int">("status"), "5 minutes"));
});

test("aggregates have the types of their results", () => {
  const health = events
    .withWatermark("at", "10 seconds")
    .groupBy(window("at", "10 seconds"), "route")
    .agg((r) => ({
      requests: count(),
      errors: countIf(r.status.geq(500)),
      bytes: sum(r.status),
      mean: avg(r.ms),
      slowest: max(r.ms),
      last: max(r.at),
      p99: percentileApprox(r.ms, 0.99),
      p: percentileApprox(r.ms, [0.5, 0.99]),
      routes: collectList(r.route),
      cost: sum(r.price),
    }));
  expectTypeOf(health.rowType).toEqualTypeOf<{
    readonly window: { readonly start: Date | null; readonly end: Date | null };
    readonly route: string | null;
    readonly requests: number;
    readonly errors: number;
    readonly bytes: number | null;
    readonly mean: number | null;
    readonly slowest: number | null;
    readonly last: Date | null;
    readonly p99: number | null;
    readonly p: readonly number[] | null;
    readonly routes: readonly string[];
    readonly cost: string | null;
  }>();
  expectTypeOf(events.groupBy("route").count().rowType).toEqualTypeOf<{
    readonly route: string | null;
    readonly count: number;
  }>();
  expectTypeOf(events.groupBy("route").sum("ms", "bytes").rowType).toEqualTypeOf<{
    readonly route: string | null;
    readonly "sum(ms)": number | null;
    readonly "sum(bytes)": number | null;
  }>();
  expectTypeOf(events.agg(count().alias("n")).rowType).toEqualTypeOf<{ readonly n: number }>();
  // @ts-expect-error the watermark needs a time
  events.withWatermark("route", "10 seconds");
});

test("joins keep the types of both sides", () => {
  const visits = events.select((c) => ({ id: c.bytes, status: c.status, at: c.at }));
  expectTypeOf(visits.join(users, "id").rowType).toEqualTypeOf<{
    readonly id: number | null;
    readonly status: number;
    readonly at: Date | null;
    readonly name: string | null;
  }>();
  const outer = visits.join(users.withColumnRenamed("id", "userId"), (v, u) => v.id.eq(u.userId), "left");
  expectTypeOf(outer.rowType).toEqualTypeOf<{
    readonly id: number | null;
    readonly status: number;
    readonly at: Date | null;
    readonly userId: number | null;
    readonly name: string | null;
  }>();
  expectTypeOf(visits.join(users, "id", "right").rowType.status).toEqualTypeOf<number | null>();
  expectTypeOf(visits.join(users, "id", "right").rowType.id).toEqualTypeOf<number>();
  expectTypeOf(visits.join(users, ["id"], "leftAnti").rowType).toEqualTypeOf(visits.rowType);
  // a column of both sides cannot be named
  expectTypeOf(visits.join(users, (v, u) => v.id.eq(u.id)).rowType).not.toHaveProperty("id");
  // @ts-expect-error name is not on both sides
  visits.join(users, "name");
  // @ts-expect-error a string and a number
  visits.join(users, (v, u) => v.status.eq(u.name));
});

test("unions hold both types", () => {
  const strict = spark.createDataFrame([{ id: 1, name: "a" }], { id: "int!", name: "string!" });
  expectTypeOf<(typeof both)["schemaType"]>().toEqualTypeOf<{ readonly id: "bigint"; readonly name: "string" }>();
  const both = users.union(strict);
  const wider = users.unionByName(
    users.withColumn("age", () => lit(1)),
    { allowMissingColumns: true },
  );
  expectTypeOf(wider.rowType.age).toEqualTypeOf<number | null>();
});

test("closures see typed rows and return typed rows", () => {
  const mapped = events.map((row) => ({ n: row.status, u: row.user?.name ?? null }), { n: "int!", u: "string" });
  expectTypeOf(mapped.rowType).toEqualTypeOf<{ readonly n: number; readonly u: string | null }>();
  const words = spark.read.text("x").flatMap((row) => (row.value ?? "").split(" "), "string!");
  expectTypeOf(words.rowType).toEqualTypeOf<{ readonly value: string }>();
  expectTypeOf(words.groupByKey((row) => row.value.length, "int!").count().rowType).toEqualTypeOf<{
    readonly key: number;
    readonly count: number;
  }>();
  expectTypeOf(words.groupByKey((row) => row.value, "string!").reduceGroups((a) => a).rowType).toEqualTypeOf<{
    readonly key: string;
    readonly value: { readonly value: string } | null;
  }>();
  const sizes = words
    .groupByKey((row) => row.value, "string!")
    .mapGroups((key, rows) => `${key}${[...rows].length}`, "string");
  expectTypeOf(sizes.rowType).toEqualTypeOf<{ readonly value: string | null }>();
  // @ts-expect-error n is an int
  events.map(() => ({ n: "1" }), { n: "int!" });
  // @ts-expect-error status is never a string
  events.filterRows((row) => row.status === "500");
  events.filterRows((row) => row.status > 500);
});

test("user functions take columns that fit their parameters", () => {
  const domain = udf((email: string | null) => email?.split("@")[1] ?? null, "string");
  expectTypeOf(events.select((c) => ({ d: domain(c.route) })).rowType).toEqualTypeOf<{ readonly d: string | null }>();
  domain("route");
  // @ts-expect-error an int is no text
  events.select((c) => ({ d: domain(c.status) }));
  const strict = udf((status: number) => status + 1, "int");
  events.select((c) => ({ d: strict(c.status) }));
  // @ts-expect-error ms can be NULL
  events.select((c) => ({ d: strict(c.ms) }));
});

test("conditions, literals and nested values", () => {
  const values = events.select((c) => ({
    kind: when(c.status.geq(500), "error").when(c.status.geq(400), "client").otherwise("ok"),
    open: when(c.status.geq(500), "error"),
    number: when(c.status.geq(500), 1).otherwise(2.5),
    never: coalesce(c.route, lit("?")),
    point: createStruct({ x: c.status, y: c.ms }),
    parsed: fromJson(c.route, { user: "string", n: "int" }),
  }));
  expectTypeOf(values.rowType).toEqualTypeOf<{
    readonly kind: string;
    readonly open: string | null;
    readonly number: number;
    readonly never: string;
    readonly point: { readonly x: number; readonly y: number | null };
    readonly parsed: { readonly user: string | null; readonly n: number | null } | null;
  }>();
  // @ts-expect-error a text and a number in one CASE
  when(col("a"), "x").otherwise(1);
});

test("bigint and Temporal are part of the session's type", async () => {
  const exact = await SparkSession.builder.config({ bigint: true }).getOrCreate();
  expectTypeOf(exact.range(10).rowType).toEqualTypeOf<{ readonly id: bigint }>();
  expectTypeOf(spark.range(10).rowType).toEqualTypeOf<{ readonly id: number }>();
  const same = await SparkSession.builder.appName("x").bigint().master("local[2]").getOrCreate();
  expectTypeOf(same.range(10).groupBy("id").count().rowType).toEqualTypeOf<{
    readonly id: bigint;
    readonly count: bigint;
  }>();
  const temporal = await SparkSession.builder.config({ timestamps: "temporal" }).getOrCreate();
  expectTypeOf(temporal.read.schema({ at: "date!" }).json("x").rowType.at).toHaveProperty("toPlainDateTime");
  // @ts-expect-error rows of another session's type
  exact.range(1).union(spark.range(1));
});

test("queries give typed batches", async () => {
  const query = await events.groupBy("route").count().writeStream.outputMode("update").format("console").start();
  for await (const { batchId, rows } of query.changes()) {
    expectTypeOf(batchId).toEqualTypeOf<number>();
    expectTypeOf(rows).toEqualTypeOf<readonly { readonly route: string | null; readonly count: number }[]>();
  }
  events.writeStream.foreach((row) => void row.status.toFixed());
  events.writeStream.foreachBatch(async (batch) => {
    expectTypeOf(batch.rowType).toEqualTypeOf(events.rowType);
  });
  // @ts-expect-error no such mode
  events.writeStream.outputMode("all");
  events.writeStream.trigger({ realTime: "5 minutes" }).name("alarms");
  expectTypeOf(events.named("per_user")).toEqualTypeOf(events);
  // @ts-expect-error no such trigger
  events.writeStream.trigger({ continuous: "1 second" });
});

test("rows given must fit the schema", () => {
  spark.createDataFrame([{ id: 1 }], { id: "int!", name: "string" });
  // @ts-expect-error id is missing
  spark.createDataFrame([{ name: "x" }], { id: "int!", name: "string" });
  // @ts-expect-error id is no text
  spark.createDataFrame([{ id: "1" }], { id: "int!" });
  const inferred = spark.createDataFrame([{ a: "x", b: true, n: 1 }]);
  expectTypeOf(inferred.rowType).toEqualTypeOf<{
    readonly a: string | null;
    readonly b: boolean | null;
    readonly n: unknown;
  }>();
});

test("columns can be passed around by their type", () => {
  const isSlow = (ms: Column<"double">): Column<"boolean"> => ms.gt(100);
  events.filter((c) => isSlow(c.ms));
  const frame: DataFrame<{ readonly id: "bigint!"; readonly name: "string" }> = users;
  void frame;
});

test("missing values, statistics and grouping sets follow the schema", () => {
  expectTypeOf(users.na.fill("?").rowType).toEqualTypeOf<{ readonly id: number; readonly name: string }>();
  expectTypeOf(users.na.fill(0).rowType).toEqualTypeOf<{ readonly id: number; readonly name: string | null }>();
  expectTypeOf(events.na.fill({ ms: 0 }).rowType.ms).toEqualTypeOf<number>();
  expectTypeOf(events.na.drop("any", null, ["route"]).rowType.route).toEqualTypeOf<string>();
  expectTypeOf(events.na.drop("any", null, ["route"]).rowType.ms).toEqualTypeOf<number | null>();
  expectTypeOf(events.na.drop("all").rowType.route).toEqualTypeOf<string | null>();
  // @ts-expect-error stauts is no column
  events.na.fill(0, ["stauts"]);
  // @ts-expect-error stauts is no column
  events.na.fill({ stauts: 0 });
  // @ts-expect-error stauts is no column
  events.na.drop("any", null, "stauts");
  // @ts-expect-error stauts is no column
  events.na.replace(1, 2, "stauts");
  expectTypeOf(users.describe().rowType).toEqualTypeOf<{
    readonly summary: string;
    readonly id: string | null;
    readonly name: string | null;
  }>();
  expectTypeOf(events.describe("ms").rowType).toEqualTypeOf<{ readonly summary: string; readonly ms: string | null }>();
  // @ts-expect-error route is no number
  void events.stat.corr("route", "ms");
  expectTypeOf(events.rollup("route", "status").count().rowType).toEqualTypeOf<{
    readonly route: string | null;
    readonly status: number | null;
    readonly count: number;
  }>();
  expectTypeOf(events.cube("status").agg((r) => ({ n: count(), slow: max(r.ms) })).rowType).toEqualTypeOf<{
    readonly status: number | null;
    readonly n: number;
    readonly slow: number | null;
  }>();
  // @ts-expect-error stauts is no column
  events.rollup("stauts");
});

test("pivot and unpivot name their columns", () => {
  expectTypeOf(events.groupBy("route").pivot("status", [200, 500]).count().rowType).toEqualTypeOf<{
    readonly route: string | null;
    readonly "200": number | null;
    readonly "500": number | null;
  }>();
  const several = events
    .groupBy("route")
    .pivot("status", [200])
    .agg((r) => ({ n: count(), slow: max(r.ms) }));
  expectTypeOf(several.rowType).toEqualTypeOf<{
    readonly route: string | null;
    readonly "200_n": number | null;
    readonly "200_slow": number | null;
  }>();
  expectTypeOf(events.groupBy("route").pivot("status").count().select("x").rowType).toEqualTypeOf<{
    readonly x: unknown;
  }>();
  // @ts-expect-error stauts is no column
  events.groupBy("route").pivot("stauts");
  expectTypeOf(events.unpivot("route", ["ms"], "name", "value").rowType).toEqualTypeOf<{
    readonly route: string | null;
    readonly name: string;
    readonly value: number | null;
  }>();
  // @ts-expect-error stauts is no column
  events.unpivot("route", ["stauts"], "name", "value");
});

test("set operations, samples and caches keep the columns", () => {
  expectTypeOf(users.intersect(users).rowType).toEqualTypeOf(users.rowType);
  expectTypeOf(users.exceptAll(users).sample(0.1).cache().repartition(3, "id").offset(1).rowType).toEqualTypeOf(
    users.rowType,
  );
  expectTypeOf(users.randomSplit([1, 2])[0]!.rowType).toEqualTypeOf(users.rowType);
  expectTypeOf(users.withColumnsRenamed({ id: "key" }).rowType).toEqualTypeOf<{
    readonly key: number;
    readonly name: string | null;
  }>();
  expectTypeOf(users.withColumns({ next: col("id").cast("int") }).rowType.next).toEqualTypeOf<number | null>();
  expectTypeOf(users.observe("m", count().alias("n")).rowType).toEqualTypeOf(users.rowType);
  expectTypeOf(users.toJSON().rowType).toEqualTypeOf<{ readonly value: string }>();
  // @ts-expect-error nope is no column
  users.withColumnsRenamed({ nope: "x" });
  // @ts-expect-error nope is no column
  users.repartition(3, "nope");
});

test("short forms keep the types of what they stand for", async () => {
  const orders = {} as DataFrame<{ id: "bigint!"; item: "string"; price: "double" }>;
  expectTypeOf(orders.corr("id", "price")).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error not a number
  void orders.corr("id", "item");
  expectTypeOf(broadcast(orders).rowType).toEqualTypeOf(orders.rowType);
  expectTypeOf(orders.sampleBy("item", { a: 0.5 }).rowType).toEqualTypeOf(orders.rowType);
  expectTypeOf(orders.select((c) => ({ i: nvl(c.item, lit("?")), s: sin(c.price) })).rowType).toEqualTypeOf<{
    readonly i: string;
    readonly s: number | null;
  }>();
});

test("rows without duplicates are rows of the same type; keys are columns", () => {
  expectTypeOf(events.dropDuplicatesWithinWatermark("route")).toEqualTypeOf(events);
  expectTypeOf(events.dropDuplicatesWithinWatermark(["route", "at"])).toEqualTypeOf(events);
  // @ts-expect-error no such column
  events.dropDuplicatesWithinWatermark("rout");
});

test("another schema, row numbers, partitions by number, bits", () => {
  expectTypeOf(users.to({ name: "string", id: "int!" }).rowType).toEqualTypeOf<{
    readonly name: string | null;
    readonly id: number;
  }>();
  expectTypeOf(users.zipWithIndex("at").rowType).toEqualTypeOf<{
    readonly id: number;
    readonly name: string | null;
    readonly at: number;
  }>();
  expectTypeOf(users.repartitionById(2, "id")).toEqualTypeOf(users);
  expectTypeOf(users.sparkSession).toEqualTypeOf(spark);
  expectTypeOf(users.select((c) => ({ low: c.id.bitwiseAND(1) })).rowType).toEqualTypeOf<{ readonly low: number }>();
  expectTypeOf(spark.emptyDataFrame({ id: "bigint!" }).rowType).toEqualTypeOf<{ readonly id: number }>();
  // @ts-expect-error text has no bits
  users.select((c) => c.name.bitwiseOR(1));
  // @ts-expect-error no such column
  users.transpose("nam");
});

test("state has the types of its schema", () => {
  const logins = {} as DataFrame<{ user: "string!"; n: "int" }>;
  const users = logins.groupByKey((row) => row.user, "string!");
  const sums = users.flatMapGroupsWithState(
    (user, rows, state) => {
      expectTypeOf(user).toEqualTypeOf<string>();
      expectTypeOf(state.getOption()).toEqualTypeOf<{ readonly sum: number } | null>();
      // @ts-expect-error not the type of the state
      state.update({ sum: "1" });
      // @ts-expect-error no such field
      state.update({ sums: 1 });
      return [...rows].map(({ n }) => ({ user, n }));
    },
    { state: { sum: "bigint!" }, output: { user: "string!", n: "int" }, outputMode: "append" },
  );
  expectTypeOf(sums.rowType).toEqualTypeOf<{ readonly user: string; readonly n: number | null }>();
  const seen = users.transformWithState(
    (handle) => {
      const last = handle.getValueState("last", "timestamp!", { ttlDurationMs: 1 });
      const pages = handle.getMapState("pages", "string!", { visits: "int!" });
      expectTypeOf(last.get()).toEqualTypeOf<Date | null>();
      expectTypeOf(pages.getValue("/")).toEqualTypeOf<{ readonly visits: number } | null>();
      // @ts-expect-error not the type of the keys
      pages.containsKey(1);
      return { handleInputRows: (user) => [{ user }] };
    },
    { output: { user: "string!" }, timeMode: "ProcessingTime" },
  );
  expectTypeOf(seen.rowType).toEqualTypeOf<{ readonly user: string }>();
  // @ts-expect-error rows of another type come out
  users.transformWithState(() => ({ handleInputRows: () => [{ user: 1 }] }), { output: { user: "string!" } });
});
