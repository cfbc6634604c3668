/** The first event of each id, of a stream in which each comes twice: `dedup-job.ts THREADS RUNS DIRECTORY`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [directory] = parameters as [string];
await using spark = await openSession(threads);
spark.conf.set("spark.sql.shuffle.partitions", "2");

const first = spark.readStream
  .schema({ id: "string", at: "bigint", n: "bigint" })
  .option("maxFilesPerTrigger", 1)
  .json(directory)
  .selectExpr("id", "timestamp_millis(at) AS at", "n")
  .withWatermark("at", "1 minute")
  .dropDuplicatesWithinWatermark("id");

await measureRuns(runs, async () => {
  const checkpoint = mkdtempSync(`${tmpdir()}/dedup-`);
  const totals = [0, 0];
  await using query = await first.writeStream
    .trigger({ availableNow: true })
    .option("checkpointLocation", checkpoint)
    .foreachBatch(async (batch) => {
      const [row] = await batch.selectExpr("count(*)", "sum(CAST(substring(id, 7) AS BIGINT))").collect();
      for (const [i, value] of Object.values(row as object).entries()) totals[i] = totals[i]! + Number(value ?? 0);
    })
    .start();
  await query.awaitTermination();
  rmSync(checkpoint, { recursive: true });
  return [totals.join("|")];
});
