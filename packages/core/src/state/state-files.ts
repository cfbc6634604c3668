/**
 * The files of one store of one partition in a checkpoint, in Spark's HDFS-backed layout: `<v>.delta` for what version v changed
 * and now and then `<v>.snapshot` with everything. Version v is the newest snapshot up to v and all deltas after it. A delta is
 * written with every commit, also an empty one; a replayed batch overwrites the delta of its version.
 * @see Spark `HDFSBackedStateStoreProvider`
 */
import { MillraceError } from "../errors/index.ts";
import { atomicWrite, type Durability, placeAtomically } from "../runtime/durability.ts";
import { FileSystemError, type FileOperation, type FileSystem } from "../runtime/file-system.ts";
import type { Random } from "../runtime/random.ts";
import { checkSideFiles } from "./side-files.ts";
import { readStateFile, type StateRecordVisitor } from "./state-file.ts";
import type { StateStoreMetrics } from "./state-store.ts";

export type StateFileKind = "delta" | "snapshot";

export interface StateFilesOptions {
  readonly durability?: Durability;
  /** Only reads: makes no directory and leaves alone what an earlier run left behind, as a run may be writing. */
  readonly readOnly?: boolean;
  /** The store came with this version, which is empty: files up to it belong to another one of the same name. Default 0. */
  readonly firstVersion?: number;
}

/** Takes the records of files one after another. */
export interface StateReplay {
  /** For the records of one file. */
  readonly visit: StateRecordVisitor;
  /** All records of a file have been visited. */
  fileRead(kind: StateFileKind, bytes: number): void;
}

/** However short deltas are, no more than the least number times this follow a snapshot. */
const mostDeltas = 100;

/** Fails for what is no version: those of a store begin at 0. */
export function checkVersion(version: number): void {
  if (version >= 0) return;
  throw new MillraceError("CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION", { version: String(version) });
}

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

export class StateFiles {
  readonly directory: string;
  readonly firstVersion: number;
  readonly fs: FileSystem;
  readonly random: Random;
  readonly durability: Durability;
  readonly #readOnly: boolean;
  /** Versions that the directory has files of, once it is listed. */
  #listing: Promise<void> | null = null;
  readonly deltas: Set<number> = new Set();
  readonly snapshots: Set<number> = new Set();
  /** Damaged snapshots that were passed over. */
  #repaired = 0;
  /** Versions that were opened without reading them, and those that were read. */
  #hits = 0;
  #misses = 0;

  constructor(fs: FileSystem, random: Random, directory: string, options: StateFilesOptions) {
    this.fs = fs;
    this.random = random;
    this.directory = directory;
    this.durability = options.durability ?? "fsync";
    this.#readOnly = options.readOnly ?? false;
    this.firstVersion = options.firstVersion ?? 0;
  }

