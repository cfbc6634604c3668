/**
 * The query of this example as a program of its own: `node query.ts DIRECTORY [EVENT]`. When it meets the named event, the
 * process kills itself with SIGKILL, in the middle of a batch: nothing of it runs any more, no clean-up, no last words.
 */
import { readdirSync } from "node:fs";
import { count, SparkSession, sum, window } from "millrace";

const [directory, deadlyEvent] = process.argv.slice(2);

const batchesIn = (log: string): number =>
  readdirSync(`${directory}/checkpoint/${log}`).filter((name) => /^\d+$/.test(name)).length;

/** What a batch reads is logged while the batch computes; this waits for it, so that the checkpoint shows it. */
function die(): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (batchesIn("offsets") === batchesIn("commits")) Atomics.wait(clock, 0, 0, 5);
  process.kill(process.pid, "SIGKILL");
}

await using spark = await SparkSession.builder.appName("structured-lifecycle").getOrCreate();

const purchases = spark.readStream
  // 1. The schema is given: what arrives tomorrow must not change what the query means today.
  .schema({ id: "string", at: "timestamp", shop: "string", cents: "bigint" })
  .option("maxFilesPerTrigger", 1)
  .json(`${directory}/purchases`)
  .filterRows((row) => {
    if (row.id === deadlyEvent) die();
    return true;
  });

const turnover = purchases
  // 2. The watermark says how long to wait for late rows, and so when a window is final and its state can go.
  .withWatermark("at", "10 seconds")
  // 3. Windows are over the time at which things happened, not the time at which we hear of them.
  .groupBy(window("at", "10 seconds"), "shop")
  .agg((p) => ({ purchases: count(), cents: sum(p.cents) }))
  .select("window.start", "shop", "purchases", "cents");

await using query = await turnover.writeStream
  // 4. Append: each window is written once, when it is final.
  .outputMode("append")
  // 5. The checkpoint is what makes a restart go on instead of beginning anew.
  .option("checkpointLocation", `${directory}/checkpoint`)
  .trigger({ availableNow: true })
  .format("json")
  .start(`${directory}/turnover`);
await query.awaitTermination();

for (const { batchId, numInputRows, eventTime, stateOperators } of query.recentProgress) {
  const late = stateOperators.reduce((rows, operator) => rows + operator.numRowsDroppedByWatermark, 0);
  const kept = stateOperators.reduce((rows, operator) => rows + operator.numRowsTotal, 0);
  const watermark = eventTime?.["watermark"] ?? "";
  console.log(
    `  batch ${batchId}: ${numInputRows} rows, ${late} too late, watermark ${watermark}, ${kept} windows in state`,
  );
}
