/** State read as rows: of a checkpoint by `statestore` and `state-metadata`, of a running query by `query.state`. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { count, type DataFrame, type Schema, sum, window } from "millrace";
import { MemoryStream, parseDdl } from "millrace/engine";
import { simulatedSession, type SimulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
let session: SimulatedSession;
const shown = async (frame: Frame): Promise<string[]> =>
  (await frame.collect()).map((row) => JSON.stringify(row)).toSorted();

/** A windowed sum at /checkpoint: batches 0, 2 and 4 have rows, the others close windows. */
beforeAll(async () => {
  session = await simulatedSession();
  const stream = new MemoryStream(parseDdl("k STRING, n INT, at TIMESTAMP"));
  const events = session.spark.readStream.from(stream, {}) as unknown as DataFrame<{
    at: "timestamp";
    n: "int";
    k: "string";
  }>;
  for (const rows of [
    [
      { k: "a", n: 1, at: time(10) },
      { k: "b", n: 2, at: time(20) },
    ],
    [{ k: "a", n: 3, at: time(70) }],
    [{ k: "c", n: 4, at: time(300) }],
  ]) {
    stream.add(rows);
    const query = await events
      .withWatermark("at", "10 seconds")
      .groupBy(window("at", "1 minute"), "k")
      .agg(sum("n").alias("n"), count("*").alias("c"))
      .writeStream.outputMode("append")
      .option("checkpointLocation", "/checkpoint")
      .format("noop")
      .trigger({ availableNow: true })
      .start();
    await query.awaitTermination();
  }
});
afterAll(() => session[Symbol.asyncDispose]());

const state = (options: Readonly<Record<string, string>> = {}, path = "/checkpoint"): Frame =>
  session.spark.read.format("statestore").options(options).load(path) as unknown as Frame;

