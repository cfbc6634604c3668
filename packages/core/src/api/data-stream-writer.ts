import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan, OptionMap } from "../logical-plan/logical-plan.ts";
import type { OutputMode, SinkProvider } from "../sinks/contract.ts";
import type { StreamTrigger } from "../streaming/contract.ts";
import type { LateRowsOrigin } from "../streaming/late-rows.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { Row, Schema } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";
import type { StreamRequest } from "../session/engine.ts";
import { type OptionValue, outputPathOf, withOptions } from "./option-map.ts";
import type { SessionContext } from "./session-context.ts";
import { StreamingQuery } from "./streaming-query.ts";
import { intervalMillis } from "./trigger-interval.ts";

/**
 * When batches start: `processingTime` at most so often (`"1 second"`, or milliseconds), `availableNow` until all that was
 * there at the start is done, `once` a single batch. `realTime`: rows leave as they arrive, and what was read is written to
 * the checkpoint so often (`"5 minutes"`, or milliseconds); output mode `update`, no operators with state.
 */
export type Trigger =
  | { readonly processingTime: string | number }
  | { readonly availableNow: true }
  | { readonly once: true }
  | { readonly realTime: string | number };

/** Called with the result rows of a stream, one partition after another. */
export interface ForeachWriter<R> {
  /** False skips the rows of this partition; the epoch is the batch id, the same when a batch is repeated. */
  open?(partitionId: number, epochId: number): boolean | Promise<boolean>;
  process(row: R): void | Promise<void>;
  /** Called at the end of a partition, with the error that stopped it or null. */
  close?(error: unknown): void | Promise<void>;
}

type Target = StreamRequest["target"];

/**
 * Writes a stream: `await df.writeStream.outputMode("update").format("console").start()`. With a `checkpointLocation` the
 * query goes on where it stopped, and every row counts once in sinks that can do that.
 */
export class DataStreamWriter<S extends Schema, O extends ValueOptions> {
  readonly #session: SessionContext;
  readonly #plan: LogicalPlan;
  readonly #frameOf: (plan: LogicalPlan) => DataFrame<S, O>;
  #outputMode: OutputMode = "append";
  #trigger: StreamTrigger = { kind: "processingTime", intervalMs: 0 };
  #queryName: string | undefined;
  #sinkName: string | undefined;
  #options: OptionMap = new Map();
  #partitionBy: readonly string[] = [];
  #target: Target = { kind: "format", format: "json" };
  #signal: AbortSignal | undefined;
  #lateRows: StreamRequest["lateRows"];

  constructor(session: SessionContext, plan: LogicalPlan, frameOf: (plan: LogicalPlan) => DataFrame<S, O>) {
    this.#session = session;
    this.#plan = plan;
    this.#frameOf = frameOf;
  }

