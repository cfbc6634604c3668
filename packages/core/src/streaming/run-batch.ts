/**
 * P5 to P10: runs a batch in the order that makes it happen exactly once. Its offsets are on their way to the disk while it
 * computes, since nothing that P6 does can be seen; before P7 they are durable.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { BatchContext, EventTimeStats } from "../execution/context.ts";
import { memorySettings, openOperatorMemory, type OperatorMemory } from "../execution/memory/operator-memory.ts";
import { assertInvariant } from "../errors/index.ts";
import { Turns } from "../execution/turns.ts";
import type { Clock } from "../runtime/clock.ts";
import { atomicWrite } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { PreparedWrite } from "../sinks/contract.ts";
import { commitSources } from "./construct-batch.ts";
import { abortable, QueryStopped, settleWithinGrace } from "./abortable.ts";
import { BatchMetrics } from "./batch-metrics.ts";
import { batchSeed } from "./batch-seed.ts";
import { LateRowsCollector } from "./late-rows.ts";
import type { StaticScans } from "./query-input.ts";
import type { CurrentBatch, QueryRun } from "./query-run.ts";
import type { BatchState } from "./query-state.ts";
import { inputWatermarks, watermarkNodesOf } from "./stateful-operators.ts";
import { EventTimeAccumulator } from "./watermark-tracker.ts";

/** What a batch did, for progress and for `changes()`. */
export interface BatchOutcome {
  readonly metrics: BatchMetrics;
  readonly eventTimes: readonly (EventTimeStats | null)[];
  readonly numOutputRows: number;
  readonly stateCommitMs: number;
  /** What `observe` computed, by name. */
  readonly observed: ReadonlyMap<string, RecordBatch>;
  /** The result rows, when somebody wants them. */
  readonly rows: readonly RecordBatch[] | null;
}

type Keep = (batch: RecordBatch) => void;

export async function runBatch(run: QueryRun, batch: CurrentBatch): Promise<BatchOutcome> {
  const { batchId } = batch;
  const { clock } = run.input.runtime;
  await writeStateMetadata(run, batch);
  for (const source of run.sources) source.rows = 0;
  const eventTimes = watermarkNodesOf(run.plan.physical).map(() => new EventTimeAccumulator());
  const metrics = new BatchMetrics();
  const observed = new Map<string, () => RecordBatch>();
  const recorder = run.committed.wanted ? run.committed.recorder() : null;
  const state = run.state.beginBatch(batchId);
  const statics = run.input.openStaticScans(run.abort);
  const { runtime } = run.input;
  const memory = openOperatorMemory(
    runtime,
    memorySettings((key) => run.input.conf(key), runtime),
  );
  const atEnd: (() => void)[] = [];
  let prepared: PreparedWrite | null = null;
  const startedAt = clock.monotonicMs();
  run.durations.add("getBatch", 0);
  try {
    await run.step("P6", batchId);
    const watermark = operatorWatermarks(run, batch);
    const lateRows = new LateRowsCollector(run, (operatorId) => watermark(operatorId).late);
    const context: BatchContext = {
      ...batchContext(run, batch, state, eventTimes, metrics, statics, memory, observed, atEnd),
      watermark,
      lateRows: (node) => lateRows.taker(node),
    };
    const writing = abortable(clock, run.abort, () => writeToSink(run, batchId, context, recorder?.record)).then(
      (write) => (prepared = write),
    );
    const logged = batch.logged.then(() => commitSources(run, batchId));
    const write = await besides(clock, writing, logged);
    if (run.abort.aborted) throw new QueryStopped();
    await run.step("P7", batchId);
    const stateCommitMs = await commitState(run, batchId, state);
    await run.step("P8", batchId);
    await abortable(clock, run.abort, () => write.commit());
    prepared = null;
    await abortable(clock, run.abort, () => lateRows.deliver(run, batchId));
    run.durations.add("addBatch", clock.monotonicMs() - startedAt);
    await run.step("P9", batchId);
    const seen = eventTimes.map((accumulator) => accumulator.stats);
    run.tracker.update(seen, batch.entry.batchTimestampMs);
    for (const { operatorId } of run.state.operators) {
      const { numRowsDroppedByWatermark } = metrics.stateOf(operatorId);
      run.lateRows.set(operatorId, (run.lateRows.get(operatorId) ?? 0) + numRowsDroppedByWatermark);
    }
    const due = run.state.operators.map(({ operatorId }) => metrics.stateOf(operatorId).dueMs ?? Infinity);
    run.dueMs = run.noDataBatches ? Math.min(...due) : Infinity;
    await run.durations.time("commitOffsets", () => writeCommit(run, batchId));
    for (const source of run.sources) source.start = source.end;
    return {
      metrics,
      eventTimes: seen,
      numOutputRows: write.numOutputRows,
      stateCommitMs,
      observed: new Map(Array.from(observed, ([name, result]) => [name, result()])),
      rows: recorder?.batches ?? null,
    };
  } catch (error) {
    state.abort();
    if (prepared !== null) await abandonWrite(run, prepared);
    throw error;
  } finally {
    for (const callback of atEnd) callback();
    try {
      await memory.spill.close();
    } finally {
      await statics.close();
    }
  }
}

/** P5: on disk before the first state, and after the offsets: which stateful operators the query has, and their schemas. */
async function writeStateMetadata(run: QueryRun, batch: CurrentBatch): Promise<void> {
  if (run.state.hasUnwrittenMetadata) await batch.logged;
  await run.step("P5", batch.batchId);
  await run.durations.time("queryPlanning", () => run.state.writeMetadata());
}

