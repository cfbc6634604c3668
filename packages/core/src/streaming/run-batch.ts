/**
 * P5 to P10: runs a batch in the order that makes it happen exactly once. Its offsets are on their way to the disk while it
 * computes, since nothing that P6 does can be seen; before P7 they are durable.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { EventTimeStats } from "../execution/context.ts";
import { assertInvariant } from "../errors/index.ts";
import type { Clock } from "../runtime/clock.ts";
import { atomicWrite } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { PreparedWrite } from "../sinks/contract.ts";
import { abortable, QueryStopped, settleWithinGrace } from "./abortable.ts";
import type { BatchMetrics } from "./batch-metrics.ts";
import { BatchWork } from "./batch-work.ts";
import { commitSources } from "./construct-batch.ts";
import { lookAhead } from "./look-ahead.ts";
import type { CurrentBatch, QueryRun } from "./query-run.ts";
import type { BatchState } from "./query-state.ts";
import type { SourceRange } from "./streaming-source.ts";

/** What a batch did, for progress and for `changes()`. */
export interface BatchOutcome {
  readonly metrics: BatchMetrics;
  readonly eventTimes: readonly (EventTimeStats | null)[];
  /** What was read, by source. */
  readonly ranges: readonly SourceRange[];
  readonly numOutputRows: number;
  readonly stateCommitMs: number;
  /** What `observe` computed, by name. */
  readonly observed: ReadonlyMap<string, RecordBatch>;
  /** The result rows, when somebody wants them. */
  readonly rows: readonly RecordBatch[] | null;
}

type Keep = (batch: RecordBatch) => void;

export async function runBatch(run: QueryRun, batch: CurrentBatch): Promise<BatchOutcome> {
  const { batchId, entry } = batch;
  const { clock } = run.input.runtime;
  let { work } = batch;
  let state: BatchState | null = null;
  let prepared: PreparedWrite | null = null;
  try {
    await writeStateMetadata(run, batch);
    const startedAt = clock.monotonicMs();
    run.durations.add("getBatch", 0);
    const recorder = run.committed.wanted ? run.committed.recorder() : null;
    state = run.state.beginBatch(batchId);
    await run.step("P6", batchId);
    const ranges = run.sources.map((source) => source.range);
    const working = (work ??= new BatchWork(run, batchId, entry.batchTimestampMs, ranges));
    const result = working.begin(batch, state);
    const writing = abortable(clock, run.abort, () => writeToSink(run, batchId, result, recorder?.record)).then(
      (write) => (prepared = write),
    );
    const { tablesAreWatched } = run;
    const logged = batch.logged
      .then(() => commitSources(run, batchId))
      .then(() => (tablesAreWatched ? lookAhead(run, true) : undefined));
    const write = await besides(clock, writing, logged);
    if (run.abort.aborted) throw new QueryStopped();
    const observed = working.observed();
    const sideFiles = sourceFiles(run, batchId);
    run.tablesAreWatched = working.knowsTableChanges;
    await run.step("P7", batchId);
    const stateCommitMs = await commitState(run, state, sideFiles);
    await run.step("P8", batchId);
    await abortable(clock, run.abort, () => write.commit());
    prepared = null;
    await abortable(clock, run.abort, () => working.lateRows.deliver(run, batchId));
    if (!tablesAreWatched) lookAhead(run, false);
    run.durations.add("addBatch", clock.monotonicMs() - startedAt);
    await run.step("P9", batchId);
    const { metrics } = working;
    const eventTimes = working.eventTimes();
    run.tracker.update(eventTimes, entry.batchTimestampMs);
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
      eventTimes,
      ranges: working.ranges,
      numOutputRows: write.numOutputRows,
      stateCommitMs,
      observed,
      rows: recorder?.batches ?? null,
    };
  } catch (error) {
    state?.abort();
    if (prepared !== null) await abandonWrite(run, prepared);
    throw error;
  } finally {
    await work?.close();
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

/** P6: the sink pulls the rows through the plan; nothing of it is visible yet. */
async function writeToSink(
  run: QueryRun,
  batchId: number,
  partitions: Promise<readonly AsyncIterable<RecordBatch>[]>,
  keep: Keep | undefined,
): Promise<PreparedWrite> {
  const pulled: PulledPartition[] = (await partitions).map((partition) => new PulledPartition(partition, keep));
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
async function commitState(run: QueryRun, state: BatchState, sideFiles: readonly FileOperation[]): Promise<number> {
  const { clock } = run.input.runtime;
  const startedAt = clock.monotonicMs();
  const program = [...(await state.commitProgram()), ...sideFiles];
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
