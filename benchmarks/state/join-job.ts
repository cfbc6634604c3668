/** A join of two streams: `join-job.ts THREADS RUNS SHOWN CLICKED`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { expr } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [shown, clicked] = parameters as [string, string];

await using spark = await openSession(threads);
spark.conf.set("spark.sql.shuffle.partitions", "2");
const events = (path: string) =>
  spark.readStream
    .schema({ user: "string", at: "bigint", n: "bigint" })
    .option("maxFilesPerTrigger", 1)
    .json(path)
    .selectExpr("user", "timestamp_millis(at) AS at", "n")
    .withWatermark("at", "2 seconds");
const joined = events(shown)
  .alias("s")
  .join(events(clicked).alias("c"), expr("s.user = c.user AND c.at BETWEEN s.at AND s.at + INTERVAL 1 SECOND"))
  .selectExpr(
    "s.n AS shown",
    "c.n AS clicked",
    "length(c.user) AS size",
    "unix_millis(c.at) - unix_millis(s.at) AS ms",
  );

await measureRuns(runs, async () => {
  const checkpoint = mkdtempSync(`${tmpdir()}/stream-join-`);
  const totals = [0, 0, 0, 0, 0];
  await using query = await joined.writeStream
    .trigger({ availableNow: true })
    .option("checkpointLocation", checkpoint)
    .foreachBatch(async (batch) => {
      const sums = batch.selectExpr("count(*)", "sum(shown)", "sum(clicked)", "sum(size)", "sum(ms)");
      const [row] = await sums.collect();
      for (const [i, value] of Object.values(row as object).entries()) totals[i] = totals[i]! + Number(value ?? 0);
    })
    .start();
  await query.awaitTermination();
  rmSync(checkpoint, { recursive: true });
  return [totals.join("|")];
});
