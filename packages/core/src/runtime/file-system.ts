/**
 * The file system port.
 *
 * Everything that changes a disk is written as a small program of {@link FileOperation}s, plain data that is executed in
 * order. One step of a micro-batch hands over one program, so that an implementation can run it on another thread in one
 * hop, and a simulation can stop, tear or fail at each single operation.
 *
 * Paths are absolute with forward slashes. A failed operation throws an {@link FileSystemError} with the errno code.
 */
export type FileOperation =
  /** Creates or truncates `path` and writes all bytes. `exclusive` fails with EEXIST when it exists. */
  | {
      readonly op: "write";
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly exclusive?: boolean;
      readonly mode?: number;
    }
  /** Appends to an existing or new file. */
  | { readonly op: "append"; readonly path: string; readonly bytes: Uint8Array; readonly mode?: number }
  /** Creates or truncates `to` and gives it the bytes of the file `from`. */
  | { readonly op: "copy"; readonly from: string; readonly to: string }
  /** fsync of a file. */
  | { readonly op: "sync"; readonly path: string }
  /** fsync of a directory, which makes the names in it durable. */
  | { readonly op: "syncDirectory"; readonly path: string }
  /** Hard link; fails with EEXIST when `to` exists: the atomic "create only if absent". */
  | { readonly op: "link"; readonly from: string; readonly to: string }
  /** Replaces `to` atomically. */
  | { readonly op: "rename"; readonly from: string; readonly to: string }
  /** Removes a file; with `ifExists` a missing one is fine. */
  | { readonly op: "remove"; readonly path: string; readonly ifExists?: boolean }
  /** Removes a directory and all it holds; a missing one is fine. */
  | { readonly op: "removeTree"; readonly path: string }
  /** Changes nothing; fails with ENOENT or EEXIST when `path` is not as it must be for the operations that follow. */
  | { readonly op: "require"; readonly path: string; readonly exists: boolean }
  /** Creates a directory and its missing parents. */
  | { readonly op: "makeDirectory"; readonly path: string; readonly mode?: number };

/** The path that an operation changes: of copy, link and rename the new name. */
export function changedPath(operation: FileOperation): string {
  return "to" in operation ? operation.to : operation.path;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly size: number;
  /** Modification time, ms since the epoch, whole milliseconds. */
  readonly modifiedMs: number;
  /** Device and inode as one string: tells whether a path still is the same file after a rotation. */
  readonly identity: string;
  readonly mode: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: "file" | "directory" | "other";
}

/** An open file for reading; keeps reading the same file when the path is renamed or removed. */
export interface ReadHandle {
  stat(): Promise<FileStat>;
  /** Reads up to `length` bytes at `position` into `target` at `offset`; resolves to the bytes read, 0 at the end. */
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface FileSystem {
  /** The whole file; throws {@link FileSystemError} ENOENT when it does not exist. */
  readFile(path: string): Promise<Uint8Array>;
  open(path: string): Promise<ReadHandle>;
  /** null when nothing is there. Follows links. */
  stat(path: string): Promise<FileStat | null>;
  /** Where a path leads when all links are followed; of what does not exist, where it would be made. */
  realPath(path: string): Promise<string>;
  /** Entries of a directory in name order (by code unit); throws ENOENT, ENOTDIR, EACCES. */
  list(path: string): Promise<readonly DirectoryEntry[]>;
  /** Runs the operations in order; stops at the first that fails and throws it. */
  apply(program: readonly FileOperation[]): Promise<void>;
  /**
   * Calls back soon after the entries of a directory changed, until the function that it returns is called. Some changes may
   * go untold, as those that other machines make on a network disk. Absent: none are told.
   */
  watch?(directory: string, changed: () => void): () => void;
  /** Free bytes on the volume of `path`, or null when unknown. */
  freeBytes(path: string): Promise<number | null>;
}

/** A failed file operation: errno code, path and operation. */
export class FileSystemError extends Error {
  override readonly name = "FileSystemError";
  readonly code: string;
  readonly path: string;
  readonly operation: string;
  constructor(code: string, operation: string, path: string, options?: ErrorOptions) {
    super(`${code}: ${operation} '${path}'`, options);
    this.code = code;
    this.path = path;
    this.operation = operation;
  }
}
