/**
 * The engine in this process: a session's settings, views and queries, and the way of a plan through analysis,
 * optimization, planning and compilation to rows.
 */
import { checkRealTimeSupport } from "../analyzer/check-real-time-support.ts";
import { checkStreamingSupport } from "../analyzer/check-streaming-support.ts";
import { checkpointFileSystem } from "../checkpoint/encryption/checkpoint-file-system.ts";
import { type CheckpointKey, loadCheckpointKeys } from "../checkpoint/encryption/checkpoint-keys.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { MillraceError } from "../errors/index.ts";
import { compilePlan } from "../execution/compile-plan.ts";
import type { CompiledPlan, CompileOptions, ParallelExecution } from "../execution/context.ts";
import { memorySettings, openOperatorMemory, parseByteSize } from "../execution/memory/operator-memory.ts";
import { WorkerPool } from "../execution/parallel/worker-pool.ts";
import { Turns } from "../execution/turns.ts";
import type { EvalContext } from "../functions/function.ts";
import type { LogicalPlan, Read } from "../logical-plan/logical-plan.ts";
import { schemaOfPlan } from "../logical-plan/output.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import { optimize } from "../optimizer/optimize.ts";
import { planPhysical, type PlanOptions } from "../physical-plan/plan-physical.ts";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import type { FileSystem } from "../runtime/file-system.ts";
import { retriedReads } from "../runtime/retried-reads.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { SinkContext, SinkProvider } from "../sinks/contract.ts";
import { builtInSinks } from "../sinks/registry.ts";
import type { SourceContext, SourceProvider } from "../sources/contract.ts";
import type { StreamingQueryHandle } from "../streaming/contract.ts";
import { booleanSetting, millisSetting } from "../streaming/pinned-settings.ts";
import type { StepName } from "../streaming/query-input.ts";
import { StreamingQueryManager } from "../streaming/query-manager.ts";
import type { StructType } from "../types/data-type.ts";
import { engineOpened, engineStopped } from "./active-engines.ts";
import { analyzePlan } from "./analyze-plan.ts";
import { BatchRun, runBatch, runPartitions } from "./batch-run.ts";
import { CacheManager } from "./cache-manager.ts";
import type { CachedTable } from "./cached-table.ts";
import { canonicalText } from "./canonical-text.ts";
import { distinctValues } from "./distinct-values.ts";
import { GlobalViews } from "./global-views.ts";
import { inputFilesOf } from "./input-files.ts";
import { builtInSources } from "./built-in-sources.ts";
import { SessionCatalog } from "./catalog.ts";
import { SessionConf } from "./conf.ts";
import type {
  Engine,
  EngineRequest,
  ExplainMode,
  LogLevel,
  NewSessionOptions,
  StreamRequest,
  WriteRequest,
} from "./engine.ts";
import { explainText } from "./explain.ts";
import { FormatProviders } from "./format-providers.ts";
import { explainFileErrors } from "./file-errors.ts";
import { loadFunctions } from "./load-functions.ts";
import { leveledRuntime } from "./log-level.ts";
import { absolutePath } from "./paths.ts";
import { restrictPaths } from "./restrict-paths.ts";
import { sourceSizes } from "./source-sizes.ts";
import { startStream } from "./start-stream.ts";
import { TableScans, type TableScanOptions } from "./table-scans.ts";
import { transposed } from "./transposed.ts";
import { userSourceProvider } from "./user-source.ts";
import { version } from "./version.ts";

const never = new AbortController().signal;

/** What only test tools give an engine. */
export interface EmbeddedEngineOptions {
  /** Called when a step of a batch of any query begins, and waited for; what it throws fails the query there. */
  readonly onStep?: (step: StepName, batchId: number, request: StreamRequest) => void | Promise<void>;
}

const largestHeapBytes = 4 * 2 ** 30;

/** `local[n]`: n threads, `local[*]`: one per core, `local`: the calling thread alone. */
function poolFor(
  master: string,
  heap: string | undefined,
  runtime: Runtime,
  warn: (message: string) => void,
): WorkerPool | null {
  const { workers } = runtime;
  if (workers === undefined) return null;
  const [, given] = /^local\[(\d+|\*)(?:,\s*\d+)?\]$/.exec(master) ?? [];
  const threads = given === "*" ? workers.available : Number(given ?? 1);
  if (threads < 2) return null;
  const share = Math.min(largestHeapBytes, runtime.process.memoryTotalBytes / 2 / threads);
  const heapBytes = Math.floor(parseByteSize(heap ?? "") ?? share);
  return new WorkerPool({ workers, clock: runtime.clock, size: threads, heapBytes, warn });
}

