/**
 * The exactly-once file sink. A batch is: data files under new names, durable before anything else; then one line per file
 * in the manifest `_spark_metadata/N`, which appears whole or not at all and makes the batch visible. Readers that know the
 * manifest (ours, Spark's) see every batch once; files of attempts that never got there are in no manifest. After a crash
 * between manifest and commit log the batch comes again, is found in the manifest, and is not written.
 */
import { applyCheckpointProgram, type CheckpointFiles } from "../../checkpoint/checkpoint-files.ts";
import type { CompactibleLog } from "../../checkpoint/compactible-log.ts";
import { checkSinkOwner, writeSinkOwnerProgram } from "../../checkpoint/engine-files.ts";
import { type FileSinkEntry, openFileSinkLog } from "../../checkpoint/file-sink-log.ts";
import { MillraceError } from "../../errors/index.ts";
import type { FileOperation } from "../../runtime/file-system.ts";
import { FileSystemError } from "../../runtime/file-system.ts";
import type { PreparedWrite, SinkBatch, StreamSink, StreamSinkContext } from "../contract.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { parseMillis } from "../../types/quantities.ts";
import { forget, pullRows } from "../pull-rows.ts";
import { DataFiles } from "./data-files.ts";
import { type FileEncoding, openEncoding } from "./file-encoding.ts";
import { PartitionedRows } from "./partitioned-rows.ts";
import { maxRecordsPerFile, outputPath } from "./output-path.ts";
import { sweepOrphans } from "./orphans.ts";
import type { RowFormat } from "./row-format.ts";

function writeFailure(error: unknown): unknown {
  if (!(error instanceof FileSystemError)) return error;
  return new MillraceError("CHECKPOINT_WRITE_FAILED", { path: error.path, code: error.code }, { cause: error });
}

/** The manifest of an output directory, with Spark's settings of it. */
function openManifest(context: StreamSinkContext, files: CheckpointFiles, path: string): CompactibleLog<FileSinkEntry> {
  const prefix = "spark.sql.streaming.fileSink.log";
  const names = ["compactInterval", "cleanupDelay"] as const;
  const set = names.flatMap((name): [string, string][] => {
    const value = context.conf(`${prefix}.${name}`);
    return value === undefined ? [] : [[name.toLowerCase(), value]];
  });
  const settings = new OptionReader(prefix, new Map(set));
  const compactInterval = settings.count("compactInterval") ?? 10;
  const cleanupDelayMs = parseMillis(settings.text("cleanupDelay") ?? "") ?? settings.milliseconds("cleanupDelay");
  const retentionMs = new OptionReader("file sink", context.options).milliseconds("retention") ?? null;
  return openFileSinkLog(files, context.runtime.clock, path, {
    compactInterval,
    ...(cleanupDelayMs === undefined ? {} : { cleanupDelayMs }),
    retentionMs,
  });
}

export class FileSink implements StreamSink {
  readonly description: string;
  readonly guarantee = "exactly-once";
  readonly #context: StreamSinkContext;
  readonly #path: string;
  readonly #encoding: FileEncoding;
  readonly #rows: PartitionedRows;
  readonly #manifest: CompactibleLog<FileSinkEntry>;

  private constructor(
    context: StreamSinkContext,
    path: string,
    encoding: FileEncoding,
    rows: PartitionedRows,
    manifest: CompactibleLog<FileSinkEntry>,
  ) {
    this.description = `FileSink[${path}]`;
    this.#context = context;
    this.#path = path;
    this.#encoding = encoding;
    this.#rows = rows;
    this.#manifest = manifest;
  }

  /**
   * Creates the directory and its manifest when they are missing, and takes the directory for this query.
   * @throws MillraceError SINK_USED_BY_OTHER_QUERY when the directory belongs to another query
   */
  static async open(format: RowFormat, context: StreamSinkContext): Promise<FileSink> {
    const path = outputPath(format, context);
    const rows = new PartitionedRows(context);
    const encoding = openEncoding(format, { ...context, schema: rows.dataSchema });
    const { fs, random } = context.runtime;
    const files: CheckpointFiles = { fs, random, durability: context.durability };
    const manifest = openManifest(context, files, path);
    const owned = await checkSinkOwner(fs, path, context.queryId);
    const program: FileOperation[] = [
      ...(await manifest.prepareProgram()),
      ...(owned ? [] : writeSinkOwnerProgram(files, path, context.queryId)),
    ];
    // An entry that an earlier run left visible but not yet durable must be durable before its batch counts as committed.
    if (context.durability === "fsync") program.push({ op: "syncDirectory", path: manifest.directory });
    await applyCheckpointProgram(fs, program);
    await sweepOrphans(format, context, path, manifest);
    return new FileSink(context, path, encoding, rows, manifest);
  }

  lastCommittedBatch(): Promise<number | null> {
    return this.#manifest.latestBatchId();
  }

  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const latest = await this.#manifest.latestBatchId();
    if (latest !== null && batch.batchId <= latest) {
      const numOutputRows = await pullRows(batch.partitions, batch.signal, () => {});
      return { numOutputRows, commit: forget, abort: forget };
    }
    const { runtime, durability } = this.#context;
    const files = new DataFiles({
      runtime,
      directory: this.#path,
      encoding: this.#encoding,
      durability,
      rows: this.#rows,
      maxRecordsPerFile: maxRecordsPerFile(this.#context),
    });
    let numOutputRows: number;
    try {
      numOutputRows = await files.writeAll(batch.partitions, batch.signal, false);
      await files.finish();
    } catch (error) {
      await files.discard();
      throw writeFailure(error);
    }
    const modificationTimeMs = Math.trunc(runtime.clock.nowMs());
    let committing = false;
    return {
      numOutputRows,
      commit: async () => {
        committing = true;
        const entries = files.written.map(({ path, size }): FileSinkEntry => ({
          path,
          size,
          modificationTimeMs,
          action: "add",
        }));
        for (const id of this.#context.batchesWithoutSink ?? []) {
          if (latest !== null && id > latest && id < batch.batchId) await this.#manifest.add(id, []);
        }
        await this.#manifest.add(batch.batchId, entries);
      },
      abort: async () => {
        // Once the commit has begun, a failure does not tell whether the manifest lists the files.
        if (!committing) await files.discard();
      },
    };
  }

  async close(): Promise<void> {
    await this.#manifest.settled();
  }
}
