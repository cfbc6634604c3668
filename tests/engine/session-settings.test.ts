import { SparkSession, udf } from "millrace";
import { createSimulatedRuntime } from "millrace/engine";
import { expect, test } from "vitest";
import { simulatedSession } from "./simulated-session.ts";

test("a session with Temporal gives Temporal to every function of the user's", async () => {
  await using spark = await SparkSession.builder.config({ timestamps: "temporal" }).create();
  const texts = spark.createDataFrame([{ text: "1970-01-01T00:00:00Z" }, { text: "2024-02-29T12:00:00Z" }], {
    text: "string!",
  });
  const rows = texts.select((c) => ({ at: c.text.cast("timestamp"), day: c.text.cast("date") }));
  const fields = rows.map((row) => ({ ms: row.at!.epochMilliseconds, month: row.day!.month }), {
    ms: "double",
    month: "int",
  });
  expect(await fields.collect()).toEqual([
    { ms: 0, month: 1 },
    { ms: 1709208000000, month: 2 },
  ]);
  expect(await rows.filterRows((row) => row.at!.epochMilliseconds > 0).count()).toBe(1);
  expect(
    await rows
      .groupByKey((row) => row.day!.year, "int")
      .count()
      .orderBy("key")
      .collect(),
  ).toEqual([
    { key: 1970, count: 1 },
    { key: 2024, count: 1 },
  ]);
  const monthOf = udf((day: (typeof rows.rowType)["day"]) => day!.month, "int");
  expect(await rows.select((c) => ({ m: monthOf(c.day) })).collect()).toEqual([{ m: 1 }, { m: 2 }]);

  const seen = Promise.withResolvers<unknown>();
  const stream = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 1).load();
  const query = await stream.writeStream
    .foreach({ process: (row) => seen.resolve(row["timestamp" as keyof typeof row]) })
    .trigger({ once: true })
    .start();
  await query.awaitTermination();
  expect(await seen.promise).toMatchObject({ epochMilliseconds: 0 });
});

test("an error about a column that join or withWatermark names tells the line of the program", async () => {
  await using session = await simulatedSession();
  const people = session.spark.createDataFrame([{ name: "a" }], { name: "string" });
  const here = expect.stringMatching(/session-settings\.test\.ts/) as string;
  const wrong = "nmae" as "name";
  await expect(people.join(people, wrong).collect()).rejects.toMatchObject({
    errorClass: expect.stringMatching(/^UNRESOLVED_/) as string,
    context: { callSite: here },
  });
  await expect(people.withWatermark(wrong as never, "1 second").collect()).rejects.toMatchObject({
    errorClass: expect.stringMatching(/^UNRESOLVED_COLUMN/) as string,
    context: { callSite: here },
  });
  await expect(people.withWatermark("name" as never, "1 second").collect()).rejects.toMatchObject({
    errorClass: "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
    context: { callSite: here },
  });
});

test("with onDiskFull = pause a query waits for room on the checkpoint's disk, and can be stopped meanwhile", async () => {
  const runtime = createSimulatedRuntime(1);
  let free = 100;
  const fs = new Proxy(runtime.fs, {
    get(target, name) {
      if (name === "freeBytes") return async () => free;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const crowded = { ...runtime, fs };
  const settings = { "millrace.streaming.onDiskFull": "pause", "millrace.streaming.diskHeadroom": "1k" };
  await using session = await simulatedSession(crowded, settings);
  const rows = session.spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 1).load();
  const start = () =>
    rows.writeStream.format("noop").option("checkpointLocation", "/checkpoint").trigger({ once: true }).start();
  const offsets = async () => (await runtime.fs.list("/checkpoint/offsets")).map(({ name }) => name);
  const turns = async () => {
    for (let i = 0; i < 300; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
  };
  const stopped = await start();
  await turns();
  expect(await offsets()).toEqual([]);
  await stopped.stop();
  expect(stopped.exception).toBeNull();
  const query = await start();
  await turns();
  expect(await offsets()).toEqual([]);
  free = 5000;
  await runtime.clock.advance(1000);
  await query.awaitTermination();
  expect(await offsets()).toEqual(["0"]);
});

test("an unknown format of a stream is refused with all that may be used", async () => {
  await using session = await simulatedSession();
  const stream = session.spark.readStream.format("rate").load();
  const start = stream.writeStream.format("nope").start();
  await expect(start).rejects.toThrow(/console, csv, .*foreach\(\.\.\.\), foreachBatch\(\.\.\.\)/);
});

test("a memory sink does not go on from a checkpoint, wherever its location is named", async () => {
  await using session = await simulatedSession(undefined, { "spark.sql.streaming.checkpointLocation": "/checkpoints" });
  const { spark } = session;
  const rows = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 1).load();
  const start = () => rows.writeStream.format("memory").queryName("events").trigger({ once: true }).start();
  await (await start()).awaitTermination();
  await expect(start()).rejects.toMatchObject({ errorClass: "_LEGACY_ERROR_TEMP_1299" });
});
