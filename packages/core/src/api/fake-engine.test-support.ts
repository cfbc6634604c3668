/** An engine that runs nothing: what the API makes is looked at. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { structType } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { Engine, EngineRequest, StreamRequest, WriteRequest } from "../session/engine.ts";
import { SparkSession } from "./spark-session.ts";

export interface FakeEngine extends Engine {
  readonly request: EngineRequest;
  readonly executed: LogicalPlan[];
  readonly writes: WriteRequest[];
  readonly starts: StreamRequest[];
  readonly printed: string[];
  /** What `execute` gives. */
  batches: readonly RecordBatch[];
}

export function fakeEngine(request: EngineRequest): FakeEngine {
  const values = new Map([["spark.sql.session.timeZone", "UTC"], ...request.conf]);
  const views = new Map<string, LogicalPlan>();
  const engine: FakeEngine = {
    request,
    version: "0.0.0",
    executed: [],
    writes: [],
    starts: [],
    printed: [],
    batches: [],
    conf: {
      get: (key) => values.get(key),
      set: (key, value) => void values.set(key, value),
      unset: (key) => void values.delete(key),
      all: () => values,
      isModifiable: (key) => key.startsWith("spark.sql."),
    },
    tables: {
      roles: new Set(request.roles),
      setRowFilter: () => undefined,
      setColumnMask: () => undefined,
      createView: (name, plan) => void views.set(name, plan),
      createGlobalView: (name, plan) => void views.set(`global_temp.${name}`, plan),
      dropView: (name) => views.delete(name),
      dropGlobalView: (name) => views.delete(`global_temp.${name}`),
      list: () => [...views.keys()].map((name) => ({ name, namespace: [] })),
      listGlobal: () => [],
      find: (name) => (views.has(name) ? { streaming: views.get(name)?.kind === "Read" } : undefined),
    },
    cache: {
      persist: () => undefined,
      unpersist: async () => undefined,
      levelOf: () => undefined,
      clear: async () => undefined,
      checkpoint: async (plan) => plan,
    },
    streams: {
      active: [],
      get: () => undefined,
      awaitAnyTermination: async () => true,
      resetTerminated: () => undefined,
      addListener: () => undefined,
      removeListener: () => undefined,
    },
    schema: async () => engine.batches[0]?.schema ?? structType([]),
    explain: async (_plan, mode) => `explained ${mode}`,
    async *execute(plan) {
      engine.executed.push(plan);
      yield* engine.batches;
    },
    async *executePartitions(plan) {
      engine.executed.push(plan);
      yield (async function* () {
        yield* engine.batches;
      })();
    },
    inputFiles: async () => [],
    canonicalText: async () => "",
    randomSeed: () => 7n,
    write: async (_plan, given) => void engine.writes.push(given),
    async startStream(_plan, given) {
      engine.starts.push(given);
      return {
        id: "id",
        runId: "run",
        name: given.queryName ?? null,
        isActive: true,
        status: { message: "", isDataAvailable: false, isTriggerActive: false },
        recentProgress: [],
        exception: null,
        schema: structType([]),
        explain: () => "plan",
        stateOf: () => ({ checkpoint: "/checkpoint", operatorId: 0, batchId: null }),
        awaitTermination: async () => true,
        processAllAvailable: async () => undefined,
        stop: async () => undefined,
        async *changes() {
          yield { batchId: 3, batches: engine.batches };
        },
      };
    },
    print: (text) => void engine.printed.push(text),
    setLogLevel: () => undefined,
    newSession: async () => fakeEngine(request),
    stop: async () => undefined,
  };
  return engine;
}

/** A session on a fake engine. */
export async function fakeSession<const O extends ValueOptions = {}>(
  options?: O,
): Promise<{ readonly spark: SparkSession<O>; readonly engine: FakeEngine }> {
  let made: FakeEngine | undefined;
  const builder = SparkSession.builder
    .engine(async (request) => (made = fakeEngine(request)))
    .config(options ?? ({} as O));
  const spark = await builder.create();
  return { spark: spark as SparkSession<O>, engine: made! };
}
