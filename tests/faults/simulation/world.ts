/** Plays a script on a simulated machine and compares what comes of it with the oracle of its query. */
import { MillraceError, SparkSession, type StreamingQuery } from "millrace";
import {
  createSimulatedRuntime,
  EmbeddedEngine,
  type FileOperation,
  MemoryStream,
  parseDdl,
  type SimulatedRuntime,
  type StepName,
  verifyCheckpoint,
} from "millrace/engine";
import { CheckpointWatch } from "./invariants.ts";
import { hasLateRows, timeOf } from "./late-row-models.ts";
import { type Frame, type SimulatedQuery, simulatedQueries } from "./queries.ts";
import type { Event, Script, Step, Trouble } from "./script.ts";

const ddl = "k STRING, at TIMESTAMP, n INT";
/** Comes last: lets the watermark pass everything else. */
const farAhead: Event = { k: "end", at: 1_000_000, n: 2 };

/** How often each kind of trouble came true, over all scripts. */
export type Fired = Map<string, number>;

const textOf = (rows: readonly unknown[]): string[] =>
  rows.map((row) => JSON.stringify(row, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v)));

const rowOf = ({ k, at, n }: Event): object => ({ k, at: at === null ? null : timeOf(at), n });
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The user's function was told to throw, or the user's store. */
class Poison extends Error {}

