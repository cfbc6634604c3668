/**
 * State in Spark's HDFS-backed layout: one directory per operator and partition with `<v>.delta` for what version v
 * changed and now and then `<v>.snapshot` with everything. Version v is the newest snapshot up to v and all deltas after
 * it. A delta is written with every commit, also an empty one; a replayed batch overwrites the delta of its version.
 * @see Spark `HDFSBackedStateStoreProvider`
 */
import { assertInvariant, MillraceError } from "../errors/index.ts";
import { applyAtomicWrites, atomicWrite, type Durability } from "../runtime/durability.ts";
import { FileSystemError, type FileOperation, type FileSystem } from "../runtime/file-system.ts";
import type { Random } from "../runtime/random.ts";
import type { KeyPrefix } from "./key-prefix.ts";
import { checkSideFiles } from "./side-files.ts";
import { encodeDelta, encodeSnapshot, readStateFile } from "./state-file.ts";
import type { StateStore, StateStoreMetrics, StateStoreProvider } from "./state-store.ts";
import { type EntriesMoved, VersionedMap, type VisitEntry } from "./versioned-map.ts";

export interface HdfsStateStoreOptions {
  readonly durability?: Durability;
  /**
   * A snapshot is written when more deltas than this follow the last one, and they are half as long as it or a hundred times as
   * many: what snapshots cost grows with what changes. Default 10.
   */
  readonly minDeltasForSnapshot?: number;
  /** How many versions stay readable. Default 100. */
  readonly minBatchesToRetain?: number;
  /** Only reads: makes no directory and leaves alone what an earlier run left behind, as a run may be writing. */
  readonly readOnly?: boolean;
  /** By which first columns of keys the store finds them; absent: by whole keys only. */
  readonly keyPrefix?: KeyPrefix | undefined;
  /** The store came with this version, which is empty: files up to it belong to another one of the same name. Default 0. */
  readonly firstVersion?: number;
}

/** However short deltas are, no more than `minDeltasForSnapshot` times this follow a snapshot. */
const mostDeltas = 100;

/** Sealed versions that stay in memory beside the current one. */
const keptVersions = 2;

const fileName = /^(\d{1,15})\.(delta|snapshot)$/;
const leftover = /^\..*\.tmp$/;

/** Directory of one partition: `<checkpoint>/state/<operator>/<partition>[/<store>]`. */
export function statePartitionDirectory(
  checkpoint: string,
  operatorId: number,
  partition: number,
  storeName = "default",
): string {
  const base = `${checkpoint}/state/${operatorId}/${partition}`;
  return storeName === "default" ? base : `${base}/${storeName}`;
}

export class HdfsStateStoreProvider implements StateStoreProvider {
  readonly directory: string;
  readonly #fs: FileSystem;
  readonly #random: Random;
  readonly #durability: Durability;
  readonly #minDeltas: number;
  readonly #retain: number;
  readonly #readOnly: boolean;
  readonly #keyPrefix: KeyPrefix | undefined;
  readonly #firstVersion: number;
  #map: VersionedMap;
  /** Version that the map holds; -1 before the first load. */
  #version = -1;
  #open: OpenStore | null = null;
  /** Files by version as the directory holds them, once listed. */
  #deltas: Set<number> | null = null;
  #snapshots: Set<number> = new Set();
  /** Bytes of the last snapshot, and of the deltas after it. */
  #snapshotBytes = 0;
  #deltaBytes = 0;
  #hits = 0;
  #misses = 0;
  #repaired = 0;

  constructor(fs: FileSystem, random: Random, directory: string, options: HdfsStateStoreOptions = {}) {
    this.#fs = fs;
    this.#random = random;
    this.directory = directory;
    this.#durability = options.durability ?? "fsync";
    this.#minDeltas = options.minDeltasForSnapshot ?? 10;
    this.#retain = options.minBatchesToRetain ?? 100;
    this.#readOnly = options.readOnly ?? false;
    this.#keyPrefix = options.keyPrefix;
    this.#map = new VersionedMap(keptVersions, options.keyPrefix);
    this.#firstVersion = options.firstVersion ?? 0;
  }

