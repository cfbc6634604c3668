/**
 * State on the local disk, for what is larger than memory. The checkpoint is the truth: with every commit a delta goes there, and
 * now and then a snapshot, in the same files and at the same versions as those of state in memory. The log on this machine is a
 * copy that a restart takes up where it is what the checkpoint says, and makes anew where it is not.
 */
import {
  assertInvariant,
  type CustomStateMetrics,
  encodeDelta,
  type EntriesMoved,
  MillraceError,
  StateFiles,
  type StateStore,
  type StateStoreContext,
  type StateStoreMetrics,
  type StateStoreProvider,
  type VisitEntry,
  xxHash32,
} from "millrace/engine";
import { DiskMap } from "./disk-map.ts";
import type { DiskMapOptions } from "./disk-map-options.ts";
import { SegmentLog } from "./segment-log.ts";
import { SnapshotJob } from "./snapshot-job.ts";

/** What tests make small. */
export interface DiskSizes extends Pick<
  DiskMapOptions,
  "chunkBytes" | "segmentBytes" | "leastSegmentBytes" | "idleBytes"
> {
  /** Bytes of the log that a snapshot goes through after one batch, at least. */
  readonly sliceBytes: number;
}
const usualSizes: DiskSizes = {
  chunkBytes: 1 << 20,
  segmentBytes: 128 << 20,
  leastSegmentBytes: 256 << 10,
  idleBytes: 1 << 20,
  sliceBytes: 2 << 20,
};

/** A snapshot is due at the latest when so many deltas follow the last one. */
const mostDeltas = 1000;

interface Delta {
  readonly bytes: number;
  readonly hash: number;
}
function deltaOf(bytes: Uint8Array): Delta {
  return { bytes: bytes.length, hash: xxHash32(bytes, 0, bytes.length, 0) | 0 };
}

export class DiskStateStoreProvider implements StateStoreProvider {
  readonly #context: StateStoreContext;
  readonly #sizes: DiskSizes;
  readonly #files: StateFiles;
  readonly #map: DiskMap;
  #version = -1;
  #open: OpenDiskStore | null = null;
  #follower: EntriesMoved | null = null;
  #hits = 0;
  #misses = 0;
  /** Bytes of the deltas since the last snapshot, and of that snapshot; as far as they are known. */
  #deltaBytes = 0;
  #snapshotBytes = 0;
  #lastDeltaBytes = 0;
  /** Those of the deltas that the snapshot has which is being written. */
  #jobDeltaBytes = 0;
  #job: SnapshotJob | null = null;
  #maintenance: Promise<void> = Promise.resolve();

  constructor(context: StateStoreContext, sizes: DiskSizes = usualSizes) {
    this.#context = context;
    this.#sizes = sizes;
    const { runtime, directory, localDirectory, keyPrefix, cacheBytes } = context;
    this.#files = new StateFiles(runtime.fs, runtime.random, directory, context);
    const log = new SegmentLog(runtime.localFiles, localDirectory, sizes.segmentBytes);
    this.#map = new DiskMap(log, { keyPrefix, cacheBytes, ...sizes });
  }

