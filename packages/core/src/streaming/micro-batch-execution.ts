/**
 * One run of a streaming query: the loop that makes and runs micro-batches, and the handle by which a user holds it.
 *
 * The loop is the only one that changes the query. Everything that comes from outside (stop, wake-ups, waiting users) talks
 * to it through two signals: `stop` lets no further batch begin, `abort` also gives up the running one.
 */
import { type MillraceError, isMillraceError } from "../errors/index.ts";
import type { Clock } from "../runtime/clock.ts";
import type { StructType } from "../types/data-type.ts";
import { abortable } from "./abortable.ts";
import type { BatchMetrics } from "./batch-metrics.ts";
import { CommittedBatches } from "./committed-batches.ts";
import { constructBatch } from "./construct-batch.ts";
import type {
  CommittedBatch,
  StateLocation,
  StopOptions,
  StreamingQueryHandle,
  StreamingQueryProgress,
  StreamingQueryStatus,
} from "./contract.ts";
import type { ListenerBus } from "./listener-bus.ts";
import { closeQuery, openQuery } from "./open-query.ts";
import { operatorNamed } from "./operator-names.ts";
import { countSetting, millisSetting } from "./pinned-settings.ts";
import { DurationRecorder, formatTimestamp } from "./progress.ts";
import { streamFailed } from "./query-failure.ts";
import { leaseRenewalMs, type QueryCheckpoint } from "./query-checkpoint.ts";
import type { StreamingQueryInput } from "./query-input.ts";
import { endLookAhead } from "./look-ahead.ts";
import type { CurrentBatch, QueryRun } from "./query-run.ts";
import { runRealTimeBatch } from "./real-time-batch.ts";
import { type BatchOutcome, runBatch } from "./run-batch.ts";
import { watermarkProgress, watermarkText } from "./watermark-report.ts";
import { runTrigger, type PassResult } from "./trigger.ts";
import { triggerProgress } from "./trigger-progress.ts";
import { WakeUp } from "./wake-up.ts";

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  // Whoever waits sees a rejection; that nobody waits is no error of the process.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

interface TriggerStart {
  readonly startMs: number;
  /** On the monotonic clock. */
  readonly startedAt: number;
}

/** Turns of the microtask queue that the caller of `start` gets before the loop begins. */
const startTurns = 32;

/** What a query needs of its session besides its input. */
export interface QueryHost {
  readonly bus: ListenerBus;
  /** Called once, when nothing of the query runs any more and before its termination is announced. */
  ended(query: MicroBatchExecution): void;
}

