/** What a map on disk is made with, and what it counts. */
import type { KeyPrefix } from "millrace/engine";

export interface DiskMapOptions {
  readonly keyPrefix: KeyPrefix | undefined;
  /** Memory for records, bytes. */
  readonly cacheBytes: number;
  readonly chunkBytes: number;
  /** How long segments are at most, and at least. */
  readonly segmentBytes: number;
  readonly leastSegmentBytes: number;
  /** Superseded records that do not matter yet. */
  readonly idleBytes: number;
}

/** Counts since the map was made. */
export interface DiskMapCounts {
  hits: number;
  misses: number;
  readBytes: number;
}
