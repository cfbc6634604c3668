/** The state of a query's stateful operators: what is recorded of them, and the stores of all partitions for the running batch. */
import { applyCheckpointProgram } from "../checkpoint/checkpoint-files.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { OperatorState } from "../physical-plan/stateful.ts";
import type { Durability } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { keyPrefix } from "../state/key-prefix.ts";
import { memoryStateProvider } from "../state/hdfs-state-store.ts";
import { hashBytes } from "../state/murmur3.ts";
import { statePartitionDirectory } from "../state/state-files.ts";
import type {
  CustomStateMetrics,
  StateProvider,
  StateStore,
  StateStoreMetrics,
  StateStoreProvider,
} from "../state/state-store.ts";
import { checkStateMetadata, storeKey } from "./state-metadata.ts";

export interface QueryStateOptions {
  readonly checkpointPath: string;
  readonly durability: Durability;
  readonly minDeltasForSnapshot: number;
  readonly minBatchesToRetain: number;
  /** Memory that the stores may take together; default: any. */
  readonly maxBytes?: number;
  /** Default: in memory. */
  readonly provider?: StateProvider;
  /** What a provider that keeps state on the local disk needs. */
  readonly local?: LocalState;
}

export interface LocalState {
  /** Directory for what queries keep on this machine. */
  readonly directory: string;
  readonly queryId: string;
  /** Of the run. */
  readonly epoch: number;
  /** Memory for entries, for all stores together. */
  readonly cacheBytes: number;
}

/** How the names of directories of state on the local disk begin. */
export const localStatePrefix = "millrace-state-";

/** Directory of a query's state on the local disk: the same one in each run, another one for a copy of the checkpoint. */
function localStateDirectory({ directory, queryId }: LocalState, checkpointPath: string): string {
  const path = new TextEncoder().encode(checkpointPath);
  const place = (hashBytes(path, 0, path.length, 42) >>> 0).toString(16).padStart(8, "0");
  return `${directory.replace(/(?<=.)\/+$/, "")}/${localStatePrefix}${queryId}-${place}`;
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
    const { checkpointPath, durability, minDeltasForSnapshot, minBatchesToRetain, local } = this.#options;
    const provider = this.#options.provider ?? memoryStateProvider;
    const base = local === undefined ? "" : localStateDirectory(local, checkpointPath);
    const count = this.operators.reduce((sum, { partitions, stores }) => sum + partitions * stores.length, 0);
    const all = new Map<string, Store>();
    for (const { operatorId, partitions, stores } of this.operators) {
      for (let i = 0; i < partitions; i++) {
        for (const { name, key, prefixColumns } of stores) {
          const store = provider.create({
            runtime: this.#runtime,
            directory: statePartitionDirectory(checkpointPath, operatorId, i, name),
            epoch: local?.epoch ?? 0,
            localDirectory: `${base}/${operatorId}-${i}-${name}`,
            durability,
            minDeltasForSnapshot,
            minBatchesToRetain,
            keyPrefix: keyPrefix(key, prefixColumns),
            firstVersion: firstVersions.get(storeKey(operatorId, name)) ?? 0,
            cacheBytes: Math.floor((local?.cacheBytes ?? 0) / count),
          });
          all.set(storeId(operatorId, i, name), { operatorId, label: `partition_${i}_${name}`, provider: store });
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
      ...summed(stores.map(({ provider }) => provider.customMetrics ?? {})),
    };
  }

  /** Background work between two batches: snapshots, and removal of what no retained version needs. */
  async maintain(): Promise<void> {
    await Promise.all(Array.from(this.#stores.values(), ({ provider }) => provider.maintain()));
  }

  /** The run has ended. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#stores.values(), ({ provider }) => provider.close()));
  }
}

function summed(all: readonly CustomStateMetrics[]): CustomStateMetrics {
  const sums: Record<string, number> = {};
  for (const metrics of all) {
    for (const [name, value] of Object.entries(metrics)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

/** The stores of one batch. */
export class BatchState {
  readonly #batchId: number;
  readonly #all: ReadonlyMap<string, Store>;
  readonly #open = new Map<Store, StateStore>();
  readonly #maxBytes: number;
  /** Memory of operators beside their stores, by operator and partition. */
  readonly #beside = new Map<string, { readonly operatorId: number; readonly bytes: number }>();

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
   * Notes what memory a partition of an operator holds beside its stores, such as an index or the groups of the batch.
   * @throws STATE_STORE_TOO_LARGE when all of it together is more than it may be
   */
  hold(operatorId: number, partition: number, bytes: number): void {
    this.#beside.set(`${operatorId}/${partition}`, { operatorId, bytes });
    this.#checkSize();
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
    if (this.#maxBytes === Infinity) return;
    const held = [
      ...Array.from(this.#open, ([{ operatorId }, store]) => ({
        operatorId,
        bytes: store.memoryUsedBytes(),
        rows: store.size,
      })),
      ...Array.from(this.#beside.values(), ({ operatorId, bytes }) => ({ operatorId, bytes, rows: 0 })),
    ];
    const bytes = held.reduce((sum, each) => sum + each.bytes, 0);
    if (bytes <= this.#maxBytes) return;
    const byOperator = new Map<number, { bytes: number; rows: number }>();
    for (const { operatorId, bytes: own, rows } of held) {
      const before = byOperator.get(operatorId) ?? { bytes: 0, rows: 0 };
      byOperator.set(operatorId, { bytes: before.bytes + own, rows: before.rows + rows });
    }
    const operators = Array.from(byOperator, ([id, sum]) => `${id}: ${sum.rows} rows, ${sum.bytes} bytes`);
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
