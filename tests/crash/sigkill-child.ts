/**
 * The program that the SIGKILL test starts again and again: clicks per user and minute from files to files, on the real
 * disk. It kills itself (or sends itself another signal) when the batch comes to the step that the environment names, or a few
 * milliseconds later. Its threads die with it.
 */
import { SparkSession, window } from "millrace";
import { createNodeRuntime, EmbeddedEngine, type StepName } from "millrace/engine";

const { MILLRACE_DIRECTORY: directory, MILLRACE_KILL_STEP, MILLRACE_KILL_BATCH, MILLRACE_KILL_DELAY } = process.env;

const die = (): void => void process.kill(process.pid, process.env["MILLRACE_SIGNAL"] ?? "SIGKILL");

function onStep(step: StepName, batchId: number): void {
  if (step !== MILLRACE_KILL_STEP || batchId !== Number(MILLRACE_KILL_BATCH)) return;
  const delay = Number(MILLRACE_KILL_DELAY);
  if (delay === 0) die();
  else setTimeout(die, delay);
}

const spark = await SparkSession.builder
  .master(process.env["MILLRACE_MASTER"] ?? "local")
  .config("spark.sql.session.timeZone", "UTC")
  .config("millrace.parallel.minBytes", "1")
  .config("spark.sql.shuffle.partitions", "2")
  .config("spark.sql.streaming.stateStore.minDeltasForSnapshot", "2")
  .config("spark.sql.streaming.stateStore.providerClass", process.env["MILLRACE_STATE"] ?? "memory")
  .config("millrace.state.localDirectory", `${directory}/local`)
  .config("spark.sql.streaming.fileSource.log.compactInterval", "3")
  .config("spark.sql.streaming.fileSink.log.compactInterval", "3")
  .engine(async (request) => new EmbeddedEngine(request, createNodeRuntime(), { onStep }))
  .create();
const query = await spark.readStream
  .schema({ user: "string", at: "timestamp" })
  .option("maxFilesPerTrigger", 2)
  .json(`${directory}/in`)
  .withWatermark("at", "10 seconds")
  .groupBy(window("at", "1 minute"), "user")
  .count()
  .selectExpr("window.start AS start", "user", "count AS n")
  .writeStream.format("json")
  .option("checkpointLocation", `${directory}/checkpoint`)
  .trigger({ availableNow: true })
  .start(`${directory}/out`);
await query.awaitTermination();
await spark.stop();
