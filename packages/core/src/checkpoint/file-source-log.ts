/** `sources/i/…` of a file source: which files it has taken. Ids are the source's own counter, not query batches. */
import type { Clock } from "../runtime/clock.ts";
import { type CheckpointFiles, corruptedLog } from "./checkpoint-files.ts";
import { CompactibleLog, type CompactibleLogOptions, type EntryCodec } from "./compactible-log.ts";
import { pathOfUri, uriOfPath } from "./hadoop-path.ts";
import { LosslessJsonError, type LosslessObject, parseLosslessJson } from "./json-offsets.ts";

export interface FileSourceEntry {
  /** Absolute path. */
  readonly path: string;
  /** Modification time when it was listed, ms since the epoch. */
  readonly timestampMs: number;
  /** Id of the log file that took it. */
  readonly batchId: number;
}

/** The members of a JSON line. @throws MillraceError CHECKPOINT_LOG_CORRUPTED */
export function membersOfLine(path: string, line: string): LosslessObject {
  try {
    const value = parseLosslessJson(line);
    if (value instanceof Map) return value as LosslessObject;
  } catch (error) {
    if (!(error instanceof LosslessJsonError)) throw error;
  }
  throw corruptedLog(path, "a line is not a JSON object: Incomplete log file");
}
/** A whole number within 2^53. */
export function wholeNumber(path: string, members: LosslessObject, name: string): number {
  const value = members.get(name);
  if (typeof value !== "bigint" || !Number.isSafeInteger(Number(value))) {
    throw corruptedLog(path, `${name} is not a whole number`);
  }
  return Number(value);
}
/** The local path of a `path` member. */
export function pathMember(path: string, members: LosslessObject): string {
  const value = members.get("path");
  const local = typeof value === "string" ? pathOfUri(value) : null;
  if (local === null) throw corruptedLog(path, "a path is not a file URI");
  return local;
}

export const fileSourceCodec: EntryCodec<FileSourceEntry> = {
  encode: (entry) =>
    JSON.stringify({ path: uriOfPath(entry.path), timestamp: entry.timestampMs, batchId: entry.batchId }),
  decode(path, line) {
    const members = membersOfLine(path, line);
    return {
      path: pathMember(path, members),
      timestampMs: wholeNumber(path, members, "timestamp"),
      batchId: wholeNumber(path, members, "batchId"),
    };
  },
};

/** @param directory `<checkpoint>/sources/<i>` */
export function openFileSourceLog(
  files: CheckpointFiles,
  clock: Clock,
  directory: string,
  options?: CompactibleLogOptions,
): CompactibleLog<FileSourceEntry> {
  return new CompactibleLog(files, clock, directory, fileSourceCodec, options);
}

/** The offset of a file source: `{"logOffset":K}`; Spark before 2.1.1 wrote the bare number. -1 is before the first file. */
export function printLogOffset(logId: number): string {
  return `{"logOffset":${logId}}`;
}
/** @throws MillraceError CHECKPOINT_LOG_CORRUPTED, with `where` as path */
export function parseLogOffset(where: string, offset: string): number {
  if (/^-?\d{1,15}$/.test(offset)) return Number(offset);
  return wholeNumber(where, membersOfLine(where, offset), "logOffset");
}
