/** The state of a query's stateful operators: what is recorded of them, and the stores of all partitions for the running batch. */
import { applyCheckpointProgram } from "../checkpoint/checkpoint-files.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { OperatorState } from "../physical-plan/stateful.ts";
import type { Durability } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { keyPrefix } from "../state/key-prefix.ts";
import { HdfsStateStoreProvider, statePartitionDirectory } from "../state/hdfs-state-store.ts";
import type { StateStore, StateStoreMetrics, StateStoreProvider } from "../state/state-store.ts";
import { checkStateMetadata, storeKey } from "./state-metadata.ts";

export interface QueryStateOptions {
  readonly checkpointPath: string;
  readonly durability: Durability;
  readonly minDeltasForSnapshot: number;
  readonly minBatchesToRetain: number;
  /** Memory that the stores may take together; default: any. */
  readonly maxBytes?: number;
}

/** One store of one partition of an operator, over all versions. */
interface Store {
  readonly operatorId: number;
  /** As progress names it. */
  readonly label: string;
  readonly provider: StateStoreProvider;
}
const storeId = (operatorId: number, partition: number, storeName: string): string =>
  `${operatorId}/${partition}/${storeName}`;

export class QueryState {
  readonly operators: readonly OperatorState[];
  readonly #runtime: Runtime;
  readonly #options: QueryStateOptions;
  #stores: ReadonlyMap<string, Store> = new Map();
  #unwritten: readonly FileOperation[] = [];

  constructor(runtime: Runtime, operators: readonly OperatorState[], options: QueryStateOptions) {
    this.operators = operators;
    this.#runtime = runtime;
    this.#options = options;
  }

  #storesFrom(firstVersions: ReadonlyMap<string, number>): ReadonlyMap<string, Store> {
    const { fs, random } = this.#runtime;
    const all = new Map<string, Store>();
    for (const { operatorId, partitions, stores } of this.operators) {
      for (let i = 0; i < partitions; i++) {
        for (const { name, key, prefixColumns } of stores) {
          const directory = statePartitionDirectory(this.#options.checkpointPath, operatorId, i, name);
          const provider = new HdfsStateStoreProvider(fs, random, directory, {
            ...this.#options,
            keyPrefix: keyPrefix(key, prefixColumns),
            firstVersion: firstVersions.get(storeKey(operatorId, name)) ?? 0,
          });
          all.set(storeId(operatorId, i, name), { operatorId, label: `partition_${i}_${name}`, provider });
        }
      }
    }
    return all;
  }

  /**
   * Compares the operators of the plan and their schemas with those that the checkpoint holds (E3, E4). Reads only.
   * @param nextVersion version that the next batch reads: 0 when none is committed
   * @param removed ids of operators that the query no longer has
   * @throws what {@link checkStateMetadata} throws
   */
  async checkMetadata(nextVersion: number, removed: ReadonlySet<number> = new Set()): Promise<void> {
    const { checkpointPath, durability } = this.#options;
    const { unwritten, firstVersions } = await checkStateMetadata(
      this.#runtime,
      checkpointPath,
      durability,
      this.operators,
      nextVersion,
      removed,
    );
    this.#stores = this.#storesFrom(firstVersions);
    this.#unwritten = unwritten;
  }

  get hasUnwrittenMetadata(): boolean {
    return this.#unwritten.length > 0;
  }