  /**
   * Which rows each batch writes: `append` those that are final (the default), `update` those that changed, `complete` the
   * whole result.
   */
  outputMode(mode: OutputMode): this {
    const wanted = mode.toLowerCase();
    if (wanted !== "append" && wanted !== "update" && wanted !== "complete") {
      const expected = "The output modes are append, update and complete.";
      throw new MillraceError("INVALID_OPTION", {
        option: "outputMode",
        provider: "writeStream",
        value: mode,
        expected,
      });
    }
    this.#outputMode = wanted;
    return this;
  }
  /** A registered format (`console`, `memory`, `json`, `noop`, …), or a sink of your own. */
  format(format: string | SinkProvider): this {
    this.#target = { kind: "format", format };
    return this;
  }
  /** An option of the sink or the query; names are case-insensitive. `.option("checkpointLocation", "checkpoints/a")` */
  option(name: string, value: OptionValue): this {
    this.#options = withOptions(this.#options, [[name, value]]);
    return this;
  }
  options(options: Readonly<Record<string, OptionValue>>): this {
    this.#options = withOptions(this.#options, Object.entries(options));
    return this;
  }
  /** When batches start; as soon as there is data, unless told otherwise. `.trigger({ processingTime: "1 second" })` */
  trigger(trigger: Trigger): this {
    this.#trigger = streamTrigger(trigger);
    return this;
  }
  /** A name for the query; the memory sink registers its table under it. */
  queryName(name: string): this {
    this.#queryName = name;
    return this;
  }
  /**
   * A name by which the checkpoint knows the sink. Without one it is known by its format and path. A sink may change between two
   * runs: it gets what comes from then on; `millrace checkpoint diff` tells it.
   * @throws MillraceError INVALID_OPTION
   */
  name(name: string): this {
    if (!/^[A-Za-z0-9_]+$/.test(name)) {
      throw new MillraceError("INVALID_OPTION", {
        option: "name",
        provider: "writeStream",
        value: `'${name}'`,
        expected: "Names of sinks consist of ASCII letters, digits and underscores.",
      });
    }
    this.#sinkName = name;
    return this;
  }
  /** Writes rows into directories by the values of columns (file sinks). */
  partitionBy(...columns: readonly string[]): this {
    this.#partitionBy = columns;
    return this;
  }
  /** Calls a function with each row, or a writer with the rows of each partition. At least once for each row. */
  foreach(writer: ForeachWriter<Row<S, O>> | ((row: Row<S, O>) => void | Promise<void>)): this {
    const callbacks = typeof writer === "function" ? { process: writer } : writer;
    this.#target = { kind: "foreach", callbacks: callbacks as ForeachWriter<unknown> };
    return this;
  }
  /**
   * Calls a function with each batch as a finite DataFrame and its id. The id is the same when a batch is repeated after a
   * crash, which lets the function write exactly once.
   */
  foreachBatch(run: (batch: DataFrame<S, O>, batchId: number) => void | Promise<void>): this {
    const frameOf = this.#frameOf;
    this.#target = { kind: "foreachBatch", run: async (plan, batchId) => run(frameOf(plan), batchId) };
    return this;
  }
  /**
   * Calls a function with the rows that an operator dropped as late in a batch, as a finite DataFrame: once for each operator
   * and batch that dropped some, when the batch's results are written. At least once: a batch that is repeated after a crash
   * brings the same rows with the same id. Rows have all columns that reach the operator, below a grouping by window also
   * `window`; a row that is late for several sliding windows comes once for each.
   * @throws MillraceError UNSUPPORTED_STREAMING_OPERATION from `start`, when no operator of the query drops late rows
   */
  lateRows(take: (rows: DataFrame, origin: LateRowsOrigin) => void | Promise<void>): this {
    const frameOf = this.#frameOf as unknown as (plan: LogicalPlan) => DataFrame;
    this.#lateRows = async (plan, origin) => take(frameOf(plan), origin);
    return this;
  }
  /** Aborting stops the query. */
  signal(signal: AbortSignal): this {
    this.#signal = signal;
    return this;
  }
  /** Starts the query; resolves when it runs. The path is where a file sink writes; it may also be the option `path`. */
  async start(path?: string): Promise<StreamingQuery<Row<S, O>>> {
    const target: Target =
      this.#target.kind === "format"
        ? { ...this.#target, ...outputPathOf(path, this.#options, "start") }
        : this.#target;
    const handle = await this.#session.engine.startStream(this.#plan, {
      outputMode: this.#outputMode,
      trigger: this.#trigger,
      options: this.#options,
      partitionBy: this.#partitionBy,
      target,
      ...(this.#queryName === undefined ? {} : { queryName: this.#queryName }),
      ...(this.#sinkName === undefined ? {} : { sinkName: this.#sinkName }),
      ...(this.#lateRows === undefined ? {} : { lateRows: this.#lateRows }),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
    const frameOf = this.#frameOf as unknown as (plan: LogicalPlan) => DataFrame;
    return new StreamingQuery<Row<S, O>>(this.#session, handle, frameOf);
  }
}

function streamTrigger(trigger: Trigger): StreamTrigger {
  const given = Object.keys(trigger);
  if (given.length !== 1) {
    throw new MillraceError("INVALID_TRIGGER", { reason: `it must say one thing, but says [${given.join(", ")}]` });
  }
  if ("processingTime" in trigger) {
    return { kind: "processingTime", intervalMs: intervalMillis(trigger.processingTime) };
  }
  if ("availableNow" in trigger) return { kind: "availableNow" };
  if ("once" in trigger) return { kind: "once" };
  if ("realTime" in trigger) return { kind: "realTime", durationMs: intervalMillis(trigger.realTime) };
  throw new MillraceError("INVALID_TRIGGER", {
    reason:
      given[0] === "continuous"
        ? "continuous processing is not supported; realTime gives rows out as they arrive"
        : `${given.join(", ")} is unknown; use processingTime, availableNow, once or realTime`,
  });
}