export class MicroBatchExecution implements StreamingQueryHandle {
  readonly id: string;
  readonly runId: string;
  readonly name: string | null;
  readonly #input: StreamingQueryInput;
  readonly #host: QueryHost;
  readonly #clock: Clock;
  readonly #checkpoint: QueryCheckpoint;
  readonly #abort: AbortController;
  readonly #stop: AbortController;
  readonly #run: QueryRun;
  readonly #wakeUp: WakeUp;
  readonly #terminated: Deferred<void> = deferred();
  readonly #progressKept: number;
  readonly #pollingDelayMs: number;
  readonly #idleEventIntervalMs: number;
  readonly #polls: boolean;
  #lastMetrics: BatchMetrics | null = null;
  #recentProgress: StreamingQueryProgress[] = [];
  #status: StreamingQueryStatus = {
    message: "Initializing StreamExecution",
    isDataAvailable: false,
    isTriggerActive: false,
  };
  #active = true;
  #exception: MillraceError<"STREAM_FAILED"> | null = null;
  /** Calls of processAllAvailable that no idle pass has answered yet. */
  #waiting: Deferred<void>[] = [];
  #maintenance: Promise<void> = Promise.resolve();
  #previousStartMs: number | null = null;
  /** On the monotonic clock: the last batch or idle event. */
  #lastActiveAt = -Infinity;

  /**
   * Opens the query; nothing runs before {@link begin}. The checkpoint's lease must be held, and is given back when opening
   * fails or the query ends.
   */
  static async open(
    input: StreamingQueryInput,
    checkpoint: QueryCheckpoint,
    host: QueryHost,
  ): Promise<MicroBatchExecution> {
    const abort = new AbortController();
    const stop = new AbortController();
    const runId = input.runtime.random.uuid();
    const committed = new CommittedBatches();
    let query: MicroBatchExecution | null = null;
    const setStatus = (message: string, isDataAvailable?: boolean): void => query?.setStatus(message, isDataAvailable);
    try {
      const control = { runId, committed, setStatus, abort: abort.signal, stop: stop.signal };
      const run = await openQuery(input, checkpoint, control);
      query = new MicroBatchExecution(input, checkpoint, run, host, abort, stop);
      return query;
    } catch (error) {
      abort.abort();
      await checkpoint.release().catch(() => undefined);
      throw error;
    }
  }

  private constructor(
    input: StreamingQueryInput,
    checkpoint: QueryCheckpoint,
    run: QueryRun,
    host: QueryHost,
    abort: AbortController,
    stop: AbortController,
  ) {
    this.id = checkpoint.queryId;
    this.runId = run.runId;
    this.name = input.name;
    this.#input = input;
    this.#host = host;
    this.#clock = input.runtime.clock;
    this.#checkpoint = checkpoint;
    this.#run = run;
    this.#abort = abort;
    this.#stop = stop;
    this.#wakeUp = new WakeUp(this.#clock);
    this.#progressKept = countSetting(input.conf, "spark.sql.streaming.numRecentProgressUpdates", 100, 0);
    this.#pollingDelayMs = millisSetting(input.conf, "spark.sql.streaming.pollingDelay", 10);
    this.#idleEventIntervalMs = millisSetting(input.conf, "spark.sql.streaming.noDataProgressEventInterval", 10_000);
    this.#polls = run.sources.some(({ source }) => source.onAvailable === undefined || source.mayMissNews === true);
    for (const { source } of run.sources) source.onAvailable?.(() => this.#wakeUp.wake());
  }

  get isActive(): boolean {
    return this.#active;
  }
  get status(): StreamingQueryStatus {
    return this.#status;
  }
  get recentProgress(): readonly StreamingQueryProgress[] {
    return [...this.#recentProgress];
  }
  get exception(): MillraceError | null {
    return this.#exception;
  }
  get schema(): StructType {
    return this.#run.plan.compiled.schema;
  }
  explain(mode: "simple" | "extended" | "watermark"): string {
    if (mode !== "watermark") return this.#input.explain(mode === "extended", this.#run.plan);
    return watermarkText(watermarkProgress(this.#run, this.#lastMetrics));
  }
  stateOf(operator: string): StateLocation {
    const { operatorId } = operatorNamed(this.#run.state.operators, operator);
    return { checkpoint: this.#checkpoint.path, operatorId, batchId: this.#run.committedBatchId };
  }
  changes(): AsyncIterable<CommittedBatch> {
    return this.#run.committed.subscribe();
  }

  setStatus(message: string, isDataAvailable: boolean = this.#status.isDataAvailable): void {
    this.#status = { ...this.#status, message, isDataAvailable };
  }

  /** Announces the start and starts the loop. */
  begin(): void {
    const { id, runId, name } = this;
    const timestamp = formatTimestamp(this.#clock.nowMs());
    this.#host.bus.post({ kind: "started", event: { id, runId, name, timestamp } });
    const onAbort = (): void => void this.stop();
    const { signal } = this.#input;
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    void this.#live().finally(() => signal?.removeEventListener("abort", onAbort));
  }

  async awaitTermination(timeoutMs?: number): Promise<boolean> {
    if (timeoutMs === undefined) return this.#terminated.promise.then(() => true);
    const waiting = new AbortController();
    try {
      return await Promise.race([
        this.#terminated.promise.then(() => true),
        this.#clock.sleep(timeoutMs, waiting.signal).then(
          () => false,
          () => false,
        ),
      ]);
    } finally {
      waiting.abort();
    }
  }

  async processAllAvailable(): Promise<void> {
    if (this.#exception !== null) throw this.#exception;
    if (!this.#active) return;
    const waiter = deferred<void>();
    this.#waiting.push(waiter);
    this.#wakeUp.wake();
    await waiter.promise;
  }

  async stop(options: StopOptions = {}): Promise<void> {
    this.#stop.abort();
    if (options.drain !== true) this.#abort.abort();
    await this.#terminated.promise.catch(() => undefined);
  }

  // ---- the loop ------------------------------------------------------------------------------------------------------

  async #live(): Promise<void> {
    let failure: unknown = null;
    // Whoever awaited the start takes hold of the query (`changes`) before its first batch begins.
    for (let turn = 0; turn < startTurns; turn++) await Promise.resolve();
    try {
      await runTrigger(this.#run.trigger, {
        clock: this.#clock,
        stopped: () => this.#stop.signal.aborted,
        pass: () => (this.#run.trigger.kind === "realTime" ? this.#realTimePass() : this.#pass()),
        waitForData: () => this.#wakeUp.sleep(this.#idleDelayMs(), this.#stop.signal),
        waitForTick: (ms) => this.#tick(ms),
        fellBehind: (elapsedMs, intervalMs) =>
          this.#input.runtime.process.log(
            "WARN",
            `Current batch is falling behind. The trigger interval is ${intervalMs} ms, but spent ${Math.round(elapsedMs)} ms`,
          ),
      });
    } catch (error) {
      // What an aborted batch throws is the consequence of stopping; a bug of the engine is shown all the same.
      if (!this.#abort.signal.aborted || isMillraceError(error, "INTERNAL_ERROR")) failure = error;
    }
    await this.#end(failure);
  }

  /** A tick ends early only for a stop. */
  async #tick(ms: number): Promise<void> {
    const { signal } = this.#stop;
    const dueAt = this.#clock.monotonicMs() + ms;
    for (let left = ms; left > 0 && !signal.aborted; left = dueAt - this.#clock.monotonicMs()) {
      try {
        await this.#clock.sleep(Math.min(left, leaseRenewalMs), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        return;
      }
      await this.#checkpoint.keepLease();
    }
  }

  #idleDelayMs(): number {
    if (this.#polls) return this.#pollingDelayMs;
    // A timer or timeout is waited for as data is.
    const untilDue = Math.max(0, this.#run.dueMs - this.#clock.nowMs());
    return Math.min(this.#idleWithoutPollingMs(), untilDue);
  }
  #idleWithoutPollingMs(): number {
    const untilEvent = this.#lastActiveAt + this.#idleEventIntervalMs - this.#clock.monotonicMs();
    return Math.max(this.#pollingDelayMs, Math.min(untilEvent, this.#idleEventIntervalMs));
  }

  /** One batch of the trigger `realTime`, as long as it lasts. */
  async #realTimePass(): Promise<PassResult> {
    const run = this.#run;
    const times = this.#begin();
    let answered = 0;
    try {
      const result = await runRealTimeBatch(run, {
        wakeUp: this.#wakeUp,
        ending: () => (answered = this.#waiting.length) > 0,
      });
      if (result === null) {
        this.#idle(this.#waiting.splice(0, answered));
        return "idle";
      }
      await this.#finish(result.batch, result.outcome, times);
      for (const waiter of this.#waiting.splice(0, answered)) waiter.resolve();
      return "batch";
    } finally {
      this.#status = { ...this.#status, isTriggerActive: false };
    }
  }

  /** One trigger: makes a batch if there is something to do, and runs it. */
  async #pass(): Promise<PassResult> {
    const run = this.#run;
    const asked = this.#waiting;
    this.#waiting = [];
    this.#wakeUp.clear();
    const times = this.#begin();
    try {
      await this.#checkpoint.keepLease();
      if (run.batch === null) await constructBatch(run);
      const batch = run.batch;
      if (batch === null) {
        this.#idle(asked);
        return "idle";
      }
      // Not answered by this pass: after the batch there may be more.
      this.#waiting = [...asked, ...this.#waiting];
      const outcome = await runBatch(run, batch);
      await this.#finish(batch, outcome, times);
      return "batch";
    } catch (error) {
      this.#waiting = [...new Set([...asked, ...this.#waiting])];
      throw error;
    } finally {
      this.#status = { ...this.#status, isTriggerActive: false };
    }
  }

  #begin(): TriggerStart {
    this.#run.durations = new DurationRecorder(() => this.#clock.monotonicMs());
    this.#status = { ...this.#status, isTriggerActive: true };
    return { startMs: this.#clock.nowMs(), startedAt: this.#clock.monotonicMs() };
  }

  /** P11: the batch is committed. */
  async #finish(batch: CurrentBatch, outcome: BatchOutcome, { startMs, startedAt }: TriggerStart): Promise<void> {
    const run = this.#run;
    run.batch = null;
    this.#lastMetrics = outcome.metrics;
    await run.step("P11", batch.batchId);
    const latest = await abortable(this.#clock, run.abort, () =>
      Promise.all(run.sources.map(({ source }) => source.reportLatestOffset())),
    );
    run.durations.add("triggerExecution", this.#clock.monotonicMs() - startedAt);
    this.#keep(
      triggerProgress(run, batch, outcome, latest, {
        name: this.name,
        startMs,
        previousStartMs: this.#previousStartMs,
        elapsedMs: this.#clock.monotonicMs() - startedAt,
      }),
    );
    this.#previousStartMs = startMs;
    this.#maintain(batch.batchId);
    if (outcome.rows !== null) {
      await run.committed.publish({ batchId: batch.batchId, batches: outcome.rows }, this.#stop.signal);
    }
    this.#lastActiveAt = this.#clock.monotonicMs();
    this.setStatus("Waiting for next trigger");
  }

  #idle(asked: readonly Deferred<void>[]): void {
    this.setStatus("Waiting for data to arrive", false);
    for (const waiter of asked) waiter.resolve();
    const now = this.#clock.monotonicMs();
    if (now - this.#lastActiveAt < this.#idleEventIntervalMs) return;
    this.#lastActiveAt = now;
    const { id, runId } = this;
    this.#host.bus.post({ kind: "idle", event: { id, runId, timestamp: formatTimestamp(this.#clock.nowMs()) } });
  }

  #keep(progress: StreamingQueryProgress): void {
    this.#recentProgress.push(progress);
    if (this.#recentProgress.length > this.#progressKept) this.#recentProgress.shift();
    this.#host.bus.post({ kind: "progress", event: { progress } });
  }

  /**
   * Snapshots and removal of old files: begun after a batch, beside the next one. It never fails the query: what it could
   * not do is done after a later batch.
   */
  #maintain(batchId: number): void {
    const run = this.#run;
    const work = [run.state.maintain(), run.checkpoint.purge(batchId - run.minBatchesToRetain)];
    this.#maintenance = Promise.allSettled([this.#maintenance, ...work]).then((results) => {
      for (const result of results) {
        if (result.status === "rejected") {
          this.#input.runtime.process.log(
            "WARN",
            `Maintenance of ${run.checkpoint.path} failed: ${String(result.reason)}`,
          );
        }
      }
    });
  }

  async #end(failure: unknown): Promise<void> {
    const { runtime } = this.#input;
    const run = this.#run;
    if (failure !== null) {
      this.#exception = streamFailed(failure, {
        id: this.id,
        runId: this.runId,
        batchId: run.batch?.batchId ?? -1,
        sources: run.sources.map((s) => `${s.source.description} from ${s.start ?? "-"} to ${s.end ?? "-"}`),
      });
      runtime.process.log("ERROR", this.#exception.message);
    }
    this.#abort.abort();
    this.#stop.abort();
    await endLookAhead(run);
    await this.#maintenance;
    await run.state.close();
    await closeQuery(this.#input, run.sources, run.sink);
    await this.#checkpoint.release().catch((error: unknown) => {
      runtime.process.log("WARN", `The lease of ${this.#checkpoint.path} could not be given back: ${String(error)}`);
    });
    if (failure === null) await this.#removeTemporaryCheckpoint();
    this.#active = false;
    const exception = this.#exception;
    this.setStatus(exception === null ? "Stopped" : `Terminated with exception: ${exception.message}`, false);
    run.committed.end(exception);
    for (const waiter of this.#waiting) {
      if (exception === null) waiter.resolve();
      else waiter.reject(exception);
    }
    this.#waiting = [];
    this.#host.ended(this);
    const { id, runId } = this;
    this.#host.bus.post({
      kind: "terminated",
      event: {
        id,
        runId,
        exception: exception?.message ?? null,
        errorClassOnException: exception === null ? null : (causeClass(exception) ?? exception.errorClass),
      },
    });
    if (exception === null) this.#terminated.resolve();
    else this.#terminated.reject(exception);
  }

  async #removeTemporaryCheckpoint(): Promise<void> {
    if (this.#input.checkpointPath !== null) return;
    const { runtime } = this.#input;
    await runtime.fs.apply([{ op: "removeTree", path: this.#checkpoint.path }]).catch((error: unknown) => {
      runtime.process.log(
        "WARN",
        `The temporary checkpoint ${this.#checkpoint.path} could not be removed: ${String(error)}`,
      );
    });
  }
}

function causeClass(error: MillraceError): string | null {
  return isMillraceError(error.cause) ? error.cause.errorClass : null;
}
