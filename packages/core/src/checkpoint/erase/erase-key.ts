/** `millrace checkpoint erase`: a key leaves the state of a query that is stopped, in every version that is kept. */
import { MillraceError } from "../../errors/index.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { statePartitionDirectory } from "../../state/state-files.ts";
import { type OperatorMetadata, readOperatorMetadata } from "../../state/operator-metadata.ts";
import { decodeStateRecords, encodeStateRecords, type StateRecord } from "../../state/state-file.ts";
import { readStateSchema, stateSchemaPath } from "../../state/state-schema.ts";
import type { StructType } from "../../types/data-type.ts";
import { type CheckpointFiles, corruptedLog, listOrEmpty } from "../checkpoint-files.ts";
import { acquireLease } from "../lease.ts";
import { describeCheckpoint, verifyCheckpoint } from "../verify.ts";
import { eraseJoinSide } from "./erase-join-side.ts";
import { eraseRecords, Findings, type StateFile, type StateFileKind } from "./erase-records.ts";
import { filesThatMention } from "./other-files.ts";
import { type KeyMatcher, keyMatcher, type WantedKey } from "./key-matcher.ts";
import { finishErasure, StagedErasure } from "./staged-erasure.ts";

export interface EraseRequest extends WantedKey {
  /** Only the state of this operator; absent: of all. */
  readonly operatorId?: number;
  /** Only this store of the operators, with those that belong to it (the other store of a join's side); absent: all of them. */
  readonly storeName?: string;
  /** Says what would go, and changes nothing. */
  readonly dryRun?: boolean;
}

/** What an erasure found in one store of one operator. */
export interface ErasedStore {
  readonly operatorId: number;
  readonly operatorName: string;
  readonly storeName: string;
  /** Records that went, counted in every file that held them. */
  readonly records: number;
  /** Files that were written anew. */
  readonly files: number;
  /** Columns that held the key, such as `key.user`. */
  readonly columns: readonly string[];
  /** Records that stay, though the text of the key stands in them inside of a longer value. */
  readonly inside: number;
}
export interface ErasureReport {
  /** Stores in which the key, or its text, was found. */
  readonly stores: readonly ErasedStore[];
  /** Other files of the checkpoint that hold the text of the key, such as names of input files: they are not changed. */
  readonly elsewhere: readonly string[];
  /** A batch that was planned and not committed: it is run again, with the rows that its sources still have; or null. */
  readonly replayedBatch: number | null;
}

/**
 * Removes a key from the state of all stateful operators: from the deltas and snapshots of every version that is kept. An
 * entry goes when a column of its key is the key, or when a column of its value is it (see {@link WantedKey.column}). The
 * query must be stopped; it goes on afterwards as if the entries had never been there, and Spark can take it over as before.
 * The files are exchanged together: a crash leaves the old state or, once all new files are written, the new one, which the
 * next run or the next call puts in its place.
 * @throws MillraceError CONCURRENT_QUERY.OTHER_PROCESS while a run holds the checkpoint; CHECKPOINT_ERASE_REFUSED when a
 * file of it cannot be read; CHECKPOINT_ENCRYPTION_KEY.MISSING, .UNKNOWN; CHECKPOINT_WRITE_FAILED
 */
export async function eraseKey(runtime: Runtime, checkpoint: string, request: EraseRequest): Promise<ErasureReport> {
  if (request.key === "") throw new MillraceError("INVALID_ERASE_KEY", {});
  const files: CheckpointFiles = { fs: runtime.fs, random: runtime.random, durability: "fsync" };
  if (request.dryRun === true) return erase(files, checkpoint, request, null);
  const lease = await acquireLease(files, runtime, checkpoint);
  try {
    await finishErasure(files, checkpoint);
    const staged = new StagedErasure(files, checkpoint);
    const report = await erase(files, checkpoint, request, staged);
    await staged.finish();
    return report;
  } finally {
    await lease.release();
  }
}

async function erase(
  files: CheckpointFiles,
  checkpoint: string,
  request: EraseRequest,
  staged: StagedErasure | null,
): Promise<ErasureReport> {
  const { fs } = files;
  // What cannot be read cannot be searched.
  for (const { severity, path, message } of await verifyCheckpoint(fs, checkpoint)) {
    if (severity === "error") throw new MillraceError("CHECKPOINT_ERASE_REFUSED", { path, reason: message });
  }
  const stores: ErasedStore[] = [];
  for (const operator of await readOperatorMetadata(fs, checkpoint)) {
    if (request.operatorId !== undefined && request.operatorId !== operator.operatorId) continue;
    stores.push(...(await eraseOperator(files, checkpoint, operator, request, staged)));
  }
  const { nextIsReplay, nextBatch } = await describeCheckpoint(fs, checkpoint);
  return {
    stores: stores.filter(({ records, inside }) => records + inside > 0),
    elsewhere: await filesThatMention(fs, checkpoint, request.key),
    replayedBatch: nextIsReplay ? nextBatch : null,
  };
}

