/**
 * The program of the real-process tests: words of files counted in complete mode, each batch written to a file of its id. In
 * the batch that the environment names it fills its heap.
 */
import { writeFileSync } from "node:fs";
import { SparkSession } from "millrace";

const { MILLRACE_DIRECTORY: directory, MILLRACE_HOARD } = process.env;

await using spark = await SparkSession.builder.master("local").create();
const query = await spark.readStream
  .option("maxFilesPerTrigger", 1)
  .text(`${directory}/in`)
  .groupBy("value")
  .count()
  .writeStream.outputMode("complete")
  .option("checkpointLocation", `${directory}/checkpoint`)
  .trigger(process.env["MILLRACE_FOREVER"] === "1" ? { processingTime: "100 milliseconds" } : { availableNow: true })
  .foreachBatch(async (batch, batchId) => {
    const rows = await batch.collect();
    const hoard: object[] = [];
    while (String(batchId) === MILLRACE_HOARD) hoard.push(Array.from({ length: 1000 }, (_, i) => ({ i })));
    const text = rows.map((row) => JSON.stringify(row)).sort();
    writeFileSync(`${directory}/batch-${batchId}`, text.join("\n"));
  })
  .start();
await query.awaitTermination();