describe("statestore", () => {
  test("gives keys and values as the last batch left them, with the types of the state", async () => {
    const frame = state();
    expect((await frame.schema()).fields.map(({ name }) => name)).toEqual(["key", "value", "partition_id"]);
    expect(await shown(frame.selectExpr("unix_timestamp(key.window.end) AS end", "key.k", "value.*") as Frame)).toEqual(
      ['{"end":360,"k":"c","sum":4,"count":1}'],
    );
  });

  test("as an earlier batch left them; the path may be an option; only wanted columns are made", async () => {
    const early = session.spark.read
      .format("statestore")
      .options({ path: "/checkpoint", batchId: "0" })
      .load() as unknown as Frame;
    expect(await shown(early.selectExpr("key.k", "value.sum") as Frame)).toEqual([
      '{"k":"a","sum":1}',
      '{"k":"b","sum":2}',
    ]);
    expect(await early.filter("key.k = 'b'").count()).toBe(1);
  });

  test("gives the changes of some batches, batch by batch in each partition", async () => {
    const changes = state({ readChangeFeed: "true", changeStartBatchId: "0" });
    expect(await shown(changes.selectExpr("batch_id", "change_type", "key.k", "value.sum") as Frame)).toEqual([
      '{"batch_id":0,"change_type":"update","k":"a","sum":1}',
      '{"batch_id":0,"change_type":"update","k":"b","sum":2}',
      '{"batch_id":2,"change_type":"update","k":"a","sum":3}',
      '{"batch_id":3,"change_type":"delete","k":"a","sum":null}',
      '{"batch_id":3,"change_type":"delete","k":"b","sum":null}',
      '{"batch_id":4,"change_type":"update","k":"c","sum":4}',
      '{"batch_id":5,"change_type":"delete","k":"a","sum":null}',
    ]);
    const some = state({ readChangeFeed: "true", changeStartBatchId: "2", changeEndBatchId: "2" });
    expect(await some.count()).toBe(1);
  });

  test.each<[string, Record<string, string>]>([
    ["STDS_INVALID_OPTION_VALUE.IS_NEGATIVE", { batchId: "-1" }],
    ["INVALID_OPTION", { batchId: "last" }],
    ["STDS_COMMITTED_BATCH_UNAVAILABLE", { batchId: "99" }],
    ["STDS_FAILED_TO_READ_STATE_SCHEMA", { operatorId: "1" }],
    ["STDS_FAILED_TO_READ_STATE_SCHEMA", { joinSide: "left" }],
    ["STDS_INVALID_OPTION_VALUE.IS_EMPTY", { storeName: "" }],
    ["STDS_INVALID_OPTION_VALUE.WITH_MESSAGE", { storeName: "left" }],
    ["STDS_INVALID_OPTION_VALUE.WITH_MESSAGE", { joinSide: "middle" }],
    ["STDS_CONFLICT_OPTIONS", { joinSide: "left", storeName: "left-keyToNumValues" }],
    ["STDS_REQUIRED_OPTION_UNSPECIFIED", { readChangeFeed: "true" }],
    ["STDS_CONFLICT_OPTIONS", { readChangeFeed: "true", changeStartBatchId: "0", batchId: "1" }],
    ["STDS_CONFLICT_OPTIONS", { readChangeFeed: "true", changeStartBatchId: "0", joinSide: "left" }],
    ["STDS_CONFLICT_OPTIONS", { readChangeFeed: "true", changeStartBatchId: "0", snapshotStartBatchId: "0" }],
    ["STDS_INVALID_OPTION_VALUE.WITH_MESSAGE", { changeStartBatchId: "1" }],
    [
      "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE",
      { readChangeFeed: "true", changeStartBatchId: "2", changeEndBatchId: "1" },
    ],
    ["STDS_REQUIRED_OPTION_UNSPECIFIED", { snapshotStartBatchId: "0" }],
    ["STDS_REQUIRED_OPTION_UNSPECIFIED", { snapshotPartitionId: "0" }],
    ["STDS_INVALID_OPTION_VALUE.WITH_MESSAGE", { snapshotStartBatchId: "9", snapshotPartitionId: "0" }],
    [
      "CANNOT_LOAD_STATE_STORE.CANNOT_READ_MISSING_SNAPSHOT_FILE",
      { snapshotStartBatchId: "0", snapshotPartitionId: "0" },
    ],
  ])("refuses with %s the options %j", async (errorClass, options) => {
    await expect(state(options).collect()).rejects.toMatchObject({ errorClass });
  });

  test("a path is needed, and a checkpoint there", async () => {
    await expect(session.spark.read.format("statestore").load().collect()).rejects.toMatchObject({
      errorClass: "STDS_REQUIRED_OPTION_UNSPECIFIED",
    });
    await expect(state({}, "/nothing").collect()).rejects.toMatchObject({
      errorClass: "STDS_COMMITTED_BATCH_UNAVAILABLE",
    });
  });

  test("leaves the checkpoint as it is", async () => {
    const before = [...session.runtime.fs.files().keys()];
    await state().collect();
    expect([...session.runtime.fs.files().keys()]).toEqual(before);
  });
});

test("state-metadata lists the stores of operators and the batches that can be read", async () => {
  const frame = session.spark.read.format("state-metadata").load("/checkpoint") as unknown as Frame;
  const row = {
    operatorId: 0,
    operatorName: "stateStoreSave",
    stateStoreName: "default",
    numPartitions: 2,
    minBatchId: 0,
    maxBatchId: 5,
    operatorProperties: null,
  };
  expect(await frame.collect()).toEqual([row]);
});

describe("query.state", () => {
  test("is the state as the last committed batch left it, by the operator's name or number", async () => {
    const stream = new MemoryStream(parseDdl("k STRING"));
    const query = await (session.spark.readStream.from(stream, {}) as unknown as Frame)
      .distinct()
      .limit(2)
      .writeStream.format("noop")
      .start();
    await expect(query.state("dedupe").collect()).rejects.toMatchObject({
      errorClass: "STDS_COMMITTED_BATCH_UNAVAILABLE",
    });
    stream.add([{ k: "a" }, { k: "b" }, { k: "c" }]);
    const done = query.processAllAvailable();
    await session.runtime.clock.advance(1000);
    await done;
    expect(await shown(query.state("dedupe").selectExpr("key.k") as unknown as Frame)).toEqual([
      '{"k":"a"}',
      '{"k":"b"}',
      '{"k":"c"}',
    ]);
    expect(await shown(query.state("0").selectExpr("value.value") as unknown as Frame)).toEqual(['{"value":2}']);
    expect(() => query.state("counts")).toThrow("STATE_OPERATOR_NOT_FOUND");
    expect(() => query.state("counts")).toThrow("dedupe, globalLimit");
    await query.stop();
  });
});