export class EmbeddedEngine implements Engine {
  readonly version: string = version;
  readonly conf: SessionConf;
  readonly tables: SessionCatalog;
  readonly cache: CacheManager;
  readonly streams: StreamingQueryManager;
  readonly runtime: Runtime;
  readonly #sinks: FormatProviders<SinkProvider> = new FormatProviders(builtInSinks, "sinkProvider");
  readonly request: EngineRequest;
  readonly options: EmbeddedEngineOptions;
  readonly #base: Runtime;
  readonly #setLogLevel: (level: LogLevel) => void;
  readonly #sources: FormatProviders<SourceProvider> = new FormatProviders(builtInSources, "sourceProvider");
  readonly #stopped = new AbortController();
  readonly #globalViews: GlobalViews;
  /** Threads for parts of plans; null when the session has one thread or the runtime none. */
  readonly #pool: WorkerPool | null;
  #checkpointKeys: Promise<readonly CheckpointKey[]> | undefined;

  constructor(
    request: EngineRequest,
    runtime: Runtime,
    options: EmbeddedEngineOptions = {},
    globalViews: GlobalViews = new GlobalViews(),
    pool?: WorkerPool | null,
  ) {
    this.request = request;
    this.tables = new SessionCatalog(globalViews, request.roles, request.viewsOnly);
    this.#globalViews = globalViews;
    this.options = options;
    this.#base = runtime;
    const warn = (message: string): void => this.runtime.process.log("WARN", message);
    const patient = { ...runtime, fs: retriedReads(runtime.fs, runtime.clock, warn) };
    const restricted = restrictPaths(patient, request.conf.get("millrace.restrictPaths"));
    const leveled = leveledRuntime(restricted, "WARN");
    this.runtime = leveled.runtime;
    this.#setLogLevel = (level) => leveled.set(level);
    this.conf = new SessionConf(request.conf, new Map([["spark.sql.session.timeZone", runtime.process.timeZone]]));
    const heap = this.conf.get("millrace.parallel.heap");
    this.#pool = pool === undefined ? poolFor(request.master, heap, runtime, warn) : pool;
    this.streams = new StreamingQueryManager({
      clock: runtime.clock,
      warn,
    });
    this.cache = new CacheManager(
      (without) => ({
        schema: async (plan) => schemaOfPlan(await this.analyze(plan, without)),
        partitions: (plan) => this.#partitions(plan, undefined, without),
      }),
      openOperatorMemory(
        this.runtime,
        memorySettings((key) => this.conf.get(key), this.runtime),
      ),
      this.tables,
    );
    engineOpened(this);
  }

  async schema(plan: LogicalPlan): Promise<StructType> {
    return schemaOfPlan(await this.analyze(plan));
  }

  async explain(plan: LogicalPlan, mode: ExplainMode): Promise<string> {
    const analyzed = await this.analyze(plan);
    const optimized = this.optimize(analyzed);
    const physical = await this.#plan(optimized, this.#stopped.signal);
    return explainText({ written: plan, analyzed, optimized, physical, compile: () => this.compile(physical) }, mode);
  }

  async *execute(plan: LogicalPlan, signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    const { compiled, run } = await this.#prepare(plan, signal);
    yield* runBatch(compiled, run);
  }

  executePartitions(plan: LogicalPlan, signal?: AbortSignal): AsyncIterable<AsyncIterable<RecordBatch>> {
    return this.#partitions(plan, signal);
  }

