/** The query of the Yahoo Streaming Benchmark: `millrace-job.ts THREADS RUNS EVENTS CAMPAIGNS COLUMN VALUE …`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { col, timestampMillis, window } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [events, campaigns, column, ...values] = parameters as [string, string, "event_type" | "ad_type", ...string[]];

await using spark = await openSession(threads);
const ads = spark.read.schema({ ad_id: "string", campaign_id: "string" }).option("header", true).csv(campaigns);

// Nothing here is a closure over rows, so that threads can take parts of it.
const counts = spark.readStream
  .schema({ ad_id: "string", [column]: "string", event_time: "bigint" })
  .option("maxFilesPerTrigger", 1)
  .json(events)
  .filter(values.length === 1 ? col(column).eq(values[0]!) : col(column).isin(...values))
  .join(ads, "ad_id")
  .groupBy("campaign_id", window(timestampMillis("event_time"), "10 seconds"))
  .count();

await measureRuns(runs, async () => {
  const checkpoint = mkdtempSync(`${tmpdir()}/ysb-`);
  const result = new Map<string, number>();
  await using query = await counts.writeStream
    .outputMode("update")
    .trigger({ availableNow: true })
    .option("checkpointLocation", checkpoint)
    .foreachBatch(async (batch) => {
      for (const row of await batch.collect()) {
        result.set(`${row.campaign_id}|${row.window?.start?.getTime()}`, row.count);
      }
    })
    .start();
  await query.awaitTermination();
  rmSync(checkpoint, { recursive: true });
  return [...result].map(([key, count]) => `${key}|${count}`);
});
