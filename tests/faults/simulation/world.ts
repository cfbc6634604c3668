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
import { finish } from "../../virtual-time.ts";
import { CheckpointWatch } from "./invariants.ts";
import { afterAll, hasLateRows, type History, modelBatches, originMs, timeOf } from "./history.ts";
import { simulatedQueries } from "./queries.ts";
import type { Event, Script, Step, Trouble, Unit } from "./script.ts";
import type { Frame, Oracle, SimulatedQuery } from "./simulated-query.ts";
import { SimulatedThreads } from "./simulated-threads.ts";
import { Poison, textOf, UserStore } from "./user-store.ts";

const ddl = "k STRING, at TIMESTAMP, n INT";
/** Comes last: lets the watermark pass everything else. */
const farAhead: Event = { k: "end", at: 1_000_000_000, n: 2 };

/** How often each kind of trouble came true, over all scripts. */
export type Fired = Map<string, number>;

const rowOf = ({ k, at, n }: Event): object => ({ k, at: at === null ? null : timeOf(at), n });

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
  /** One for each stream of the query, where the source is memory. */
  readonly #streams: readonly MemoryStream[];
  /** What has arrived in each. */
  readonly #units: readonly (readonly Event[])[][];
  readonly #store: UserStore;
  readonly #watch = new CheckpointWatch();
  #files = 0;
  /** What is to happen at the next step of that name; cleared when it has. */
  #atStep: { readonly step: StepName; left: number; readonly act: () => void | Promise<void> } | null = null;
  #throwAtCall = Infinity;
  #stopped = false;
  #life = 0;
  /** Of the last batch that told progress. */
  #stateRows = 0;

  constructor(script: Script, fired: Fired) {
    this.script = script;
    this.fired = fired;
    const query = simulatedQueries.find(({ name }) => name === script.query);
    if (query === undefined) throw new Error(`there is no query '${script.query}'`);
    this.query = query;
    this.#streams = Array.from({ length: query.streams }, () => new LimitedStream(script.rowsPerBatch));
    this.#units = this.#streams.map(() => []);
    this.#store = new UserStore((kind) => this.#count(kind));
    this.runtime = createSimulatedRuntime(7, { startMs: originMs });
  }

  #count(kind: string): void {
    this.fired.set(kind, (this.fired.get(kind) ?? 0) + 1);
  }

  async wait(ms: number): Promise<void> {
    if (ms > 0) await this.runtime.clock.advance(ms);
  }

  async add({ to, rows }: Unit): Promise<void> {
    const stream = Math.min(to, this.query.streams - 1);
    this.#units[stream]!.push(rows);
    const { source } = this.script;
    if (source === "memory") {
      this.#streams[stream]!.add(rows.map(rowOf));
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
    if (this.script.source !== "tail" || this.#units[0]!.length === 0) return;
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

  #session(runtime: SimulatedRuntime, threads = 1, messages = Infinity): Promise<SparkSession> {
    const { script, query } = this;
    const conf: Readonly<Record<string, unknown>> = {
      "spark.sql.session.timeZone": "UTC",
      "spark.sql.shuffle.partitions": script.partitions,
      "spark.sql.streaming.minBatchesToRetain": script.batchesToRetain,
      "spark.sql.streaming.stateStore.minDeltasForSnapshot": script.deltasForSnapshot,
      "spark.sql.streaming.fileSource.log.compactInterval": script.compactInterval,
      "spark.sql.streaming.fileSink.log.compactInterval": script.compactInterval,
      "spark.sql.streaming.fileSink.log.cleanupDelay": 0,
      "millrace.codegen.enabled": script.codegen,
      "millrace.parallel.minBytes": 1,
      ...query.conf,
    };
    const onStep = async (step: StepName): Promise<void> => {
      const planned = this.#atStep;
      if (planned === null || planned.step !== step || runtime !== this.runtime || planned.left-- > 0) return;
      this.#atStep = null;
      await planned.act();
    };
    const workers = new SimulatedThreads(runtime, messages, () => this.#count("thread"));
    const builder = SparkSession.builder
      .master(threads === 1 ? "local" : `local[${threads}]`)
      .engine(async (request) => new EmbeddedEngine(request, { ...runtime, workers }, { onStep }));
    for (const [key, value] of Object.entries(conf)) builder.config(key, String(value));
    return builder.create();
  }

  #events(spark: SparkSession, stream: number): Frame {
    const { source, rowsPerBatch } = this.script;
    const schema = ddl;
    const reader = spark.readStream.schema(schema);
    if (source === "memory") return spark.readStream.from(this.#streams[stream]!, {}) as unknown as Frame;
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
        ? this.#events(spark, 0)
        : (this.#events(spark, 0).map(
            (row) => {
              if (calls++ === throwAt) {
                this.#count("function");
                throw new Poison("a poisoned row");
              }
              return row;
            },
            { k: "string", at: "timestamp", n: "int" },
          ) as unknown as Frame);
    const { query } = this;
    const writer = query
      .build(events, query.streams === 1 ? events : this.#events(spark, 1))
      .writeStream.outputMode(query.mode)
      .option("checkpointLocation", "/checkpoint")
      .trigger({ availableNow: true });
    const late = query.oracle.kind === "model" ? query.oracle.late : undefined;
    if (late !== undefined) {
      writer.lateRows(async (rows, { batchId }) =>
        this.#store.takeLate(batchId, textOf(await rows.select(...(late.columns as never[])).collect())),
      );
    }
    if (this.script.sink === "files") return writer.format("json").start("/out");
    return writer
      .foreachBatch(async (batch, batchId) => this.#store.take(batchId, textOf(await batch.collect())))
      .start();
  }

  /** One life of the process; true: the query came to its end. */
  async run(trouble: Trouble, threads: number): Promise<boolean> {
    this.#life++;
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
    this.#store.failing = trouble.kind === "store" ? { left: trouble.nth, taken: trouble.taken } : null;
    const spark = await this.#session(runtime, threads, trouble.kind === "thread" ? trouble.messages : Infinity);
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
      query = await finish(this.runtime, this.#start(spark));
      await finish(this.runtime, query.awaitTermination());
    } catch (error) {
      failure = error;
    } finally {
      const operators = query?.lastProgress?.stateOperators;
      if (operators !== undefined) this.#stateRows = operators.reduce((sum, { numRowsTotal }) => sum + numRowsTotal, 0);
      await finish(this.runtime, spark.stop());
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
    this.#watch.look(fs.files(), this.#life);
    const errors = (await verifyCheckpoint(fs, "/checkpoint")).filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new Error(`the checkpoint is damaged: ${JSON.stringify(errors)}`);
  }

  /** Nothing is left of what was interrupted. */
  requireNoLeftovers(): void {
    this.#watch.requireLayout(this.runtime.anotherProcess().fs.files());
  }

  /** A query that fails says so by a class that is not that of a bug, and only when something went wrong. */
  #mayFail(trouble: Trouble, failure: unknown): void {
    if (["none", "clock", "thread", "second process"].includes(trouble.kind)) throw failure as Error;
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
  /** The result against the oracle; null when they agree, else the difference. */
  async compare(): Promise<string | null> {
    const spark = await this.#session(this.runtime.anotherProcess());
    try {
      const { oracle, mode, keys, schema } = this.query;
      const { sink } = this.script;
      const found =
        sink === "files"
          ? textOf(await spark.read.schema(schema).json("/out").collect())
          : this.#store.result(mode, keys);
      if (oracle.kind === "model") return this.#compareWithModel(oracle, found);
      const rows = this.#units.flat(2).map(rowOf);
      const wanted = await oracle.build(spark.createDataFrame(rows, ddl) as unknown as Frame).collect();
      return differenceOf("", textOf(wanted), found);
    } finally {
      await spark.stop();
    }
  }

  #compareWithModel(
    { watermarks, rows, late, endsEmpty }: Extract<Oracle, { kind: "model" }>,
    found: readonly string[],
  ): string | null {
    const history: History = this.#watch.history(this.#units);
    const batches = modelBatches([...history, afterAll(history)], watermarks);
    if (hasLateRows(batches)) this.#count("late rows");
    const wanted = rows(batches);
    const due = wanted.at(-1)!;
    if (due.length > 0) return `the query ended before\n${textOf(due).join("\n")}\ncame out`;
    if (endsEmpty && this.#stateRows > 0) return `${this.#stateRows} rows of state are left`;
    for (const [id, { evict }] of batches.slice(0, -1).entries()) {
      const logged = history[id]!.watermarkMs - originMs;
      if (watermarks.delays.length > 0 && logged !== evict) {
        return `the watermark of batch ${id} is ${logged} in the log, and ought to be ${evict}`;
      }
      const lateRows = late === undefined ? [] : textOf(late.rows(batches)[id]!);
      const difference =
        differenceOf(`late rows of batch ${id}`, lateRows, this.#store.lateRows.get(id) ?? []) ??
        (this.script.sink === "files"
          ? null
          : differenceOf(`batch ${id}`, textOf(wanted[id]!), this.#store.batches.get(id) ?? []));
      if (difference !== null) return difference;
    }
    return differenceOf("", textOf(wanted.flat()), found);
  }
}

function differenceOf(what: string, wanted: readonly string[], found: readonly string[]): string | null {
  const [left, right] = [wanted, found].map((rows) => rows.toSorted().join("\n"));
  return left === right ? null : `${what}\n== wanted ==\n${left}\n== found ==\n${right}`;
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

/** Plays a script to its end. Throws when the result, an error or the checkpoint is not as it must be. */
export async function play(script: Script, fired: Fired = new Map()): Promise<void> {
  const world = new World(script, fired);
  const calm: Trouble = { kind: "none" };
  const last: Omit<Step, "add"> = { waitMs: 0, threads: 1, rotate: false, trouble: calm };
  const hour = 3_600_000;
  const steps: readonly Step[] = [
    ...script.steps,
    { ...last, add: [] },
    // After an hour all that waits for the clock is due, with the last rows and without any.
    {
      ...last,
      waitMs: hour,
      add: ([0, 1] as const).slice(0, world.query.streams).map((to) => ({ to, rows: [farAhead] })),
    },
    { ...last, waitMs: hour, add: [] },
  ];
  for (const { add, rotate, trouble, waitMs, threads } of steps) {
    await world.wait(waitMs);
    if (rotate) await world.rotate();
    for (const unit of add) await world.add(unit);
    if (
      script.source !== "memory" &&
      add.length === 0 &&
      (await world.runtime.anotherProcess().fs.stat("/in")) === null
    ) {
      continue;
    }
    const ended = await world.run(trouble, threads);
    if (!ended && trouble === calm) throw new Error("a run without trouble did not come to its end");
  }
  world.requireNoLeftovers();
  const difference = await world.compare();
  if (difference !== null) throw new Error(`the result is wrong\n${difference}`);
}
