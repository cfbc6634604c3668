/**
 * State of one partition of one stateful operator, by key. Keys and values are UnsafeRow bytes (`unsafe-row.ts`), as they
 * lie on disk. A store is opened at a version (batch N reads version N), changed, and committed as the next version.
 */
import type { FileOperation } from "../runtime/file-system.ts";

export interface StateStore {
  /** The version that was read. */
  readonly version: number;
  /** The value of a key, or null. The bytes are valid until the next change of the store: decode or copy them at once. */
  get(key: Uint8Array): Uint8Array | null;
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  /** All entries, in a deterministic order. Entries removed while iterating are fine; added ones may or may not be met. */
  entries(): IterableIterator<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  readonly size: number;
  memoryUsedBytes(): number;
  /**
   * The file operations that make version + 1 durable, so that the caller can run those of all partitions in one go; then
   * {@link committed} must be called. Until then `abort` restores the version that was read.
   */
  commitProgram(): readonly FileOperation[];
  committed(): void;
  abort(): void;
}
