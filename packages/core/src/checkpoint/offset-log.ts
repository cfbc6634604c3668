/** `offsets/N`: what batch N reads, fixed before it runs. Format v1 of Spark. */
import { MillraceError } from "../errors/index.ts";
import { type CheckpointFiles, corruptedLog, linesOfVersion1 } from "./checkpoint-files.ts";
import { type LogCodec, MetadataLog } from "./metadata-log.ts";

export interface OffsetLogEntry {
  /** Watermark with which the batch runs, ms since the epoch. */
  readonly batchWatermarkMs: number;
  /** Time of the batch, ms since the epoch: `current_timestamp` and processing-time timers. */
  readonly batchTimestampMs: number;
  /** Settings that must stay as they were when the query was first started. */
  readonly conf: ReadonlyMap<string, string>;
  /** End offset of each source, as its JSON text; null when it has none yet. */
  readonly offsets: readonly (string | null)[];
}

/**
 * How state is kept on disk. What is recorded is Spark's name of the layout of the files, which is one and the same whatever
 * provider of ours writes them; so this setting is not that of the session.
 */
export const stateProviderKey = "spark.sql.streaming.stateStore.providerClass";
const codecKey = "spark.sql.streaming.stateStore.compression.codec";
const encodingKey = "spark.sql.streaming.stateStore.encodingFormat";
const hdfsProvider = "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider";

/**
 * The settings that Spark 4.3 records with every batch, with its defaults for a new query. All of them are written: for
 * one that is missing Spark would assume the value of its oldest release.
 */
export function sparkConfDefaults(numPartitions: number): ReadonlyMap<string, string> {
  return new Map([
    [stateProviderKey, hdfsProvider],
    ["spark.sql.dropDuplicates.deterministicKeyOrder.enabled", "true"],
    ["spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion", "2"],
    ["spark.sql.streaming.stateStore.rocksdb.formatVersion", "5"],
    ["spark.sql.streaming.queryEvolution.enableSourceEvolution", "false"],
    [encodingKey, "unsaferow"],
    ["spark.sql.streaming.statefulOperator.useStrictDistribution", "true"],
    ["spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "2"],
    ["spark.sql.streaming.multipleWatermarkPolicy", "min"],
    ["spark.sql.streaming.stateStore.rowChecksum.enabled", "false"],
    ["spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled", "true"],
    ["spark.sql.streaming.aggregation.stateFormatVersion", "2"],
    ["spark.sql.function.protobufExtensions.enabled", "false"],
    ["spark.sql.shuffle.partitions", String(numPartitions)],
    ["spark.sql.streaming.join.stateFormatVersion", "2"],
    [codecKey, "lz4"],
    ["spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "false"],
  ]);
}

/** What Spark assumes for settings that an older release did not record. */
const legacyConf: ReadonlyMap<string, string> = new Map([
  ["spark.sql.streaming.multipleWatermarkPolicy", "min"],
  ["spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "1"],
  ["spark.sql.streaming.aggregation.stateFormatVersion", "1"],
  ["spark.sql.streaming.join.stateFormatVersion", "1"],
  [codecKey, "lz4"],
  ["spark.sql.streaming.statefulOperator.useStrictDistribution", "false"],
  ["spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "true"],
  [encodingKey, "unsaferow"],
  ["spark.sql.streaming.stateStore.rowChecksum.enabled", "false"],
]);

/**
 * The settings with which a query goes on from a logged batch: the logged value wins over the session's, a value that an
 * old release did not log is the one that it meant, and the rest is the session's.
 */
export function confOnRestart(
  logged: ReadonlyMap<string, string>,
  session: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map([...session, ...legacyConf, ...logged]);
}

/**
 * Refuses state that is kept in a form we cannot read. `stateful` false: only the offsets matter.
 * @throws MillraceError STATE_STORE_PROVIDER_NOT_SUPPORTED
 */
export function checkStateSettings(path: string, conf: ReadonlyMap<string, string>): void {
  const supported: readonly (readonly [string, string])[] = [
    [stateProviderKey, hdfsProvider],
    [codecKey, "lz4"],
    [encodingKey, "unsaferow"],
    ["spark.sql.streaming.stateStore.rowChecksum.enabled", "false"],
  ];
  for (const [key, value] of supported) {
    const actual = conf.get(key);
    if (actual !== undefined && actual !== value) {
      throw new MillraceError("STATE_STORE_PROVIDER_NOT_SUPPORTED", { path, setting: `${key}=${actual}` });
    }
  }
}

function longOf(path: string, name: string, value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw corruptedLog(path, `${name} is not a whole number`);
  return value;
}

function readMetadata(path: string, line: string): Omit<OffsetLogEntry, "offsets"> {
  if (line === "") return { batchWatermarkMs: 0, batchTimestampMs: 0, conf: new Map() };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw corruptedLog(path, "its second line is not JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw corruptedLog(path, "its second line is not a JSON object");
  }
  const members = new Map<string, unknown>(Object.entries(json));
  const confJson = members.get("conf") ?? {};
  if (typeof confJson !== "object" || Array.isArray(confJson)) throw corruptedLog(path, "conf is not a JSON object");
  const conf = new Map<string, string>();
  for (const [key, value] of Object.entries(confJson as object)) {
    if (typeof value !== "string") throw corruptedLog(path, `conf ${key} is not a string`);
    conf.set(key, value);
  }
  return {
    batchWatermarkMs: longOf(path, "batchWatermarkMs", members.get("batchWatermarkMs")),
    batchTimestampMs: longOf(path, "batchTimestampMs", members.get("batchTimestampMs")),
    conf,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export const offsetLogCodec: LogCodec<OffsetLogEntry> = {
  encode(entry) {
    const metadata = JSON.stringify({
      batchWatermarkMs: entry.batchWatermarkMs,
      batchTimestampMs: entry.batchTimestampMs,
      conf: Object.fromEntries(entry.conf),
    });
    return ["v1", metadata, ...entry.offsets.map((offset) => offset ?? "-")].join("\n");
  },
  decode(path, text) {
    const [metadata, ...lines] = linesOfVersion1(path, text);
    if (metadata === undefined) throw corruptedLog(path, "it ends after its version: Incomplete log file");
    const head = readMetadata(path, metadata);
    if (lines.length === 0) throw corruptedLog(path, "it holds no offset: Incomplete log file");
    const offsets = lines.map((line, i) => {
      if (line === "-") return null;
      // An offset is the source's own text; that it is JSON is all that holds for each, and a torn one is not.
      if (!isJson(line)) throw corruptedLog(path, `the offset of source ${i} is not JSON: Incomplete log file`);
      return line;
    });
    return { ...head, offsets };
  },
};

/** The offset log of a checkpoint. */
export function openOffsetLog(files: CheckpointFiles, checkpoint: string): MetadataLog<OffsetLogEntry> {
  return new MetadataLog(files, `${checkpoint}/offsets`, offsetLogCodec);
}
