/**
 * Files of this machine that are read and written at once, without a promise: for what a computation looks up in the middle of
 * a loop. They hold copies of what is kept elsewhere: nothing here is synced, and any of it may be gone or torn after a crash.
 *
 * Paths are absolute with forward slashes. A failed operation throws a `FileSystemError` with the errno code.
 */
export interface LocalFiles {
  /** Names in a directory, in no particular order; none when there is no directory. */
  list(directory: string): readonly string[];
  /** Makes a directory and its missing parents; only this user may look into it. */
  makeDirectory(path: string): void;
  /** Opens a file: a new one for reading and writing (EEXIST when there is one), or one that is there for reading. */
  open(path: string, how: "create" | "read"): LocalFile;
  /** Removes a file; a missing one is fine. Who has it open reads on. */
  remove(path: string): void;
}

export interface LocalFile {
  /** Length in bytes. */
  size(): number;
  /** Reads up to `length` bytes at `position` into `target` at `offset`; returns the bytes read, 0 at the end. */
  read(target: Uint8Array, offset: number, length: number, position: number): number;
  /** Writes bytes at a position, over what is there. */
  write(source: Uint8Array, offset: number, length: number, position: number): void;
  close(): void;
}
