/**
 * State in memory, kept in the files of {@link StateFiles}: the default provider.
 * @see Spark `HDFSBackedStateStoreProvider`
 */
import { applyAtomicWrites, atomicWrite } from "../runtime/durability.ts";
import type { FileOperation, FileSystem } from "../runtime/file-system.ts";
import type { Random } from "../runtime/random.ts";
import type { KeyPrefix } from "./key-prefix.ts";
import { OpenStore } from "./open-store.ts";
import { encodeDelta, encodeSnapshot } from "./state-file.ts";
import { checkVersion, StateFiles, type StateFilesOptions } from "./state-files.ts";
import type { StateProvider, StateStore, StateStoreMetrics, StateStoreProvider } from "./state-store.ts";
import { VersionedMap } from "./versioned-map.ts";

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

  constructor(fs: FileSystem, random: Random, directory: string, options: HdfsStateStoreOptions = {}) {
    this.#files = new StateFiles(fs, random, directory, options);
    this.#minDeltas = options.minDeltasForSnapshot ?? 10;
    this.#retain = options.minBatchesToRetain ?? 100;
    this.#keyPrefix = options.keyPrefix;
    this.#map = new VersionedMap(keptVersions, options.keyPrefix);
  }

  get metrics(): StateStoreMetrics {
    return this.#files.metrics(this.#version, this.#map.contentBytes);
  }

  async open(version: number): Promise<StateStore> {
    checkVersion(version);
    this.#open?.abort();
    await this.#files.listed();
    while (this.#version > version && this.#map.rollbackDepth > 0) {
      this.#map.rollback();
      this.#version--;
    }
    const inMemory = this.#version === version;
    if (!inMemory) await this.#load(version);
    this.#files.opened(version, inMemory);
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
    if (files.snapshotIsDue(latest, this.#minDeltas, this.#deltaBytes, this.#snapshotBytes)) {
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
