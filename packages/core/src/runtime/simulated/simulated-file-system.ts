import type { DirectoryEntry, FileOperation, FileStat, FileSystem, ReadHandle } from "../file-system.ts";
import { changedPath, FileSystemError } from "../file-system.ts";
import { type Fault, type FaultPlan, type ReadFault, SimulatedCrash, type Survival } from "./fault-plan.ts";
import { SeededRandom } from "./seeded-random.ts";
import { type FileNode, type Node, SimulatedDisk, syncDirectoryNode, syncFile } from "./simulated-disk.ts";

/** One operation that was executed or failed, in order, for enumeration and for failure reports. */
export interface LoggedOperation {
  readonly index: number;
  readonly operation: FileOperation["op"];
  /** The path that changes: of link and rename the new name. */
  readonly path: string;
  /** Length of the bytes of a write or append. */
  readonly length: number;
  /** `done`, the errno code, or the fault that ended the incarnation. */
  readonly outcome: string;
}

export interface SimulatedFileSystemOptions extends FaultPlan {
  /** Seed of everything that is drawn, such as what survives a crash with `random`. */
  readonly seed?: number;
  /** Source of modification times. */
  readonly nowMs?: () => number;
  /** What `freeBytes` tells. */
  readonly freeBytes?: number | null;
  /** Largest number of bytes that one read of a handle returns: provokes short reads. */
  readonly maximumReadBytes?: number;
}

/**
 * A disk in memory that behaves like a POSIX one under crashes: inodes and hard links, open files that outlive their
 * names, content that is durable only after `sync`, names that are durable only after `syncDirectory` of their directory.
 * Deterministic: one seed and one fault plan give one history.
 *
 * An instance is one incarnation, the life of one process. After a crash (by the plan or by {@link crash}) everything
 * throws {@link SimulatedCrash}; {@link reboot} gives the next incarnation on the same disk.
 */
export class SimulatedFileSystem implements FileSystem {
  readonly #disk: SimulatedDisk;
  readonly #options: SimulatedFileSystemOptions;
  readonly #random: SeededRandom;
  readonly #faults: ReadonlyMap<number, Fault>;
  readonly #readFaults: ReadonlyMap<number, ReadFault>;
  readonly #log: LoggedOperation[] = [];
  #reads = 0;
  #crash: SimulatedCrash | null = null;
  #survived: Survival = "all";

  constructor(options: SimulatedFileSystemOptions = {}, disk?: SimulatedDisk) {
    this.#options = options;
    this.#disk = disk ?? new SimulatedDisk(options.nowMs ?? (() => 0));
    this.#random = new SeededRandom(options.seed ?? 0);
    this.#faults = new Map((options.faults ?? []).map((fault) => [fault.at, fault]));
    this.#readFaults = new Map((options.readFaults ?? []).map((fault) => [fault.at, fault]));
  }

  /** Number of changing operations so far in this incarnation. */
  get operationCount(): number {
    return this.#log.length;
  }
  get readCount(): number {
    return this.#reads;
  }
  get log(): readonly LoggedOperation[] {
    return this.#log;
  }
  get crashed(): boolean {
    return this.#crash !== null;
  }

  /** Ends this incarnation between two operations. */
  crash(survive: Survival = "none"): void {
    this.#die(-1, survive);
  }