  /** P5: writes what {@link checkMetadata} did not find, and makes durable what it found; once per run. */
  async writeMetadata(): Promise<void> {
    if (this.#unwritten.length === 0) return;
    await applyCheckpointProgram(this.#runtime.fs, this.#unwritten);
    this.#unwritten = [];
  }

  /** Batch N reads version N of every partition and commits N + 1. */
  beginBatch(batchId: number): BatchState {
    return new BatchState(batchId, this.#stores, this.#options.maxBytes ?? Infinity);
  }

  /** What progress tells of an operator's state besides rows and times, as Spark's HDFS-backed store does. */
  customMetrics(operatorId: number): Readonly<Record<string, number>> {
    const stores = [...this.#stores.values()].filter((store) => store.operatorId === operatorId);
    const all = stores.map(({ provider }) => provider.metrics);
    const sum = (name: keyof StateStoreMetrics): number => all.reduce((total, metrics) => total + metrics[name], 0);
    const snapshots = all
      .map(({ snapshotLastUploaded }, i) => [`SnapshotLastUploaded.${stores[i]!.label}`, snapshotLastUploaded] as const)
      // Those whose snapshot is oldest, as many as `spark.sql.streaming.stateStore.numStateStoreInstanceMetricsToReport`.
      .sort(([, a], [, b]) => a - b)
      .slice(0, 5)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...Object.fromEntries(snapshots),
      forceSnapshotCount: 0,
      loadedMapCacheHitCount: sum("loadedMapCacheHitCount"),
      loadedMapCacheMissCount: sum("loadedMapCacheMissCount"),
      numSnapshotsAutoRepaired: sum("numSnapshotsAutoRepaired"),
      stateOnCurrentVersionSizeBytes: sum("stateOnCurrentVersionSizeBytes"),
    };
  }

  /** Background work between two batches: snapshots, and removal of what no retained version needs. */
  async maintain(): Promise<void> {
    await Promise.all(Array.from(this.#stores.values(), ({ provider }) => provider.maintain()));
  }
}

/** The stores of one batch. */
export class BatchState {
  readonly #batchId: number;
  readonly #all: ReadonlyMap<string, Store>;
  readonly #open = new Map<Store, StateStore>();
  readonly #maxBytes: number;

  constructor(batchId: number, all: ReadonlyMap<string, Store>, maxBytes: number) {
    this.#batchId = batchId;
    this.#maxBytes = maxBytes;
    this.#all = all;
  }

  async open(operatorId: number, partition: number, storeName: string): Promise<StateStore> {
    const id = storeId(operatorId, partition, storeName);
    const found = this.#all.get(id);
    assertInvariant(found !== undefined, `the state store ${id} is not in the plan`);
    assertInvariant(!this.#open.has(found), `the state store ${id} is opened twice in batch ${this.#batchId}`);
    return this.#opened(found);
  }

  async #opened(store: Store): Promise<StateStore> {
    const opened = await store.provider.open(this.#batchId);
    assertInvariant(opened.version === this.#batchId, `batch ${this.#batchId} got state version ${opened.version}`);
    this.#open.set(store, opened);
    return opened;
  }

  /**
   * What makes all stores of all operators durable, also those that the batch did not open.
   * @throws STATE_STORE_TOO_LARGE when they take more memory than they may
   */
  async commitProgram(): Promise<readonly FileOperation[]> {
    const program: FileOperation[] = [];
    for (const store of this.#all.values()) {
      const opened = this.#open.get(store) ?? (await this.#opened(store));
      for (const operation of opened.commitProgram()) program.push(operation);
    }
    this.#checkSize();
    return program;
  }

  #checkSize(): void {
    const byOperator = new Map<number, { bytes: number; rows: number }>();
    let bytes = 0;
    for (const [{ operatorId }, store] of this.#open) {
      const used = store.memoryUsedBytes();
      const before = byOperator.get(operatorId) ?? { bytes: 0, rows: 0 };
      byOperator.set(operatorId, { bytes: before.bytes + used, rows: before.rows + store.size });
      bytes += used;
    }
    if (bytes <= this.#maxBytes) return;
    const operators = Array.from(byOperator, ([id, held]) => `${id}: ${held.rows} rows, ${held.bytes} bytes`);
    throw new MillraceError("STATE_STORE_TOO_LARGE", {
      bytes: String(bytes),
      batchId: String(this.#batchId),
      limit: String(this.#maxBytes),
      operators: operators.join("; "),
    });
  }

  /** The program has run. */
  committed(): void {
    for (const store of this.#open.values()) store.committed();
  }

  /** Gives up what was not committed. */
  abort(): void {
    for (const store of this.#open.values()) store.abort();
  }
}
