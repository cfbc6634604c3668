/**
 * rate source → count per key in one state partition → noop sink. The rows of a second are there when the second is over;
 * the time until their batch is committed is the latency. The first seconds warm the process up and are left out.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { SparkSession } from "millrace";
import { peakRssMb, report } from "../child.ts";

const seconds = Number(process.argv[2]);
const warmUp = seconds > 10 ? 10 : 1;
await using spark = await SparkSession.builder
  .appName("latency")
  .config("spark.sql.shuffle.partitions", "1")
  .getOrCreate();
spark.sparkContext.setLogLevel("ERROR");

const checkpoint = mkdtempSync(`${tmpdir()}/latency-`);
const milliseconds: number[] = [];
spark.streams.addListener({
  onQueryProgress({ progress }) {
    if (progress.numInputRows === 0) return;
    const started = Number(readFileSync(`${checkpoint}/sources/0/0`, "utf8").split("\n")[1]);
    const available = started + Number(progress.sources[0]!.endOffset) * 1000;
    milliseconds.push(performance.timeOrigin + performance.now() - available);
  },
});
await using query = await spark.readStream
  .format("rate")
  .option("rowsPerSecond", 1000)
  .load()
  .selectExpr("value % 100 AS key")
  .groupBy("key")
  .count()
  .writeStream.outputMode("update")
  .format("noop")
  .option("checkpointLocation", checkpoint)
  .start();
await query.awaitTermination((seconds + warmUp) * 1000);
await query.stop();
rmSync(checkpoint, { recursive: true });
report({ milliseconds: milliseconds.slice(warmUp), peakRssMb: peakRssMb() });
