/** The state of a query's stateful operators: what is recorded of them, and the stores of all partitions for the running batch. */
import { applyCheckpointProgram } from "../checkpoint/checkpoint-files.ts";
import { assertInvariant } from "../errors/index.ts";
import type { StateStoreSchema } from "../execution/context.ts";
import type { Durability } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { HdfsStateStoreProvider, statePartitionDirectory } from "../state/hdfs-state-store.ts";
import {
  checkOperators,
  type OperatorMetadata,
  operatorMetadataPath,
  readOperatorMetadata,
  writeOperatorMetadataProgram,
} from "../state/operator-metadata.ts";
import {
  checkStateSchema,
  readStateSchema,
  type StateSchema,
  stateSchemaPath,
  writeStateSchemaProgram,
} from "../state/state-schema.ts";
import type { StateStore, StateStoreMetrics, StateStoreProvider } from "../state/state-store.ts";
import { structType } from "../types/data-type.ts";
import { syncDirectories } from "./query-checkpoint.ts";
import { statePartitionsOf, type StatefulOperator } from "./stateful-operators.ts";

export interface QueryStateOptions {
  readonly checkpointPath: string;
  readonly durability: Durability;
  readonly minDeltasForSnapshot: number;
  readonly minBatchesToRetain: number;
}

/** The name by which Spark records a stateful operator. */
export function operatorNameOf(operator: StatefulOperator): string {
  switch (operator.kind) {
    case "StateAggregate":
      return "stateStoreSave";
  }
}

/** Key and value of an operator's state: the grouping keys, and the aggregation buffers. */
function stateSchemaOf(operator: StatefulOperator): StateSchema {
  const fields = operator.input.schema.fields;
  return {
    key: structType(
      fields.slice(0, operator.keyCount).map((field, i) => ({ ...field, name: operator.keyNames[i] ?? field.name })),
    ),
    value: structType(fields.slice(operator.keyCount)),
  };
}

