import type { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type {
  StopOptions,
  StreamingQueries,
  StreamingQueryHandle,
  StreamingQueryListener,
  StreamingQueryProgress,
  StreamingQueryStatus,
} from "../streaming/contract.ts";
import type { DataFrame } from "./data-frame.ts";
import { withOptions } from "./option-map.ts";
import { rowReader } from "./rows.ts";
import type { SessionContext } from "./session-context.ts";

/** The result rows of one committed batch. */
export interface BatchOfRows<R> {
  readonly batchId: number;
  readonly rows: readonly R[];
}

/**
 * A streaming query that was started. It runs until it fails, `stop` is called or its trigger is done;
 * `await using query = …` stops it at the end of the block.
 */
export class StreamingQuery<out R = unknown> implements AsyncDisposable {
  readonly #session: SessionContext;
  readonly #handle: StreamingQueryHandle;
  readonly #frameOf: (plan: LogicalPlan) => DataFrame;

  constructor(session: SessionContext, handle: StreamingQueryHandle, frameOf: (plan: LogicalPlan) => DataFrame) {
    this.#session = session;
    this.#handle = handle;
    this.#frameOf = frameOf;
  }

  /** Stays the same when the query is started again from its checkpoint. */
  get id(): string {
    return this.#handle.id;
  }
  /** New for each start. */
  get runId(): string {
    return this.#handle.runId;
  }
  get name(): string | null {
    return this.#handle.name;
  }
  get isActive(): boolean {
    return this.#handle.isActive;
  }
  /** What the query does right now. */
  get status(): StreamingQueryStatus {
    return this.#handle.status;
  }
  /** The newest progress, or null before the first batch. */
  get lastProgress(): StreamingQueryProgress | null {
    return this.#handle.recentProgress.at(-1) ?? null;
  }
  /** The progress of the last batches (100 by default), the newest last. */
  get recentProgress(): readonly StreamingQueryProgress[] {
    return this.#handle.recentProgress;
  }
  /** The error that ended the query (class STREAM_FAILED), or null. */
  get exception(): MillraceError | null {
    return this.#handle.exception;
  }
  /**
   * Prints the physical plan of the last batch, with `true` or `"extended"` all stages of the plan; with `"watermark"` how far
   * the watermark is, which source holds it back, and what each operator with state waits for.
   */
  explain(mode: boolean | "simple" | "extended" | "watermark" = false): void {
    const wanted = typeof mode === "string" ? mode : mode ? "extended" : "simple";
    this.#session.engine.print(`${this.#handle.explain(wanted)}\n`);
  }
  /**
   * The state of an operator, as the last committed batch left it: a finite DataFrame of `key`, `value` and `partition_id`, as
   * `read.format("statestore")` gives it. Before the first commit an action on it fails with STDS_COMMITTED_BATCH_UNAVAILABLE.
   * @param operator its name, such as `stateStoreSave` or `dedupe` (`dedupe-1` where there are several, counted from the
   * sources on), or its number in progress
   * @param options further options of the format: `joinSide`, `storeName`
   * @throws MillraceError STATE_OPERATOR_NOT_FOUND
   */
  state(operator: string, options: Readonly<Record<string, string>> = {}): DataFrame {
    const { checkpoint, operatorId, batchId } = this.#handle.stateOf(operator);
    const fixed = { operatorId, ...(batchId === null ? {} : { batchId }) };
    return this.#frameOf({
      kind: "Read",
      format: "statestore",
      options: withOptions(new Map(), Object.entries({ ...options, ...fixed })),
      paths: [checkpoint],
      streaming: false,
    });
  }
  /**
   * Waits until the query has ended: true; with a timeout, false when it still runs then.
   * @throws MillraceError STREAM_FAILED when the query failed
   */
  awaitTermination(timeoutMs?: number): Promise<boolean> {
    return this.#handle.awaitTermination(timeoutMs);
  }
  /** Waits until everything that the sources had when it was called is processed and committed. */
  processAllAvailable(): Promise<void> {
    return this.#handle.processAllAvailable();
  }
  /** Ends the query: at once (a batch in the middle is repeated on the next start), or with `drain` after its batch. */
  stop(options?: StopOptions): Promise<void> {
    return this.#handle.stop(options);
  }
  /**
   * The result rows batch by batch, each after it has committed, from now on. The query waits for a slow reader.
   * `for await (const { batchId, rows } of query.changes())`
   */
  async *changes(): AsyncGenerator<BatchOfRows<R>, void, undefined> {
    const read = rowReader<R>(this.#session.values);
    for await (const { batchId, batches } of this.#handle.changes()) {
      yield { batchId, rows: batches.flatMap((batch) => [...read(batch)]) };
    }
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.stop();
  }
}

/** The streaming queries of a session: `spark.streams`. */
export class StreamingQueryManager {
  readonly #session: SessionContext;
  readonly #frameOf: (plan: LogicalPlan) => DataFrame;

  constructor(session: SessionContext, frameOf: (plan: LogicalPlan) => DataFrame) {
    this.#session = session;
    this.#frameOf = frameOf;
  }

  get #queries(): StreamingQueries {
    return this.#session.engine.streams;
  }
  /** The queries that run. */
  get active(): readonly StreamingQuery[] {
    return this.#queries.active.map((handle) => new StreamingQuery(this.#session, handle, this.#frameOf));
  }
  /** A running query by id. */
  get(id: string): StreamingQuery | undefined {
    const handle = this.#queries.get(id);
    return handle === undefined ? undefined : new StreamingQuery(this.#session, handle, this.#frameOf);
  }
  /**
   * Waits until any query has ended since the session began or `resetTerminated` was called: true; with a timeout, false when
   * none had by then.
   * @throws MillraceError STREAM_FAILED when that query failed
   */
  awaitAnyTermination(timeoutMs?: number): Promise<boolean> {
    return this.#queries.awaitAnyTermination(timeoutMs);
  }
  /** Forgets the queries that have ended, so that `awaitAnyTermination` waits for the next one. */
  resetTerminated(): void {
    this.#queries.resetTerminated();
  }
  /** Adds a listener to the events of all queries. */
  addListener(listener: StreamingQueryListener): void {
    this.#queries.addListener(listener);
  }
  removeListener(listener: StreamingQueryListener): void {
    this.#queries.removeListener(listener);
  }
}
