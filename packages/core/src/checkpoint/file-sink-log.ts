/** `_spark_metadata/N` beside the files of a file sink: which files belong to its committed batches. */
import type { Clock } from "../runtime/clock.ts";
import { type CheckpointFiles, corruptedLog } from "./checkpoint-files.ts";
import { CompactibleLog, type CompactibleLogOptions, type EntryCodec } from "./compactible-log.ts";
import { membersOfLine, pathMember, wholeNumber } from "./file-source-log.ts";
import { uriOfPath } from "./hadoop-path.ts";

export interface FileSinkEntry {
  /** Absolute path. */
  readonly path: string;
  readonly size: number;
  readonly modificationTimeMs: number;
  /** `delete` takes an earlier `add` back (only very old logs have it). */
  readonly action: "add" | "delete";
}

/** Block size of Hadoop's local file system, which Spark records for each file. */
const localBlockSize = 33_554_432;

function fileSinkCodec(retentionMs: number | null): EntryCodec<FileSinkEntry> {
  return {
    encode: (entry) =>
      JSON.stringify({
        path: uriOfPath(entry.path),
        size: entry.size,
        isDir: false,
        modificationTime: entry.modificationTimeMs,
        blockReplication: 1,
        blockSize: localBlockSize,
        action: entry.action,
      }),
    decode(path, line) {
      const members = membersOfLine(path, line);
      const action = members.get("action");
      if (action !== "add" && action !== "delete") throw corruptedLog(path, "an action is neither add nor delete");
      return {
        path: pathMember(path, members),
        size: wholeNumber(path, members, "size"),
        modificationTimeMs: wholeNumber(path, members, "modificationTime"),
        action,
      };
    },
    ...(retentionMs === null
      ? {}
      : {
          retention: {
            timeOf: (entry: FileSinkEntry) => entry.modificationTimeMs,
            retain: (entry: FileSinkEntry, nowMs: number) => nowMs - entry.modificationTimeMs <= retentionMs,
          },
        }),
  };
}

export interface FileSinkLogOptions extends CompactibleLogOptions {
  /** Entries of files older than this leave the manifest at its next compaction; null (default) keeps all. */
  readonly retentionMs?: number | null;
}

/** @param output the directory of the sink; the log lies in `_spark_metadata` beneath it */
export function openFileSinkLog(
  files: CheckpointFiles,
  clock: Clock,
  output: string,
  options: FileSinkLogOptions = {},
): CompactibleLog<FileSinkEntry> {
  const codec = fileSinkCodec(options.retentionMs ?? null);
  return new CompactibleLog(files, clock, `${output}/_spark_metadata`, codec, options);
}

/** The files that a manifest's entries leave: every added one that was not deleted later. */
export function visibleFiles(entries: readonly FileSinkEntry[]): readonly FileSinkEntry[] {
  const visible = new Map<string, FileSinkEntry>();
  for (const entry of entries) {
    if (entry.action === "add") visible.set(entry.path, entry);
    else visible.delete(entry.path);
  }
  return [...visible.values()];
}
