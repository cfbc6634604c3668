/**
 * How checkpoint files are written and read: written atomically, a failure being a named error; read whole, verified
 * against the checksum files beside them, and never half.
 */
import { MillraceError } from "../errors/index.ts";
import { applyAtomicWrites, atomicWrite, type Durability } from "../runtime/durability.ts";
import { FileSystemError, type FileOperation, type FileSystem } from "../runtime/file-system.ts";
import type { Random } from "../runtime/random.ts";
import { checkSideFiles } from "../state/side-files.ts";

/** Where and how the files of one checkpoint are written. */
export interface CheckpointFiles {
  readonly fs: FileSystem;
  /** Draws the unique part of temporary names. */
  readonly random: Random;
  readonly durability: Durability;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The program that makes a text file appear atomically. `create`: the file must not exist.
 * @param after the file whose text comes before `text`; absent: none
 */
export function writeTextProgram(
  files: CheckpointFiles,
  path: string,
  text: string,
  how: "create" | "replace",
  after?: string,
): FileOperation[] {
  return atomicWrite(path, encoder.encode(text), how, files.random.uuid(), files.durability, after);
}

/**
 * Runs a program of checkpoint writes. When it fails, its temporary files are removed as far as possible.
 * @throws MillraceError CONCURRENT_STREAM_LOG_UPDATE when another run created the same log entry first,
 *   CHECKPOINT_WRITE_FAILED for every other failed operation
 */
export async function applyCheckpointProgram(fs: FileSystem, program: readonly FileOperation[]): Promise<void> {
  try {
    await applyAtomicWrites(fs, program);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (error.code === "EEXIST" && error.operation === "link") {
      throw new MillraceError(
        "CONCURRENT_STREAM_LOG_UPDATE",
        { batchId: error.path.slice(error.path.lastIndexOf("/") + 1) },
        { cause: error },
      );
    }
    throw new MillraceError("CHECKPOINT_WRITE_FAILED", { path: error.path, code: error.code }, { cause: error });
  }
}

export function corruptedLog(path: string, reason: string): MillraceError<"CHECKPOINT_LOG_CORRUPTED"> {
  return new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason });
}

/**
 * The text of a checkpoint file, or null when there is none.
 * @throws MillraceError CHECKPOINT_LOG_CORRUPTED when a checksum does not match or it is not UTF-8
 */
export async function readText(fs: FileSystem, path: string): Promise<string | null> {
  let bytes: Uint8Array;
  try {
    bytes = await fs.readFile(path);
  } catch (error) {
    if (error instanceof FileSystemError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
  const reason = await checkSideFiles(fs, path, bytes);
  if (reason !== null) throw corruptedLog(path, reason);
  try {
    return decoder.decode(bytes);
  } catch {
    throw corruptedLog(path, "it is not UTF-8");
  }
}

/**
 * Checks the version line of a log file and returns the lines after it. A file that ends after its version has none.
 * @throws MillraceError CHECKPOINT_LOG_CORRUPTED, UNSUPPORTED_LOG_VERSION
 */
export function linesOfVersion1(path: string, text: string): string[] {
  if (text === "") throw corruptedLog(path, "it is empty: Incomplete log file");
  const [head, ...lines] = text.split("\n");
  const version = /^v(\d{1,9})$/.exec(head!);
  if (version === null) throw corruptedLog(path, "its first line is not a version such as v1");
  if (version[1] !== "1")
    throw new MillraceError("UNSUPPORTED_LOG_VERSION", { path, maximum: "1", version: version[1]! });
  return lines;
}

/** Entries of a directory; none when it does not exist. */
export async function listOrEmpty(fs: FileSystem, path: string): ReturnType<FileSystem["list"]> {
  try {
    return await fs.list(path);
  } catch (error) {
    if (error instanceof FileSystemError && error.code === "ENOENT") return [];
    throw error;
  }
}

/** Temporary files that an earlier run left in a directory. */
export function isTemporary(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".tmp");
}

/** Removes the temporary files that runs which died left in directories. */
export async function sweepProgram(fs: FileSystem, directories: readonly string[]): Promise<FileOperation[]> {
  const program: FileOperation[] = [];
  for (const directory of directories) {
    for (const { name, kind } of await listOrEmpty(fs, directory)) {
      if (kind !== "file" || !isTemporary(name)) continue;
      program.push({ op: "remove", path: `${directory}/${name}`, ifExists: true });
    }
  }
  return program;
}
