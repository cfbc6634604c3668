/** One query with state on a simulated machine, for tests that spoil what it left behind. */
import { MillraceError, SparkSession, type StreamingQuery, window } from "millrace";
import { EmbeddedEngine, type MemoryStream, type Runtime, type SimulatedRuntime, type StepName } from "millrace/engine";

export const eventColumns = "at TIMESTAMP, k STRING";
export const eventSchema = { at: "timestamp", k: "string" } as const;
export const event = (seconds: number, k: string): object => ({ at: new Date(seconds * 1000), k });

export interface Run {
  readonly runtime: Runtime;
  readonly stream: MemoryStream;
  readonly conf?: Readonly<Record<string, string>>;
  readonly onStep?: (step: StepName, batchId: number) => void | Promise<void>;
}

export function sessionOn({ runtime, conf = {}, onStep }: Omit<Run, "stream">): Promise<SparkSession> {
  const builder = SparkSession.builder
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "1")
    .engine(async (request) => new EmbeddedEngine(request, runtime, onStep === undefined ? {} : { onStep }));
  for (const [key, value] of Object.entries(conf)) builder.config(key, value);
  return builder.create();
}

/** Counts per minute and key, in append mode, from `/checkpoint` into `/out`. */
export function startCounts(spark: SparkSession, stream: MemoryStream): Promise<StreamingQuery> {
  return spark.readStream
    .from(stream, eventSchema)
    .withWatermark("at", "10 seconds")
    .groupBy(window("at", "1 minute"), "k")
    .count()
    .selectExpr("unix_timestamp(window.start) AS start", "k", "count")
    .writeStream.format("json")
    .option("checkpointLocation", "/checkpoint")
    .trigger({ availableNow: true })
    .start("/out");
}

/** Runs the query over what is there; the class of its error, or of that error's cause, or null. */
export async function runCounts(run: Run): Promise<string | null> {
  const spark = await sessionOn(run);
  try {
    const query = await startCounts(spark, run.stream);
    await query.awaitTermination();
    return null;
  } catch (error) {
    return classOf(error);
  } finally {
    await spark.stop();
  }
}

/** The class of an error, of what caused it when it is that of the query's end. */
export function classOf(error: unknown): string {
  if (!(error instanceof MillraceError)) throw error;
  if (error.errorClass !== "STREAM_FAILED") return error.errorClass;
  return error.cause instanceof MillraceError ? error.cause.errorClass : String(error.cause);
}

export async function countsIn(runtime: SimulatedRuntime): Promise<string[]> {
  const spark = await sessionOn({ runtime: runtime.anotherProcess() });
  try {
    const rows = await spark.read.schema("start BIGINT, k STRING, count BIGINT").json("/out").collect();
    return rows.map((row) => Object.values(row).map(String).join(" ")).sort();
  } finally {
    await spark.stop();
  }
}
