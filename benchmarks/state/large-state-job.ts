/**
 * A count for each of many keys: `large-state-job.ts PROVIDER KEYS DIRECTORY load|restart`. `load` brings all keys into the state in
 * fifty batches; `restart` goes on from there in another process, with batches of a thousand keys that lie anywhere.
 */
import { SparkSession, type StreamingQuery } from "millrace";
import { peakRssMb, report } from "../child.ts";

const [provider, keyText, directory, part] = process.argv.slice(2) as [string, string, string, string];
const keys = Number(keyText);
const loads = part === "load";
const loadBatches = 50;
const smallBatches = 40;

export interface LargeStateResult {
  /** Until the first batch was committed, seconds. */
  readonly firstBatchSeconds: number;
  readonly seconds: number;
  /** Of each batch, in order: its time and the part of it that made the state durable, milliseconds. */
  readonly batchMs: readonly number[];
  readonly commitMs: readonly number[];
  readonly cpuSeconds: number;
  readonly keys: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
}

const spark = await SparkSession.builder
  .master("local")
  .config("spark.sql.session.timeZone", "UTC")
  .config("spark.sql.shuffle.partitions", "2")
  .config("spark.sql.streaming.numRecentProgressUpdates", "1000")
  .config("spark.sql.streaming.stateStore.providerClass", provider)
  .config("millrace.state.localDirectory", `${directory}/local`)
  .getOrCreate();
spark.sparkContext.setLogLevel("ERROR");

const startedAt = performance.now();
const query = await spark.readStream
  .format("rate-micro-batch")
  .option("rowsPerBatch", loads ? Math.ceil(keys / loadBatches) : 1000)
  .load()
  // The factor has no divisor in common with the number of keys, so that every key comes, and neighbours are far apart.
  .selectExpr(`value * 7919 % ${keys} AS k`)
  .groupBy("k")
  .count()
  .writeStream.outputMode("update")
  .format("noop")
  .option("checkpointLocation", `${directory}/checkpoint`)
  .start();
const batchesOf = (running: StreamingQuery): number => running.recentProgress.length;
while (batchesOf(query) === 0 && query.isActive) await sleep(2);
const firstBatchSeconds = (performance.now() - startedAt) / 1000;
while (batchesOf(query) < (loads ? loadBatches : smallBatches) && query.isActive) await sleep(2);
const seconds = (performance.now() - startedAt) / 1000;
await query.stop();
if (query.exception !== null) throw query.exception;
const progress = query.recentProgress;
report({
  firstBatchSeconds,
  seconds,
  batchMs: progress.map(({ durationMs }) => durationMs["triggerExecution"]!),
  commitMs: progress.map(({ stateOperators }) => stateOperators[0]!.commitTimeMs),
  cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  keys: progress.at(-1)!.stateOperators[0]!.numRowsTotal,
  rssMb: Math.round(process.memoryUsage().rss / 2 ** 20),
  peakRssMb: peakRssMb(),
} satisfies LargeStateResult);
await spark.stop();

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