/** The result of `work` when `other` has succeeded too. When one of them fails, the other one gets some time to end. */
async function besides<T>(clock: Clock, work: Promise<T>, other: Promise<void>): Promise<T> {
  try {
    const [result] = await Promise.all([work, other]);
    return result;
  } catch (error) {
    await settleWithinGrace(clock, () => Promise.allSettled([work, other]));
    throw error;
  }
}

/** A sink that cannot even forget a batch must not hide why the batch failed. */
async function abandonWrite(run: QueryRun, prepared: PreparedWrite): Promise<void> {
  const { clock, process } = run.input.runtime;
  try {
    await settleWithinGrace(clock, () => prepared.abort());
  } catch (error) {
    process.log("WARN", `The sink ${run.sink.description} failed to abort a batch: ${String(error)}`);
  }
}

function batchContext(
  run: QueryRun,
  batch: CurrentBatch,
  state: BatchState,
  eventTimes: readonly EventTimeAccumulator[],
  metrics: BatchMetrics,
  statics: StaticScans,
  memory: OperatorMemory,
  observed: Map<string, () => RecordBatch>,
  atEnd: (() => void)[],
): Omit<BatchContext, "watermark"> {
  const { batchId, entry } = batch;
  return {
    batchId,
    nowMicros: BigInt(entry.batchTimestampMs) * 1000n,
    seed: batchSeed(run.checkpoint.queryId, batchId),
    signal: run.abort,
    turns: new Turns(run.input.runtime.clock),
    openScan: (scan, filter) =>
      scan.sourceIndex < 0
        ? statics.openScan(scan, filter)
        : run.durations.time("getBatch", () => run.sources[scan.sourceIndex]!.openScan(scan, filter)),
    openState: (operatorId, partition, storeName) => state.open(operatorId, partition, storeName),
    recordEventTime: (node, stats) => eventTimes[node]!.add(stats),
    observe: (name, _observer, result) => void observed.set(name, result),
    metrics,
    memory,
    atEnd: (callback) => void atEnd.push(callback),
  };
}

function operatorWatermarks(run: QueryRun, { entry, lateWatermarkMs }: CurrentBatch): BatchContext["watermark"] {
  const lateInputs = inputWatermarks(run.plan.physical, lateWatermarkMs);
  const evictInputs = inputWatermarks(run.plan.physical, entry.batchWatermarkMs);
  const micros = (ms: number | undefined): bigint => BigInt(ms ?? 0) * 1000n;
  return (operatorId) => ({ late: micros(lateInputs.get(operatorId)), evict: micros(evictInputs.get(operatorId)) });
}

/** P6: the sink pulls the rows through the plan; nothing of it is visible yet. */
async function writeToSink(
  run: QueryRun,
  batchId: number,
  context: BatchContext,
  keep: Keep | undefined,
): Promise<PreparedWrite> {
  const pulled: PulledPartition[] = (await run.plan.compiled.execute(context)).map(
    (partition) => new PulledPartition(partition, keep),
  );
  const schema = run.plan.compiled.schema;
  const prepared = await run.sink.write({ batchId, schema, partitions: pulled, signal: run.abort });
  // Rows that the sink did not want still belong to the batch: their state and their event times count.
  for (const partition of pulled) await partition.drain();
  return prepared;
}

/** A partition of the result, pulled once by the sink and to its end by the engine. */
class PulledPartition implements AsyncIterable<RecordBatch> {
  readonly #rows: AsyncIterator<RecordBatch>;
  readonly #keep: Keep | undefined;
  #done = false;

  constructor(partition: AsyncIterable<RecordBatch>, keep: Keep | undefined) {
    this.#rows = partition[Symbol.asyncIterator]();
    this.#keep = keep;
  }
  /** A consumer that leaves early does not end the partition. */
  [Symbol.asyncIterator](): AsyncIterator<RecordBatch> {
    return { next: () => this.#next() };
  }
  async #next(): Promise<IteratorResult<RecordBatch>> {
    if (this.#done) return { done: true, value: undefined };
    const result = await this.#rows.next();
    if (result.done === true) this.#done = true;
    else this.#keep?.(result.value);
    return result;
  }
  async drain(): Promise<void> {
    while ((await this.#next()).done !== true);
  }
}

/** P7: the state of all partitions of all operators, and what sources write with a batch, in one file program. */
async function commitState(run: QueryRun, batchId: number, state: BatchState): Promise<number> {
  const { clock } = run.input.runtime;
  const startedAt = clock.monotonicMs();
  const program = [...(await state.commitProgram()), ...sourceFiles(run, batchId)];
  if (program.length > 0) await run.checkpoint.apply(program);
  state.committed();
  return clock.monotonicMs() - startedAt;
}

function sourceFiles(run: QueryRun, batchId: number): FileOperation[] {
  const { random } = run.input.runtime;
  return run.sources.flatMap(({ source }) =>
    (source.takeBatchFiles?.(batchId) ?? []).flatMap((file): FileOperation[] => [
      { op: "makeDirectory", path: file.path.slice(0, file.path.lastIndexOf("/")) },
      ...atomicWrite(file.path, file.bytes, "replace", random.uuid(), run.checkpoint.durability),
    ]),
  );
}

/** P10: the batch is done. */
export async function writeCommit(run: QueryRun, batchId: number): Promise<void> {
  await run.step("P10", batchId);
  assertInvariant(
    run.batch?.batchId === batchId && run.nextBatchId === batchId + 1,
    `batch ${batchId} commits out of order`,
  );
  await run.checkpoint.writeCommit(batchId, run.tracker.currentMs);
  run.committedBatchId = batchId;
}
