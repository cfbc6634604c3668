import { describe, expect, test } from "vitest";
import { batchFromValues } from "../columnar/batch-from-values.ts";
import { valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { toDdl, parseDdl } from "../types/ddl.ts";
import { type FakeEngine, fakeEngine, fakeSession } from "./fake-engine.test-support.ts";
import { SparkSession } from "./spark-session.ts";

describe("getOrCreate", () => {
  test("gives the running session again, with new settings, until it is stopped", async () => {
    const engines: FakeEngine[] = [];
    const factory = async (request: Parameters<typeof fakeEngine>[0]): Promise<FakeEngine> => {
      engines.push(fakeEngine(request));
      return engines.at(-1)!;
    };
    const builder = (): typeof SparkSession.builder => SparkSession.builder.engine(factory);
    const first = await builder()
      .appName("a")
      .master("local[3]")
      .config("spark.sql.shuffle.partitions", 3)
      .getOrCreate();
    const second = await builder().appName("b").config("spark.sql.x", true).getOrCreate();
    expect(engines).toHaveLength(1);
    expect(engines[0]!.request).toMatchObject({ appName: "a", master: "local[3]", bigint: false });
    expect(second.conf.get("spark.sql.x")).toBe("true");
    expect(second.sparkContext).toMatchObject({ appName: "a", master: "local[3]" });
    await expect(builder().bigint().getOrCreate()).rejects.toMatchObject({ errorClass: "SESSION_OPTIONS_DIFFER" });
    await first.stop();
    await using third = await builder().bigint().getOrCreate();
    expect(engines).toHaveLength(2);
    expect(third.conf.get("spark.sql.session.timeZone")).toBe("UTC");
  });
});

test("settings", async () => {
  const { spark } = await fakeSession();
  spark.conf.set("spark.sql.a", 5);
  expect(spark.conf.get("spark.sql.a")).toBe("5");
  spark.conf.unset("spark.sql.a");
  expect(spark.conf.get("spark.sql.a", "else")).toBe("else");
  expect(() => spark.conf.get("spark.sql.a")).toThrow(expect.objectContaining({ errorClass: "SQL_CONF_NOT_FOUND" }));
  expect(() => spark.sparkContext.setLogLevel("LOUD" as "INFO")).toThrow(
    expect.objectContaining({ errorClass: "INVALID_OPTION" }),
  );
});

type Local = Extract<LogicalPlan, { kind: "LocalRelation" }>;
describe("createDataFrame", () => {
  test("rows follow a schema literal, a DDL text, or themselves", async () => {
    const { spark } = await fakeSession();
    const typed = spark.createDataFrame([{ id: 1, name: "Ada" }, { id: 2 }], { id: "bigint!", name: "string" });
    expect(valuesOfBatch((typed.plan as Local).batch)).toEqual([
      [1n, "Ada"],
      [2n, null],
    ]);
    const ddl = spark.createDataFrame([{ a: 1 }], "a INT");
    expect(toDdl((ddl.plan as Local).batch.schema)).toBe("a INT");
    const inferred = spark.createDataFrame([
      { n: 1, x: 1, s: "a", at: new Date(0), list: [1, null], o: { a: true } },
      { n: 2, x: 1.5, s: null, at: null, list: [], o: { b: "z" } },
    ] as object[]);
    expect(toDdl((inferred.plan as Local).batch.schema)).toBe(
      "n BIGINT,x DOUBLE,s STRING,at TIMESTAMP,list ARRAY<BIGINT>,o STRUCT<a: BOOLEAN, b: STRING>",
    );
  });
  test("what cannot be inferred is refused with the place", async () => {
    const { spark } = await fakeSession();
    const refused = (rows: readonly object[], reason: string): void => {
      expect(() => spark.createDataFrame(rows)).toThrow(expect.objectContaining({ parameters: { reason } }));
    };
    refused([], "there are no rows");
    refused([{ a: null }], "a is null in every row");
    refused([{ a: 1 }, { a: "x" }], "a is bigint in one row and string in another");
    refused([[1]], "row 0 is not an object with columns as properties");
  });
});

test("range", async () => {
  const { spark } = await fakeSession();
  expect(spark.range(3).plan).toMatchObject({ start: 0n, end: 3n, step: 1n });
  expect(spark.range(1, 9n, 2).plan).toMatchObject({ start: 1n, end: 9n, step: 2n });
  expect(() => spark.range(0, 1, 0)).toThrow(expect.objectContaining({ errorClass: "INVALID_OPTION" }));
  expect(() => spark.range(1.5)).toThrow(expect.objectContaining({ errorClass: "INVALID_OPTION" }));
});

describe("actions", () => {
  const batch = batchFromValues(parseDdl("id BIGINT, name STRING"), [
    [1n, "a"],
    [2n, null],
  ]);
  test("rows are objects, or in a stream batches of them", async () => {
    const { spark, engine } = await fakeSession();
    engine.batches = [batch, batch];
    const df = spark.table("t");
    expect(await df.collect()).toHaveLength(4);
    expect({ ...(await df.first()) }).toEqual({ id: 1, name: "a" });
    expect(engine.executed.at(-1)).toMatchObject({ kind: "Limit", limit: 1 });
    const seen: unknown[] = [];
    for await (const row of df) seen.push(row["id"]);
    await df.foreach((row) => void seen.push(row["name"]));
    expect(seen).toEqual([1, 2, 1, 2, "a", null, "a", null]);
  });
  test("bigint sessions give bigint, and too large numbers are errors in others", async () => {
    const large = batchFromValues(parseDdl("id BIGINT"), [[2n ** 60n]]);
    const exact = await fakeSession({ bigint: true });
    exact.engine.batches = [large];
    expect((await exact.spark.table("t").collect())[0]!["id"]).toBe(2n ** 60n);
    const { spark, engine } = await fakeSession();
    engine.batches = [large];
    await expect(spark.table("t").collect()).rejects.toMatchObject({ errorClass: "BIGINT_OUT_OF_SAFE_RANGE" });
  });
  test("show, printSchema and explain print", async () => {
    const { spark, engine } = await fakeSession();
    engine.batches = [batch];
    await spark.table("t").show(1);
    await spark.table("t").printSchema();
    await spark.table("t").explain("extended");
    expect(engine.printed).toEqual([
      "+---+----+\n| id|name|\n+---+----+\n|  1|   a|\n+---+----+\nonly showing top 1 row\n\n",
      "root\n |-- id: long (nullable = true)\n |-- name: string (nullable = true)\n\n",
      "explained extended\n",
    ]);
    expect(engine.executed).toMatchObject([{ kind: "Limit", limit: 2 }]);
    expect(await spark.table("t").dtypes()).toEqual([
      ["id", "bigint"],
      ["name", "string"],
    ]);
  });
});

describe("write and writeStream", () => {
  test("a write is described in full", async () => {
    const { spark, engine } = await fakeSession();
    await spark.range(3).write.mode("overwrite").option("lineSep", "\n").partitionBy("id").json("out");
    expect(engine.writes).toEqual([
      { format: "json", mode: "overwrite", options: new Map([["linesep", "\n"]]), partitionBy: ["id"], path: "out" },
    ]);
    expect(() => spark.range(1).write.mode("sometimes" as "append")).toThrow(
      expect.objectContaining({ errorClass: "INVALID_SAVE_MODE" }),
    );
  });
  test("a start is described in full", async () => {
    const { spark, engine } = await fakeSession();
    const stream = spark.readStream.format("rate").option("rowsPerSecond", 5).load();
    const query = await stream.writeStream
      .outputMode("update")
      .format("console")
      .queryName("q")
      .trigger({ processingTime: "1 minute 30 seconds" })
      .options({ checkpointLocation: "cp", numRows: 5 })
      .start();
    expect(engine.starts[0]).toEqual({
      queryName: "q",
      outputMode: "update",
      trigger: { kind: "processingTime", intervalMs: 90_000 },
      options: new Map([
        ["checkpointlocation", "cp"],
        ["numrows", "5"],
      ]),
      partitionBy: [],
      target: { kind: "format", format: "console" },
    });
    expect(stream.plan).toMatchObject({ format: "rate", options: new Map([["rowspersecond", "5"]]), streaming: true });
    engine.batches = [batchFromValues(parseDdl("a INT"), [[7]])];
    for await (const { batchId, rows } of query.changes()) {
      expect(batchId).toBe(3);
      expect(rows.map((row) => ({ ...row }))).toEqual([{ a: 7 }]);
    }
    expect(query.lastProgress).toBeNull();
  });
  test("where rows are written is an argument or the option path, in batch and stream", async () => {
    const { spark, engine } = await fakeSession();
    const stream = spark.readStream.format("rate").load().writeStream.format("json");
    await stream.option("path", "/out").start();
    await stream.start("/out");
    const targets = engine.starts.map(({ target }) => target);
    expect(targets).toEqual([
      { kind: "format", format: "json", path: "/out" },
      { kind: "format", format: "json", path: "/out" },
    ]);
    await expect(stream.start("/other")).rejects.toThrow(
      /\[INVALID_OPTION].*path.*'\/out'.*start\("\/other"\) names another/s,
    );
    await spark.range(3).write.format("json").option("path", "/out").save();
    expect(engine.writes.at(-1)).toMatchObject({ format: "json", path: "/out" });
  });
  test("foreach and foreachBatch reach the engine as callbacks", async () => {
    const { spark, engine } = await fakeSession();
    const stream = spark.readStream.format("rate").load();
    const plans: LogicalPlan[] = [];
    await stream.writeStream.foreachBatch((batch, id) => void plans.push(batch.limit(id).plan)).start();
    const target = engine.starts[0]!.target;
    if (target.kind === "foreachBatch") await target.run({ kind: "NamedTable", name: "b", streaming: false }, 4);
    expect(plans).toEqual([{ kind: "Limit", limit: 4, input: { kind: "NamedTable", name: "b", streaming: false } }]);
    const seen: unknown[] = [];
    await stream.writeStream.foreach((row) => void seen.push(row)).start();
    const second = engine.starts[1]!.target;
    if (second.kind === "foreach") await second.callbacks.process("row");
    expect(seen).toEqual(["row"]);
  });
  test.each([
    { trigger: { processingTime: "1 month" }, reason: /no interval/ },
    { trigger: { processingTime: -1 }, reason: /impossible/ },
    { trigger: {}, reason: /must say one thing/ },
    { trigger: { continuous: "1 second" }, reason: /continuous processing is not supported; realTime/ },
    { trigger: { eachRow: true }, reason: /eachRow is unknown/ },
    { trigger: { realTime: "1 month" }, reason: /no interval/ },
  ])("trigger $trigger is refused", async ({ trigger, reason }) => {
    const { spark } = await fakeSession();
    const writer = spark.readStream.format("rate").load().writeStream;
    expect(() => writer.trigger(trigger as { once: true })).toThrow(
      expect.objectContaining({ errorClass: "INVALID_TRIGGER", message: expect.stringMatching(reason) }),
    );
  });
});