  get metrics(): StateStoreMetrics {
    return {
      loadedMapCacheHitCount: this.#hits,
      loadedMapCacheMissCount: this.#misses,
      numSnapshotsAutoRepaired: this.#files.repaired,
      stateOnCurrentVersionSizeBytes: this.#map.liveBytes,
      snapshotLastUploaded: Math.max(-1, ...this.#files.snapshotsUpTo(this.#version)),
    };
  }
  get customMetrics(): CustomStateMetrics {
    const { counts, log } = this.#map;
    return {
      rocksdbReadBlockCacheHitCount: counts.hits,
      rocksdbReadBlockCacheMissCount: counts.misses,
      rocksdbSstFileSize: log.bytes,
      rocksdbTotalBytesRead: counts.readBytes,
      rocksdbTotalBytesWritten: log.writtenBytes,
      rocksdbTotalBytesWrittenByCompaction: this.#map.copiedBytes,
    };
  }

  async open(version: number): Promise<StateStore> {
    if (version < 0) {
      throw new MillraceError("CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION", { version: String(version) });
    }
    this.#open?.abort();
    await this.#files.listed();
    const current = this.#version === version;
    if (!current) await this.#load(version);
    if (version > 0 && current) this.#hits++;
    else if (version > 0) this.#misses++;
    const store = new OpenDiskStore(this.#map, version, {
      commitProgram: () => {
        const delta = encodeDelta(this.#map);
        this.#map.prepare(version + 1);
        this.#map.reserveMark();
        return { delta: deltaOf(delta), program: this.#files.commitProgram(version + 1, delta) };
      },
      committed: ({ bytes, hash }) => {
        this.#mark(version + 1, { bytes, hash });
        this.#version = version + 1;
        this.#lastDeltaBytes = bytes;
        this.#deltaBytes += bytes;
        this.#files.committed(version + 1);
        this.#open = null;
      },
      aborted: () => {
        this.#map.abort();
        this.#open = null;
      },
      follow: (listener) => {
        const known = this.#follower === listener;
        this.#follower = listener;
        return known;
      },
    });
    this.#open = store;
    return store;
  }

  // Loading.

  async #load(version: number): Promise<void> {
    await this.#abandonJob();
    this.#version = -1;
    this.#follower = null;
    if (!(await this.#takeUp(version))) await this.#read(version);
    this.#version = version;
    await this.#measure(version);
  }

  /** Takes up what is on this machine, and brings it to the version with the deltas that came after. */
  async #takeUp(version: number): Promise<boolean> {
    const mark = this.#map.recover(version);
    if (mark === null || mark.version <= this.#files.firstVersion) return false;
    // Who came between may have changed anything, or erased what must not come back.
    if (mark.epoch < this.#context.epoch - 1) return false;
    const { deltas } = this.#files;
    const missing = Array.from({ length: version - mark.version }, (_, i) => mark.version + 1 + i);
    // The batch may have been run again elsewhere since, with other rows.
    if (![mark.version, ...missing].every((v) => deltas.has(v))) return false;
    try {
      const own = deltaOf(await this.#files.read(mark.version, "delta"));
      if (own.bytes !== mark.deltaBytes || own.hash !== mark.deltaHash) return false;
      for (const v of missing) {
        await this.#files.replay(v, "delta", this.#replay(v));
        this.#seal(v, deltaOf(await this.#files.read(v, "delta")));
      }
      return true;
    } catch (error) {
      // Another way of reading the files may do without what is damaged, and else names it.
      if (error instanceof MillraceError) return false;
      throw error;
    }
  }

  async #read(version: number): Promise<void> {
    await this.#files.load(version, () => {
      this.#map.reset();
      return this.#replay(version);
    });
    const known = this.#files.deltas.has(version);
    this.#seal(version, known ? deltaOf(await this.#files.read(version, "delta")) : { bytes: 0, hash: 0 });
  }

  #replay(version: number): Parameters<StateFiles["replay"]>[2] {
    const map = this.#map;
    const most = Math.max(this.#context.cacheBytes, this.#sizes.chunkBytes);
    return {
      visit: (bytes, keyStart, keyEnd, valueStart, valueEnd) => {
        if (valueEnd < 0) map.remove(bytes, keyStart, keyEnd);
        else map.put(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd);
        if (map.workingBytes > most) map.flush(version);
      },
      fileRead: () => {},
    };
  }
  #seal(version: number, delta: Delta): void {
    this.#map.prepare(version);
    this.#map.reserveMark();
    this.#mark(version, delta);
  }
  #mark(version: number, { bytes, hash }: Delta): void {
    this.#map.seal({ version, deltaBytes: bytes, deltaHash: hash, epoch: this.#context.epoch });
  }

  /** Looks how large the files are that the next restart would have to read. */
  async #measure(version: number): Promise<void> {
    const base = Math.max(this.#files.firstVersion, ...this.#files.snapshotsUpTo(version));
    const size = async (path: string): Promise<number> => (await this.#files.fs.stat(path))?.size ?? 0;
    this.#snapshotBytes = this.#files.snapshots.has(base) ? await size(this.#files.path(base, "snapshot")) : 0;
    this.#deltaBytes = 0;
    for (let v = base + 1; v <= version; v++) this.#deltaBytes += await size(this.#files.path(v, "delta"));
  }

  // Maintenance.

  maintain(): Promise<void> {
    this.#maintenance = this.#maintenance.then(
      () => this.#maintain(),
      () => this.#maintain(),
    );
    return this.#maintenance;
  }
  async #maintain(): Promise<void> {
    if (this.#version < 0) return;
    if (this.#job === null && this.#open === null && this.#snapshotIsDue(this.#context.minDeltasForSnapshot)) {
      this.#job = new SnapshotJob(this.#map, this.#files, this.#version);
      this.#jobDeltaBytes = this.#deltaBytes;
      this.#deltaBytes = 0;
    }
    // Fast enough to end before the next one is due, and no faster: the batches wait for each piece.
    await this.#advanceJob(Math.max(this.#sizes.sliceBytes, 8 * this.#lastDeltaBytes));
    const program = this.#files.removalProgram(this.#version, this.#context.minBatchesToRetain);
    if (program.length === 0) return;
    await this.#files.fs.apply(program);
    this.#files.applied(program);
  }

