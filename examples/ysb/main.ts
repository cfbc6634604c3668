/** The job of the Yahoo Streaming Benchmark: how often was each campaign seen in each 10 seconds? */
import { SparkSession, timestampMillis, window } from "millrace";
import { workingDirectory } from "../working-directory.ts";
import { writeAds, writeEvents } from "./events.ts";

const directory = workingDirectory("ysb");
writeAds(`${directory}/ads.csv`);
writeEvents(`${directory}/events`, 4, 1000);

await using spark = await SparkSession.builder.appName("ysb").getOrCreate();

const ads = spark.read
  .schema({ ad_id: "string", campaign_id: "string" })
  .option("header", true)
  .csv(`${directory}/ads.csv`);

const events = spark.readStream
  // Three of seven fields: the scanner steps over the others.
  .schema({ ad_id: "string", event_type: "string", event_time: "bigint" })
  .option("maxFilesPerTrigger", 1)
  .json(`${directory}/events`);

const views = events
  .filter((e) => e.event_type.eq("view"))
  .join(ads, "ad_id")
  .select("campaign_id", (e) => ({ at: timestampMillis(e.event_time) }))
  .withWatermark("at", "5 seconds")
  .groupBy("campaign_id", window("at", "10 seconds"))
  .count();

await using query = await views.writeStream
  .outputMode("update")
  .trigger({ availableNow: true })
  .option("checkpointLocation", `${directory}/checkpoint`)
  .format("noop")
  .start();

// The benchmark keeps the counts in Redis. Here they are in a map: an update replaces what was known of its window.
const counts = new Map<string, number>();
for await (const { batchId, rows } of query.changes()) {
  for (const row of rows) counts.set(`${row.window.start?.toISOString()} ${row.campaign_id}`, row.count);
  console.log(`batch ${batchId}: ${rows.length} windows changed`);
}
for (const [window, count] of [...counts].toSorted().slice(0, 10)) console.log(`${window} ${count}`);
const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
console.log(`${counts.size} windows, ${total} views`);
