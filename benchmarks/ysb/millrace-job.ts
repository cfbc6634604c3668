/** One run of the benchmark's query in a fresh process: `millrace-job.ts EVENTS CAMPAIGNS THREADS RUNS`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { SparkSession, timestampMillis, window } from "millrace";
import { peakRssMb, report } from "../child.ts";

const [events, campaigns, threads, runs] = process.argv.slice(2) as [string, string, string, string];

await using spark = await SparkSession.builder.appName("ysb").master(`local[${threads}]`).getOrCreate();
spark.sparkContext.setLogLevel("ERROR");

const ads = spark.read.schema({ ad_id: "string", campaign_id: "string" }).option("header", true).csv(campaigns);

const counts = spark.readStream
  .schema({ ad_id: "string", event_type: "string", event_time: "bigint" })
  .option("maxFilesPerTrigger", 1)
  .json(events)
  .filter((event) => event.event_type.eq("view"))
  .join(ads, "ad_id")
  .groupBy("campaign_id", window(timestampMillis("event_time"), "10 seconds"))
  .count();

const seconds: number[] = [];
let rows = 0;
let result = new Map<string, number>();
for (let run = 0; run < Number(runs); run++) {
  const checkpoint = mkdtempSync(`${tmpdir()}/ysb-`);
  result = new Map();
  rows = 0;
  const start = performance.now();
  await using query = await counts.writeStream
    .outputMode("update")
    .trigger({ availableNow: true })
    .option("checkpointLocation", checkpoint)
    .foreachBatch(async (batch) => {
      for (const row of await batch.collect()) {
        result.set(`${row.campaign_id} ${row.window?.start?.getTime()}`, row.count);
      }
    })
    .start();
  await query.awaitTermination();
  seconds.push((performance.now() - start) / 1000);
  rows = query.recentProgress.reduce((sum, progress) => sum + progress.numInputRows, 0);
  rmSync(checkpoint, { recursive: true });
}
report({
  seconds,
  rows,
  peakRssMb: peakRssMb(),
  counts: [...result].map(([key, count]) => `${key} ${count}`).sort(),
});