  async #advanceJob(bytes: number): Promise<void> {
    const job = this.#job;
    if (job === null) return;
    try {
      if (!(await job.advance(bytes))) return;
      this.#snapshotBytes = job.bytes;
      this.#jobDeltaBytes = 0;
      this.#job = null;
    } catch (error) {
      await this.#abandonJob();
      throw error;
    }
  }
  async #abandonJob(): Promise<void> {
    const job = this.#job;
    if (job === null) return;
    this.#job = null;
    this.#deltaBytes += this.#jobDeltaBytes;
    this.#jobDeltaBytes = 0;
    await job.abandon();
  }

  /** Whether what a restart would read of deltas is much beside the snapshot. */
  #snapshotIsDue(after: number): boolean {
    const last = Math.max(this.#files.firstVersion, ...this.#files.snapshotsUpTo(this.#version));
    const deltas = this.#version - last;
    if (deltas <= after) return false;
    return 2 * (this.#deltaBytes + this.#jobDeltaBytes) >= this.#snapshotBytes || deltas > mostDeltas;
  }

  async close(): Promise<void> {
    await this.#maintenance.catch(() => undefined);
    this.#open?.abort();
    // Runs of a few batches would otherwise begin a snapshot each and never end one.
    const overdue = this.#job !== null && this.#snapshotIsDue(2 * this.#context.minDeltasForSnapshot);
    if (overdue) await this.#advanceJob(Infinity).catch(() => undefined);
    await this.#abandonJob();
    this.#version = -1;
    this.#map.close();
  }
}

interface StoreEnd {
  commitProgram(): { readonly delta: Delta; readonly program: ReturnType<StateFiles["commitProgram"]> };
  committed(delta: Delta): void;
  aborted(): void;
  follow(listener: EntriesMoved): boolean;
}

class OpenDiskStore implements StateStore {
  readonly version: number;
  readonly #map: DiskMap;
  readonly #end: StoreEnd;
  #state: "open" | "prepared" | "committed" | "aborted" = "open";
  #delta: Delta = { bytes: 0, hash: 0 };

  constructor(map: DiskMap, version: number, end: StoreEnd) {
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
  get arena(): Uint8Array {
    return this.#map.arena;
  }
  memoryUsedBytes(): number {
    return this.#map.memoryBytes;
  }
  #change(): void {
    assertInvariant(this.#state === "open", `state version ${this.version} was changed after it was ${this.#state}`);
  }
  get(key: Uint8Array): Uint8Array | null {
    const entry = this.#map.find(key, 0, key.length);
    if (entry < 0) return null;
    const [start, end] = [this.#map.valueStart(entry), this.#map.valueEnd(entry)];
    return this.#map.arena.subarray(start, end);
  }
  put(key: Uint8Array, value: Uint8Array): void {
    this.#change();
    this.#map.put(key, 0, key.length, value, 0, value.length);
  }
  remove(key: Uint8Array): void {
    this.#change();
    this.#map.remove(key, 0, key.length);
  }
  entries(): IterableIterator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    return this.#map.entries();
  }
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#map.find(bytes, start, end);
  }
  /** Everything is looked up one by one. */
  lookAhead(): void {}
  lookAheadAt(): void {}
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
  putRange(...range: Parameters<StateStore["putRange"]>): number {
    this.#change();
    return this.#map.put(...range);
  }
  putNew(...range: Parameters<StateStore["putNew"]>): number {
    this.#change();
    return this.#map.putNew(...range);
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
    return this.#end.follow(listener);
  }
  relieve(): void {
    this.#map.relieve();
  }
  commitProgram(): ReturnType<StateStore["commitProgram"]> {
    this.#change();
    this.#state = "prepared";
    const { delta, program } = this.#end.commitProgram();
    this.#delta = delta;
    return program;
  }
  committed(): void {
    assertInvariant(this.#state === "prepared", `state version ${this.version} is ${this.#state}, not prepared`);
    this.#state = "committed";
    this.#end.committed(this.#delta);
  }
  abort(): void {
    if (this.#state === "committed" || this.#state === "aborted") return;
    this.#state = "aborted";
    this.#end.aborted();
  }
}
