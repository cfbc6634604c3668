/** The short programs of docs/configuration.md, docs/streaming.md and docs/types.md, so that they are known to work. */
import { array, count, map, max, notNull, type RowOf, sessionWindow, SparkSession, struct, window } from "millrace";
import { workingDirectory } from "../working-directory.ts";

process.chdir(workingDirectory("snippets"));
const send = (row: object): void => console.log("sent", JSON.stringify(row));
const notify = send;

// ---- docs/configuration.md --------------------------------------------------------------------------------------------

const spark = await SparkSession.builder
  .config("spark.sql.shuffle.partitions", 8) // when the session is built
  .config({ bigint: true }) // part of the session's type, see below
  .getOrCreate();
spark.conf.set("spark.sql.session.timeZone", "UTC"); // later

// ---- docs/streaming.md ------------------------------------------------------------------------------------------------

spark.streams.addListener({
  onQueryStarted(event) {
    console.log("started", event.name); // before start() resolves
  },
  onQueryProgress({ progress }) {
    console.log(progress.batchId, progress.numInputRows);
  },
  onQueryIdle() {}, // every 10 s without a batch
  onQueryTerminated(event) {
    console.log("ended", event.exception); // always the last; null after stop()
  },
});

await spark
  .createDataFrame([{ at: new Date(0), user: "ada" }], { at: "timestamp", user: "string" })
  .write.mode("append")
  .json("in/");

const query = await spark.readStream
  .schema({ at: "timestamp", user: "string" })
  .json("in/")
  .withWatermark("at", "10 minutes")
  .groupBy(window("at", "5 minutes"), "user")
  .count()
  .writeStream.outputMode("append")
  .format("json")
  .option("checkpointLocation", "checkpoints/clicks")
  .trigger({ processingTime: "10 seconds" })
  .start("out/");
await query.processAllAvailable();

const open = query.state("stateStoreSave"); // as the last committed batch left it
await open.selectExpr("key.window.start", "key.user", "value.count").show();
await query.stop();

const sums = spark.read.format("statestore").option("batchId", 0).load("checkpoints/clicks");
await sums.selectExpr("key.user", "value.count").show();

const clicks = spark.readStream.name("clicks").schema({ user: "string" }).json("in/");
const perUser = clicks.groupBy("user").count().named("per_user");
console.log(perUser.isStreaming);

const users = spark.readStream.schema({ user: "string" }).json("in/");

// A function for each row, or { open, process, close } for each partition.
const sending = await users.writeStream.foreach((row) => send(row)).start();
await sending.processAllAvailable();
await sending.stop();

// A finite DataFrame for each batch. A batch that is repeated has the same id: it is written once.
const writing = await users.writeStream
  .foreachBatch(async (batch, batchId) => {
    await batch.write.mode("overwrite").json(`out/batch-${batchId}`);
  })
  .start();
await writing.processAllAvailable();
await writing.stop();

const changing = await users.writeStream.format("noop").trigger({ availableNow: true }).start();
for await (const { batchId, rows } of changing.changes()) {
  for (const row of rows) notify({ batchId, ...row });
}

const visits = spark.readStream.schema({ id: "int", at: "timestamp", page: "string" }).json("in/");
const busiest = visits
  .withWatermark("at", "10 minutes")
  .dropDuplicatesWithinWatermark("id")
  .groupBy(window("at", "5 minutes"), "page")
  .count()
  .groupBy(window("window", "1 hour")) // the event time of a window is its end
  .agg((r) => ({ most: max(r.count) }));
const counting = await busiest.writeStream.format("noop").trigger({ availableNow: true }).start();
await counting.awaitTermination();

const stays = visits
  .withWatermark("at", "10 minutes")
  .groupBy(sessionWindow("at", "5 minutes"), "page")
  .agg((r) => ({ visits: count(), last: max(r.at) }));
const staying = await stays.writeStream.format("noop").trigger({ availableNow: true }).start();
await staying.awaitTermination();

const perPage = visits
  .groupByKey((visit) => visit.page, "string")
  .flatMapGroupsWithState(
    (page, rows, state) => {
      if (state.hasTimedOut) {
        const { visits: seen } = state.get();
        state.remove();
        return [{ page, visits: seen }]; // nobody has come for 30 minutes
      }
      const seen = (state.getOption()?.visits ?? 0n) + BigInt([...rows].length);
      state.update({ visits: seen }); // state.update({ vists: seen }) → red in the editor
      state.setTimeoutDuration("30 minutes");
      return [];
    },
    {
      state: { visits: "bigint!" },
      output: { page: "string", visits: "bigint" },
      outputMode: "append",
      timeout: "ProcessingTimeTimeout",
    },
  );
const leaving = await perPage.writeStream.format("noop").trigger({ availableNow: true }).start();
await leaving.awaitTermination();

const firstSeen = visits
  .groupByKey((visit) => visit.page, "string")
  .transformWithState(
    (handle) => {
      const seen = handle.getValueState("seen", "boolean!", { ttlDurationMs: 86_400_000 }); // forgotten after a day
      return {
        *handleInputRows(page, rows) {
          if (seen.exists()) return;
          seen.update(true);
          const [first] = rows;
          yield { page, at: first!.at };
        },
      };
    },
    { output: { page: "string", at: "timestamp" }, timeMode: "ProcessingTime" },
  );
const greeting = await firstSeen.writeStream.format("noop").trigger({ availableNow: true }).start();
await greeting.awaitTermination();

const catching = await visits
  .withWatermark("at", "10 minutes")
  .groupBy(window("at", "5 minutes"))
  .count()
  .writeStream.format("noop")
  .lateRows(async (rows, { batchId, operatorName }) => {
    await rows.write.mode("overwrite").json(`late/${operatorName}-${batchId}`);
  })
  .trigger({ availableNow: true })
  .start();
await catching.awaitTermination();

const alarms = await spark.readStream
  .format("rate")
  .option("rowsPerSecond", 10)
  .load()
  .filter("value % 10 = 7")
  .writeStream.outputMode("update")
  .foreach((row) => send(row)) // a millisecond or two after the row was there
  .option("checkpointLocation", "checkpoints/alarms")
  .trigger({ realTime: "5 minutes" })
  .start();
await alarms.stop();

// ---- docs/types.md ----------------------------------------------------------------------------------------------------

const orders = {
  id: "bigint!", // never null
  user: "string",
  at: "timestamp",
  amount: "decimal(10,2)",
  opens: "time(0)",
  took: "interval day to second",
  items: array(struct({ sku: "string!", n: "int" })), // nested types by array, map, struct
  tags: notNull(map("string", "string!")), // "!" for a nested type
  extra: "variant",
} as const;

const order: RowOf<typeof orders> = {
  id: 7,
  user: "ada",
  at: new Date("2026-03-01T12:00:00Z"),
  amount: "12.50",
  opens: "08:30:00",
  took: "PT1H2.5S",
  items: [{ sku: "x-1", n: null }],
  tags: new Map([["colour", "blue"]]),
  extra: { source: "web", tries: [1, 2] },
};
const exact: RowOf<typeof orders, { bigint: true }>["id"] = 7n;

await using plain = await SparkSession.builder.create();
const [row] = await plain.createDataFrame([order], orders).collect();
console.log(row?.id === Number(exact), row?.opens, row?.took, row?.extra);

await spark.stop();