  async *#partitions(
    plan: LogicalPlan,
    signal?: AbortSignal,
    without?: CachedTable,
  ): AsyncGenerator<AsyncIterable<RecordBatch>, void, undefined> {
    const { compiled, run } = await this.#prepare(plan, signal, without);
    yield* runPartitions(compiled, run);
  }

  async inputFiles(plan: LogicalPlan): Promise<string[]> {
    return inputFilesOf(await this.analyze(plan), this.tableScanOptions(this.#stopped.signal));
  }

  async canonicalText(plan: LogicalPlan): Promise<string> {
    return canonicalText(this.optimize(await this.analyze(plan)));
  }

  randomSeed(): bigint {
    return (BigInt(this.runtime.random.int32()) << 32n) | BigInt(this.runtime.random.int32() >>> 0);
  }

  async write(plan: LogicalPlan, request: WriteRequest): Promise<void> {
    const { compiled, run } = await this.#prepare(plan, request.signal);
    try {
      const provider = await this.sinkOf(request.format);
      if (provider.openBatch === undefined) {
        throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", {
          provider: provider.names[0]!,
          mode: "a batch write",
        });
      }
      const context: SinkContext = {
        runtime: this.runtime,
        options: request.options,
        path: request.path === undefined ? undefined : absolutePath(request.path, this.runtime),
        schema: compiled.schema,
        partitionColumns: request.partitionBy,
        timeZone: this.conf.required("spark.sql.session.timeZone"),
        conf: (key) => this.conf.get(key),
        warn: (message) => this.runtime.process.log("WARN", message),
        bigint: this.request.bigint,
        timestamps: this.request.temporal ? "temporal" : "date",
      };
      const sink = await provider.openBatch(context, request.mode);
      await sink.write(await compiled.execute(run), run.signal);
      run.completed();
    } finally {
      await run.close();
    }
  }

  async startStream(plan: LogicalPlan, request: StreamRequest): Promise<StreamingQueryHandle> {
    const analyzed = await this.analyze(plan);
    if (!isStreamingPlan(analyzed)) throw new MillraceError("WRITE_STREAM_NOT_ALLOWED", {});
    if (request.trigger.kind === "realTime") this.#checkRealTime(analyzed, request, request.trigger.durationMs);
    checkStreamingSupport(analyzed, request.outputMode, {
      correctness: booleanSetting(
        (key) => this.conf.get(key),
        "spark.sql.streaming.statefulOperator.checkCorrectness.enabled",
        true,
      ),
      warn: (message) => this.runtime.process.log("WARN", message),
    });
    return explainFileErrors(() => startStream(this, analyzed, request));
  }

  #checkRealTime(plan: LogicalPlan, { outputMode, options }: StreamRequest, durationMs: number): void {
    const least = millisSetting((key) => this.conf.get(key), "spark.sql.streaming.realTimeMode.minBatchDuration", 5000);
    if (durationMs < least) {
      throw new MillraceError("INVALID_STREAMING_REAL_TIME_MODE_TRIGGER_INTERVAL", {
        interval: String(durationMs),
        minBatchDuration: String(least),
      });
    }
    if (options.get("asyncprogresstrackingenabled")?.toLowerCase() === "true") {
      throw new MillraceError("STREAMING_REAL_TIME_MODE.ASYNC_PROGRESS_TRACKING_NOT_SUPPORTED", {});
    }
    checkRealTimeSupport(plan, outputMode);
  }

  print(text: string): void {
    this.runtime.process.print(text);
  }

  setLogLevel(level: LogLevel): void {
    this.#setLogLevel(level);
  }

  async newSession(options: NewSessionOptions = {}): Promise<Engine> {
    const roles = options.roles ?? [...this.tables.roles];
    const viewsOnly = this.request.viewsOnly === true || options.viewsOnly === true;
    const more = roles.find((role) => !this.tables.roles.has(role));
    if (more !== undefined) {
      throw new MillraceError("INSUFFICIENT_PERMISSIONS", {
        report: `a session without the role ${more} cannot open one with it.`,
      });
    }
    return new EmbeddedEngine(
      { ...this.request, conf: this.conf.all(), roles, viewsOnly },
      this.#base,
      this.options,
      this.#globalViews,
      this.#pool?.share() ?? null,
    );
  }

  async stop(): Promise<void> {
    const again = this.#stopped.signal.aborted;
    engineStopped(this);
    this.#stopped.abort(new MillraceError("SESSION_STOPPED", {}));
    await this.streams.stopAll();
    await this.cache.close();
    if (!again) this.#pool?.leave();
  }

  // ---- for the parts of the session ---------------------------------------------------------------------------------

  evaluation(): EvalContext {
    return {
      timeZone: this.conf.required("spark.sql.session.timeZone"),
      ansi: this.conf.flag("spark.sql.ansi.enabled"),
      lastMapKeyWins: this.conf.required("spark.sql.mapKeyDedupPolicy").toUpperCase() === "LAST_WIN",
      nowMicros: BigInt(this.runtime.clock.nowMs()) * 1000n,
      seed: 0n,
    };
  }

  /** @param without a cache that is not read from: it is being filled */
  analyze(plan: LogicalPlan, without?: CachedTable): Promise<LogicalPlan> {
    return explainFileErrors(() => this.#analyze(plan, without));
  }

  async #analyze(plan: LogicalPlan, without: CachedTable | undefined): Promise<LogicalPlan> {
    const analyzed = await analyzePlan(plan, {
      replaced: (each) => this.cache.replaced(each, without),
      distinctValues: (input, column) => distinctValues(this, input, column),
      transposed: (input, index) => transposed(this, input, index),
      evaluation: this.evaluation(),
      caseSensitive: this.conf.flag("spark.sql.caseSensitive"),
      catalog: this.tables,
      viewsOnly: this.request.viewsOnly === true,
      loadProvider: (read) => this.loadProvider(read),
      providerOf: (read) => this.providerOf(read),
      sourceContext: (read) => this.sourceContext(read, this.#stopped.signal),
    });
    await loadFunctions(analyzed);
    return analyzed;
  }

  optimize(analyzed: LogicalPlan): LogicalPlan {
    return optimize(analyzed, { evaluation: this.evaluation() });
  }

  planOptions(): PlanOptions {
    const threshold = this.conf.required("spark.sql.autoBroadcastJoinThreshold");
    const pool = this.#pool;
    return {
      broadcastBytes: parseByteSize(threshold) ?? -1,
      shufflePartitions: Number(this.conf.required("spark.sql.shuffle.partitions")),
      ...(pool === null ? {} : { parallel: { threads: pool.size, canRead: (read) => this.#canReadElsewhere(read) } }),
    };
  }

  #parallelExecution(pool: WorkerPool): ParallelExecution {
    return {
      pool,
      conf: () => [...this.conf.all()],
      minBytes: parseByteSize(this.conf.required("millrace.parallel.minBytes"))!,
    };
  }

  #canReadElsewhere(read: Read): boolean {
    if (read.provider !== undefined) return false;
    const provider = this.#sources.get(read.format);
    return provider.openReader !== undefined && provider.canReadElsewhere?.(read.options) !== false;
  }

  compile(physical: PhysicalPlan): CompiledPlan {
    const options: CompileOptions = {
      timeZone: this.conf.required("spark.sql.session.timeZone"),
      ansi: this.conf.flag("spark.sql.ansi.enabled"),
      lastMapKeyWins: this.evaluation().lastMapKeyWins === true,
      codegen: this.conf.flag("millrace.codegen.enabled"),
      bigint: this.request.bigint,
      timestamps: this.request.temporal ? "temporal" : "date",
      ...(this.#pool === null ? {} : { parallel: this.#parallelExecution(this.#pool) }),
    };
    return compilePlan(physical, options);
  }

  /** The sink of a format, or the one that the user gave. */
  async sinkOf(format: string | SinkProvider, also?: string): Promise<SinkProvider> {
    return typeof format === "string" ? this.#sinks.load(format, also) : format;
  }

  /** The source of a read, loaded from its package the first time. Analysis asks for it, so that {@link providerOf} can tell. */
  async loadProvider(read: Read): Promise<SourceProvider> {
    if (read.provider === undefined) await this.#sources.load(read.format);
    return this.providerOf(read);
  }

  providerOf(read: Read): SourceProvider {
    return read.provider === undefined ? this.#sources.get(read.format) : userSourceProvider(read.provider);
  }

  sourceContext(read: Read, signal: AbortSignal): SourceContext {
    return {
      runtime: this.runtime,
      options: read.options,
      paths: read.paths.map((path) => absolutePath(path, this.runtime)),
      timeZone: this.conf.required("spark.sql.session.timeZone"),
      conf: (key) => this.conf.get(key),
      signal,
      warn: (message) => this.runtime.process.log("WARN", message),
      checkpointFiles: (checkpoint) => this.checkpointFiles(checkpoint),
    };
  }

  /**
   * The file system with the files of a checkpoint encrypted, if the session has keys. Keys lie where the embedder says,
   * also outside of what `millrace.restrictPaths` leaves to queries.
   * @param checkpoint null: the temporary one of a query that has none
   */
  async checkpointFiles(checkpoint: string | null): Promise<FileSystem> {
    this.#checkpointKeys ??= loadCheckpointKeys(this.conf.get("millrace.checkpoint.encryption.keys"), this.#base);
    return checkpointFileSystem(this.runtime, checkpoint, await this.#checkpointKeys);
  }

  tableScanOptions(signal: AbortSignal): TableScanOptions {
    return { providerOf: (read) => this.providerOf(read), sourceContext: (read) => this.sourceContext(read, signal) };
  }

  async #plan(optimized: LogicalPlan, signal: AbortSignal): Promise<PhysicalPlan> {
    const sizes = await sourceSizes(optimized, this.tableScanOptions(signal));
    return planPhysical(optimized, { ...this.planOptions(), sizes });
  }

  async #prepare(
    plan: LogicalPlan,
    signal: AbortSignal | undefined,
    without?: CachedTable,
  ): Promise<{ readonly compiled: CompiledPlan; readonly run: BatchRun }> {
    const analyzed = await this.analyze(plan, without);
    if (isStreamingPlan(analyzed)) throw new MillraceError("STREAMING_READ_IN_BATCH", {});
    const stop = AbortSignal.any([this.#stopped.signal, signal ?? never]);
    stop.throwIfAborted();
    const compiled = this.compile(await this.#plan(this.optimize(analyzed), stop));
    const run = new BatchRun(
      {
        nowMicros: this.evaluation().nowMicros,
        seed: BigInt(this.runtime.random.int32()),
        signal: stop,
        turns: new Turns(this.runtime.clock),
        memory: openOperatorMemory(
          this.runtime,
          memorySettings((key) => this.conf.get(key), this.runtime),
        ),
      },
      new TableScans(this.tableScanOptions(stop)),
    );
    return { compiled, run };
  }
}