  get metrics(): StateStoreMetrics {
    return {
      loadedMapCacheHitCount: this.#hits,
      loadedMapCacheMissCount: this.#misses,
      numSnapshotsAutoRepaired: this.#repaired,
      stateOnCurrentVersionSizeBytes: this.#map.contentBytes,
      snapshotLastUploaded: Math.max(-1, ...this.#snapshotsUpTo(this.#version)),
    };
  }

  async open(version: number): Promise<StateStore> {
    if (version < 0) {
      throw new MillraceError("CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION", { version: String(version) });
    }
    this.#open?.abort();
    const deltas = await this.#listed();
    while (this.#version > version && this.#map.rollbackDepth > 0) {
      this.#map.rollback();
      this.#version--;
    }
    const inMemory = this.#version === version;
    if (!inMemory) await this.#load(version, deltas);
    if (version > 0 && inMemory) this.#hits++;
    else if (version > 0) this.#misses++;
    const store = new OpenStore(this.#map, version, {
      program: () => this.#commitProgram(version + 1),
      committed: () => {
        this.#map.seal();
        this.#version = version + 1;
        this.#deltas?.add(version + 1);
        this.#snapshots.delete(version + 1);
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

  #commitProgram(version: number): FileOperation[] {
    const bytes = encodeDelta(this.#map);
    this.#deltaBytes += bytes.length;
    const program = atomicWrite(this.#path(version, "delta"), bytes, "replace", this.#random.uuid(), this.#durability);
    // A snapshot of an earlier attempt at this version must not outlive its delta.
    return this.#snapshots.has(version)
      ? [{ op: "remove", path: this.#path(version, "snapshot"), ifExists: true }, ...program]
      : program;
  }

  async #listed(): Promise<Set<number>> {
    if (this.#deltas !== null) return this.#deltas;
    const deltas = new Set<number>();
    const sweep: FileOperation[] = [{ op: "makeDirectory", path: this.directory }];
    try {
      for (const entry of await this.#fs.list(this.directory)) {
        if (entry.kind !== "file") continue;
        const match = fileName.exec(entry.name);
        if (match !== null) (match[2] === "delta" ? deltas : this.#snapshots).add(Number(match[1]));
        else if (leftover.test(entry.name))
          sweep.push({ op: "remove", path: `${this.directory}/${entry.name}`, ifExists: true });
      }
      // The directory is there: only leftovers of an earlier run remain to be removed.
      sweep.shift();
    } catch (error) {
      if (!(error instanceof FileSystemError && error.code === "ENOENT")) throw error;
    }
    if (sweep.length > 0 && !this.#readOnly) await this.#fs.apply(sweep);
    this.#deltas = deltas;
    return deltas;
  }

  #snapshotsUpTo(version: number): number[] {
    return [...this.#snapshots].filter((v) => v <= version && v > this.#firstVersion);
  }

  #path(version: number, kind: "delta" | "snapshot"): string {
    return `${this.directory}/${version}.${kind}`;
  }

  async #read(version: number, kind: "delta" | "snapshot"): Promise<Uint8Array> {
    const path = this.#path(version, kind);
    let bytes: Uint8Array;
    try {
      bytes = await this.#fs.readFile(path);
    } catch (error) {
      if (!(error instanceof FileSystemError) || error.code !== "ENOENT") throw error;
      throw new MillraceError(
        kind === "delta"
          ? "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS"
          : "CANNOT_LOAD_STATE_STORE.CANNOT_READ_MISSING_SNAPSHOT_FILE",
        { fileToRead: path },
        { cause: error },
      );
    }
    const reason = await checkSideFiles(this.#fs, path, bytes);
    if (reason !== null)
      throw new MillraceError("CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE", { fileToRead: path, reason });
    return bytes;
  }

  /**
   * Reads a version from the files. A damaged snapshot is passed over when an older snapshot (or nothing, from version 0)
   * and all deltas after it are there; otherwise its error is the answer.
   */
  async #load(version: number, deltas: ReadonlySet<number>): Promise<void> {
    this.#version = -1;
    const first = this.#firstVersion;
    const bases = this.#snapshotsUpTo(version).sort((a, b) => b - a);
    bases.push(first);
    let failure: unknown = null;
    for (const base of bases) {
      const chain = Array.from({ length: version - base }, (_, i) => base + 1 + i);
      // An incomplete chain is only tried when nothing better failed: its error then names the missing delta.
      if (failure !== null && !chain.every((v) => deltas.has(v))) break;
      try {
        const map = new VersionedMap(keptVersions, this.#keyPrefix);
        this.#snapshotBytes = base > first ? await this.#replay(map, base, "snapshot") : 0;
        this.#deltaBytes = 0;
        map.forgetSealed();
        for (const v of chain) this.#deltaBytes += await this.#replay(map, v, "delta");
        this.#map = map;
        this.#version = version;
        if (failure !== null) this.#repaired++;
        return;
      } catch (error) {
        failure ??= error;
        // Only another base can help: a delta after this one belongs to every older chain too.
        if (!(error instanceof MillraceError) || base === first) break;
      }
    }
    throw failure;
  }

  /** @returns how long the file is */
  async #replay(map: VersionedMap, version: number, kind: "delta" | "snapshot"): Promise<number> {
    const content = await this.#read(version, kind);
    readStateFile(this.#path(version, kind), kind, content, (bytes, ks, ke, vs, ve) => {
      if (ve < 0) map.remove(bytes, ks, ke);
      else map.put(bytes, ks, ke, bytes, vs, ve);
    });
    map.seal();
    return content.length;
  }

  async maintain(): Promise<void> {
    const program = await this.maintenanceProgram();
    if (program.length === 0) return;
    await applyAtomicWrites(this.#fs, program);
    for (const operation of program) {
      const path = operation.op === "rename" ? operation.to : operation.op === "remove" ? operation.path : null;
      const match = path === null ? null : fileName.exec(path.slice(path.lastIndexOf("/") + 1));
      if (match === null || match === undefined) continue;
      const files = match[2] === "delta" ? this.#deltas! : this.#snapshots;
      if (operation.op === "rename") files.add(Number(match[1]));
      else files.delete(Number(match[1]));
    }
  }

  /** What {@link maintain} would do now; empty most of the time. Nothing may be open. */
  async maintenanceProgram(): Promise<FileOperation[]> {
    if (this.#version < 0 || this.#open !== null) return [];
    const deltas = await this.#listed();
    const latest = this.#version;
    const program: FileOperation[] = [];
    const lastSnapshot = Math.max(this.#firstVersion, ...this.#snapshotsUpTo(latest));
    const followed = latest - lastSnapshot;
    const grown = 2 * this.#deltaBytes >= this.#snapshotBytes || followed > mostDeltas * this.#minDeltas;
    if (followed > this.#minDeltas && grown) {
      const bytes = encodeSnapshot(this.#map);
      this.#snapshotBytes = bytes.length;
      this.#deltaBytes = 0;
      program.push(
        ...atomicWrite(this.#path(latest, "snapshot"), bytes, "replace", this.#random.uuid(), this.#durability),
      );
    }
    const earliest = latest - this.#retain;
    if (earliest <= 0) return program;
    // Everything from the snapshot under the earliest retained version on is needed; a new one is never that snapshot.
    const base = Math.max(this.#firstVersion, ...this.#snapshotsUpTo(earliest));
    for (const v of [...this.#snapshots].filter((v) => v < base).sort((a, b) => a - b)) {
      program.push({ op: "remove", path: this.#path(v, "snapshot"), ifExists: true });
    }
    for (const v of [...deltas].filter((v) => v < base).sort((a, b) => a - b)) {
      program.push({ op: "remove", path: this.#path(v, "delta"), ifExists: true });
    }
    return program;
  }
}

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
