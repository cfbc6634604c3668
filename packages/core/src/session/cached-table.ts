/** The rows of one cached plan, by partition: in memory while there is room, then in temporary files. */
import { compactBatch } from "../columnar/compact.ts";
import { batchMemorySize } from "../columnar/memory-size.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { MemoryReservation } from "../execution/memory/memory-budget.ts";
import type { OperatorMemory } from "../execution/memory/operator-memory.ts";
import type { SpillFile } from "../execution/memory/spill.ts";
import { inMemoryFormat, type LogicalPlan, type Read } from "../logical-plan/logical-plan.ts";
import type { BatchSource, ScanRequest, SourceProvider, SourceSplit } from "../sources/contract.ts";
import type { StructType } from "../types/data-type.ts";
import type { CacheLevel } from "./engine.ts";

/** How the rows of a plan are computed, without this cache of it. */
export interface CachedPlanRunner {
  schema(plan: LogicalPlan): Promise<StructType>;
  partitions(plan: LogicalPlan): AsyncIterable<AsyncIterable<RecordBatch>>;
}

interface CachedPartition {
  readonly batches: RecordBatch[];
  file?: SpillFile;
  /** Nothing is kept of it: it is computed again when it is read. */
  dropped?: true;
}

export class CachedTable implements SourceProvider {
  readonly names: readonly string[] = [inMemoryFormat];
  readonly level: CacheLevel;
  /** The relation that stands for the plan. */
  readonly read: Read;
  readonly #plan: LogicalPlan;
  readonly #runner: CachedPlanRunner;
  readonly #memory: OperatorMemory;
  readonly #reservation: MemoryReservation;
  #schema: Promise<StructType> | undefined;
  #partitions: Promise<readonly CachedPartition[]> | undefined;
  #removed = false;

  constructor(plan: LogicalPlan, level: CacheLevel, runner: CachedPlanRunner, memory: OperatorMemory) {
    this.#plan = plan;
    this.level = level;
    this.#runner = runner;
    this.#memory = memory;
    this.#reservation = memory.budget.reserve("a cached table");
    this.read = {
      kind: "Read",
      format: inMemoryFormat,
      options: new Map(),
      paths: [],
      streaming: false,
      provider: this,
    };
  }

  inferSchema(): Promise<StructType> {
    return (this.#schema ??= this.#runner.schema(this.#plan));
  }

  /** Computes and keeps the rows, unless that has been done. */
  async materialize(): Promise<void> {
    await this.#kept();
  }

  async openBatch(_context: unknown, request: ScanRequest): Promise<BatchSource> {
    const partitions = await this.#kept();
    const ordinals = ordinalsOf(request);
    const schema = request.columns;
    const rows = (number: number): AsyncIterable<RecordBatch> => this.#rows(partitions, number);
    return {
      filtered: false,
      splits: partitions.map((_, number) => ({ description: `partition ${number}`, data: number })),
      async *read(split: SourceSplit) {
        for await (const batch of rows(split.data as number)) {
          yield { schema, length: batch.length, columns: ordinals.map((ordinal) => batch.columns[ordinal]!) };
        }
      },
      close: async () => undefined,
    };
  }

  /** Forgets the rows. Queries that read them now compute what is missing again. */
  async remove(): Promise<void> {
    this.#removed = true;
    const partitions = await this.#partitions?.catch(() => undefined);
    this.#partitions = undefined;
    this.#reservation.release();
    for (const partition of partitions ?? []) {
      partition.batches.length = 0;
      partition.dropped = true;
      await partition.file?.remove();
    }
  }

  #kept(): Promise<readonly CachedPartition[]> {
    if (this.#partitions !== undefined) return this.#partitions;
    const computed = this.#compute();
    this.#partitions = computed;
    // A failure is not kept: the next reader tries again.
    computed.catch(() => {
      if (this.#partitions === computed) this.#partitions = undefined;
    });
    return computed;
  }

  async #compute(): Promise<readonly CachedPartition[]> {
    const partitions: CachedPartition[] = [];
    const schema = await this.inferSchema();
    for await (const rows of this.#runner.partitions(this.#plan)) {
      const partition: CachedPartition = { batches: [] };
      partitions.push(partition);
      for await (const batch of rows) if (batch.length > 0) await this.#keep(partition, compactBatch(batch), schema);
    }
    return partitions;
  }

  async #keep(partition: CachedPartition, batch: RecordBatch, schema: StructType): Promise<void> {
    if (this.#removed || partition.dropped) {
      partition.dropped = true;
      return;
    }
    const bytes = batchMemorySize(batch);
    const fits = this.level.useMemory && partition.file === undefined;
    if (fits && this.#reservation.tryResize(this.#reservation.bytes + bytes)) {
      partition.batches.push(batch);
      return;
    }
    if (this.level.useDisk) {
      partition.file ??= this.#memory.spill.create(schema);
      await partition.file.write(batch);
      return;
    }
    const held = partition.batches.splice(0).reduce((sum, each) => sum + batchMemorySize(each), 0);
    this.#reservation.hold(this.#reservation.bytes - held);
    partition.dropped = true;
  }

  async *#rows(partitions: readonly CachedPartition[], number: number): AsyncGenerator<RecordBatch, void, undefined> {
    const partition = partitions[number]!;
    if (partition.dropped !== true) {
      yield* partition.batches.slice();
      if (partition.file !== undefined) yield* partition.file.read();
      return;
    }
    let at = 0;
    for await (const rows of this.#runner.partitions(this.#plan)) {
      if (at++ !== number) continue;
      yield* rows;
      return;
    }
  }
}

/** Positions of the wanted columns, which are a subsequence of all. */
function ordinalsOf(request: ScanRequest): readonly number[] {
  let from = 0;
  return request.columns.fields.map((column) => {
    const at = request.schema.fields.findIndex((f, i) => i >= from && f.name === column.name);
    from = at + 1;
    return at;
  });
}
