/**
 * Deals the state of a query out to another number of partitions: a batch of its own, without rows, with the new number in its
 * settings. State of the batch before stays as it was, so that it can still be read. Begun and not ended it keeps the
 * query from starting; done again it goes on where it was.
 * @see Spark `OfflineStateRepartitionRunner`
 */
import { MillraceError } from "../errors/index.ts";
import { atomicWrite } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { HdfsStateStoreProvider } from "../state/hdfs-state-store.ts";
import { statePartitionDirectory } from "../state/state-files.ts";
import { hashColumns, partitionOf } from "../state/murmur3.ts";
import {
  type OperatorMetadata,
  readOperatorMetadata,
  type StateStoreInfo,
  writeOperatorMetadataProgram,
} from "../state/operator-metadata.ts";
import { encodeSnapshot } from "../state/state-file.ts";
import { readStateSchema, type StateSchema } from "../state/state-schema.ts";
import type { StateStore } from "../state/state-store.ts";
import { RowColumns } from "../state/unsafe-row-columns.ts";
import { VersionedMap } from "../state/versioned-map.ts";
import type { CheckpointFiles } from "./checkpoint-files.ts";
import { openCommitLog } from "./commit-log.ts";
import { readEngineFacts } from "./engine-files.ts";
import { finishErasure } from "./erase/staged-erasure.ts";
import { acquireLease } from "./lease.ts";
import { checkStateSettings, openOffsetLog } from "./offset-log.ts";
import {
  readRepartitions,
  type Repartition,
  unfinishedRepartition,
  writeRepartitionsProgram,
} from "./repartition-record.ts";

const partitionsKey = "spark.sql.shuffle.partitions";

export interface RepartitionResult {
  /** The batch that was made for it. */
  readonly batchId: number;
  readonly from: number;
  readonly to: number;
  /** Entries of all stores. */
  readonly rows: number;
}

/**
 * @throws MillraceError STATE_REPARTITION_INVALID_PARAMETER.IS_NOT_GREATER_THAN_ZERO, STATE_REPARTITION_INVALID_CHECKPOINT.*,
 * CONCURRENT_QUERY.OTHER_PROCESS, and what reading state throws
 */
export async function repartitionCheckpoint(
  runtime: Runtime,
  checkpoint: string,
  partitions: number,
): Promise<RepartitionResult> {
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new MillraceError("STATE_REPARTITION_INVALID_PARAMETER.IS_NOT_GREATER_THAN_ZERO", {
      parameter: "numPartitions",
    });
  }
  const files: CheckpointFiles = { fs: runtime.fs, random: runtime.random, durability: "fsync" };
  const offsets = openOffsetLog(files, checkpoint);
  const commits = openCommitLog(files, checkpoint);
  // Looked at first, so that a directory that is no checkpoint stays as it is.
  await plannedRepartition(checkpoint, partitions, files, offsets, commits);
  const lease = await acquireLease(files, runtime, checkpoint);
  try {
    await finishErasure(files, checkpoint);
    const planned = await plannedRepartition(checkpoint, partitions, files, offsets, commits);
    const { batchId, entry, commit, from } = planned;
    const begun: Repartition = { batchId, partitions };
    const record = await readRepartitions(files.fs, checkpoint);
    const done = [...record.done.filter((each) => each.batchId !== batchId), begun];
    await lease.apply(writeRepartitionsProgram(files, checkpoint, { ...record, begun }));
    let rows = 0;
    const removed = (await readEngineFacts(files.fs, checkpoint))?.operators.removed ?? [];
    for (const operator of await readOperatorMetadata(files.fs, checkpoint)) {
      if (removed.includes(operator.operatorId)) continue;
      for (const store of operator.stores) {
        const program = await dealOut(files, checkpoint, operator, store, { version: batchId, from, to: partitions });
        rows += program.rows;
        await lease.apply(program.operations);
      }
      const stores = operator.stores.map((store) => ({ ...store, numPartitions: partitions }));
      const unique = files.random.uuid();
      await lease.apply(writeOperatorMetadataProgram(checkpoint, { ...operator, stores }, unique, files.durability));
    }
    if ((await offsets.get(batchId)) === null) {
      const conf = new Map([...entry.conf, [partitionsKey, String(partitions)]]);
      await lease.apply(offsets.addProgram(batchId, { ...entry, conf }));
    }
    if ((await commits.get(batchId)) === null) await lease.apply(commits.addProgram(batchId, commit));
    await lease.apply(writeRepartitionsProgram(files, checkpoint, { done, begun: null }));
    return { batchId, from, to: partitions, rows };
  } finally {
    await lease.release().catch(() => undefined);
  }
}

