/** Read-only inspection of a checkpoint: `millrace checkpoint verify` and `millrace checkpoint show`. */
import { isMillraceError } from "../errors/index.ts";
import { FileSystemError, type FileSystem } from "../runtime/file-system.ts";
import { type OperatorMetadata, readOperatorMetadata, type StateStoreInfo } from "../state/operator-metadata.ts";
import { decodeStateSchema } from "../state/state-schema.ts";
import { readStateFile } from "../state/state-file.ts";
import { checkSideFiles } from "../state/side-files.ts";
import { corruptedLog, isTemporary, linesOfVersion1, listOrEmpty, readText } from "./checkpoint-files.ts";
import { commitLogCodec } from "./commit-log.ts";
import { isKeyProblem } from "./encryption/checkpoint-keys.ts";
import { readEngineFacts } from "./engine-files.ts";
import { isErasurePending } from "./erase/staged-erasure.ts";
import { fileSourceCodec } from "./file-source-log.ts";
import { sourceText } from "./match-sources.ts";
import type { LogCodec } from "./metadata-log.ts";
import { checkStateSettings, offsetLogCodec, type OffsetLogEntry } from "./offset-log.ts";
import { readQueryId } from "./query-metadata.ts";

export interface Finding {
  /** `error`: the checkpoint cannot be continued. `warning`: it can, but something is not as it should be. */
  readonly severity: "error" | "warning";
  readonly path: string;
  readonly message: string;
}

export interface CheckpointDescription {
  readonly path: string;
  readonly queryId: string | null;
  readonly latestOffsetBatch: number | null;
  readonly latestCommittedBatch: number | null;
  /** The batch that the next run starts with. */
  readonly nextBatch: number;
  readonly nextIsReplay: boolean;
  readonly batchTimestampMs: number | null;
  readonly watermarkMs: number | null;
  /** End offsets of the latest batch, one per source. */
  readonly offsets: readonly (string | null)[];
  readonly conf: ReadonlyMap<string, string>;
  readonly operators: readonly OperatorMetadata[];
  /** Names that the user gave to operators with state, by their ids. Recorded by our runs only. */
  readonly operatorNames: ReadonlyMap<number, string>;
  readonly stateBytes: number;
  /** Recorded by our runs only. */
  readonly sources: readonly string[] | null;
  readonly outputMode: string | null;
}

/** What an error says of a file; one that says nothing of it is thrown again. */
function damageIn(error: unknown): string {
  if (isKeyProblem(error) || !(isMillraceError(error) || error instanceof FileSystemError)) throw error;
  return error.message;
}

const numeric = /^\d{1,15}$/;

class Inspection {
  readonly findings: Finding[] = [];
  readonly fs: FileSystem;
  readonly root: string;
  constructor(fs: FileSystem, root: string) {
    this.fs = fs;
    this.root = root;
  }
  error(path: string, message: string): void {
    this.findings.push({ severity: "error", path, message });
  }
  warning(path: string, message: string): void {
    this.findings.push({ severity: "warning", path, message });
  }
  /** Runs a check; what it throws becomes a finding. */
  async attempt<T>(path: string, check: () => Promise<T>): Promise<T | null> {
    try {
      return await check();
    } catch (error) {
      this.error(path, damageIn(error));
      return null;
    }
  }
  async readable(path: string): Promise<Uint8Array> {
    const bytes = await this.fs.readFile(path);
    const reason = await checkSideFiles(this.fs, path, bytes);
    if (reason !== null) throw corruptedLog(path, reason);
    return bytes;
  }
}

/** Reads every entry of a log directory; gaps between its first and last id are errors. */
async function inspectLog<T>(inspection: Inspection, name: string, codec: LogCodec<T>): Promise<Map<number, T | null>> {
  const directory = `${inspection.root}/${name}`;
  const found = new Map<number, T | null>();
  const entries = (await inspection.attempt(directory, () => listOrEmpty(inspection.fs, directory))) ?? [];
  for (const { name: file, kind } of entries) {
    const path = `${directory}/${file}`;
    if (isTemporary(file))
      inspection.warning(path, "a temporary file of an interrupted write; the next run removes it");
    if (kind !== "file" || !numeric.test(file)) continue;
    const entry = await inspection.attempt(path, async () => {
      const text = await readText(inspection.fs, path);
      return text === null ? null : codec.decode(path, text);
    });
    found.set(Number(file), entry);
  }
  const ids = [...found.keys()].sort((a, b) => a - b);
  for (let i = 1; i < ids.length; i++) {
    if (ids[i] !== ids[i - 1]! + 1) {
      inspection.error(directory, `batches between ${ids[i - 1]} and ${ids[i]} don't exist`);
    }
  }
  return new Map(ids.map((id) => [id, found.get(id)!]));
}