/** Gives a batch so many rows, or a little more. */
class LimitedStream extends MemoryStream {
  readonly #rows: number;
  constructor(rows: number) {
    super(parseDdl(ddl));
    this.#rows = rows;
  }
  override async openStream(...given: Parameters<MemoryStream["openStream"]>): ReturnType<MemoryStream["openStream"]> {
    const source = await super.openStream(...given);
    return { ...source, defaultLimit: { kind: "maxRows", rows: this.#rows } };
  }
}

class World {
  readonly script: Script;
  readonly query: SimulatedQuery;
  readonly fired: Fired;
  runtime: SimulatedRuntime;
  readonly #stream: MemoryStream;
  readonly #units: (readonly Event[])[] = [];
  readonly #batches = new Map<number, string[]>();
  readonly #watch = new CheckpointWatch();
  #files = 0;
  /** What is to happen at the next step of that name; cleared when it has. */
  #atStep: { readonly step: StepName; left: number; readonly act: () => void | Promise<void> } | null = null;
  #throwAtCall = Infinity;
  #storeFails: { left: number; readonly taken: boolean } | null = null;
  #stopped = false;

  constructor(script: Script, fired: Fired) {
    this.script = script;
    this.fired = fired;
    const query = simulatedQueries.find(({ name }) => name === script.query);
    if (query === undefined) throw new Error(`there is no query '${script.query}'`);
    this.query = query;
    this.#stream = new LimitedStream(script.rowsPerBatch);
    this.runtime = createSimulatedRuntime(7, { startMs: 1_700_000_000_000 });
  }

  #count(kind: string): void {
    this.fired.set(kind, (this.fired.get(kind) ?? 0) + 1);
  }

  async add(rows: readonly Event[]): Promise<void> {
    this.#units.push(rows);
    const { source } = this.script;
    if (source === "memory") {
      this.#stream.add(rows.map(rowOf));
      return;
    }
    await this.runtime.clock.advance(1000);
    const bytes = new TextEncoder().encode(rows.map((row) => `${JSON.stringify(rowOf(row))}\n`).join(""));
    const path = source === "tail" ? "/in/log" : `/in/${String(this.#files++).padStart(3, "0")}.json`;
    await this.#change([
      { op: "makeDirectory", path: "/in" },
      source === "tail" ? { op: "append", path, bytes } : { op: "write", path, bytes, exclusive: true },
      { op: "sync", path },
      { op: "syncDirectory", path: "/in" },
    ]);
  }

  async rotate(): Promise<void> {
    if (this.script.source !== "tail" || this.#units.length === 0) return;
    const to = `/in/log.${++this.#files}`;
    if ((await this.runtime.anotherProcess().fs.stat("/in/log")) === null) return;
    await this.#change([
      { op: "rename", from: "/in/log", to },
      { op: "syncDirectory", path: "/in" },
    ]);
    this.#count("rotation");
  }

  /** Another program changes files: the faults of this process are not its. */
  #change(program: readonly FileOperation[]): Promise<void> {
    return this.runtime.anotherProcess().fs.apply(program);
  }

  #session(runtime: SimulatedRuntime): Promise<SparkSession> {
    const { script } = this;
    const conf: Readonly<Record<string, unknown>> = {
      "spark.sql.session.timeZone": "UTC",
      "spark.sql.shuffle.partitions": script.partitions,
      "spark.sql.streaming.minBatchesToRetain": script.batchesToRetain,
      "spark.sql.streaming.stateStore.minDeltasForSnapshot": script.deltasForSnapshot,
      "spark.sql.streaming.fileSource.log.compactInterval": script.compactInterval,
      "spark.sql.streaming.fileSink.log.compactInterval": script.compactInterval,
      "spark.sql.streaming.fileSink.log.cleanupDelay": 0,
      "millrace.codegen.enabled": script.codegen,
    };
    const onStep = async (step: StepName, batchId: number): Promise<void> => {
      const planned = this.#atStep;
      if (planned === null || planned.step !== step || runtime !== this.runtime || planned.left-- > 0) return;
      this.#atStep = null;
      void batchId;
      await planned.act();
    };
    const builder = SparkSession.builder.engine(async (request) => new EmbeddedEngine(request, runtime, { onStep }));
    for (const [key, value] of Object.entries(conf)) builder.config(key, String(value));
    return builder.create();
  }

  #events(spark: SparkSession): Frame {
    const { source, rowsPerBatch } = this.script;
    const schema = ddl;
    const reader = spark.readStream.schema(schema);
    if (source === "memory") return spark.readStream.from(this.#stream, {}) as unknown as Frame;
    if (source === "files") {
      return reader.option("maxFilesPerTrigger", String(Math.ceil(rowsPerBatch / 3))).json("/in") as unknown as Frame;
    }
    return reader
      .format("tail")
      .option("format", "json")
      .option("maxBytesPerTrigger", String(rowsPerBatch * 60))
      .load("/in") as unknown as Frame;
  }

  async #start(spark: SparkSession): Promise<StreamingQuery> {
    let calls = 0;
    const throwAt = this.#throwAtCall;
    const events =
      throwAt === Infinity
        ? this.#events(spark)
        : (this.#events(spark).map(
            (row) => {
              if (calls++ === throwAt) {
                this.#count("function");
                throw new Poison("a poisoned row");
              }
              return row;
            },
            { k: "string", at: "timestamp", n: "int" },
          ) as unknown as Frame);
    const writer = this.query
      .build(events)
      .writeStream.outputMode(this.query.mode)
      .option("checkpointLocation", "/checkpoint")
      .trigger({ availableNow: true });
    if (this.script.sink === "files") return writer.format("json").start("/out");
    return writer.foreachBatch(async (batch, batchId) => this.#take(batchId, textOf(await batch.collect()))).start();
  }

  /** The store of the user's: takes a batch once, by its id, and notices one that comes again with other rows. */
  #take(batchId: number, rows: string[]): void {
    const failing = this.#storeFails !== null && this.#storeFails.left-- === 0 ? this.#storeFails : null;
    if (failing?.taken === false) {
      this.#count("store before");
      throw new Poison("the store is down");
    }
    const before = this.#batches.get(batchId);
    if (before === undefined) this.#batches.set(batchId, rows);
    else if (before.join("\n") !== rows.join("\n")) {
      throw new Error(`batch ${batchId} came again with other rows:\n${before.join("\n")}\n---\n${rows.join("\n")}`);
    }
    if (failing !== null) {
      this.#count("store after");
      throw new Poison("the store did not answer");
    }
  }

  /** One life of the process; true: the query came to its end. */
  async run(trouble: Trouble): Promise<boolean> {
    const survive = "survive" in trouble ? trouble.survive : "all";
    this.runtime = this.runtime.restart({
      power: true,
      survive: "all",
      plan:
        trouble.kind === "disk"
          ? { faults: [trouble.fault] }
          : trouble.kind === "read"
            ? {
                readFaults: Array.from({ length: trouble.times }, (_, i) => ({
                  at: trouble.at + i,
                  code: trouble.code,
                })),
              }
            : {},
    });
    const { runtime } = this;
    this.#stopped = false;
    this.#throwAtCall = trouble.kind === "function" ? trouble.call : Infinity;
    this.#storeFails = trouble.kind === "store" ? { left: trouble.nth, taken: trouble.taken } : null;
    const spark = await this.#session(runtime);
    let query: StreamingQuery | null = null;
    const acts: Readonly<Record<string, () => void | Promise<void>>> = {
      crash: () => {
        runtime.fs.crash(survive);
        throw new Error("the process died");
      },
      stop: () => {
        this.#stopped = true;
        void query?.stop().catch(() => undefined);
      },
      clock: () => runtime.clock.stepWallClock("ms" in trouble ? trouble.ms : 0),
      "second process": () => this.#secondProcess(),
    };
    const act = acts[trouble.kind];
    this.#atStep =
      act !== undefined && "step" in trouble
        ? {
            step: trouble.step,
            left: trouble.nth,
            act: () => {
              const kind = "ms" in trouble ? `clock ${trouble.ms < 0 ? "back" : "forth"}` : trouble.kind;
              this.#count(`${kind} at ${trouble.step}`);
              return act();
            },
          }
        : null;
    let failure: unknown = null;
    try {
      query = await this.#finish(this.#start(spark));
      await this.#finish(query.awaitTermination());
    } catch (error) {
      failure = error;
    } finally {
      await this.#finish(spark.stop());
    }
    if (trouble.kind === "disk") {
      const hit = runtime.fs.log[trouble.fault.at];
      if (hit !== undefined) this.#count(`${trouble.fault.fault} of ${hit.operation}`);
    } else if (trouble.kind === "read" && runtime.fs.readCount > trouble.at) this.#count(`read ${trouble.code}`);
    if (failure !== null) this.#mayFail(trouble, failure);
    await this.#verify();
    return failure === null && !this.#stopped;
  }

  /** Whatever happened, the checkpoint is whole: as one finds it who looks now, or after the machine has started anew. */
  async #verify(): Promise<void> {
    const { fs } = this.runtime.anotherProcess();
    if ((await fs.stat("/checkpoint")) === null) return;
    this.#watch.look(fs.files());
    const errors = (await verifyCheckpoint(fs, "/checkpoint")).filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new Error(`the checkpoint is damaged: ${JSON.stringify(errors)}`);
  }

  /** Nothing is left of what was interrupted. */
  requireNoLeftovers(): void {
    this.#watch.requireLayout(this.runtime.anotherProcess().fs.files());
  }

  /** A query that fails says so by a class that is not that of a bug, and only when something went wrong. */
  #mayFail(trouble: Trouble, failure: unknown): void {
    if (trouble.kind === "none" || trouble.kind === "clock" || trouble.kind === "second process")
      throw failure as Error;
    if (trouble.kind === "stop" && !this.#stopped) throw failure as Error;
    if (this.runtime.fs.crashed) return;
    const cause = rootOf(failure);
    if (cause instanceof Poison || trouble.kind === "crash") return;
    if (trouble.kind === "function" || trouble.kind === "store") throw failure as Error;
    if (!(failure instanceof MillraceError) || failure.errorClass.startsWith("INTERNAL_ERROR")) throw failure as Error;
    const codes = trouble.kind === "disk" ? trouble.fault.fault : trouble.kind === "read" ? trouble.code : "";
    if (!failure.message.includes(codes)) throw failure;
  }

  /** Is refused, while the first lives. */
  async #secondProcess(): Promise<void> {
    const spark = await this.#session(this.runtime.anotherProcess());
    try {
      const query = await this.#start(spark);
      await query.awaitTermination();
      throw new Error("a second process ran the query");
    } catch (error) {
      const cause = error instanceof MillraceError ? error : null;
      if (cause?.errorClass !== "CONCURRENT_QUERY.OTHER_PROCESS") throw error;
    } finally {
      await spark.stop();
    }
  }

  /** Waits for work; when nothing happens for a while, lets the virtual time pass that it waits for. */
  async #finish<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    work.then(end, end);
    for (let turn = 1; !ended; turn++) {
      await nextTurn();
      if (turn % 200 === 0) await this.runtime.clock.advance(1000);
      if (turn > 60_000) throw new Error("the query hangs");
    }
    return work;
  }

  /** The result against the oracle; null when they agree, else the difference. */
  async compare(): Promise<string | null> {
    const spark = await this.#session(this.runtime.anotherProcess());
    try {
      const { oracle, mode, keys } = this.query;
      if (oracle.kind === "model" && hasLateRows(this.#watch.rowsOfBatches(this.#units))) this.#count("late rows");
      if (oracle.kind === "model" && this.script.sink === "store") {
        const model = oracle.rows(this.#watch.rowsOfBatches(this.#units));
        for (const [batchId, rows] of model.entries()) {
          const wanted = textOf(rows).sort().join("\n");
          const found = [...(this.#batches.get(batchId) ?? [])].sort().join("\n");
          if (wanted !== found) return `batch ${batchId}\n== wanted ==\n${wanted}\n== found ==\n${found}`;
        }
        return null;
      }
      const wanted =
        oracle.kind === "model"
          ? textOf(oracle.rows(this.#watch.rowsOfBatches(this.#units)).flat())
          : textOf(
              await oracle
                .build(spark.createDataFrame(this.#units.flat().map(rowOf), ddl) as unknown as Frame)
                .collect(),
            );
      let found: string[];
      if (this.script.sink === "files") {
        found = textOf(await spark.read.schema(this.query.schema).json("/out").collect());
      } else {
        const batches = [...this.#batches].sort(([a], [b]) => a - b).map(([, rows]) => rows);
        if (mode === "complete") found = batches.at(-1) ?? [];
        else if (keys === undefined) found = batches.flat();
        else {
          const latest = new Map<string, string>();
          for (const text of batches.flat()) {
            const row = JSON.parse(text) as Readonly<Record<string, unknown>>;
            latest.set(JSON.stringify(keys.map((key) => row[key])), text);
          }
          found = [...latest.values()];
        }
      }
      const [left, right] = [wanted, found].map((rows) => [...rows].sort().join("\n"));
      return left === right ? null : `== wanted ==\n${left}\n== found ==\n${right}`;
    } finally {
      await spark.stop();
    }
  }
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

/** Plays a script to its end. Throws when the result, an error or the checkpoint is not as it must be. */
export async function play(script: Script, fired: Fired = new Map()): Promise<void> {
  const world = new World(script, fired);
  const calm: Trouble = { kind: "none" };
  const last: Step[] = [
    { add: [], rotate: false, trouble: calm },
    { add: [[farAhead]], rotate: false, trouble: calm },
  ];
  for (const { add, rotate, trouble } of [...script.steps, ...last]) {
    if (rotate) await world.rotate();
    for (const rows of add) await world.add(rows);
    if (
      script.source !== "memory" &&
      add.length === 0 &&
      (await world.runtime.anotherProcess().fs.stat("/in")) === null
    ) {
      continue;
    }
    const ended = await world.run(trouble);
    if (!ended && trouble === calm) throw new Error("a run without trouble did not come to its end");
  }
  world.requireNoLeftovers();
  const difference = await world.compare();
  if (difference !== null) throw new Error(`the result is wrong\n${difference}`);
}
