/** Files through the whole engine: directories with values, where rows come from, on the calling thread and in others. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { col, SparkSession } from "millrace";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(`${tmpdir()}/millrace-engine-files-`);
  for (const day of ["2024-02-28", "2024-02-29"]) {
    for (const host of ["a", "b%2Fc"]) {
      mkdirSync(`${directory}/logs/day=${day}/host=${host}`, { recursive: true });
      writeFileSync(`${directory}/logs/day=${day}/host=${host}/x y.json`, `{"n":1}\n{"n":${Number(day.slice(-2))}}\n`);
    }
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

describe.each<[string, Record<string, string>]>([
  ["one-thread", { "spark.master": "local" }],
  ["two-threads", { "spark.master": "local[2]", "millrace.parallel.minBytes": "1" }],
])("on %s", (name, settings) => {
  let spark: SparkSession;
  beforeAll(async () => {
    spark = await SparkSession.builder.config(settings).create();
  });
  afterAll(() => spark.stop());

  test("directories give columns, filters on them leave out files", async () => {
    const logs = spark.read.json(`${directory}/logs`);
    expect((await logs.schema()).fields.map((f) => `${f.name} ${f.type.kind}`)).toEqual([
      "n bigint",
      "day date",
      "host string",
    ]);
    const one = logs.filter("day = DATE '2024-02-29' AND host = 'b/c' AND n > 1");
    expect(await one.collect()).toEqual([{ n: 29, day: "2024-02-29", host: "b/c" }]);
    expect(await logs.groupBy("day", "host").count().orderBy("day", "host").collect()).toEqual([
      { day: "2024-02-28", host: "a", count: 2 },
      { day: "2024-02-28", host: "b/c", count: 2 },
      { day: "2024-02-29", host: "a", count: 2 },
      { day: "2024-02-29", host: "b/c", count: 2 },
    ]);
    const printed = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    await logs.filter("host = 'a' AND n > 1").explain();
    const text = printed.mock.calls.map(([written]) => String(written)).join("");
    printed.mockRestore();
    expect(text).toMatch(/PartitionFilters: \[.*= a.*\], PushedFilters: \[.*> 1.*\]/);
  });

  test("rows tell which file they come from", async () => {
    const logs = spark.read.schema({ n: "int" }).json(`${directory}/logs/day=2024-02-28`);
    const named = logs.filter("n > 1").selectExpr("n", "_metadata.file_name", "input_file_name() AS uri", "*");
    const uri = (host: string): string => `file://${directory}/logs/day=2024-02-28/host=${host}/x%20y.json`;
    expect(await named.orderBy("uri").collect()).toEqual([
      { n: 28, file_name: "x%20y.json", uri: uri("a"), host: "a" },
      { n: 28, file_name: "x%20y.json", uri: uri("b%252Fc"), host: "b/c" },
    ]);
    const grouped = logs.groupBy(col("_metadata.file_size").as("size")).count();
    expect(await grouped.collect()).toEqual([{ size: 17, count: 4 }]);
    expect(Object.keys((await logs.filter("_metadata.file_size = 17").collect())[0]!)).toEqual(["n", "host"]);
    await expect(spark.range(1).selectExpr("_metadata").collect()).rejects.toMatchObject({
      errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION",
    });
  });

  test("a stream takes directories that come, and writes directories exactly once", async () => {
    const place = `${directory}/stream-${name}`;
    const put = (name: string, text: string): void => {
      mkdirSync(`${place}/in/${name.slice(0, name.lastIndexOf("/"))}`, { recursive: true });
      writeFileSync(`${place}/in/${name}`, text);
    };
    const run = async (): Promise<void> => {
      const input = spark.readStream.schema({ n: "int", p: "int" }).json(`${place}/in`);
      const query = await input
        .filter("p < 3")
        .selectExpr("n", "p", "n % 2 AS odd", "_metadata.file_name AS f")
        .writeStream.partitionBy("odd", "p")
        .format("parquet")
        .option("checkpointLocation", `${place}/checkpoint`)
        .trigger({ availableNow: true })
        .start(`${place}/out`);
      await query.awaitTermination();
    };
    put("p=1/a.json", '{"n":1}\n{"n":2}\n');
    put("p=3/a.json", "not read: the filter leaves the directory out");
    await run();
    put("p=2/b.json", '{"n":3}\n');
    await run();
    await run();
    const out = await spark.read.parquet(`${place}/out`).orderBy("n").collect();
    expect(out).toEqual([
      { n: 1, f: "a.json", odd: 1, p: 1 },
      { n: 2, f: "a.json", odd: 0, p: 1 },
      { n: 3, f: "b.json", odd: 1, p: 2 },
    ]);
    expect(readdirSync(`${place}/out`).sort()).toEqual(["_spark_metadata", "odd=0", "odd=1"]);
  });

  test("what is written by partitions comes back", async () => {
    const path = `${directory}/written-${name}`;
    const rows = spark.range(1000).selectExpr("id", "id % 2 AS p", "concat('day ', id % 20) AS q");
    for (const format of ["json", "csv", "parquet"] as const) {
      await rows.write.mode("overwrite").partitionBy("q", "p").format(format).save(path);
      const back = spark.read.schema({ id: "bigint", p: "bigint", q: "string" }).format(format).load(path);
      expect(await back.orderBy("id").selectExpr("id", "p", "q").collect()).toEqual(await rows.collect());
      expect(await back.filter("q = 'day 19'").count()).toBe(50);
    }
  });
});
