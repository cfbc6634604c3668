/**
 * `job.ts RATE SECONDS SAMPLE_SECONDS`: rate source → sessions of 5 seconds' gap → a sink that checks them, every batch of a second
 * committed to a real checkpoint. At any time a tenth of RATE users send ten events a second each, for ten seconds; then
 * another user takes the place. So every session has 100 events, but for those at the start.
 */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expr, sessionWindow, SparkSession } from "millrace";
import { type SinkProvider, valuesOfBatch } from "millrace/engine";
import { peakRssMb, report } from "../child.ts";
import { median } from "../measure.ts";
import type { SoakResult } from "./bench.ts";
import type { Sample } from "./verdict.ts";

const [rate, seconds, sampleSeconds] = process.argv.slice(2).map(Number) as [number, number, number];
const users = rate / 10;
const eventsPerSession = 100;
const checkpoint = mkdtempSync(join(tmpdir(), "soak-"));

await using spark = await SparkSession.builder
  .appName("soak")
  .config("spark.sql.shuffle.partitions", "2")
  .config("spark.sql.session.timeZone", "UTC")
  .getOrCreate();
spark.sparkContext.setLogLevel("ERROR");

let closed = 0;
let odd = 0;
/** Counts the sessions that have ended, and those that do not have as many events as they ought to. */
const checking: SinkProvider = {
  names: ["checking"],
  outputModes: ["append"],
  temporaryCheckpointAllowed: false,
  openStream: async () => ({
    description: "CheckingSink",
    guarantee: "at-least-once",
    async write({ partitions }) {
      const counts: number[] = [];
      for (const partition of partitions) {
        for await (const batch of partition) for (const [count] of valuesOfBatch(batch)) counts.push(Number(count));
      }
      return {
        numOutputRows: counts.length,
        commit: async () => {
          closed += counts.length;
          odd += counts.filter((count) => count !== eventsPerSession).length;
        },
        abort: async () => {},
      };
    },
    close: async () => {},
  }),
};

/** Bytes and number of the files of the checkpoint; one may go while they are counted. */
function sizeOf(directory: string): { readonly bytes: number; readonly files: number } {
  let [bytes, files] = [0, 0];
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const stat = lstatSync(join(directory, name), { throwIfNoEntry: false });
    if (stat?.isFile() !== true) continue;
    bytes += stat.size;
    files++;
  }
  return { bytes, files };
}

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
let batchMs: number[] = [];
let rows = 0;
let stateRows = 0;
spark.streams.addListener({
  onQueryProgress({ progress }) {
    rows += progress.numInputRows;
    stateRows = progress.stateOperators[0]?.numRowsTotal ?? 0;
    if (progress.numInputRows > 0) batchMs.push(progress.batchDuration);
  },
});
// A user's place, and which of its users the event is of: places change their users one after another.
const place = `value % ${users}`;
const events = spark.readStream
  .format("rate")
  .option("rowsPerSecond", rate)
  .load()
  .selectExpr(
    "timestamp",
    `concat(${place}, '/', (value + ${eventsPerSession} * (${place})) div ${eventsPerSession * users}) AS user`,
  );
await using query = await events
  .withWatermark("timestamp", "2 seconds")
  .groupBy(sessionWindow("timestamp", "5 seconds"), "user")
  .agg(expr("count(*) AS events"))
  .select("events")
  .writeStream.outputMode("append")
  .format(checking)
  .option("checkpointLocation", checkpoint)
  .trigger({ processingTime: "1 second" })
  .start();

const samples: Sample[] = [];
let most = { rss: 0, heap: Infinity, buffers: 0 };
let cpu = process.cpuUsage();
let sampledAt = performance.now();
let closedBefore = 0;
function sample(): void {
  const now = performance.now();
  const elapsed = (now - sampledAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { bytes, files } = sizeOf(checkpoint);
  samples.push({
    minute: Number((((samples.length + 1) * sampleSeconds) / 60).toFixed(2)),
    rowsPerSecond: Math.round(rows / elapsed),
    rssMb: megabytes(most.rss),
    heapMb: megabytes(most.heap),
    buffersMb: megabytes(most.buffers),
    stateRows,
    checkpointMb: Number((bytes / 2 ** 20).toFixed(1)),
    checkpointFiles: files,
    sessionsClosed: closed - closedBefore,
    cores: Number(((user + system) / 1e6 / elapsed).toFixed(3)),
    batchMsP50: batchMs.length === 0 ? 0 : median(batchMs),
    batchMsMax: Math.max(0, ...batchMs),
  });
  process.stdout.write(`${JSON.stringify(samples.at(-1))}\n`);
  [rows, batchMs, closedBefore, sampledAt, cpu] = [0, [], closed, now, process.cpuUsage()];
  most = { rss: 0, heap: Infinity, buffers: 0 };
}
const looking = setInterval(() => {
  const { rss, heapUsed, external } = process.memoryUsage();
  most = {
    rss: Math.max(most.rss, rss),
    heap: Math.min(most.heap, heapUsed),
    buffers: Math.max(most.buffers, external),
  };
}, 250);
const sampling = setInterval(sample, sampleSeconds * 1000);
await query.awaitTermination(seconds * 1000 + 200);
clearInterval(sampling);
clearInterval(looking);
await query.stop();
rmSync(checkpoint, { recursive: true });
if (odd > users) throw new Error(`soak: ${odd} sessions do not have ${eventsPerSession} events`);
if (seconds > 20 && closed < (seconds - 20) * (users / 10) * 0.9)
  throw new Error(`soak: only ${closed} sessions ended`);
report({ samples, peakRssMb: peakRssMb() } satisfies SoakResult);
