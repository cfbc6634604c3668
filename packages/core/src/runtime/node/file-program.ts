import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { changedPath, FileSystemError, type FileOperation } from "../file-system.ts";

/** What a failed program tells across a thread boundary. */
export interface ProgramFailure {
  readonly code: string;
  readonly operation: string;
  readonly path: string;
  readonly message: string;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EUNKNOWN";
}

/** Turns what `node:fs` throws into the port's error. */
export function fileSystemError(error: unknown, operation: string, path: string): FileSystemError {
  return error instanceof FileSystemError
    ? error
    : new FileSystemError(codeOf(error), operation, path, { cause: error });
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written, bytes.length - written);
}

function syncPath(path: string, flags = 0): void {
  const descriptor = openSync(path, constants.O_RDONLY | flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

/**
 * Creates a directory and its missing parents; returns the uppermost that was created. Not `mkdirSync`'s own `recursive`:
 * where a parent exists but takes no names (`/proc`, for example), that one tries without end.
 */
function makeDirectories(path: string, mode: number): string | undefined {
  try {
    mkdirSync(path, mode);
    return path;
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === "EEXIST" && statSync(path).isDirectory()) return undefined;
    if (!isMissing(error) || parent === path || statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error;
    const first = makeDirectories(parent, mode);
    return makeDirectories(path, mode) === undefined ? first : (first ?? path);
  }
}

/** Makes the names of directories that were just created durable, from the first new one down to `path`. */
function syncNewDirectories(first: string, path: string): void {
  const stop = dirname(first);
  for (let current = dirname(path); ; current = dirname(current)) {
    syncPath(current);
    if (current === stop || current === dirname(current)) return;
  }
}

/**
 * Writes a file; with `sync` the same descriptor is fsynced before it is closed, so that a write-back error of these
 * bytes cannot be reported to anybody else.
 */
function writeFile(path: string, bytes: Uint8Array, flags: string, mode: number, sync: boolean): void {
  const descriptor = openSync(path, flags, mode);
  try {
    writeAll(descriptor, bytes);
    if (sync) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function runOperation(operation: FileOperation, sync: boolean): void {
  switch (operation.op) {
    case "write":
      writeFile(
        operation.path,
        operation.bytes,
        operation.exclusive === true ? "wx" : "w",
        operation.mode ?? 0o666,
        sync,
      );
      return;
    case "append":
      writeFile(operation.path, operation.bytes, "a", operation.mode ?? 0o666, sync);
      return;
    case "copy":
      copyFileSync(operation.from, operation.to);
      return;
    case "sync":
      syncPath(operation.path);
      return;
    case "syncDirectory":
      syncPath(operation.path, constants.O_DIRECTORY);
      return;
    case "link":
      linkSync(operation.from, operation.to);
      return;
    case "rename":
      renameSync(operation.from, operation.to);
      return;
    case "remove":
      try {
        unlinkSync(operation.path);
      } catch (error) {
        if (operation.ifExists !== true || !isMissing(error)) throw error;
      }
      return;
    case "removeTree":
      rmSync(operation.path, { recursive: true, force: true });
      return;
    case "require":
      if ((statSync(operation.path, { throwIfNoEntry: false }) !== undefined) !== operation.exists) {
        throw new FileSystemError(operation.exists ? "ENOENT" : "EEXIST", "require", operation.path);
      }
      return;
    case "makeDirectory": {
      const first = makeDirectories(operation.path, operation.mode ?? 0o777);
      if (first !== undefined) syncNewDirectories(first, operation.path);
      return;
    }
  }
}

/**
 * Runs the operations of a program in order on the calling thread; stops at the first that fails. A `sync` that directly
 * follows the write of the same path uses the writer's descriptor. A failed fsync is never repeated: the kernel may have
 * dropped the pages, and a second call would report success.
 */
export function runProgram(program: readonly FileOperation[]): void {
  for (let i = 0; i < program.length; i++) {
    const operation = program[i]!;
    const next = program[i + 1];
    const sync =
      (operation.op === "write" || operation.op === "append") && next?.op === "sync" && next.path === operation.path;
    try {
      runOperation(operation, sync);
    } catch (error) {
      throw fileSystemError(error, operation.op, changedPath(operation));
    }
    if (sync) i++;
  }
}
