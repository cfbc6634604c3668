import type { Engine, EngineConf, EngineRequest, EngineTables, NewSessionOptions, StreamRequest } from "millrace";
import {
  createSimulatedRuntime,
  EmbeddedEngine,
  type LogicalPlan,
  type RecordBatch,
  type SimulatedRuntime,
  type StreamingQueryHandle,
  type StructType,
  type Survival,
} from "millrace/engine";
import { ScriptSink } from "./script-sink.ts";

/**
 * The engine of a test session: an {@link EmbeddedEngine} on a simulated machine, which is replaced by a new one, on the
 * same disk and clock, when the script says that the process died. Settings, views and listeners are given to the new one,
 * as a program does when it starts.
 */
export class TestEngine implements Engine {
  readonly #request: EngineRequest;
  readonly #views = new Map<string, LogicalPlan>();
  /** What was done to the policies of views, in order. */
  #policies: readonly { readonly view: string; readonly set: (tables: EngineTables) => void }[] = [];
  #runtime: SimulatedRuntime;
  #engine: EmbeddedEngine;

  constructor(request: EngineRequest, seed: number, startMs: number) {
    this.#request = request;
    this.#runtime = createSimulatedRuntime(seed, { startMs });
    this.#engine = this.#open(request.conf);
    this.tables = this.#tables();
  }

  /** The simulated machine as the process that runs now sees it. */
  get runtime(): SimulatedRuntime {
    return this.#runtime;
  }

  /** Ends the process and starts another one. What was not synced is lost as `survive` says. */
  async replaceProcess(survive: Survival): Promise<void> {
    const { conf, streams } = this.#engine;
    const listeners = streams.listeners;
    await this.#engine.stop();
    this.#runtime = this.#runtime.restart({ survive, power: survive !== "all" });
    this.#engine = this.#open(conf.all());
    for (const [name, plan] of this.#views) this.#engine.tables.createView(name, plan, true);
    for (const { set } of this.#policies) set(this.#engine.tables);
    for (const listener of listeners) this.#engine.streams.addListener(listener);
  }

  #open(conf: ReadonlyMap<string, string>): EmbeddedEngine {
    return new EmbeddedEngine({ ...this.#request, conf }, this.#runtime, {
      onStep: (step, batchId, { target }) => {
        if (target.kind === "format" && target.format instanceof ScriptSink) target.format.onStep?.(step, batchId);
      },
    });
  }

  // ---- Engine --------------------------------------------------------------------------------------------------------

  get version(): string {
    return this.#engine.version;
  }
  get conf(): EngineConf {
    return this.#engine.conf;
  }
  get streams(): EmbeddedEngine["streams"] {
    return this.#engine.streams;
  }
  readonly tables: EngineTables;
  #tables(): EngineTables {
    return {
      createView: (name, plan, replace) => {
        this.#engine.tables.createView(name, plan, replace);
        this.#views.set(name, plan);
      },
      dropView: (name) => {
        this.#views.delete(name);
        this.#policies = this.#policies.filter(({ view }) => view !== name);
        return this.#engine.tables.dropView(name);
      },
      createGlobalView: (name, plan, replace) => this.#engine.tables.createGlobalView(name, plan, replace),
      dropGlobalView: (name) => this.#engine.tables.dropGlobalView(name),
      list: () => this.#engine.tables.list(),
      listGlobal: () => this.#engine.tables.listGlobal(),
      find: (name) => this.#engine.tables.find(name),
      roles: new Set(this.#engine.tables.roles),
      setRowFilter: (view, policy) => this.#setPolicy(view, (tables) => tables.setRowFilter(view, policy)),
      setColumnMask: (view, column, policy) =>
        this.#setPolicy(view, (tables) => tables.setColumnMask(view, column, policy)),
    };
  }
  #setPolicy(view: string, set: (tables: EngineTables) => void): void {
    set(this.#engine.tables);
    // Global views do not outlive the process.
    if (this.#views.has(view)) this.#policies = [...this.#policies, { view, set }];
  }
  get cache(): EmbeddedEngine["cache"] {
    return this.#engine.cache;
  }
  schema(plan: LogicalPlan): Promise<StructType> {
    return this.#engine.schema(plan);
  }
  explain(...[plan, mode]: Parameters<Engine["explain"]>): Promise<string> {
    return this.#engine.explain(plan, mode);
  }
  execute(plan: LogicalPlan, signal?: AbortSignal): AsyncIterable<RecordBatch> {
    return this.#engine.execute(plan, signal);
  }
  executePartitions(plan: LogicalPlan, signal?: AbortSignal): AsyncIterable<AsyncIterable<RecordBatch>> {
    return this.#engine.executePartitions(plan, signal);
  }
  inputFiles(plan: LogicalPlan): Promise<string[]> {
    return this.#engine.inputFiles(plan);
  }
  canonicalText(plan: LogicalPlan): Promise<string> {
    return this.#engine.canonicalText(plan);
  }
  randomSeed(): bigint {
    return this.#engine.randomSeed();
  }
  write(...[plan, request]: Parameters<Engine["write"]>): Promise<void> {
    return this.#engine.write(plan, request);
  }
  startStream(plan: LogicalPlan, request: StreamRequest): Promise<StreamingQueryHandle> {
    const { target } = request;
    if (target.kind === "format" && target.format instanceof ScriptSink) target.format.engine = this;
    return this.#engine.startStream(plan, request);
  }
  print(text: string): void {
    this.#engine.print(text);
  }
  setLogLevel(level: Parameters<Engine["setLogLevel"]>[0]): void {
    this.#engine.setLogLevel(level);
  }
  newSession(options?: NewSessionOptions): Promise<Engine> {
    return this.#engine.newSession(options);
  }
  stop(): Promise<void> {
    return this.#engine.stop();
  }
}