/** A store of an operator, over all partitions. */
class Store {
  readonly name: string;
  readonly key: StructType;
  readonly matcher: KeyMatcher;
  readonly findings: Findings = new Findings();
  files = 0;

  constructor(name: string, key: StructType, matcher: KeyMatcher) {
    this.name = name;
    this.key = key;
    this.matcher = matcher;
  }
}

/** Stores whose last key column is a number of their own. */
function isNumbered(storeName: string): boolean {
  return storeName.endsWith("-keyWithIndexToValue") || storeName.startsWith("$elements_");
}

/** What a store is a part of, whose stores must agree: a side of a join, a list. */
function partOf(storeName: string): string {
  return storeName.replace(/-key(?:ToNumValues|WithIndexToValue)$|^\$elements_/, "");
}

async function eraseOperator(
  { fs }: CheckpointFiles,
  checkpoint: string,
  operator: OperatorMetadata,
  request: EraseRequest,
  staged: StagedErasure | null,
): Promise<ErasedStore[]> {
  const { operatorId, operatorName } = operator;
  const directoryOf = (partition: number, store: string): string =>
    statePartitionDirectory(checkpoint, operatorId, partition, store);
  const stores = new Map<string, Store>();
  for (const { storeName } of operator.stores) {
    const first = directoryOf(0, storeName);
    const schema = await readStateSchema(fs, first);
    if (schema === null) throw corruptedLog(stateSchemaPath(first), "it does not exist");
    const matcher = keyMatcher(schema, isNumbered(storeName), request);
    stores.set(storeName, new Store(storeName, schema.key, matcher));
  }
  const wanted = (name: string): boolean =>
    request.storeName === undefined || partOf(request.storeName) === partOf(name);
  const partitions = (await listOrEmpty(fs, `${checkpoint}/state/${operatorId}`))
    .filter(({ name, kind }) => kind === "directory" && /^\d{1,9}$/.test(name))
    .map(({ name }) => Number(name));
  for (const partition of partitions) {
    const put = async (store: Store, { version, kind }: StateFile, records: readonly StateRecord[]): Promise<void> => {
      store.files++;
      const path = `${directoryOf(partition, store.name)}/${version}.${kind}`;
      await staged?.add(path, encodeStateRecords(records));
    };
    for (const store of stores.values()) {
      if (!wanted(store.name)) continue;
      const counts = store.name.endsWith("-keyToNumValues");
      const rows = stores.get(store.name.replace("-keyToNumValues", "-keyWithIndexToValue"));
      // Both are rewritten together, when the rows are looked at.
      if (counts && rows !== undefined && wanted(rows.name)) continue;
      const side = stores.get(store.name.replace("-keyWithIndexToValue", "-keyToNumValues"))!;
      const found = await readFiles(fs, directoryOf(partition, store.name));
      const left = found.map((file) => [file, eraseRecords(file, store.matcher, store.findings)] as const);
      if (side === store) {
        for (const [file, records] of left) if (records !== null) await put(store, file, records);
        continue;
      }
      const numbers = await readFiles(fs, directoryOf(partition, side.name));
      const leftNumbers = numbers.map((file) => [file, eraseRecords(file, side.matcher, side.findings)] as const);
      if (!holdsInRow(found, store.matcher)) {
        for (const [file, records] of left) if (records !== null) await put(store, file, records);
        for (const [file, records] of leftNumbers) if (records !== null) await put(side, file, records);
        continue;
      }
      const matchers = { counts: side.matcher, rows: store.matcher };
      const erased = eraseJoinSide({ counts: numbers, rows: found }, side.key, matchers);
      for (const [file, records] of erased) await put(numbers.includes(file) ? side : store, file, records);
    }
  }
  return [...stores.values()].map(({ name, findings, files: written }) => ({
    operatorId,
    operatorName,
    storeName: name,
    records: findings.records,
    files: written,
    columns: [...findings.columns].toSorted(),
    inside: findings.inside,
  }));
}

/** Whether a row holds the key although its join key does not. */
function holdsInRow(files: readonly StateFile[], matcher: KeyMatcher): boolean {
  return files.some(({ records }) =>
    records.some(({ key, value }) => value !== null && matcher.inKey(key) === null && matcher.inValue(value) !== null),
  );
}

async function readFiles(fs: CheckpointFiles["fs"], directory: string): Promise<StateFile[]> {
  const files: StateFile[] = [];
  for (const { name, kind: entry } of await listOrEmpty(fs, directory)) {
    const match = /^(\d{1,15})\.(delta|snapshot)$/.exec(name);
    if (entry !== "file" || match === null) continue;
    const kind: StateFileKind = match[2] === "delta" ? "delta" : "snapshot";
    const path = `${directory}/${name}`;
    files.push({ version: Number(match[1]), kind, records: decodeStateRecords(path, kind, await fs.readFile(path)) });
  }
  return files;
}