/** What is to be done, or goes on: the batch, what it repeats of the one before, and the partitions of now. */
async function plannedRepartition(
  checkpoint: string,
  partitions: number,
  files: CheckpointFiles,
  offsets: ReturnType<typeof openOffsetLog>,
  commits: ReturnType<typeof openCommitLog>,
) {
  const newest = await offsets.latest();
  const uncommitted = newest === null || (await commits.get(newest.batchId)) !== null ? null : newest.batchId;
  const begun = unfinishedRepartition(await readRepartitions(files.fs, checkpoint), uncommitted);
  const invalid = "STATE_REPARTITION_INVALID_CHECKPOINT";
  const checkpointLocation = checkpoint;
  if (begun !== null && begun.partitions !== partitions) {
    throw new MillraceError(`${invalid}.LAST_BATCH_ABANDONED_REPARTITION`, {
      checkpointLocation,
      lastBatchId: String(begun.batchId),
      lastBatchShufflePartitions: String(begun.partitions),
      numPartitions: String(partitions),
    });
  }
  if (newest === null) throw new MillraceError(`${invalid}.NO_BATCH_FOUND`, { checkpointLocation });
  const before = begun === null ? newest.batchId : begun.batchId - 1;
  const [entry, commit] = [await offsets.get(before), await commits.get(before)];
  if (entry === null || (commit === null && before === 0)) {
    throw new MillraceError(`${invalid}.NO_COMMITTED_BATCH`, { checkpointLocation });
  }
  if (commit === null) {
    throw new MillraceError(`${invalid}.LAST_BATCH_FAILED`, { checkpointLocation, lastBatchId: String(before) });
  }
  checkStateSettings(checkpoint, entry.conf);
  const from = Number(entry.conf.get(partitionsKey));
  if (begun === null && from === partitions) {
    throw new MillraceError(`${invalid}.SHUFFLE_PARTITIONS_ALREADY_MATCH`, {
      checkpointLocation,
      batchId: String(before),
      numPartitions: String(partitions),
    });
  }
  return { batchId: before + 1, entry, commit, from };
}

interface Dealing {
  /** That is read; the next one is written. */
  readonly version: number;
  readonly from: number;
  readonly to: number;
}

async function dealOut(
  files: CheckpointFiles,
  checkpoint: string,
  operator: OperatorMetadata,
  store: StateStoreInfo,
  { version, from, to }: Dealing,
): Promise<{ readonly rows: number; readonly operations: readonly FileOperation[] }> {
  const { fs, random, durability } = files;
  const directoryOf = (partition: number): string =>
    statePartitionDirectory(checkpoint, operator.operatorId, partition, store.storeName);
  const schema = await readStateSchema(fs, directoryOf(0));
  if (schema === null) {
    throw new MillraceError("STDS_FAILED_TO_READ_STATE_SCHEMA", {
      sourceOptions: directoryOf(0),
      stores: store.storeName,
    });
  }
  const columns = partitionColumns(operator, store, schema);
  const [sources, targets] = columns === 0 ? [1, 1] : [from, to];
  const maps = Array.from({ length: targets }, () => new VersionedMap(0));
  let rows = 0;
  for (let partition = 0; partition < sources; partition++) {
    const options = {
      readOnly: true,
      ...(store.firstVersion === undefined ? {} : { firstVersion: store.firstVersion }),
    };
    const provider = new HdfsStateStoreProvider(fs, random, directoryOf(partition), options);
    rows += dealEntries(await provider.open(version), schema, columns, maps);
  }
  const operations = maps.flatMap((map, partition): FileOperation[] => {
    const path = `${directoryOf(partition)}/${version + 1}.snapshot`;
    return [
      { op: "makeDirectory", path: directoryOf(partition) },
      ...atomicWrite(path, encodeSnapshot(map), "replace", random.uuid(), durability),
    ];
  });
  return { rows, operations };
}

/**
 * By how many of the first columns of its keys a store's rows were dealt out to partitions: a store of a join's rows numbers those
 * of a key, one of sessions has their start in the key, those of a processor the keys of maps. 0: all rows lie in one.
 */
function partitionColumns({ operatorName }: OperatorMetadata, store: StateStoreInfo, { key }: StateSchema): number {
  if (operatorName === "globalLimit") return 0;
  if (operatorName === "transformWithStateExec") return 1;
  if (operatorName === "symmetricHashJoin")
    return key.fields.length - (store.storeName.endsWith("WithIndexToValue") ? 1 : 0);
  return store.numColsPrefixKey > 0 ? store.numColsPrefixKey : key.fields.length;
}

function dealEntries(store: StateStore, schema: StateSchema, columns: number, maps: readonly VersionedMap[]): number {
  const { size } = store;
  const ranges = { starts: new Int32Array(size), ends: new Int32Array(size) };
  const values = { starts: new Int32Array(size), ends: new Int32Array(size) };
  let count = 0;
  store.forEach((_, keyStart, keyEnd, valueStart, valueEnd) => {
    ranges.starts[count] = keyStart;
    ranges.ends[count] = keyEnd;
    values.starts[count] = valueStart;
    values.ends[count++] = valueEnd;
  });
  const keys = { bytes: store.arena, ...ranges, count };
  const reader = new RowColumns(schema.key.fields.map(({ type }) => type));
  reader.check(keys);
  const vectors = Array.from({ length: columns }, (_, field) => reader.column(keys, field));
  const hashes = hashColumns(vectors, count);
  for (let i = 0; i < count; i++) {
    const map = maps[maps.length === 1 ? 0 : partitionOf(hashes[i]!, maps.length)]!;
    const { arena } = store;
    map.put(arena, ranges.starts[i]!, ranges.ends[i]!, arena, values.starts[i]!, values.ends[i]!);
  }
  return count;
}