function metadataOf(operator: StatefulOperator): OperatorMetadata {
  return {
    operatorId: operator.operatorId,
    operatorName: operatorNameOf(operator),
    stores: [{ storeName: "default", numColsPrefixKey: 0, numPartitions: statePartitionsOf(operator) }],
  };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

interface Partition {
  readonly operatorId: number;
  readonly provider: StateStoreProvider;
}

export class QueryState {
  readonly operators: readonly StatefulOperator[];
  readonly #runtime: Runtime;
  readonly #options: QueryStateOptions;
  readonly #partitions: readonly Partition[];
  readonly #byId: ReadonlyMap<string, Partition>;
  #unwritten: readonly FileOperation[] = [];

  constructor(runtime: Runtime, operators: readonly StatefulOperator[], options: QueryStateOptions) {
    this.operators = operators;
    this.#runtime = runtime;
    this.#options = options;
    const byId = new Map<string, Partition>();
    for (const operator of operators) {
      for (let i = 0; i < statePartitionsOf(operator); i++) {
        const directory = statePartitionDirectory(options.checkpointPath, operator.operatorId, i);
        const provider = new HdfsStateStoreProvider(runtime.fs, runtime.random, directory, options);
        byId.set(`${operator.operatorId}/${i}`, { operatorId: operator.operatorId, provider });
      }
    }
    this.#byId = byId;
    this.#partitions = [...byId.values()];
  }

  /**
   * Compares the operators of the plan and their schemas with those that the checkpoint holds (E3, E4). Reads only.
   * @param committed whether a batch of the query is committed
   * @throws STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA, STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE,
   * STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE
   */
  async checkMetadata(committed: boolean): Promise<void> {
    const { fs, random } = this.#runtime;
    const { checkpointPath, durability } = this.#options;
    const stored = await readOperatorMetadata(fs, checkpointPath);
    const wanted = this.operators.map(metadataOf);
    const storedIds = new Set(stored.map((operator) => operator.operatorId));
    const unwritten: FileOperation[] = [];
    let storedSchemas = 0;
    for (const operator of this.operators) {
      const directory = statePartitionDirectory(checkpointPath, operator.operatorId, 0);
      const schema = stateSchemaOf(operator);
      const storedSchema = await readStateSchema(fs, directory);
      if (storedSchema !== null) {
        storedSchemas++;
        checkStateSchema(storedSchema, schema);
        unwritten.push(...syncDirectories(durability, [directoryOf(stateSchemaPath(directory))]));
      } else {
        unwritten.push(...writeStateSchemaProgram(directory, schema, random.uuid(), durability));
      }
    }
    // A crash in the first batch leaves some of them unwritten; Spark before 3.5 recorded schemas only.
    const recordsAll = committed && (stored.length > 0 || storedSchemas === 0);
    checkOperators(stored, recordsAll ? wanted : wanted.filter((operator) => storedIds.has(operator.operatorId)));
    for (const operator of wanted) {
      if (storedIds.has(operator.operatorId)) {
        // Seen, but not durable when the run that wrote it died before it synced the directory.
        const path = operatorMetadataPath(checkpointPath, operator.operatorId);
        unwritten.push(...syncDirectories(durability, [directoryOf(path)]));
        continue;
      }
      unwritten.push(...writeOperatorMetadataProgram(checkpointPath, operator, random.uuid(), durability));
    }
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
    return new BatchState(batchId, this.#byId, this.#partitions);
  }

  /** What progress tells of an operator's state besides rows and times, as Spark's HDFS-backed store does. */
  customMetrics(operatorId: number): Readonly<Record<string, number>> {
    const partitions = this.#partitions.filter((partition) => partition.operatorId === operatorId);
    const all = partitions.map(({ provider }) => provider.metrics);
    const sum = (name: keyof StateStoreMetrics): number => all.reduce((total, metrics) => total + metrics[name], 0);
    const snapshots = all
      .map(
        ({ snapshotLastUploaded }, i) => [`SnapshotLastUploaded.partition_${i}_default`, snapshotLastUploaded] as const,
      )
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
    await Promise.all(this.#partitions.map(({ provider }) => provider.maintain()));
  }
}

/** The stores of one batch. */
export class BatchState {
  readonly #batchId: number;
  readonly #byId: ReadonlyMap<string, Partition>;
  readonly #partitions: readonly Partition[];
  readonly #stores = new Map<Partition, StateStore>();

  constructor(batchId: number, byId: ReadonlyMap<string, Partition>, partitions: readonly Partition[]) {
    this.#batchId = batchId;
    this.#byId = byId;
    this.#partitions = partitions;
  }

  async open(operatorId: number, partition: number, schema: StateStoreSchema): Promise<StateStore> {
    const found = this.#byId.get(`${operatorId}/${partition}`);
    assertInvariant(
      found !== undefined,
      `partition ${partition} of stateful operator ${operatorId} is not in the plan`,
    );
    assertInvariant(
      !this.#stores.has(found),
      `the state ${operatorId}/${partition} (${schema.operatorName}) is opened twice in batch ${this.#batchId}`,
    );
    return this.#open(found);
  }

  async #open(partition: Partition): Promise<StateStore> {
    const store = await partition.provider.open(this.#batchId);
    assertInvariant(store.version === this.#batchId, `batch ${this.#batchId} got state version ${store.version}`);
    this.#stores.set(partition, store);
    return store;
  }

  /** What makes the state of all partitions of all operators durable, also of those that the batch did not open. */
  async commitProgram(): Promise<readonly FileOperation[]> {
    const program: FileOperation[] = [];
    for (const partition of this.#partitions) {
      const store = this.#stores.get(partition) ?? (await this.#open(partition));
      for (const operation of store.commitProgram()) program.push(operation);
    }
    return program;
  }

  /** The program has run. */
  committed(): void {
    for (const store of this.#stores.values()) store.committed();
  }

  /** Gives up what was not committed. */
  abort(): void {
    for (const store of this.#stores.values()) store.abort();
  }
}
