/** Word count as a stream that reads what is there: `millrace-job.ts THREADS RUNS DIRECTORY`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { explode, split } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [directory] = parameters as [string];

await using spark = await openSession(threads);
const counts = spark.readStream
  .text(directory)
  .select(explode(split("value", " ")).alias("word"))
  .groupBy("word")
  .count();

await measureRuns(runs, async () => {
  const checkpoint = mkdtempSync(`${tmpdir()}/wordcount-`);
  let answer: readonly string[] = [];
  await using query = await counts.writeStream
    .outputMode("complete")
    .trigger({ availableNow: true })
    .option("checkpointLocation", checkpoint)
    .foreachBatch(async (batch) => {
      answer = (await batch.collect()).map((row) => `${row.word}|${row.count}`);
    })
    .start();
  await query.awaitTermination();
  rmSync(checkpoint, { recursive: true });
  return answer;
});
