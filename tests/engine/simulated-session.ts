import { SparkSession } from "millrace";
import { createSimulatedRuntime, EmbeddedEngine, type SimulatedRuntime } from "millrace/engine";

export interface SimulatedSession extends AsyncDisposable {
  readonly spark: SparkSession;
  readonly runtime: SimulatedRuntime;
  readonly engine: EmbeddedEngine;
}

/** A session of the public API on a simulated machine. */
export async function simulatedSession(
  runtime: SimulatedRuntime = createSimulatedRuntime(1),
  conf: Readonly<Record<string, string>> = {},
): Promise<SimulatedSession> {
  let engine: EmbeddedEngine | undefined;
  const builder = SparkSession.builder
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2")
    .engine(async (request) => (engine = new EmbeddedEngine(request, runtime)));
  for (const [key, value] of Object.entries(conf)) builder.config(key, value);
  const spark = await builder.create();
  return { spark, runtime, engine: engine!, [Symbol.asyncDispose]: () => spark.stop() };
}