  /** Looks into the directory, the first time; makes it, and removes what an earlier run left there. */
  async listed(): Promise<void> {
    this.#listing ??= this.#list();
    try {
      await this.#listing;
    } catch (error) {
      this.#listing = null;
      throw error;
    }
  }
  async #list(): Promise<void> {
    const sweep: FileOperation[] = [{ op: "makeDirectory", path: this.directory }];
    try {
      for (const entry of await this.fs.list(this.directory)) {
        if (entry.kind !== "file") continue;
        const match = fileName.exec(entry.name);
        if (match !== null) this.#named(match[2] as StateFileKind).add(Number(match[1]));
        else if (leftover.test(entry.name))
          sweep.push({ op: "remove", path: `${this.directory}/${entry.name}`, ifExists: true });
      }
      // The directory is there: only leftovers of an earlier run remain to be removed.
      sweep.shift();
    } catch (error) {
      if (!(error instanceof FileSystemError && error.code === "ENOENT")) throw error;
    }
    if (sweep.length > 0 && !this.#readOnly) await this.fs.apply(sweep);
  }
  #named(kind: StateFileKind): Set<number> {
    return kind === "delta" ? this.deltas : this.snapshots;
  }

  path(version: number, kind: StateFileKind): string {
    return `${this.directory}/${version}.${kind}`;
  }

  /** Versions of the snapshots of this store up to a version. */
  snapshotsUpTo(version: number): number[] {
    return [...this.snapshots].filter((v) => v <= version && v > this.firstVersion);
  }

  /** The last version up to one that is read without deltas. */
  baseOf(version: number): number {
    return Math.max(this.firstVersion, ...this.snapshotsUpTo(version));
  }
  /**
   * Whether what a restart would read of deltas is much beside the snapshot.
   * @param least so many deltas follow a snapshot in any case
   */
  snapshotIsDue(latest: number, least: number, deltaBytes: number, snapshotBytes: number): boolean {
    const deltas = latest - this.baseOf(latest);
    return deltas > least && (2 * deltaBytes >= snapshotBytes || deltas > mostDeltas * least);
  }

  /** A store was opened: counted in {@link metrics}. */
  opened(version: number, wasInMemory: boolean): void {
    if (version === 0) return;
    if (wasInMemory) this.#hits++;
    else this.#misses++;
  }
  metrics(version: number, contentBytes: number): StateStoreMetrics {
    return {
      loadedMapCacheHitCount: this.#hits,
      loadedMapCacheMissCount: this.#misses,
      numSnapshotsAutoRepaired: this.#repaired,
      stateOnCurrentVersionSizeBytes: contentBytes,
      snapshotLastUploaded: Math.max(-1, ...this.snapshotsUpTo(version)),
    };
  }

  /** The program that makes a version durable. */
  commitProgram(version: number, delta: Uint8Array): FileOperation[] {
    const program = atomicWrite(this.path(version, "delta"), delta, "replace", this.random.uuid(), this.durability);
    // A snapshot of an earlier attempt at this version must not outlive its delta.
    return this.snapshots.has(version)
      ? [{ op: "remove", path: this.path(version, "snapshot"), ifExists: true }, ...program]
      : program;
  }
  /** The program that makes a temporary file the snapshot of a version. */
  placeSnapshot(temporary: string, version: number): FileOperation[] {
    return placeAtomically(this.path(version, "snapshot"), temporary, "replace", this.durability);
  }
  /** The program of a version has run. */
  committed(version: number): void {
    this.deltas.add(version);
    this.snapshots.delete(version);
  }

  /** The bytes of a file, held against the checksum files beside it. */
  async read(version: number, kind: StateFileKind): Promise<Uint8Array> {
    const path = this.path(version, kind);
    let bytes: Uint8Array;
    try {
      bytes = await this.fs.readFile(path);
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
    const reason = await checkSideFiles(this.fs, path, bytes);
    if (reason !== null)
      throw new MillraceError("CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE", { fileToRead: path, reason });
    return bytes;
  }

  /** Visits the records of one file. */
  async replay(version: number, kind: StateFileKind, { visit, fileRead }: StateReplay): Promise<void> {
    const content = await this.read(version, kind);
    readStateFile(this.path(version, kind), kind, content, visit);
    fileRead(kind, content.length);
  }

  /**
   * Reads a version. A damaged snapshot is passed over when an older snapshot (or nothing, from the first version) and all
   * deltas after it are there; otherwise its error is the answer.
   * @param begin called before the first file, and again with each new attempt: what was read before does not count
   */
  async load(version: number, begin: () => StateReplay): Promise<void> {
    await this.listed();
    const first = this.firstVersion;
    const bases = this.snapshotsUpTo(version).sort((a, b) => b - a);
    bases.push(first);
    let failure: unknown = null;
    for (const base of bases) {
      const chain = Array.from({ length: version - base }, (_, i) => base + 1 + i);
      // An incomplete chain is only tried when nothing better failed: its error then names the missing delta.
      if (failure !== null && !chain.every((v) => this.deltas.has(v))) break;
      try {
        const replay = begin();
        if (base > first) await this.replay(base, "snapshot", replay);
        for (const v of chain) await this.replay(v, "delta", replay);
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

  /**
   * Removes what no retained version needs: everything from the snapshot under the earliest retained version on stays.
   * @param latest the newest version
   */
  removalProgram(latest: number, retain: number): FileOperation[] {
    const earliest = latest - retain;
    if (earliest <= 0) return [];
    const base = this.baseOf(earliest);
    const remove = (versions: ReadonlySet<number>, kind: StateFileKind): FileOperation[] =>
      [...versions]
        .filter((v) => v < base)
        .sort((a, b) => a - b)
        .map((v) => ({ op: "remove", path: this.path(v, kind), ifExists: true }));
    return [...remove(this.snapshots, "snapshot"), ...remove(this.deltas, "delta")];
  }

  /** Takes note of what a program of snapshots and removals has done. */
  applied(program: readonly FileOperation[]): void {
    for (const operation of program) {
      const path = operation.op === "rename" ? operation.to : operation.op === "remove" ? operation.path : null;
      const match = path === null ? null : fileName.exec(path.slice(path.lastIndexOf("/") + 1));
      if (match === null || match === undefined) continue;
      const files = this.#named(match[2] as StateFileKind);
      if (operation.op === "rename") files.add(Number(match[1]));
      else files.delete(Number(match[1]));
    }
  }
}
