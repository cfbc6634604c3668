/** The streaming queries of a session. */
import { MillraceError } from "../errors/index.ts";
import type { Clock } from "../runtime/clock.ts";
import type { StreamingQueries, StreamingQueryHandle, StreamingQueryListener } from "./contract.ts";
import { ListenerBus } from "./listener-bus.ts";
import { MicroBatchExecution } from "./micro-batch-execution.ts";
import { booleanSetting } from "./pinned-settings.ts";
import { checkpointQueryId, openCheckpoint } from "./query-checkpoint.ts";
import type { StreamingQueryInput } from "./query-input.ts";

export interface QueryManagerOptions {
  readonly clock: Clock;
  /** Diagnostics about listeners. */
  warn(message: string): void;
}

interface Waiter {
  resolve(ended: boolean): void;
  reject(error: unknown): void;
}

export class StreamingQueryManager implements StreamingQueries {
  readonly #clock: Clock;
  readonly #bus: ListenerBus;
  readonly #active = new Map<string, MicroBatchExecution>();
  /** Names and ids of queries that are being started. */
  readonly #starting = new Set<string>();
  /** The first failure, or null for a clean end, since the last reset; undefined when none has ended. */
  #terminated: MillraceError | null | undefined = undefined;
  #waiters: Waiter[] = [];

  constructor(options: QueryManagerOptions) {
    this.#clock = options.clock;
    this.#bus = new ListenerBus((message) => options.warn(message));
  }

  get active(): readonly StreamingQueryHandle[] {
    return [...this.#active.values()];
  }
  get(id: string): StreamingQueryHandle | undefined {
    return this.#active.get(id);
  }
  addListener(listener: StreamingQueryListener): void {
    this.#bus.add(listener);
  }
  removeListener(listener: StreamingQueryListener): void {
    this.#bus.remove(listener);
  }
  /** Those that were added and not removed. */
  get listeners(): readonly StreamingQueryListener[] {
    return this.#bus.listeners;
  }

  async awaitAnyTermination(timeoutMs?: number): Promise<boolean> {
    if (this.#terminated !== undefined) {
      if (this.#terminated !== null) throw this.#terminated;
      return true;
    }
    const timeout = new AbortController();
    return new Promise<boolean>((resolve, reject) => {
      const waiter: Waiter = {
        resolve: (ended) => {
          timeout.abort();
          resolve(ended);
        },
        reject: (error) => {
          timeout.abort();
          reject(error as Error);
        },
      };
      this.#waiters.push(waiter);
      if (timeoutMs === undefined) return;
      this.#clock.sleep(timeoutMs, timeout.signal).then(
        () => {
          this.#waiters = this.#waiters.filter((other) => other !== waiter);
          resolve(false);
        },
        () => undefined,
      );
    });
  }

  resetTerminated(): void {
    this.#terminated = undefined;
  }

  /**
   * Starts a query. Rejects when it cannot start: its name or checkpoint is in use, the checkpoint does not fit the query,
   * a source or the sink cannot be opened. A query of this session that runs on the same checkpoint is stopped first,
   * unless `spark.sql.streaming.stopActiveRunOnRestart` is false.
   */
  async start(input: StreamingQueryInput): Promise<StreamingQueryHandle> {
    const name = input.name === null ? null : `name ${input.name}`;
    if (name !== null && (this.#starting.has(name) || this.active.some((query) => query.name === input.name))) {
      throw new MillraceError("STREAMING_QUERY_NAME_IN_USE", { name: input.name ?? "" });
    }
    const path = input.checkpointPath === null ? null : `path ${input.checkpointPath}`;
    if (path !== null && this.#starting.has(path)) {
      throw new MillraceError("CONCURRENT_QUERY.SAME_SESSION", { path: input.checkpointPath ?? "" });
    }
    const reserved = [name, path].filter((key) => key !== null);
    for (const key of reserved) this.#starting.add(key);
    try {
      await this.#stopActiveRun(input);
      const checkpoint = await openCheckpoint(input);
      const query = await MicroBatchExecution.open(input, checkpoint, {
        bus: this.#bus,
        ended: (ended) => this.#ended(ended),
      });
      this.#active.set(query.id, query);
      query.begin();
      return query;
    } finally {
      for (const key of reserved) this.#starting.delete(key);
    }
  }

  async #stopActiveRun(input: StreamingQueryInput): Promise<void> {
    if (input.checkpointPath === null) return;
    const id = await checkpointQueryId(input.runtime, input.checkpointPath);
    const running = id === null ? undefined : this.#active.get(id);
    if (running === undefined) return;
    if (!booleanSetting((key) => input.conf(key), "spark.sql.streaming.stopActiveRunOnRestart", true)) {
      throw new MillraceError("CONCURRENT_QUERY.SAME_SESSION", { path: input.checkpointPath });
    }
    input.runtime.process.log(
      "WARN",
      `Stopping existing streaming query [id=${running.id}, runId=${running.runId}], as a new run is being started.`,
    );
    await running.stop();
  }

  #ended(query: MicroBatchExecution): void {
    this.#active.delete(query.id);
    const { exception } = query;
    // A failure stays the answer until the reset, whatever ends cleanly after it.
    this.#terminated = this.#terminated ?? exception;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (exception === null) waiter.resolve(true);
      else waiter.reject(exception);
    }
  }

  /** Stops all queries; resolves when nothing of them runs any more. */
  async stopAll(options: { readonly drain?: boolean } = {}): Promise<void> {
    await Promise.all([...this.#active.values()].map((query) => query.stop(options)));
  }
}
