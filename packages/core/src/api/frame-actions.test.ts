/** What DataFrames keep, count and tell, on the embedded engine. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromArrowIpc } from "../columnar/arrow-ipc.ts";
import { count, expr, Observation, SparkSession, StorageLevel, sum } from "./index.ts";

let spark: SparkSession;
beforeAll(async () => {
  spark = await SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create();
  spark.sparkContext.setLogLevel("OFF");
});
afterAll(() => spark.stop());

const people = () =>
  spark.createDataFrame(
    [
      { name: "Ada", age: 36, score: 1 },
      { name: "Bo", age: 20, score: 2 },
      { name: null, age: 20, score: 4 },
    ],
    { name: "string", age: "int", score: "double" },
  );
/** Counts how often the rows are computed. */
function counted(): { readonly df: ReturnType<typeof people>; readonly runs: () => number } {
  let rows = 0;
  const df = people().filterRows(() => ++rows > 0);
  return { df, runs: () => rows / 3 };
}
const failure = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: { readonly errorClass?: string }) => error.errorClass ?? String(error),
  );

describe("rows", () => {
  test("tail, isEmpty and local iteration", async () => {
    const range = spark.range(0, 10, 1, 3);
    expect((await range.tail(4)).map((row) => row.id)).toEqual([6, 7, 8, 9]);
    expect(await range.tail(0)).toEqual([]);
    expect((await range.tail(99)).length).toBe(10);
    expect(await range.filter("id > 9").isEmpty()).toBe(true);
  });
  test("foreachPartition sees the partitions", async () => {
    const seen: number[][] = [];
    await spark.range(0, 6, 1, 3).foreachPartition(async (rows) => {
      const own: number[] = [];
      for await (const row of rows) own.push(row.id);
      seen.push(own);
    });
    expect(seen).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });
  test("a partition that is not read is skipped", async () => {
    const first: number[] = [];
    await spark.range(0, 6, 1, 3).foreachPartition(async (rows) => {
      for await (const row of rows) {
        first.push(row.id);
        break;
      }
    });
    expect(first).toEqual([0, 2, 4]);
  });
  test("toArrow and toJSON", async () => {
    const { batches } = await fromArrowIpc(await people().toArrow());
    expect(batches.reduce((rows, batch) => rows + batch.length, 0)).toBe(3);
    expect(await people().toJSON().collect()).toEqual([
      { value: '{"name":"Ada","age":36,"score":1.0}' },
      { value: '{"name":"Bo","age":20,"score":2.0}' },
      { value: '{"age":20,"score":4.0}' },
    ]);
  });
  test("range partitions are in order and equal keys stay together", async () => {
    const parts = await spark
      .range(0, 100)
      .select((c) => ({ k: c.id.mod(7), id: c.id }))
      .repartitionByRange(4, "k")
      .selectExpr("k", "spark_partition_id() AS p")
      .distinct()
      .orderBy("k")
      .collect();
    const partitions = parts.map((row) => Number(row["p"]));
    expect(parts.length).toBe(7);
    expect(partitions).toEqual(partitions.toSorted());
  });
  test("the parts of a split are disjoint and complete", async () => {
    const parts = await Promise.all(
      spark
        .range(0, 200)
        .randomSplit([1, 2, 3], 5)
        .map((part) => part.collect()),
    );
    expect(
      parts
        .flat()
        .map((row) => row.id)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });
});

describe("statistics", () => {
  test("approximate quantiles, by column", async () => {
    const range = spark.range(0, 101);
    expect(await range.stat.approxQuantile("id", [0, 0.5, 1], 0)).toEqual([0, 50, 100]);
    expect(await people().stat.approxQuantile(["age", "score"], [0.5], 0)).toEqual([[20], [2]]);
    expect(await range.filter("id < 0").stat.approxQuantile("id", [0.5], 0)).toEqual([]);
    expect(await failure(range.stat.approxQuantile("id", [2], 0))).toBe("INVALID_OPTION");
  });
  test("a sample of each group", async () => {
    const sampled = await spark
      .range(0, 300)
      .select((c) => ({ k: c.id.mod(3), id: c.id }))
      .stat.sampleBy(
        "k",
        new Map([
          [0, 1],
          [1, 0.5],
        ]),
        7,
      )
      .groupBy("k")
      .count()
      .orderBy("k")
      .collect();
    expect(sampled[0]).toEqual({ k: 0, count: 100 });
    expect(sampled.length).toBe(2);
    expect(sampled[1]!.count).toBeGreaterThan(25);
    expect(sampled[1]!.count).toBeLessThan(75);
  });
  test("what is out of range is refused at once", () => {
    expect(() => people().sample(1.5)).toThrow("fraction");
    expect(() => people().sample(true, -1)).toThrow("fraction");
    expect(() => people().randomSplit([-1, 2])).toThrow("weights");
    expect(() => people().stat.freqItems(["age"], 2)).toThrow("support");
    expect(() => people().repartitionByRange(3)).toThrow("columns");
    expect(() => people().na.replace([1, 2], [3])).toThrow("same length");
    expect(() => people().na.drop("some" as "any")).toThrow("how");
  });
  test("partition counts must be positive", async () => {
    expect(await failure(people().repartition(0).collect())).toBe("INVALID_OPTION");
    expect(await failure(people().coalesce(-1).collect())).toBe("INVALID_OPTION");
  });
});

describe("caches", () => {
  test.each([
    ["in memory", StorageLevel.MEMORY_ONLY],
    ["in memory and on disk", StorageLevel.MEMORY_AND_DISK],
    ["on disk", StorageLevel.DISK_ONLY],
  ])("rows kept %s are computed once", async (_name, level) => {
    const { df, runs } = counted();
    df.persist(level);
    expect(df.storageLevel).toEqual(level);
    expect(await df.count()).toBe(3);
    expect(await df.filter("age = 20").select("name").collect()).toEqual([{ name: "Bo" }, { name: null }]);
    expect(runs()).toBe(1);
    await df.unpersist();
    expect(df.storageLevel).toEqual(StorageLevel.NONE);
    expect(await df.count()).toBe(3);
    expect(runs()).toBe(2);
  });
  test("what memory has no room for goes to disk, or is computed again", async () => {
    const small = await SparkSession.builder
      .config("spark.sql.session.timeZone", "UTC")
      .config("millrace.memory.limit", "64k")
      .create();
    const range = small.range(0, 50_000, 1, 4);
    const total = { total: (50_000 * 49_999) / 2 };
    for (const level of [StorageLevel.MEMORY_AND_DISK, StorageLevel.MEMORY_ONLY]) {
      const kept = range.select((c) => ({ id: c.id })).persist(level);
      for (let time = 0; time < 2; time++) {
        expect(await kept.agg((c) => ({ total: sum(c.id) })).collect()).toEqual([total]);
      }
      await kept.unpersist();
    }
    await small.stop();
  });
  test("explain shows the cache, and the catalog knows it by the view's name", async () => {
    const { df, runs } = counted();
    df.createOrReplaceTempView("kept");
    expect(await spark.catalog.isCached("kept")).toBe(false);
    await spark.catalog.cacheTable("kept");
    expect(await spark.catalog.isCached("KEPT")).toBe(true);
    expect(df.storageLevel.useMemory).toBe(true);
    await spark.table("kept").count();
    await spark.table("kept").select("age").count();
    expect(runs()).toBe(1);
    await spark.catalog.uncacheTable("kept");
    expect(await spark.catalog.isCached("kept")).toBe(false);
    df.cache();
    await spark.catalog.clearCache();
    expect(df.storageLevel).toBe(StorageLevel.NONE);
    expect(await failure(spark.catalog.isCached("nothing"))).toBe("TABLE_OR_VIEW_NOT_FOUND");
    await spark.catalog.dropTempView("kept");
  });
  test("a failure is not kept", async () => {
    let fail = true;
    const df = people().filterRows(() => {
      if (fail) throw new Error("not yet");
      return true;
    });
    df.cache();
    await expect(df.count()).rejects.toThrow("not yet");
    fail = false;
    expect(await df.count()).toBe(3);
    await df.unpersist();
  });
  test("a checkpoint is computed once, at once or by the first action", async () => {
    const eager = counted();
    const kept = await eager.df.localCheckpoint();
    expect(eager.runs()).toBe(1);
    expect(await kept.count()).toBe(3);
    expect(eager.runs()).toBe(1);
    const lazy = counted();
    const later = await lazy.df.checkpoint(false);
    expect(lazy.runs()).toBe(0);
    expect((await later.collect()).length + (await later.count())).toBe(6);
    expect(lazy.runs()).toBe(1);
  });
  test("a join of a cached DataFrame with itself keeps its columns apart", async () => {
    const df = people().cache();
    const pairs = df.alias("a").join(df.alias("b"), expr("a.age = b.age"), "inner").selectExpr("a.score", "b.name");
    expect(await pairs.count()).toBe(5);
    await df.unpersist();
  });
});

describe("observations", () => {
  test("the first action gives the metrics", async () => {
    const seen = new Observation("rows");
    const df = people().observe(seen, count().alias("n"), sum("score").divide(count()).alias("mean"));
    expect(seen.orEmpty).toEqual({});
    await df.filter("age = 20").collect();
    expect(await seen.get).toEqual({ n: 3, mean: 7 / 3 });
    expect(seen.orEmpty).toEqual({ n: 3, mean: 7 / 3 });
  });
  test("no rows, several partitions", async () => {
    const none = new Observation();
    await people().filter("age > 99").observe(none, count().alias("n"), sum("age").alias("s")).collect();
    expect(await none.get).toEqual({ n: 0, s: null });
    const many = new Observation();
    await spark.range(0, 1000, 1, 7).observe(many, count().alias("n"), sum("id").alias("s")).count();
    expect(await many.get).toEqual({ n: 1000, s: 499_500 });
  });
  test("an observation belongs to one DataFrame", async () => {
    const seen = new Observation("once");
    expect(await failure(seen.get)).toBe("NO_OBSERVED_METRICS");
    people().observe(seen, count().alias("n"));
    expect(() => people().observe(seen, count().alias("n"))).toThrow("one DataFrame only");
    expect(() => new Observation("")).toThrow("name");
  });
  test("metrics are aggregates without DISTINCT", async () => {
    const distinct = people().observe("m", expr("count(DISTINCT age)"));
    expect(await failure(distinct.collect())).toBe(
      "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED",
    );
  });
});

describe("views and plans", () => {
  test("views of a session and of all sessions", async () => {
    const { catalog } = spark;
    people().createTempView("People");
    people().createGlobalTempView("Shared");
    expect(() => people().createGlobalTempView("shared")).toThrow("already exists");
    const other = await spark.newSession();
    expect(await other.table("global_temp.shared").count()).toBe(3);
    expect(await other.catalog.tableExists("people")).toBe(false);
    expect(await catalog.tableExists("people")).toBe(true);
    expect(await catalog.tableExists("shared", "global_temp")).toBe(true);
    expect((await catalog.listTables("global_temp")).map((table) => table.name)).toEqual(["Shared", "People"]);
    expect((await catalog.listTables("default", "x*|peo*")).map((table) => table.name)).toEqual(["People"]);
    expect((await catalog.getTable("global_temp.shared")).namespace).toEqual(["global_temp"]);
    expect((await catalog.listColumns("people")).map((column) => [column.name, column.dataType])).toEqual([
      ["name", "string"],
      ["age", "int"],
      ["score", "double"],
    ]);
    expect(await catalog.dropTempView("PEOPLE")).toBe(true);
    expect(await catalog.dropTempView("people")).toBe(false);
    expect(await catalog.dropGlobalTempView("shared")).toBe(true);
    expect(await failure(catalog.getTable("people"))).toBe("TABLE_OR_VIEW_NOT_FOUND");
  });
  test("databases and functions", async () => {
    const { catalog } = spark;
    expect(await catalog.currentDatabase()).toBe("default");
    expect(await failure(catalog.setCurrentDatabase("other"))).toBe("SCHEMA_NOT_FOUND");
    expect(await failure(catalog.listTables("other"))).toBe("SCHEMA_NOT_FOUND");
    expect(await catalog.functionExists("UPPER")).toBe(true);
    expect(await catalog.functionExists("nothing")).toBe(false);
    expect((await catalog.listFunctions("default", "upp*")).map((fn) => fn.name)).toEqual(["upper"]);
  });
  test("plans of the same semantics", async () => {
    const df = people();
    expect(await df.select("name").sameSemantics(df.select("name"))).toBe(true);
    expect(await df.select("name").sameSemantics(df.select("age"))).toBe(false);
    expect(await df.sameSemantics(people())).toBe(false);
    expect(await df.select("name").semanticHash()).toBe(await df.select("name").semanticHash());
  });
});

test("partitions are sorted for themselves", async () => {
  const rows = await spark
    .range(0, 6, 1, 2)
    .sortWithinPartitions((c) => c.id.desc())
    .collect();
  expect(rows.map((row) => row.id)).toEqual([2, 1, 0, 5, 4, 3]);
});
