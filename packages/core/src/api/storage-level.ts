/** Where the rows of a cached DataFrame are kept. */
export interface StorageLevel {
  readonly useDisk: boolean;
  readonly useMemory: boolean;
}

/**
 * Levels for `persist`. Rows that memory has no room for go to temporary files where the level allows disk, and are
 * computed again otherwise.
 */
export const StorageLevel: Readonly<
  Record<"NONE" | "MEMORY_ONLY" | "MEMORY_AND_DISK" | "MEMORY_AND_DISK_DESER" | "DISK_ONLY", StorageLevel>
> = {
  NONE: { useDisk: false, useMemory: false },
  MEMORY_ONLY: { useDisk: false, useMemory: true },
  MEMORY_AND_DISK: { useDisk: true, useMemory: true },
  MEMORY_AND_DISK_DESER: { useDisk: true, useMemory: true },
  DISK_ONLY: { useDisk: true, useMemory: false },
};