  /** The next incarnation on the same disk, with its own counters and fault plan. */
  reboot(plan: FaultPlan = {}): SimulatedFileSystem {
    if (this.#crash === null) this.#die(-1, "all");
    return this.sibling(plan);
  }

  /** The same disk as another process sees it, with its own counters and fault plan; this one lives on. */
  sibling(plan: FaultPlan = {}): SimulatedFileSystem {
    const { faults: _, readFaults: __, ...options } = this.#options;
    return new SimulatedFileSystem({ ...options, seed: this.#random.int32(), ...plan }, this.#disk);
  }

  /** All files that can be reached, by path, as programs see them (for assertions; counts as no read). */
  files(): ReadonlyMap<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    const visit = (path: string, node: Node): void => {
      if (node.kind === "file") found.set(path, node.content);
      else for (const name of [...node.entries.keys()].sort()) visit(`${path}/${name}`, node.entries.get(name)!);
    };
    visit("", this.#disk.root);
    return found;
  }

  #die(index: number, survive: Survival): SimulatedCrash {
    this.#survived = survive;
    const crash = (this.#crash ??= new SimulatedCrash(index));
    if (survive === "none") this.#disk.losePower(() => 0);
    else if (survive === "random") this.#disk.losePower((pending) => this.#random.below(pending + 1));
    return crash;
  }

  /** What survived the crash of this incarnation. */
  get survived(): Survival {
    return this.#survived;
  }

  async apply(program: readonly FileOperation[]): Promise<void> {
    for (const operation of program) this.#run(operation);
  }

  #run(operation: FileOperation): void {
    if (this.#crash !== null) throw this.#crash;
    const index = this.#log.length;
    const fault = this.#faults.get(index);
    const path = changedPath(operation);
    const length = "bytes" in operation ? operation.bytes.length : 0;
    const record = (outcome: string): void => {
      this.#log.push({ index, operation: operation.op, path, length, outcome });
    };
    try {
      if (fault === undefined) this.#execute(operation);
      else this.#executeWithFault(operation, fault, index);
    } catch (error) {
      record(error instanceof FileSystemError ? error.code : (fault?.fault ?? "error"));
      throw error;
    }
    record("done");
  }

  #executeWithFault(operation: FileOperation, fault: Fault, index: number): void {
    switch (fault.fault) {
      case "crashBefore":
        throw this.#die(index, fault.survive ?? "all");
      case "crashAfter":
        this.#execute(operation);
        throw this.#die(index, fault.survive ?? "all");
      case "loseUnsynced":
        this.#execute(operation);
        throw this.#die(index, fault.survive ?? "none");
      case "torn":
        this.#tear(operation, fault.tearAt);
        throw this.#die(index, fault.survive ?? "none");
      default: {
        const path = changedPath(operation);
        if (isWriting(operation)) {
          if (fault.fault === "ENOSPC" || fault.fault === "EIO" || fault.fault === "EDQUOT") {
            this.#write(operation, fault.tearAt ?? "half");
          }
        } else if (operation.op === "sync") {
          const node = this.#disk.find(path, "sync");
          if (node?.kind === "file" && node.content !== node.durable) node.lostPages = true;
        }
        throw new FileSystemError(fault.fault, operation.op, path);
      }
    }
  }

  /** Part of an operation, made durable: the state that a power loss in its middle may leave. */
  #tear(operation: FileOperation, tearAt: number | undefined): void {
    if (isWriting(operation)) {
      const file = this.#write(operation, tearAt ?? "half");
      syncFile(file);
      syncDirectoryNode(this.#disk.parent(changedPath(operation), operation.op).directory);
    } else if (operation.op === "makeDirectory") {
      this.#disk.makeDirectory(operation.path, operation.mode ?? 0o777, tearAt ?? 1);
    }
  }

  /** What an operation writes; a copy of what is missing, or no file, fails. */
  #bytesOf(operation: Writing): Uint8Array {
    if (operation.op !== "copy") return operation.bytes;
    const source = this.#disk.existing(operation.from, "copy");
    if (source.kind !== "file") throw new FileSystemError("EISDIR", "copy", operation.to);
    return source.content;
  }

  /** @param tearAt as {@link Fault} says; absent: all of it is written */
  #write(operation: Writing, tearAt?: number | "half"): FileNode {
    const disk = this.#disk;
    const path = changedPath(operation);
    if (operation.op === "write" && operation.exclusive === true && disk.find(path, "write") !== null) {
      throw new FileSystemError("EEXIST", "write", path);
    }
    const bytes = this.#bytesOf(operation);
    const file = disk.openFile(path, operation.op, operation.op === "copy" ? 0o666 : (operation.mode ?? 0o666));
    const written = bytes.slice(0, tearAt === undefined ? bytes.length : prefixLength(bytes.length, tearAt));
    if (operation.op !== "append") disk.setContent(file, written);
    else {
      const joined = new Uint8Array(file.content.length + written.length);
      joined.set(file.content);
      joined.set(written, file.content.length);
      disk.setContent(file, joined);
    }
    return file;
  }

