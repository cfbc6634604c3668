/**
 * State in memory, kept in the files of {@link StateFiles}: the default provider.
 * @see Spark `HDFSBackedStateStoreProvider`
 */
import { assertInvariant, MillraceError } from "../errors/index.ts";
import { applyAtomicWrites, atomicWrite } from "../runtime/durability.ts";
import type { FileOperation, FileSystem } from "../runtime/file-system.ts";
import type { Random } from "../runtime/random.ts";
import type { KeyPrefix } from "./key-prefix.ts";
import { encodeDelta, encodeSnapshot } from "./state-file.ts";
import { StateFiles, type StateFilesOptions } from "./state-files.ts";
import type { StateProvider, StateStore, StateStoreMetrics, StateStoreProvider } from "./state-store.ts";
import { type EntriesMoved, VersionedMap, type VisitEntry } from "./versioned-map.ts";

export interface HdfsStateStoreOptions extends StateFilesOptions {
  /**
   * A snapshot is written when more deltas than this follow the last one, and they are half as long as it or a hundred times as
   * many: what snapshots cost grows with what changes. Default 10.
   */
  readonly minDeltasForSnapshot?: number;
  /** How many versions stay readable. Default 100. */
  readonly minBatchesToRetain?: number;
  /** By which first columns of keys the store finds them; absent: by whole keys only. */
  readonly keyPrefix?: KeyPrefix | undefined;
}

/** However short deltas are, no more than `minDeltasForSnapshot` times this follow a snapshot. */
const mostDeltas = 100;

/** Sealed versions that stay in memory beside the current one. */
const keptVersions = 2;

export class HdfsStateStoreProvider implements StateStoreProvider {
  readonly #files: StateFiles;
  readonly #minDeltas: number;
  readonly #retain: number;
  readonly #keyPrefix: KeyPrefix | undefined;
  #map: VersionedMap;
  /** Version that the map holds; -1 before the first load. */
  #version = -1;
  #open: OpenStore | null = null;
  /** Bytes of the last snapshot, and of the deltas after it. */
  #snapshotBytes = 0;
  #deltaBytes = 0;
  #hits = 0;
  #misses = 0;

  constructor(fs: FileSystem, random: Random, directory: string, options: HdfsStateStoreOptions = {}) {
    this.#files = new StateFiles(fs, random, directory, options);
    this.#minDeltas = options.minDeltasForSnapshot ?? 10;
    this.#retain = options.minBatchesToRetain ?? 100;
    this.#keyPrefix = options.keyPrefix;
    this.#map = new VersionedMap(keptVersions, options.keyPrefix);
  }

