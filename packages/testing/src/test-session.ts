import { loadTemporal } from "millrace/engine";
import { SparkSession } from "millrace";
import type { SimulatedRuntime } from "millrace/engine";
import { TestEngine } from "./test-engine.ts";

export interface TestSessionOptions {
  /** Seed of everything that is drawn: ids, `rand()`, what survives a crash. Default: 1. */
  readonly seed?: number;
  /** The wall clock at the start, in milliseconds since 1970. Default: 0. */
  readonly startMs?: number;
  /** Settings by Spark's names. The time zone is UTC and there are 2 state partitions unless set here. */
  readonly conf?: Readonly<Record<string, string>>;
}

const engines = new WeakMap<SparkSession, TestEngine>();

/** A session on a simulated machine: time moves only when a script says so, and files exist in memory only. */
export async function testSession(options: TestSessionOptions = {}): Promise<SparkSession> {
  let engine: TestEngine | undefined;
  const builder = SparkSession.builder
    .appName("test")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2")
    .engine(async (request) => {
      await loadTemporal();
      return (engine = new TestEngine(request, options.seed ?? 1, options.startMs ?? 0));
    });
  for (const [key, value] of Object.entries(options.conf ?? {})) builder.config(key, value);
  const session = await builder.create();
  engines.set(session, engine!);
  return session;
}

/**
 * The simulated machine of a test session: its disk, to write input files and read output files, and its clock. After a
 * crash in a script, call it again: it gives the machine as the new process sees it.
 */
export function simulatedRuntime(session: SparkSession): SimulatedRuntime {
  const engine = engines.get(session);
  if (engine === undefined) throw new TypeError("This session was not made by testSession().");
  return engine.runtime;
}
