import { MillraceError } from "../errors/index.ts";
import { parseBytes, parseMillis } from "../types/quantities.ts";
import { keyReferences } from "../checkpoint/encryption/checkpoint-keys.ts";
import { parseByteSize } from "../execution/memory/operator-memory.ts";
import type { EngineConf } from "./engine.ts";

interface Setting {
  readonly default: string | undefined;
  readonly doc: string;
  /** Fixed when the session is built. */
  readonly static?: boolean;
  check?(value: string): boolean;
  readonly expected?: string;
  /** A value that is refused may be a secret given by mistake: errors do not show it. */
  readonly secret?: boolean;
}

type ValueRule = Required<Pick<Setting, "check" | "expected">>;

const boolean: ValueRule = { check: (value) => /^(true|false)$/i.test(value), expected: "true or false" };
const positive: ValueRule = { check: (value) => /^[1-9]\d*$/.test(value), expected: "a positive integer" };
const timeSpan: ValueRule = {
  check: (value) => parseMillis(value) !== undefined,
  expected: "milliseconds, or a number with a unit such as 10s, 5min or 1h",
};
const byteCount: ValueRule = {
  check: (value) => parseBytes(value) !== undefined,
  expected: "a number of bytes such as 4194304 or 64m",
};

/** Settings that the engine reads, with their defaults: Spark's names where Spark has one. Unknown keys are kept as given. */
export const settings: Readonly<Record<string, Setting>> = {
  "spark.app.name": { default: "millrace", doc: "Name of the application.", static: true },
  "spark.master": {
    default: "local[*]",
    doc: "`local[n]`: n threads; `local[*]`: one per core; `local`: the calling thread alone.",
    static: true,
    check: (value) => /^local(\[(\*|[1-9]\d*)(,\s*\d+)?\])?$/.test(value),
    expected: "local, local[n] with n threads, or local[*]",
  },
  "spark.sql.ansi.enabled": {
    default: "true",
    doc: "Errors instead of NULL or wrap-around on overflow, malformed casts and division by zero.",
    ...boolean,
  },
  "spark.sql.mapKeyDedupPolicy": {
    default: "EXCEPTION",
    doc: "What functions do that put equal keys into a map: EXCEPTION, or LAST_WIN for the last of them.",
    check: (value) => /^(EXCEPTION|LAST_WIN)$/i.test(value),
    expected: "EXCEPTION or LAST_WIN",
  },
  "spark.sql.pivotMaxValues": {
    default: "10000",
    doc: "The most values that a pivot without a list of values may find.",
    ...positive,
  },
  "spark.sql.transposeMaxValues": {
    default: "500",
    doc: "The most rows that a transposition may have.",
    ...positive,
  },
  "spark.sql.caseSensitive": {
    default: "false",
    doc: "Whether column names differ by case.",
    ...boolean,
  },
  "spark.sql.session.timeZone": {
    default: undefined,
    doc: "Time zone of dates and of timestamps without one. Default: the TZ of the process.",
    check: isTimeZone,
    expected: "an IANA time zone such as Europe/Berlin, or UTC",
  },
  "spark.sql.shuffle.partitions": {
    default: "4",
    doc: "State partitions of a stateful operator. Fixed for the life of a checkpoint.",
    ...positive,
  },
  "spark.sql.streaming.checkpointLocation": {
    default: undefined,
    doc: "Parent directory of checkpoints of queries that name none: <location>/<query name>.",
  },
  "spark.sql.streaming.minBatchesToRetain": {
    default: "100",
    doc: "Batches kept in logs and state.",
    ...positive,
  },
  "spark.sql.streaming.noDataMicroBatches.enabled": {
    default: "true",
    doc: "Run a batch without data when the watermark has moved and state can leave.",
    ...boolean,
  },
  "spark.sql.streaming.multipleWatermarkPolicy": {
    default: "min",
    doc: "How several watermarks make one.",
    check: (value) => value === "min" || value === "max",
    expected: "min or max",
  },
  "spark.sql.streaming.statefulOperator.checkCorrectness.enabled": {
    default: "true",
    doc: "false: a stateful operator may follow one whose rows can be older than the watermark; a warning is all.",
    ...boolean,
  },
  "spark.sql.streaming.numRecentProgressUpdates": {
    default: "100",
    doc: "Progress events kept.",
    ...positive,
  },
  "spark.sql.streaming.noDataProgressEventInterval": {
    default: "10000",
    doc: "Milliseconds between idle events.",
    ...timeSpan,
  },
  "spark.sql.streaming.pollingDelay": {
    default: "10",
    doc: "Milliseconds between looks at an idle source.",
    ...timeSpan,
  },
  "spark.sql.streaming.realTimeMode.minBatchDuration": {
    default: "5000",
    doc: "Milliseconds that a batch of the trigger realTime lasts at least.",
    ...timeSpan,
  },
  "spark.sql.streaming.stateStore.minDeltasForSnapshot": {
    default: "10",
    doc: "Deltas between two snapshots.",
    ...positive,
  },
  "spark.sql.streaming.stateStore.providerClass": {
    default: "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider",
    doc: "Where the state of streams lies while they run: in memory, or with @millrace/state-disk (also under Spark's name RocksDBStateStoreProvider) on the local disk. The files of the checkpoint are the same.",
  },
  "spark.sql.streaming.schemaInference": {
    default: "false",
    doc: "Whether a file stream without a schema takes it from the files that are there at the start.",
    ...boolean,
  },
  "spark.sql.streaming.stopActiveRunOnRestart": {
    default: "true",
    doc: "A new run stops the session's query on the same checkpoint; false: it is refused.",
    ...boolean,
  },
  "spark.sql.streaming.fileSource.log.compactInterval": {
    default: "10",
    doc: "Entries of a file source's log that are made one file.",
    ...positive,
  },
  "spark.sql.streaming.fileSource.log.cleanupDelay": {
    default: "0",
    doc: "How long entries of a file source's log stay that no retained batch needs.",
    ...timeSpan,
  },
  "spark.sql.streaming.fileSink.log.compactInterval": {
    default: "10",
    doc: "The same for the manifest of a file sink.",
    ...positive,
  },
  "spark.sql.streaming.fileSink.log.cleanupDelay": {
    default: "10min",
    doc: "How long manifest files stay after a compact one follows.",
    ...timeSpan,
  },
  "spark.sql.files.maxPartitionBytes": {
    default: "128m",
    doc: "Batch reads: size of the parts in which a large file is read.",
    ...byteCount,
  },
  "spark.sql.columnNameOfCorruptRecord": {
    default: "_corrupt_record",
    doc: "Column that takes the text of records that cannot be read, unless the option of that name is given.",
  },
  "spark.sql.parquet.compression.codec": {
    default: "snappy",
    doc: "How Parquet files are compressed, unless the option compression is given.",
    check: (value) => /^(none|uncompressed|snappy|gzip|zstd|brotli)$/i.test(value),
    expected: "none, uncompressed, snappy, gzip, zstd or brotli",
  },
  "spark.sql.parquet.outputTimestampType": {
    default: "TIMESTAMP_MICROS",
    doc: "How timestamps stand in Parquet files.",
    check: (value) => /^(TIMESTAMP_MICROS|TIMESTAMP_MILLIS|INT96)$/i.test(value),
    expected: "TIMESTAMP_MICROS, TIMESTAMP_MILLIS or INT96",
  },
  "spark.sql.jsonGenerator.ignoreNullFields": {
    default: "true",
    doc: "Whether the JSON sink leaves out fields that are NULL.",
    ...boolean,
  },
  "spark.sql.files.ignoreMissingFiles": {
    default: "false",
    doc: "Go on when a listed file is gone.",
    ...boolean,
  },
  "spark.sql.files.ignoreCorruptFiles": {
    default: "false",
    doc: "Go on when a file cannot be read.",
    ...boolean,
  },
  "spark.sql.files.maxRecordsPerFile": {
    default: "0",
    doc: "File sinks: rows of a file after which the next one begins; 0: any number.",
    check: (value) => /^\d+$/.test(value),
    expected: "a whole number",
  },
  "spark.sql.sources.partitionColumnTypeInference.enabled": {
    default: "true",
    doc: "Values in the names of directories get types; false: all are STRING.",
    ...boolean,
  },
  "spark.sql.sources.partitionOverwriteMode": {
    default: "STATIC",
    doc: "What mode overwrite with partitionBy replaces: STATIC everything, DYNAMIC the directories that it has rows for.",
    check: (value) => /^(STATIC|DYNAMIC)$/i.test(value),
    expected: "STATIC or DYNAMIC",
  },
  "spark.sql.sources.binaryFile.maxLength": {
    default: "2147483647",
    doc: "Bytes of the largest file that format binaryFile reads.",
    ...byteCount,
  },
  "spark.sql.parquet.mergeSchema": {
    default: "false",
    doc: "Whether the schema of Parquet files is that of all files together, not of the first.",
    ...boolean,
  },
  "spark.sql.parquet.filterPushdown": {
    default: "true",
    doc: "Leave out row groups and pages of Parquet files that cannot match a filter.",
    ...boolean,
  },
  "spark.sql.parquet.binaryAsString": {
    default: "false",
    doc: "Parquet columns of bytes without an annotation are text.",
    ...boolean,
  },
  "spark.sql.parquet.inferTimestampNTZ.enabled": {
    default: "true",
    doc: "Parquet timestamps that are not of UTC are TIMESTAMP_NTZ.",
    ...boolean,
  },
  "spark.sql.autoBroadcastJoinThreshold": {
    default: "10485760",
    doc: "Estimated bytes up to which a side of a join is read into memory first and broadcast; -1: only with a hint.",
    check: (value) => /^(-1|0)$/.test(value) || parseByteSize(value) !== undefined,
    expected: "a number of bytes such as 10m, or -1",
  },
  "millrace.memory.limit": {
    default: undefined,
    doc: "Memory that the operators of one query may hold, such as 4g; more goes to disk. Default: half of the machine's.",
    check: (value) => parseByteSize(value) !== undefined,
    expected: "a number of bytes such as 512m or 4g",
  },
  "spark.local.dir": {
    default: undefined,
    doc: "Directory for rows that do not fit into memory. Default: the temporary directory of the process.",
  },
  "millrace.codegen.enabled": {
    default: "true",
    doc: "false: expressions run in the interpreter, without `new Function`.",
    ...boolean,
  },
  "millrace.parallel.minBytes": {
    default: "1m",
    doc: "A part of a plan that reads less runs on the calling thread.",
    check: (value) => parseByteSize(value) !== undefined,
    expected: "a number of bytes such as 1048576 or 1m",
  },
  "millrace.parallel.heap": {
    default: undefined,
    doc: "Most that the JavaScript heap of a thread may hold, such as 1g. Default: half of the machine's memory divided by the threads, at most 4g.",
    static: true,
    check: (value) => parseByteSize(value) !== undefined,
    expected: "a number of bytes such as 512m or 4g",
  },
  "millrace.restrictPaths": {
    default: undefined,
    doc: "Directories, separated by commas: files elsewhere are neither read nor written, also not through links.",
    static: true,
    check: (value) => value.split(",").every((path) => path.trim().startsWith("/")),
    expected: "absolute paths of directories, separated by commas",
  },
  "millrace.checkpoint.encryption.keys": {
    default: undefined,
    doc: "Where the keys of checkpoints are, separated by commas: env:NAME for an environment variable, file:/path for a file. The first encrypts, any decrypts. Unset: checkpoints are not encrypted.",
    static: true,
    check: (value) => keyReferences.test(value),
    expected: "references such as env:CHECKPOINT_KEY or file:/run/secrets/checkpoint-key, never a key itself",
    secret: true,
  },
  "millrace.files.chunkBytes": { default: "1048576", doc: "Bytes of a file that are read at a time.", ...byteCount },
  "millrace.streaming.allowOutputModeChange": {
    default: "false",
    doc: "Go on with a checkpoint in another output mode.",
    ...boolean,
  },
  "millrace.state.maxBytes": {
    default: undefined,
    doc: "Memory that the state of a query may take, such as 2g; a batch that brings it above fails with STATE_STORE_TOO_LARGE. Unset: no limit.",
    ...byteCount,
  },
  "millrace.state.cacheBytes": {
    default: "256m",
    doc: "Memory for entries that a provider with state on disk keeps, for all stores of a query together. What one batch changes stays in memory beyond it.",
    ...byteCount,
  },
  "millrace.state.localDirectory": {
    default: undefined,
    doc: "Directory for state on the local disk. Default: spark.local.dir, or the temporary directory of the process.",
  },
  "millrace.streaming.idleSourceTimeout": {
    default: undefined,
    doc: "A withWatermark whose rows stay away for so long no longer holds the query's watermark back. Unset: it does, as in Spark.",
    ...timeSpan,
  },
  "millrace.streaming.onDiskFull": {
    default: "fail",
    doc: "pause: a query waits while the disk of its checkpoint has less than millrace.streaming.diskHeadroom free.",
    check: (value) => /^(fail|pause)$/i.test(value),
    expected: "fail or pause",
  },
  "millrace.streaming.diskHeadroom": {
    default: "256m",
    doc: "Bytes that must be free before a batch begins, with millrace.streaming.onDiskFull = pause.",
    ...byteCount,
  },
  "millrace.streaming.durability": {
    default: "fsync",
    doc: "fsync: a committed batch survives power loss. spark: files are closed but not synced, as Spark does.",
    check: (value) => value === "fsync" || value === "spark",
    expected: "fsync or spark",
  },
};

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: value }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The settings of one session. */
export class SessionConf implements EngineConf {
  readonly #values: Map<string, string>;
  readonly #defaults: ReadonlyMap<string, string>;