  #execute(operation: FileOperation): void {
    const disk = this.#disk;
    switch (operation.op) {
      case "write":
      case "append":
      case "copy":
        this.#write(operation);
        return;
      case "sync": {
        const node = disk.existing(operation.path, "sync");
        if (node.kind === "file") syncFile(node);
        else syncDirectoryNode(node);
        return;
      }
      case "syncDirectory": {
        const node = disk.existing(operation.path, "syncDirectory");
        if (node.kind !== "directory") throw new FileSystemError("ENOTDIR", "syncDirectory", operation.path);
        syncDirectoryNode(node);
        return;
      }
      case "link": {
        const node = disk.existing(operation.from, "link");
        const target = disk.parent(operation.to, "link");
        if (target.directory.entries.has(target.name)) throw new FileSystemError("EEXIST", "link", operation.to);
        if (node.kind !== "file") throw new FileSystemError("EPERM", "link", operation.to);
        disk.setName(target.directory, target.name, node);
        return;
      }
      case "rename": {
        const source = disk.parent(operation.from, "rename");
        const target = disk.parent(operation.to, "rename");
        const node = disk.existing(operation.from, "rename");
        const present = target.directory.entries.get(target.name);
        if (present === node) return;
        if (present?.kind === "directory") {
          if (node.kind === "file") throw new FileSystemError("EISDIR", "rename", operation.to);
          if (present.entries.size > 0) throw new FileSystemError("ENOTEMPTY", "rename", operation.to);
        } else if (present !== undefined && node.kind === "directory") {
          throw new FileSystemError("ENOTDIR", "rename", operation.to);
        }
        if (source.directory === target.directory) {
          const change = new Map<string, Node | null>([[source.name, null]]);
          disk.changeNames(target.directory, change.set(target.name, node));
        } else {
          disk.setName(target.directory, target.name, node);
          disk.setName(source.directory, source.name, null);
        }
        return;
      }
      case "remove": {
        const node = disk.find(operation.path, "remove");
        if (node === null) {
          if (operation.ifExists === true) return;
          throw new FileSystemError("ENOENT", "remove", operation.path);
        }
        if (node.kind === "directory") throw new FileSystemError("EISDIR", "remove", operation.path);
        const { directory, name } = disk.parent(operation.path, "remove");
        disk.setName(directory, name, null);
        return;
      }
      case "removeTree": {
        if (this.#find(operation.path) === null) return;
        const { directory, name } = disk.parent(operation.path, "removeTree");
        disk.setName(directory, name, null);
        return;
      }
      case "require":
        if ((this.#find(operation.path) !== null) !== operation.exists) {
          throw new FileSystemError(operation.exists ? "ENOENT" : "EEXIST", "require", operation.path);
        }
        return;
      case "makeDirectory":
        disk.makeDirectory(operation.path, operation.mode ?? 0o777, Number.POSITIVE_INFINITY);
        return;
    }
  }

  #beginRead(operation: string, path: string): void {
    if (this.#crash !== null) throw this.#crash;
    const fault = this.#readFaults.get(this.#reads++);
    if (fault !== undefined) throw new FileSystemError(fault.code, operation, path);
  }

  async readFile(path: string): Promise<Uint8Array> {
    this.#beginRead("readFile", path);
    const node = this.#disk.existing(path, "readFile");
    if (node.kind !== "file") throw new FileSystemError("EISDIR", "readFile", path);
    return node.content.slice();
  }

  async open(path: string): Promise<ReadHandle> {
    this.#beginRead("open", path);
    const node = this.#disk.existing(path, "open");
    if (node.kind !== "file") throw new FileSystemError("EISDIR", "open", path);
    const limit = this.#options.maximumReadBytes ?? Number.POSITIVE_INFINITY;
    let closed = false;
    const check = (operation: string): void => {
      this.#beginRead(operation, path);
      if (closed) throw new FileSystemError("EBADF", operation, path);
    };
    return {
      stat: async (): Promise<FileStat> => {
        check("stat");
        return statOf(node);
      },
      read: async (target: Uint8Array, offset: number, length: number, position: number): Promise<number> => {
        check("read");
        const end = position + Math.min(length, limit, target.length - offset);
        const part = node.content.subarray(position, Math.max(position, end));
        target.set(part, offset);
        return part.length;
      },
      close: async (): Promise<void> => {
        closed = true;
      },
    };
  }

  async stat(path: string): Promise<FileStat | null> {
    this.#beginRead("stat", path);
    const node = this.#find(path);
    return node === null ? null : statOf(node);
  }

  /** The node at a path; null when there is none, also because a file stands where a directory would have to be. */
  #find(path: string): Node | null {
    try {
      return this.#disk.find(path, "stat");
    } catch (error) {
      if (error instanceof FileSystemError && error.code === "ENOTDIR") return null;
      throw error;
    }
  }

  /** The simulated disk has no symbolic links. */
  async realPath(path: string): Promise<string> {
    return path;
  }

  async list(path: string): Promise<readonly DirectoryEntry[]> {
    this.#beginRead("list", path);
    const node = this.#disk.existing(path, "list");
    if (node.kind !== "directory") throw new FileSystemError("ENOTDIR", "list", path);
    return [...node.entries.keys()].sort().map((name) => ({ name, kind: node.entries.get(name)!.kind }));
  }

  async freeBytes(path: string): Promise<number | null> {
    this.#beginRead("freeBytes", path);
    return this.#options.freeBytes ?? null;
  }
}

type Writing = Extract<FileOperation, { op: "write" | "append" | "copy" }>;

function isWriting(operation: FileOperation): operation is Writing {
  return operation.op === "write" || operation.op === "append" || operation.op === "copy";
}

function prefixLength(length: number, tearAt: number | "half"): number {
  const wanted = tearAt === "half" ? length >> 1 : tearAt < 0 ? length + tearAt : tearAt;
  return Math.min(length, Math.max(0, wanted));
}

function statOf(node: Node): FileStat {
  return {
    kind: node.kind,
    size: node.kind === "file" ? node.content.length : 0,
    modifiedMs: node.modifiedMs,
    identity: `simulated:${node.id}`,
    mode: node.mode,
  };
}
