/**
 * rate source → realTime → noop: the time from a row's own time to the moment the sink has it. The first seconds warm the process
 * up and are left out.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { SparkSession } from "millrace";
import type { RealTimeWrite, SinkProvider } from "millrace/engine";
import { peakRssMb, report } from "../child.ts";

const seconds = Number(process.argv[2]);
const warmUp = seconds > 10 ? 10 : 1;
await using spark = await SparkSession.builder.appName("latency").getOrCreate();
spark.sparkContext.setLogLevel("ERROR");

const checkpoint = mkdtempSync(`${tmpdir()}/latency-`);
const milliseconds: number[] = [];
const measureFrom = Date.now() + warmUp * 1000;
/** `noop`, which notes when rows arrive. */
const noop: SinkProvider = {
  names: ["noop"],
  outputModes: ["update"],
  temporaryCheckpointAllowed: true,
  openStream: async () => ({
    description: "NoopSink",
    guarantee: "at-least-once",
    write: () => Promise.reject(new Error("the trigger is realTime")),
    beginRealTime: (): RealTimeWrite => ({
      numOutputRows: -1,
      async write({ columns, length }) {
        const now = performance.timeOrigin + performance.now();
        const [time] = columns;
        if (time?.kind !== "i64") throw new Error("the time is no timestamp");
        if (now < measureFrom) return;
        for (let i = 0; i < length; i++) milliseconds.push(now - Number(time.values[i]!) / 1000);
      },
      end: async () => {},
      abort: async () => {},
    }),
    close: async () => {},
  }),
};
await using query = await spark.readStream
  .format("rate")
  .option("rowsPerSecond", 1000)
  .load()
  .filter("value % 100 <> 7")
  .selectExpr("timestamp", "value * 2 AS twice")
  .writeStream.outputMode("update")
  .trigger({ realTime: "5 seconds" })
  .format(noop)
  .option("checkpointLocation", checkpoint)
  .start();
await query.awaitTermination((seconds + warmUp) * 1000);
await query.stop();
rmSync(checkpoint, { recursive: true });
report({ milliseconds, peakRssMb: peakRssMb() });
