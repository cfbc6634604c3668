/**
 * rate source → count per key in one state partition → noop sink. The rows of a second are there when the second is over;
 * the time until the sink commits their batch, all of it durable, is the latency. The first seconds warm the process up and are left out.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { SparkSession } from "millrace";
import type { SinkProvider } from "millrace/engine";
import { peakRssMb, report } from "../child.ts";

const seconds = Number(process.argv[2]);
const warmUp = seconds > 10 ? 10 : 1;
await using spark = await SparkSession.builder
  .appName("latency")
  .config("spark.sql.shuffle.partitions", "1")
  .getOrCreate();
spark.sparkContext.setLogLevel("ERROR");

const checkpoint = mkdtempSync(`${tmpdir()}/latency-`);
const committedAt: number[] = [];
/** `noop`, which notes when it is told that a batch is visible. */
const noop: SinkProvider = {
  names: ["noop"],
  outputModes: ["update"],
  temporaryCheckpointAllowed: true,
  openStream: async () => ({
    description: "NoopSink",
    guarantee: "exactly-once",
    async write({ partitions }) {
      let numOutputRows = 0;
      for (const partition of partitions) for await (const batch of partition) numOutputRows += batch.length;
      return {
        numOutputRows,
        commit: async () => void committedAt.push(performance.timeOrigin + performance.now()),
        abort: async () => {},
      };
    },
    close: async () => {},
  }),
};
const milliseconds: number[] = [];
spark.streams.addListener({
  onQueryProgress({ progress }) {
    if (progress.numInputRows === 0) return;
    const started = Number(readFileSync(`${checkpoint}/sources/0/0`, "utf8").split("\n")[1]);
    const available = started + Number(progress.sources[0]!.endOffset) * 1000;
    milliseconds.push(committedAt.at(-1)! - available);
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
  .format(noop)
  .option("checkpointLocation", checkpoint)
  .start();
await query.awaitTermination((seconds + warmUp) * 1000);
await query.stop();
rmSync(checkpoint, { recursive: true });
report({ milliseconds: milliseconds.slice(warmUp), peakRssMb: peakRssMb() });
