/** The rows of one batch in real time: through the plan piece by piece, and to the sink as they come out. */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { BatchContext, EventTimeStats } from "../execution/context.ts";
import { memorySettings, openOperatorMemory, type OperatorMemory } from "../execution/memory/operator-memory.ts";
import type { JoinRun } from "../execution/operators/join-core.ts";
import { Turns } from "../execution/turns.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { RealTimeWrite } from "../sinks/contract.ts";
import type { OffsetJson } from "../sources/contract.ts";
import { abortable, QueryStopped, settleWithinGrace } from "./abortable.ts";
import { BatchMetrics } from "./batch-metrics.ts";
import { batchSeed } from "./batch-seed.ts";
import type { StaticScans } from "./query-input.ts";
import type { CurrentBatch, QueryRun } from "./query-run.ts";
import type { BatchOutcome } from "./run-batch.ts";
import { watermarkNodesOf } from "./stateful-operators.ts";
import { SourceRange } from "./streaming-source.ts";
import { EventTimeAccumulator } from "./watermark-tracker.ts";

/** Seeds of the pieces of a batch lie so far apart. */
const seedStep = 0x9e3779b97f4a7c15n;

export class RealTimeRows {
  readonly #run: QueryRun;
  readonly #batch: CurrentBatch;
  readonly #write: RealTimeWrite;
  readonly #eventTimes: readonly EventTimeAccumulator[];
  readonly #metrics = new BatchMetrics();
  readonly #statics: StaticScans;
  readonly #memory: OperatorMemory;
  readonly #turns: Turns;
  readonly #recorder: { readonly batches: RecordBatch[]; record(batch: RecordBatch): void } | null;
  /** Tables that the stream is joined with are read once in a batch. */
  readonly #keptBuilds = new Map<number, JoinRun>();
  readonly #ranges: SourceRange[];
  #seed: bigint;
  #open = true;

  constructor(run: QueryRun, batch: CurrentBatch) {
    const { runtime } = run.input;
    const { batchId } = batch;
    this.#run = run;
    this.#batch = batch;
    assertInvariant(run.sink.beginRealTime !== undefined, `${run.sink.description} does not take rows in real time`);
    this.#write = run.sink.beginRealTime({ batchId, schema: run.plan.compiled.schema, signal: run.abort });
    this.#eventTimes = watermarkNodesOf(run.plan.physical).map(() => new EventTimeAccumulator());
    this.#statics = run.input.openStaticScans(run.abort);
    this.#memory = openOperatorMemory(
      runtime,
      memorySettings((key) => run.input.conf(key), runtime),
    );
    this.#turns = new Turns(runtime.clock);
    this.#recorder = run.committed.wanted ? run.committed.recorder() : null;
    this.#ranges = run.sources.map(({ start }) => new SourceRange(start, start));
    this.#seed = batchSeed(run.checkpoint.queryId, batchId);
  }

  get eventTimes(): readonly (EventTimeStats | null)[] {
    return this.#eventTimes.map(({ stats }) => stats);
  }

  get outcome(): BatchOutcome {
    return {
      metrics: this.#metrics,
      eventTimes: this.eventTimes,
      ranges: this.#ranges,
      numOutputRows: this.#write.numOutputRows,
      stateCommitMs: 0,
      observed: new Map(),
      rows: this.#recorder?.batches ?? null,
    };
  }

  /** The rows of all sources from the given positions to where they stand now. */
  async read(from: readonly (OffsetJson | null)[]): Promise<void> {
    const run = this.#run;
    const turn = this.#turns.due();
    if (turn !== undefined) await turn;
    const pieces = run.sources.map(({ end }, i) => new SourceRange(from[i] ?? null, end));
    await abortable(run.input.runtime.clock, run.abort, () => this.#pull(pieces));
    this.#ranges.forEach((range, i) => range.append(pieces[i]!));
    this.#seed = BigInt.asIntN(64, this.#seed + seedStep);
    for (const { source, end } of run.sources) if (end !== null) source.realTime?.release?.(end);
  }

  async #pull(pieces: readonly SourceRange[]): Promise<void> {
    const atEnd: (() => void)[] = [];
    try {
      const partitions = await this.#run.plan.compiled.execute(this.#context(pieces, atEnd));
      for (const [partition, batches] of partitions.entries()) {
        for await (const rows of batches) {
          if (rows.length === 0) continue;
          this.#run.abort.throwIfAborted();
          this.#recorder?.record(rows);
          await this.#write.write(rows, partition);
        }
      }
    } finally {
      for (const callback of atEnd) callback();
    }
  }

  #context(pieces: readonly SourceRange[], atEnd: (() => void)[]): BatchContext {
    const run = this.#run;
    return {
      batchId: this.#batch.batchId,
      nowMicros: BigInt(this.#batch.entry.batchTimestampMs) * 1000n,
      seed: this.#seed,
      signal: run.abort,
      turns: this.#turns,
      openScan: (scan, filter) => {
        const source = run.sources[scan.sourceIndex];
        return source === undefined
          ? this.#statics.openScan(scan, filter)
          : source.openScan(scan, filter, pieces[scan.sourceIndex]!);
      },
      openState: async (operatorId) => {
        throw new MillraceError("INTERNAL_ERROR", { message: `operator ${operatorId} keeps state in real time` });
      },
      watermark: () => ({ late: 0n, evict: 0n }),
      recordEventTime: (node, stats) => this.#eventTimes[node]!.add(stats),
      observe: () => undefined,
      metrics: this.#metrics,
      memory: this.#memory,
      keptBuilds: this.#keptBuilds,
      atEnd: (callback) => void atEnd.push(callback),
    };
  }

  /** The batch is in the offset log. */
  async end(): Promise<void> {
    await this.#write.end();
    this.#open = false;
  }

  /** A sink that cannot even forget a batch must not hide why the batch failed. */
  async abort(error: unknown): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const { clock, process } = this.#run.input.runtime;
    try {
      const reason = error instanceof QueryStopped ? this.#run.abort.reason : error;
      await settleWithinGrace(clock, () => this.#write.abort(reason));
    } catch (failure) {
      process.log("WARN", `The sink ${this.#run.sink.description} failed to abort a batch: ${String(failure)}`);
    }
  }

  async close(): Promise<void> {
    for (const build of this.#keptBuilds.values()) build.release();
    try {
      await this.#memory.spill.close();
    } finally {
      await this.#statics.close();
    }
  }
}