  get metrics(): StateStoreMetrics {
    return {
      loadedMapCacheHitCount: this.#hits,
      loadedMapCacheMissCount: this.#misses,
      numSnapshotsAutoRepaired: this.#files.repaired,
      stateOnCurrentVersionSizeBytes: this.#map.contentBytes,
      snapshotLastUploaded: Math.max(-1, ...this.#files.snapshotsUpTo(this.#version)),
    };
  }

  async open(version: number): Promise<StateStore> {
    if (version < 0) {
      throw new MillraceError("CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION", { version: String(version) });
    }
    this.#open?.abort();
    await this.#files.listed();
    while (this.#version > version && this.#map.rollbackDepth > 0) {
      this.#map.rollback();
      this.#version--;
    }
    const inMemory = this.#version === version;
    if (!inMemory) await this.#load(version);
    if (version > 0 && inMemory) this.#hits++;
    else if (version > 0) this.#misses++;
    const store = new OpenStore(this.#map, version, {
      program: () => {
        const delta = encodeDelta(this.#map);
        this.#deltaBytes += delta.length;
        return this.#files.commitProgram(version + 1, delta);
      },
      committed: () => {
        this.#map.seal();
        this.#version = version + 1;
        this.#files.committed(version + 1);
        this.#open = null;
      },
      aborted: () => {
        this.#map.abort();
        this.#open = null;
      },
    });
    this.#open = store;
    return store;
  }

  async #load(version: number): Promise<void> {
    this.#version = -1;
    let map = this.#map;
    await this.#files.load(version, () => {
      map = new VersionedMap(keptVersions, this.#keyPrefix);
      this.#snapshotBytes = 0;
      this.#deltaBytes = 0;
      return {
        visit: (bytes, keyStart, keyEnd, valueStart, valueEnd) => {
          if (valueEnd < 0) map.remove(bytes, keyStart, keyEnd);
          else map.put(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd);
        },
        fileRead: (kind, bytes) => {
          map.seal();
          if (kind === "delta") this.#deltaBytes += bytes;
          else {
            this.#snapshotBytes = bytes;
            map.forgetSealed();
          }
        },
      };
    });
    this.#map = map;
    this.#version = version;
  }

  async maintain(): Promise<void> {
    const program = await this.maintenanceProgram();
    if (program.length === 0) return;
    await applyAtomicWrites(this.#files.fs, program);
    this.#files.applied(program);
  }

  /** What {@link maintain} would do now; empty most of the time. Nothing may be open. */
  async maintenanceProgram(): Promise<FileOperation[]> {
    if (this.#version < 0 || this.#open !== null) return [];
    await this.#files.listed();
    const files = this.#files;
    const latest = this.#version;
    const program: FileOperation[] = [];
    const lastSnapshot = Math.max(files.firstVersion, ...files.snapshotsUpTo(latest));
    const followed = latest - lastSnapshot;
    const grown = 2 * this.#deltaBytes >= this.#snapshotBytes || followed > mostDeltas * this.#minDeltas;
    if (followed > this.#minDeltas && grown) {
      const path = files.path(latest, "snapshot");
      const snapshot = encodeSnapshot(this.#map);
      this.#snapshotBytes = snapshot.length;
      this.#deltaBytes = 0;
      program.push(...atomicWrite(path, snapshot, "replace", files.random.uuid(), files.durability));
    }
    // A new snapshot is never the one under the earliest retained version.
    return [...program, ...files.removalProgram(latest, this.#retain)];
  }

  async close(): Promise<void> {}
}

/** The provider for state that fits into memory. */
export const memoryStateProvider: StateProvider = {
  name: "memory",
  create: ({ runtime, directory, ...options }) =>
    new HdfsStateStoreProvider(runtime.fs, runtime.random, directory, options),
};

/** A store that lives as long as its holder and is never written: the state of a batch query. */
export function memoryStateStore(keyPrefix: KeyPrefix | undefined): StateStore {
  const nothing = (): void => undefined;
  return new OpenStore(new VersionedMap(0, keyPrefix), 0, { program: () => [], committed: nothing, aborted: nothing });
}

interface StoreEnd {
  program(): FileOperation[];
  committed(): void;
  aborted(): void;
}

class OpenStore implements StateStore {
  readonly version: number;
  readonly #map: VersionedMap;
  readonly #end: StoreEnd;
  #state: "open" | "prepared" | "committed" | "aborted" = "open";

  constructor(map: VersionedMap, version: number, end: StoreEnd) {
    this.#map = map;
    this.version = version;
    this.#end = end;
  }
  get size(): number {
    return this.#map.size;
  }
  get changedCount(): number {
    return this.#map.changedCount;
  }
  memoryUsedBytes(): number {
    return this.#map.memoryBytes;
  }
  get arena(): Uint8Array {
    return this.#map.arena;
  }
  #change(): void {
    assertInvariant(this.#state === "open", `state version ${this.version} was changed after it was ${this.#state}`);
  }
  get(key: Uint8Array): Uint8Array | null {
    const entry = this.#map.find(key, 0, key.length);
    return entry < 0 ? null : this.#map.arena.subarray(this.#map.valueStart(entry), this.#map.valueEnd(entry));
  }
  put(key: Uint8Array, value: Uint8Array): void {
    this.#change();
    this.#map.put(key, 0, key.length, value, 0, value.length);
  }
  remove(key: Uint8Array): void {
    this.#change();
    this.#map.remove(key, 0, key.length);
  }
  *entries(): IterableIterator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    const ranges: number[] = [];
    this.#map.forEach((_, ks, ke, __, ___, entry) => ranges.push(ks, ke, entry));
    for (let i = 0; i < ranges.length; i += 3) {
      const { arena } = this.#map;
      const entry = ranges[i + 2]!;
      const end = this.#map.valueEnd(entry);
      const start = this.#map.valueStart(entry);
      if (end >= start) yield { key: arena.subarray(ranges[i]!, ranges[i + 1]!), value: arena.subarray(start, end) };
    }
  }
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#map.find(bytes, start, end);
  }
  lookAhead(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, from: number, to: number): void {
    this.#map.lookAhead(bytes, starts, ends, from, to);
  }
  lookAheadAt(entries: Int32Array, from: number, to: number): void {
    this.#map.lookAheadAt(entries, from, to);
  }
  keyStart(entry: number): number {
    return this.#map.keyStart(entry);
  }
  keyEnd(entry: number): number {
    return this.#map.keyEnd(entry);
  }
  valueStart(entry: number): number {
    return this.#map.valueStart(entry);
  }
  valueEnd(entry: number): number {
    return this.#map.valueEnd(entry);
  }
  putRange(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    this.#change();
    return this.#map.put(key, keyStart, keyEnd, value, valueStart, valueEnd);
  }
  putNew(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    this.#change();
    return this.#map.putNew(key, keyStart, keyEnd, value, valueStart, valueEnd);
  }
  setValue(entry: number, value: Uint8Array, start: number, end: number): void {
    this.#change();
    this.#map.setValue(entry, value, start, end);
  }
  removeEntry(entry: number): void {
    this.#change();
    this.#map.removeEntry(entry);
  }
  forEach(visit: VisitEntry): void {
    this.#map.forEach(visit);
  }
  forEachWithPrefix(row: Uint8Array, start: number, visit: VisitEntry): void {
    this.#map.forEachWithPrefix(row, start, visit);
  }
  forEachChange(visit: VisitEntry): void {
    this.#map.forEachChange(visit);
  }
  follow(listener: EntriesMoved): boolean {
    const known = this.#map.onMoved === listener;
    this.#map.onMoved = listener;
    return known;
  }
  relieve(): void {}
  commitProgram(): readonly FileOperation[] {
    this.#change();
    this.#state = "prepared";
    return this.#end.program();
  }
  committed(): void {
    assertInvariant(this.#state === "prepared", `state version ${this.version} is ${this.#state}, not prepared`);
    this.#state = "committed";
    this.#end.committed();
  }
  abort(): void {
    if (this.#state === "committed" || this.#state === "aborted") return;
    this.#state = "aborted";
    this.#end.aborted();
  }
}