function inspectOrder(
  inspection: Inspection,
  offsets: ReadonlyMap<number, OffsetLogEntry | null>,
  commits: ReadonlyMap<number, unknown>,
): void {
  const { root } = inspection;
  const latestOffset = Math.max(-1, ...offsets.keys());
  const latestCommit = Math.max(-1, ...commits.keys());
  const oldest = Math.min(...offsets.keys());
  for (const id of commits.keys()) {
    if (offsets.has(id)) continue;
    const path = `${root}/commits/${id}`;
    // The logs are purged one after the other, and the removals are not synced.
    if (id < oldest && offsets.size > 0) inspection.warning(path, "left over from a purge; a next one removes it");
    else inspection.error(path, `batch ${id} is committed but has no offsets`);
  }
  if (latestOffset - latestCommit > 1) {
    inspection.error(`${root}/commits`, `offsets end at batch ${latestOffset} but commits at ${latestCommit}`);
  }
  if (latestOffset > 0 && !offsets.has(latestOffset - 1)) {
    inspection.error(
      `${root}/offsets`,
      `batch ${latestOffset - 1} doesn't exist, which batch ${latestOffset} starts from`,
    );
  }
  let previous: OffsetLogEntry | null = null;
  for (const [id, entry] of offsets) {
    if (entry === null) continue;
    const path = `${root}/offsets/${id}`;
    if (previous !== null && entry.batchWatermarkMs < previous.batchWatermarkMs) {
      inspection.error(path, `the watermark steps back from ${previous.batchWatermarkMs} to ${entry.batchWatermarkMs}`);
    }
    if (previous !== null && entry.offsets.length < previous.offsets.length) {
      inspection.error(path, `it has ${entry.offsets.length} sources, the batch before ${previous.offsets.length}`);
    }
    previous = entry;
  }
}

async function inspectSources(inspection: Inspection): Promise<void> {
  const root = `${inspection.root}/sources`;
  for (const { name, kind } of await listOrEmpty(inspection.fs, root)) {
    if (kind !== "directory") continue;
    const entries = await listOrEmpty(inspection.fs, `${root}/${name}`);
    for (const entry of entries) {
      if (entry.kind !== "file" || !/^\d+(\.compact)?$/.test(entry.name)) continue;
      const path = `${root}/${name}/${entry.name}`;
      await inspection.attempt(path, async () => {
        const text = await readText(inspection.fs, path);
        // Kafka's initial offsets begin with a zero byte, rate's with a time: only file logs hold JSON lines of paths.
        if (text === null || !text.startsWith('v1\n{"path"')) return;
        for (const line of linesOfVersion1(path, text)) fileSourceCodec.decode(path, line);
      });
    }
  }
}

/** Every state file of a partition is read; the version that the next batch needs must have its whole chain. */
async function inspectPartition(
  inspection: Inspection,
  directory: string,
  neededVersion: number,
  stores: readonly StateStoreInfo[],
  storeName = "default",
): Promise<void> {
  const deltas = new Set<number>();
  const snapshots = new Set<number>();
  for (const { name, kind } of await listOrEmpty(inspection.fs, directory)) {
    const path = `${directory}/${name}`;
    if (kind === "directory" && name !== "_metadata") {
      await inspectPartition(inspection, path, neededVersion, stores, name);
      continue;
    }
    if (isTemporary(name))
      inspection.warning(path, "a temporary file of an interrupted write; the next run removes it");
    const match = /^(\d{1,15})\.(delta|snapshot)$/.exec(name);
    if (kind !== "file" || match === null) continue;
    const version = Number(match[1]);
    const type = match[2] === "delta" ? "delta" : "snapshot";
    (type === "delta" ? deltas : snapshots).add(version);
    try {
      readStateFile(path, type, await inspection.readable(path), () => undefined);
    } catch (error) {
      const message = damageIn(error);
      // A version after the committed one is written again by the replay.
      if (version > neededVersion) inspection.warning(path, message);
      else inspection.error(path, message);
    }
  }
  const store = stores.find((each) => each.storeName === storeName);
  // What a removed variable has left behind ends with the batch in which it was there last.
  if (deltas.size + snapshots.size === 0 || store === undefined) return;
  const base = Math.max(store.firstVersion ?? 0, ...[...snapshots].filter((v) => v <= neededVersion));
  for (let version = base + 1; version <= neededVersion; version++) {
    if (!deltas.has(version)) inspection.error(`${directory}/${version}.delta`, "the state file does not exist");
  }
  const schema = `${directory}/_metadata/schema`;
  if ((await inspection.fs.stat(schema)) !== null) {
    await inspection.attempt(schema, async () => decodeStateSchema(schema, await inspection.readable(schema)));
  }
}

