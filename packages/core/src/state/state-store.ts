/**
 * State of one partition of one stateful operator, by key. Keys and values are UnsafeRow bytes (`unsafe-row.ts`), as they
 * lie on disk. A store is opened at a version (batch N reads version N), changed, and committed as the next version.
 */
import type { Durability } from "../runtime/durability.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { KeyPrefix } from "./key-prefix.ts";
import type { EntriesMoved, VisitEntry } from "./versioned-map.ts";

/**
 * Keys and values are whole arrays, or ranges of bytes, without an object for each: the way for inner loops. An entry is a
 * number that stands for a key; it stays valid until the store is committed or aborted.
 */
export interface StateStore {
  /** The version that was read. */
  readonly version: number;
  /** Number of keys. */
  readonly size: number;
  /** The value of a key, or null. The bytes are valid until the next change of the store: decode or copy them at once. */
  get(key: Uint8Array): Uint8Array | null;
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  /** All entries, in a deterministic order. Entries removed while iterating are fine; added ones may or may not be met. */
  entries(): IterableIterator<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  /** The entry of the key in `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number;
  /**
   * Memory in which the values of entries lie; another array after a change, and after {@link valueStart}: ask for the place
   * first, then for the memory.
   */
  readonly arena: Uint8Array;
  /**
   * The keys in `bytes[starts[i], ends[i])`, for `from <= i < to`, will be looked up soon: the store may read what it needs for
   * all of them at once. Nothing else changes.
   */
  lookAhead(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, from: number, to: number): void;
  /** The same for entries, `entries[from, to)`. */
  lookAheadAt(entries: Int32Array, from: number, to: number): void;
  keyStart(entry: number): number;
  keyEnd(entry: number): number;
  /** An entry that is gone ends before it begins. */
  valueStart(entry: number): number;
  valueEnd(entry: number): number;
  /** Sets the value of a key given as ranges; returns its entry. */
  putRange(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number;
  /** As {@link putRange} when the key is not there; returns its entry, or -1 and leaves the value that is there. */
  putNew(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number;
  /** Replaces the value of an entry. */
  setValue(entry: number, value: Uint8Array, start: number, end: number): void;
  removeEntry(entry: number): void;
  /** Visits every entry in a deterministic order; the visitor may change or remove the visited one. */
  forEach(visit: VisitEntry): void;
  /**
   * Visits the entries whose first key columns are those of the row that begins at `start`, an UnsafeRow of these columns
   * alone, in no particular order; the visitor may change or remove the visited one. For stores that declare
   * `prefixColumns`. The time grows with what is found and not with the state.
   */
  forEachWithPrefix(row: Uint8Array, start: number, visit: VisitEntry): void;
  /** Visits what this version changed so far; a removed key has `valueEnd` -1. */
  forEachChange(visit: VisitEntry): void;
  /**
   * For who keeps entries from one version to the next: the listener is called when a commit gives entries other numbers,
   * now and in the versions that follow. One at a time.
   * @returns whether the listener has followed this memory already: if not, it knows nothing of its entries
   */
  follow(listener: EntriesMoved): boolean;
  /**
   * Between two pieces of work, when the caller holds no places of values: the store may give back the memory of what was
   * only read. Entries stay valid.
   */
  relieve(): void;
  /** Number of keys that this version changed so far. */
  readonly changedCount: number;
  memoryUsedBytes(): number;
  /**
   * The file operations that make version + 1 durable, so that the caller can run those of all partitions in one go; then
   * {@link committed} must be called. Until then `abort` restores the version that was read. The store takes no more
   * changes after this call.
   */
  commitProgram(): readonly FileOperation[];
  committed(): void;
  abort(): void;
}

/** What a provider has done since it was made, and what it holds now; the names are those of progress. */
export interface StateStoreMetrics {
  /** Versions after the first that were opened as they were in memory, and those that were read from files. */
  readonly loadedMapCacheHitCount: number;
  readonly loadedMapCacheMissCount: number;
  /** Damaged snapshots that were passed over. */
  readonly numSnapshotsAutoRepaired: number;
  /** Keys and values of the current version, about. */
  readonly stateOnCurrentVersionSizeBytes: number;
  /** Version of the newest snapshot; −1: there is none. */
  readonly snapshotLastUploaded: number;
}

/** What only this kind of provider counts, under the names that Spark has for its RocksDB provider where they fit. */
export type CustomStateMetrics = Readonly<Record<string, number>>;

/** All versions of the state of one operator and partition. */
export interface StateStoreProvider {
  readonly metrics: StateStoreMetrics;
  readonly customMetrics?: CustomStateMetrics;
  /** Opens version `version` (0 is empty). Only one store is open at a time: an open one is aborted. */
  open(version: number): Promise<StateStore>;
  /**
   * Background work between batches: a snapshot when enough deltas have gathered, then removal of files that no retained
   * version needs. Never removes the last complete chain of a retained version.
   */
  maintain(): Promise<void>;
  /** The run has ended: nothing is open, and nothing is asked for any more. */
  close(): Promise<void>;
}

/** What a provider is made for: one store of one partition of an operator. */
export interface StateStoreContext {
  readonly runtime: Runtime;
  /** Directory of the store in the checkpoint. */
  readonly directory: string;
  /**
   * Directory of the store on this machine, for what is kept beside the checkpoint: the same one in the next run, and at any
   * time gone.
   */
  readonly localDirectory: string;
  /**
   * Counts who has held the checkpoint, one after another: runs, and tools that change it. What is kept beside the checkpoint is
   * of use when nobody came between.
   */
  readonly epoch: number;
  readonly durability: Durability;
  readonly minDeltasForSnapshot: number;
  readonly minBatchesToRetain: number;
  readonly keyPrefix: KeyPrefix | undefined;
  readonly firstVersion: number;
  /** Memory that a store which spills may take for entries, bytes: its share of `millrace.state.cacheBytes`. */
  readonly cacheBytes: number;
}

/** A way to keep state: what `spark.sql.streaming.stateStore.providerClass` names, and a package exports as `stateProvider`. */
export interface StateProvider {
  readonly name: string;
  /** Makes nothing yet: files are first touched when a version is opened. */
  create(context: StateStoreContext): StateStoreProvider;
}
