/**
 * What one batch computes with: its ranges of the sources, its tables, memory and counters. Made when the batch begins, or
 * ahead of it, while the batch before still runs: then threads may compute already what depends on the input and on tables
 * alone.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { BatchContext, EventTimeStats } from "../execution/context.ts";
import { memorySettings, openOperatorMemory, type OperatorMemory } from "../execution/memory/operator-memory.ts";
import { Turns } from "../execution/turns.ts";
import { assertInvariant } from "../errors/index.ts";
import { BatchMetrics } from "./batch-metrics.ts";
import { batchSeed } from "./batch-seed.ts";
import { LateRowsCollector } from "./late-rows.ts";
import type { StaticScans } from "./query-input.ts";
import type { CurrentBatch, QueryRun } from "./query-run.ts";
import type { BatchState } from "./query-state.ts";
import { inputWatermarks, watermarkNodesOf } from "./stateful-operators.ts";
import type { SourceRange } from "./streaming-source.ts";
import { EventTimeAccumulator } from "./watermark-tracker.ts";

/** What a batch knows only when the one before it is over. */
interface Begun {
  readonly state: BatchState;
  readonly watermark: BatchContext["watermark"];
}

export class BatchWork {
  /** By source. */
  readonly ranges: readonly SourceRange[];
  readonly metrics: BatchMetrics = new BatchMetrics();
  readonly lateRows: LateRowsCollector;
  readonly #run: QueryRun;
  readonly #context: BatchContext;
  readonly #eventTimes: readonly EventTimeAccumulator[];
  readonly #observed = new Map<string, () => RecordBatch>();
  readonly #statics: StaticScans;
  readonly #memory: OperatorMemory;
  readonly #atEnd: (() => void)[] = [];
  #begun: Begun | null = null;

  constructor(run: QueryRun, batchId: number, timestampMs: number, ranges: readonly SourceRange[]) {
    const { input } = run;
    this.#run = run;
    this.ranges = ranges;
    this.#eventTimes = watermarkNodesOf(run.plan.physical).map(() => new EventTimeAccumulator());
    this.#statics = input.openStaticScans(run.abort);
    const settings = memorySettings((key) => input.conf(key), input.runtime);
    this.#memory = openOperatorMemory(input.runtime, settings);
    this.lateRows = new LateRowsCollector(run, (operatorId) => this.#now.watermark(operatorId).late);
    this.#context = {
      batchId,
      nowMicros: BigInt(timestampMs) * 1000n,
      seed: batchSeed(run.checkpoint.queryId, batchId),
      signal: run.abort,
      turns: new Turns(input.runtime.clock),
      openScan: (scan, filter) => {
        if (scan.sourceIndex < 0) return this.#statics.openScan(scan, filter);
        const open = () => run.sources[scan.sourceIndex]!.openScan(scan, filter, ranges[scan.sourceIndex]!);
        // Time that nobody waits for is no part of a batch's duration.
        return this.#begun === null ? open() : run.durations.time("getBatch", open);
      },
      openState: (operatorId, partition, storeName) => this.#now.state.open(operatorId, partition, storeName),
      holdState: (operatorId, partition, bytes) => this.#now.state.hold(operatorId, partition, bytes),
      watermark: (operatorId) => this.#now.watermark(operatorId),
      recordEventTime: (node, stats) => this.#eventTimes[node]!.add(stats),
      lateRows: (node) => this.lateRows.taker(node),
      observe: (name, _observer, result) => void this.#observed.set(name, result),
      metrics: this.metrics,
      memory: this.#memory,
      atEnd: (callback) => void this.#atEnd.push(callback),
    };
  }

  /** Threads begin, while the batch before runs. */
  readAhead(): Promise<void> {
    return this.#run.plan.compiled.readAhead(this.#context);
  }

  get #now(): Begun {
    assertInvariant(this.#begun !== null, "a batch asked for state or a watermark before the one before it was over");
    return this.#begun;
  }

  /** The batch before is over. @returns the partitions of the result */
  begin(batch: CurrentBatch, state: BatchState): Promise<readonly AsyncIterable<RecordBatch>[]> {
    this.#begun = { state, watermark: operatorWatermarks(this.#run, batch) };
    return this.#run.plan.compiled.execute(this.#context);
  }

  /** Whether {@link tablesAreUnchanged} can tell. */
  get knowsTableChanges(): boolean {
    return this.#statics.knowsChanges;
  }
  /** Whether the tables are still as they were when the work began. */
  async tablesAreUnchanged(): Promise<boolean> {
    return this.#statics.isUnchanged();
  }

  /** What the watermark nodes saw, by node. */
  eventTimes(): readonly (EventTimeStats | null)[] {
    return this.#eventTimes.map((accumulator) => accumulator.stats);
  }

  /** What `observe` computed, by name. To be asked once all rows have passed. */
  observed(): ReadonlyMap<string, RecordBatch> {
    return new Map(Array.from(this.#observed, ([name, result]) => [name, result()]));
  }

  /** Ends what still runs of the batch, and gives back what it held. */
  async close(): Promise<void> {
    for (const callback of this.#atEnd.splice(0)) callback();
    try {
      await this.#memory.spill.close();
    } finally {
      await this.#statics.close();
    }
  }
}

function operatorWatermarks(run: QueryRun, { entry, lateWatermarkMs }: CurrentBatch): BatchContext["watermark"] {
  const lateInputs = inputWatermarks(run.plan.physical, lateWatermarkMs);
  const evictInputs = inputWatermarks(run.plan.physical, entry.batchWatermarkMs);
  const micros = (ms: number | undefined): bigint => BigInt(ms ?? 0) * 1000n;
  return (operatorId) => ({ late: micros(lateInputs.get(operatorId)), evict: micros(evictInputs.get(operatorId)) });
}
