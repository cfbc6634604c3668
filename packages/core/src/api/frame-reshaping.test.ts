/** `to`, `transpose`, `zipWithIndex`, `repartitionById` and what a DataFrame knows of its session. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { array, lit, map, SparkSession, sparkPartitionId, struct } from "./index.ts";

let spark: SparkSession;
beforeAll(async () => {
  spark = await SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create();
  spark.sparkContext.setLogLevel("OFF");
});
afterAll(() => spark.stop());

const failure = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: { readonly errorClass?: string }) => error.errorClass ?? String(error),
  );
const one = (...texts: string[]) => spark.range(1).selectExpr(...texts);
const shape = async (df: { schema(): Promise<{ readonly fields: readonly object[] }> }) => (await df.schema()).fields;

describe("to", () => {
  const given = () =>
    one(
      "'a' AS i",
      "1L AS j",
      "named_struct('x', 1, 'y', 'q') AS st",
      "array(1, 2) AS arr",
      "map('k', 1) AS m",
      "CAST(NULL AS INT) AS n",
      "1.5D AS d",
    );

  test("reorders, drops, casts and fills what is missing", async () => {
    const df = given().to({ d: "int", J: "string", q: "int", i: "string" });
    expect(await df.columns()).toEqual(["d", "J", "q", "i"]);
    expect(await df.collect()).toEqual([{ d: 1, J: "1", q: null, i: "a" }]);
    expect(await given().to("").columns()).toEqual([]);
  });
  test("reaches into structs, arrays and maps", async () => {
    const df = given().to({
      st: struct({ y: "string", X: "bigint", w: "date" }),
      arr: array("string"),
      m: map("string", "double"),
    });
    expect(await df.dtypes()).toEqual([
      ["st", "struct<y:string,X:bigint,w:date>"],
      ["arr", "array<string>"],
      ["m", "map<string,double>"],
    ]);
    expect(await df.collect()).toEqual([{ st: { y: "q", X: 1, w: null }, arr: ["1", "2"], m: new Map([["k", 1]]) }]);
    const nested = spark.createDataFrame([{ items: [{ n: 1, s: "x" }, null] }, { items: null }], {
      items: array(struct({ n: "int", s: "string" })),
    });
    expect(await nested.to({ items: array(struct({ s: "string", n: "bigint" })) }).collect()).toEqual([
      { items: [{ s: "x", n: 1 }, null] },
      { items: null },
    ]);
  });
  test("refuses as Spark does", async () => {
    expect(await failure(given().to({ i: "int" }).schema())).toBe("INVALID_COLUMN_OR_FIELD_DATA_TYPE");
    expect(await failure(given().to({ arr: "string" }).schema())).toBe("INVALID_COLUMN_OR_FIELD_DATA_TYPE");
    expect(await failure(given().to({ n: "int!" }).schema())).toBe("NULLABLE_COLUMN_OR_FIELD");
    expect(await failure(given().to({ q: "int!" }).schema())).toBe("UNRESOLVED_COLUMN.WITH_SUGGESTION");
    expect(
      await failure(
        given()
          .to({ st: struct({ q: "int!" }) })
          .schema(),
      ),
    ).toBe("UNRESOLVED_FIELD.WITH_SUGGESTION");
    expect(await failure(one("1 AS a", "2 AS a").to({ a: "int" }).schema())).toBe("AMBIGUOUS_COLUMN_OR_FIELD");
    expect(
      await failure(
        one("array(CAST(NULL AS INT)) AS a")
          .to({ a: array("int!") })
          .schema(),
      ),
    ).toBe("NOT_NULL_CONSTRAINT_VIOLATION.ARRAY_ELEMENT");
    expect(
      await failure(
        one("map('a', CAST(NULL AS INT)) AS a")
          .to({ a: map("string", "int!") })
          .schema(),
      ),
    ).toBe("NOT_NULL_CONSTRAINT_VIOLATION.MAP_VALUE");
    expect(
      await failure(
        one("named_struct('x', CAST(NULL AS INT)) AS s")
          .to({ s: struct({ x: "int!" }) })
          .schema(),
      ),
    ).toBe("NULLABLE_COLUMN_OR_FIELD");
    expect(
      await failure(
        spark
          .range(5e9, 5e9 + 1)
          .to({ id: "int" })
          .collect(),
      ),
    ).toBe("CAST_OVERFLOW");
  });
  test("keeps the watermark of a column that stays", async () => {
    const stream = spark.readStream.format("rate").load().withWatermark("timestamp", "10 seconds");
    const fields = await shape(stream.to({ value: "string", timestamp: "timestamp" }));
    expect(fields).toMatchObject([{ name: "value" }, { metadata: { "spark.watermarkDelayMs": 10_000 } }]);
  });
});

describe("transpose", () => {
  const table = () =>
    spark.createDataFrame(
      [
        { id: "B", a: 1, b: 2.5 },
        { id: null, a: 3, b: 4 },
        { id: "A", a: null, b: 6 },
      ],
      { id: "string", a: "int", b: "double" },
    );

  test("makes columns of the first column's values, in order", async () => {
    const df = table().transpose();
    expect(await df.collect()).toEqual([
      { key: "a", A: null, B: 1 },
      { key: "b", A: 6, B: 2.5 },
    ]);
    expect(await df.dtypes()).toEqual([
      ["key", "string"],
      ["A", "double"],
      ["B", "double"],
    ]);
  });
  test("takes an index of any simple type, and values in two columns of one name", async () => {
    const numbers = one("2 AS v", "10 AS n", "3 AS v").union(one("5", "9", "6"));
    expect(await numbers.transpose("n").showString()).toMatchInlineSnapshot(`
      "+---+---+---+
      |key|  9| 10|
      +---+---+---+
      |  v|  5|  2|
      |  v|  6|  3|
      +---+---+---+
      "
    `);
    expect(await one("'A' AS id").transpose().columns()).toEqual(["key", "A"]);
    expect(await table().filter("a > 9").transpose().collect()).toEqual([{ key: "a" }, { key: "b" }]);
    expect(await spark.range(1).select().transpose().columns()).toEqual([]);
  });
  test("goes on like any other table", async () => {
    const back = table().filter("id IS NOT NULL").transpose().transpose();
    expect(await back.orderBy("key").collect()).toEqual([
      { key: "A", a: null, b: 6 },
      { key: "B", a: 1, b: 2.5 },
    ]);
  });
  test("refuses as Spark does", async () => {
    expect(await failure(table().transpose("a").collect())).toBe("TRANSPOSE_NO_LEAST_COMMON_TYPE");
    expect(await failure(table().transpose(lit(1)).collect())).toBe("TRANSPOSE_INVALID_INDEX_COLUMN");
    expect(await failure(one("array(1) AS id", "2 AS b").transpose().collect())).toBe("TRANSPOSE_INVALID_INDEX_COLUMN");
    expect(await failure(one("1 AS id").transpose("x").collect())).toBe("UNRESOLVED_COLUMN.WITH_SUGGESTION");
    spark.conf.set("spark.sql.transposeMaxValues", "2");
    expect(await failure(spark.range(3).transpose().collect())).toBe("TRANSPOSE_EXCEED_ROW_LIMIT");
    spark.conf.unset("spark.sql.transposeMaxValues");
    const stream = spark.readStream.format("rate").load();
    expect(await failure(stream.transpose().schema())).not.toBe("no error");
  });
});

describe("zipWithIndex", () => {
  test("numbers the rows of all partitions without gaps", async () => {
    const df = spark.range(0, 9, 1, 3).filter("id != 1").zipWithIndex("at");
    expect((await df.collect()).map((row) => [row.id, row.at])).toEqual(
      [0, 2, 3, 4, 5, 6, 7, 8].map((id, at) => [id, at]),
    );
    expect(await spark.range(2).zipWithIndex().columns()).toEqual(["id", "index"]);
    expect(await failure(spark.range(2).zipWithIndex("id").select("id").collect())).toBe("AMBIGUOUS_REFERENCE");
    expect(await df.filter("at > 5").count()).toBe(2);
  });
  test("is refused of a stream", async () => {
    const stream = spark.readStream.format("rate").load().zipWithIndex();
    expect(await failure(stream.writeStream.format("noop").start())).toBe("UNSUPPORTED_STREAMING_OPERATION");
  });
});

describe("repartitionById", () => {
  test("sends rows to the partition that a column says", async () => {
    const df = spark
      .range(-3, 4)
      .selectExpr("id", "CAST(nullif(id, 2) AS INT) AS p")
      .repartitionById(3, "p")
      .select("id", sparkPartitionId().alias("part"));
    const parts = new Map((await df.collect()).map((row) => [row["id"], row["part"]]));
    expect(parts).toEqual(
      new Map([
        [-3, 0],
        [-2, 1],
        [-1, 2],
        [0, 0],
        [1, 1],
        [2, 0],
        [3, 0],
      ]),
    );
    expect(await failure(spark.range(3).repartitionById(3, "id").schema())).toBe(
      "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
    );
    expect(await failure(spark.range(3).selectExpr("1 AS p").repartitionById(0, "p").schema())).toBe("INVALID_OPTION");
  });
});

describe("a DataFrame and its session", () => {
  test("sparkSession, isLocal, emptyDataFrame", async () => {
    expect(spark.range(1).filter("id > 0").sparkSession).toBe(spark);
    expect((await spark.newSession()).range(1).sparkSession).not.toBe(spark);
    const empty = spark.emptyDataFrame({ id: "bigint!", name: "string" });
    expect(await empty.collect()).toEqual([]);
    expect(await empty.dtypes()).toEqual([
      ["id", "bigint"],
      ["name", "string"],
    ]);
    expect(await spark.emptyDataFrame("a INT NOT NULL").columns()).toEqual(["a"]);
    expect(empty.isLocal()).toBe(true);
    expect(empty.filter("id > 1").isLocal()).toBe(false);
  });
  test("the session that runs", async () => {
    expect(SparkSession.getActiveSession()).toBeUndefined();
    expect(() => SparkSession.active()).toThrow(
      expect.objectContaining({ errorClass: "NO_ACTIVE_OR_DEFAULT_SESSION" }),
    );
    const running = await SparkSession.builder.getOrCreate();
    expect(SparkSession.active()).toBe(running);
    expect(await SparkSession.builder.getOrCreate()).toBe(running);
    await running.stop();
    expect(SparkSession.getActiveSession()).toBeUndefined();
  });
});

describe("words that are functions", () => {
  test("a column of the name comes first", async () => {
    expect(await one("user", "current_time", "localtime", "current_date").columns()).toEqual([
      "current_user()",
      "current_time()",
      "current_time()",
      "current_date()",
    ]);
    expect(await one("'ada' AS user").selectExpr("user").collect()).toEqual([{ user: "ada" }]);
    expect(await one("transform(array(1), user -> user + 1) AS t").collect()).toEqual([{ t: [2] }]);
    expect(await one("size(transform(array(1), x -> current_date)) AS n").collect()).toEqual([{ n: 1 }]);
    expect(
      await one("1 AS a")
        .orderBy("current_date" as "a")
        .groupBy("user" as "a")
        .count()
        .columns(),
    ).toEqual(["current_user()", "count"]);
    expect(await one("1 AS a").filter("current_date > DATE '2000-01-01'").count()).toBe(1);
  });
});

describe("columns", () => {
  test("bits, and functions over a column", async () => {
    const df = spark.range(3).select((c) => ({
      and: c.id.bitwiseAND(1),
      or: c.id.bitwiseOR(1),
      xor: c.id.bitwiseXOR(c.id),
      twice: c.id.transform((id) => id.times(2)),
    }));
    expect(await df.collect()).toEqual([
      { and: 0, or: 1, xor: 0, twice: 0 },
      { and: 1, or: 1, xor: 0, twice: 2 },
      { and: 0, or: 3, xor: 0, twice: 4 },
    ]);
    expect(
      await spark
        .range(1)
        .select((c) => c.id.bitwiseAND(1))
        .columns(),
    ).toEqual(["(id & 1)"]);
  });
});