  /** @param defaults defaults that depend on the process, such as its time zone */
  constructor(initial: ReadonlyMap<string, string>, defaults: ReadonlyMap<string, string>) {
    this.#values = new Map();
    this.#defaults = defaults;
    for (const [key, value] of initial) {
      this.#check(key, value);
      this.#values.set(key, value);
    }
  }

  get(key: string): string | undefined {
    return this.#values.get(key) ?? this.#defaults.get(key) ?? settings[key]?.default;
  }

  /** A setting that has a default. */
  required(key: string): string {
    const value = this.get(key);
    if (value === undefined)
      throw new MillraceError("INTERNAL_ERROR", { message: `the setting ${key} has no default` });
    return value;
  }

  flag(key: string): boolean {
    return this.required(key).toLowerCase() === "true";
  }

  set(key: string, value: string): void {
    if (!this.isModifiable(key)) throw new MillraceError("CANNOT_MODIFY_CONFIG", { key: `"${key}"` });
    this.#check(key, value);
    this.#values.set(key, value);
  }

  unset(key: string): void {
    if (!this.isModifiable(key)) throw new MillraceError("CANNOT_MODIFY_CONFIG", { key: `"${key}"` });
    this.#values.delete(key);
  }

  all(): ReadonlyMap<string, string> {
    return new Map([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  isModifiable(key: string): boolean {
    return settings[key]?.static !== true;
  }

  #check(key: string, value: string): void {
    const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (setting?.check?.(value) === false) {
      throw new MillraceError("INVALID_CONF_VALUE", {
        confName: key,
        confValue: setting.secret === true ? "(redacted)" : value,
        expected: setting.expected ?? "",
      });
    }
  }
}