async function inspectState(inspection: Inspection, neededVersion: number, partitionCount: number): Promise<void> {
  const root = `${inspection.root}/state`;
  const operators = await inspection.attempt(root, () => readOperatorMetadata(inspection.fs, inspection.root));
  const facts = await inspection.attempt(`${inspection.root}/_engine/facts`, () =>
    readEngineFacts(inspection.fs, inspection.root),
  );
  for (const operator of operators ?? []) {
    // What a removed operator has left behind ends with the batch in which it was there last.
    if (facts?.operators.removed.includes(operator.operatorId) === true) continue;
    const directory = `${root}/${operator.operatorId}`;
    const partitions = (await listOrEmpty(inspection.fs, directory)).filter(
      // Those of an earlier, larger number end with the batch in which their state was dealt out.
      (e) => numeric.test(e.name) && Number(e.name) < partitionCount,
    );
    for (const { name } of partitions)
      await inspectPartition(inspection, `${directory}/${name}`, neededVersion, operator.stores);
  }
}

/**
 * Checks every rule of the checkpoint format without changing anything; empty when all is well.
 * @throws MillraceError CHECKPOINT_ENCRYPTION_KEY.MISSING, .UNKNOWN
 */
export async function verifyCheckpoint(fs: FileSystem, directory: string): Promise<Finding[]> {
  const inspection = new Inspection(fs, directory);
  if ((await fs.stat(directory))?.kind !== "directory") {
    inspection.error(directory, "there is no such directory");
    return inspection.findings;
  }
  const id = await inspection.attempt(`${directory}/metadata`, () => readQueryId(fs, directory));
  const offsets = await inspectLog(inspection, "offsets", offsetLogCodec);
  const commits = await inspectLog(inspection, "commits", commitLogCodec);
  if (id === null && offsets.size > 0 && (await fs.stat(`${directory}/metadata`)) === null) {
    inspection.error(`${directory}/metadata`, "the file with the query id does not exist");
  }
  inspectOrder(inspection, offsets, commits);
  const latest = [...offsets.values()].at(-1);
  const hasState = (await listOrEmpty(fs, `${directory}/state`)).length > 0;
  if (latest !== undefined && latest !== null && hasState) {
    await inspection.attempt(directory, async () => checkStateSettings(directory, latest.conf));
  }
  await inspectSources(inspection);
  const partitions = Number(latest?.conf.get("spark.sql.shuffle.partitions") ?? Infinity);
  await inspectState(inspection, Math.max(-1, ...commits.keys()) + 1, partitions);
  if (await isErasurePending(fs, directory)) {
    inspection.warning(`${directory}/_engine/erase`, "an erasure that was interrupted; the next run finishes it");
  }
  return inspection.findings;
}

async function bytesBeneath(fs: FileSystem, directory: string): Promise<number> {
  let sum = 0;
  for (const { name, kind } of await listOrEmpty(fs, directory)) {
    const path = `${directory}/${name}`;
    sum += kind === "directory" ? await bytesBeneath(fs, path) : ((await fs.stat(path))?.size ?? 0);
  }
  return sum;
}

/**
 * What a checkpoint says about its query.
 * @throws MillraceError CHECKPOINT_LOG_CORRUPTED and others when a file that is shown cannot be read
 */
export async function describeCheckpoint(fs: FileSystem, directory: string): Promise<CheckpointDescription> {
  const idsOf = async (log: string): Promise<number[]> =>
    (await listOrEmpty(fs, `${directory}/${log}`))
      .filter((e) => e.kind === "file" && numeric.test(e.name))
      .map((e) => Number(e.name));
  const latestOffset = Math.max(-1, ...(await idsOf("offsets")));
  const latestCommit = Math.max(-1, ...(await idsOf("commits")));
  const read = async <T>(path: string, codec: LogCodec<T>): Promise<T | null> => {
    const text = await readText(fs, path);
    return text === null ? null : codec.decode(path, text);
  };
  const offsets = latestOffset < 0 ? null : await read(`${directory}/offsets/${latestOffset}`, offsetLogCodec);
  const commit = latestCommit < 0 ? null : await read(`${directory}/commits/${latestCommit}`, commitLogCodec);
  const facts = await readEngineFacts(fs, directory);
  const nextIsReplay = latestOffset > latestCommit;
  return {
    path: directory,
    queryId: await readQueryId(fs, directory),
    latestOffsetBatch: latestOffset < 0 ? null : latestOffset,
    latestCommittedBatch: latestCommit < 0 ? null : latestCommit,
    nextBatch: nextIsReplay ? latestOffset : latestOffset + 1,
    nextIsReplay,
    batchTimestampMs: offsets?.batchTimestampMs ?? null,
    watermarkMs:
      offsets === null
        ? null
        : Math.max(offsets.batchWatermarkMs, nextIsReplay ? 0 : (commit?.nextBatchWatermarkMs ?? 0)),
    offsets: offsets?.offsets ?? [],
    conf: offsets?.conf ?? new Map(),
    operators: await readOperatorMetadata(fs, directory),
    operatorNames: new Map(
      (facts?.operators.operators ?? []).flatMap(({ operatorId, name }) => (name === null ? [] : [[operatorId, name]])),
    ),
    stateBytes: await bytesBeneath(fs, `${directory}/state`),
    sources: facts?.sources.map(sourceText) ?? null,
    outputMode: facts?.outputMode ?? null,
  };
}
