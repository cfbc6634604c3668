/**
 * State on the local disk, for what is larger than memory. The checkpoint is the truth: with every commit a delta goes there, and
 * now and then a snapshot, in the same files and at the same versions as those of state in memory. The log on this machine is a
 * copy that a restart takes up where it is what the checkpoint says, and makes anew where it is not.
 */
import {
  checkVersion,
  type CustomStateMetrics,
  encodeDelta,
  MillraceError,
  OpenStore,
  StateFiles,
  type StateStore,
  type StateStoreContext,
  type StateStoreMetrics,
  type StateStoreProvider,
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
  #open: OpenStore | null = null;
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
    return this.#files.metrics(this.#version, this.#map.liveBytes);
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
    checkVersion(version);
    this.#open?.abort();
    await this.#files.listed();
    const current = this.#version === version;
    if (!current) await this.#load(version);
    this.#files.opened(version, current);
    let written: Delta = { bytes: 0, hash: 0 };
    const store = new OpenStore(this.#map, version, {
      program: () => {
        const delta = encodeDelta(this.#map);
        written = deltaOf(delta);
        this.#map.prepare(version + 1);
        this.#map.reserveMark();
        return this.#files.commitProgram(version + 1, delta);
      },
      committed: () => {
        this.#mark(version + 1, written);
        this.#version = version + 1;
        this.#lastDeltaBytes = written.bytes;
        this.#deltaBytes += written.bytes;
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

  // Loading.

  async #load(version: number): Promise<void> {
    await this.#abandonJob();
    this.#version = -1;
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
    const base = this.#files.baseOf(version);
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

  #snapshotIsDue(least: number): boolean {
    const deltaBytes = this.#deltaBytes + this.#jobDeltaBytes;
    return this.#files.snapshotIsDue(this.#version, least, deltaBytes, this.#snapshotBytes);
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
