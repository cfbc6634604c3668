/**
 * Reads that fail for a while are tried again: a file system whose reads, which change nothing, survive what may be over in a
 * moment. Programs are never repeated: a failed write or sync says nothing about what is on the disk.
 */
import type { Clock } from "./clock.ts";
import { type FileSystem, FileSystemError, type ReadHandle } from "./file-system.ts";

/** Codes that may be over when asked again: a disk or network disk in trouble, a call interrupted, too many files open. */
const transient: ReadonlySet<string> = new Set(["EIO", "EAGAIN", "EINTR", "EBUSY", "ETIMEDOUT", "EMFILE", "ENFILE"]);

/** Milliseconds before the second, third and fourth attempt. */
const delaysMs = [10, 50, 250] as const;

/** Whether an operation that failed so may succeed when it is tried again. */
function isTransient(error: unknown): error is FileSystemError {
  return error instanceof FileSystemError && transient.has(error.code);
}

/**
 * Each read up to four times; then, and for every other failure, its error.
 * @param warn told of each further attempt, with the number of those so far
 */
export function retriedReads(fs: FileSystem, clock: Clock, warn: (message: string) => void): FileSystem {
  let again = 0;
  async function retried<T>(read: () => Promise<T>): Promise<T> {
    for (const [attempt, delayMs] of delaysMs.entries()) {
      try {
        return await read();
      } catch (error) {
        if (!isTransient(error)) throw error;
        again++;
        warn(
          `${error.message} failed and is tried again in ${delayMs} ms (${attempt + 1} of ${delaysMs.length}; reads tried again so far: ${again}).`,
        );
        await clock.sleep(delayMs);
      }
    }
    return read();
  }
  const retriedHandle = (handle: ReadHandle): ReadHandle => ({
    stat: () => retried(() => handle.stat()),
    read: (target, offset, length, position) => retried(() => handle.read(target, offset, length, position)),
    close: () => handle.close(),
  });
  return {
    readFile: (path) => retried(() => fs.readFile(path)),
    open: async (path) => retriedHandle(await retried(() => fs.open(path))),
    stat: (path) => retried(() => fs.stat(path)),
    realPath: (path) => retried(() => fs.realPath(path)),
    list: (path) => retried(() => fs.list(path)),
    apply: (program) => fs.apply(program),
    freeBytes: (path) => retried(() => fs.freeBytes(path)),
    ...(fs.watch === undefined ? {} : { watch: (directory, changed) => fs.watch!(directory, changed) }),
  };
}
