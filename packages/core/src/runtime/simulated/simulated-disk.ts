/**
 * What lies on a simulated disk: inodes with two images each, the one that running programs see (page cache) and the one
 * that survives power loss. Internal to the simulated file system.
 */
import { FileSystemError } from "../file-system.ts";

export interface FileNode {
  readonly kind: "file";
  readonly id: number;
  /** What reads see. Never changed in place: writing replaces the array. */
  content: Uint8Array;
  /** What survives power loss; null when the file was never synced. */
  durable: Uint8Array | null;
  /** After a failed sync the kernel has dropped the dirty pages: later syncs succeed without making them durable. */
  lostPages: boolean;
  modifiedMs: number;
  mode: number;
}

export interface DirectoryNode {
  readonly kind: "directory";
  readonly id: number;
  readonly entries: Map<string, Node>;
  /** The names that survive power loss. */
  durable: Map<string, Node>;
  /** The changes since the last sync, oldest first, each atomic: a journal may have kept any prefix of them. */
  history: NameChange[];
  modifiedMs: number;
  mode: number;
}

/** Names set (or, with null, removed) in one step. */
export type NameChange = ReadonlyMap<string, Node | null>;

export type Node = FileNode | DirectoryNode;

const empty = new Uint8Array(0);

export class SimulatedDisk {
  readonly root: DirectoryNode;
  #nextId = 1;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.root = this.#newDirectory(0o755);
  }

  #newDirectory(mode: number): DirectoryNode {
    const id = this.#nextId++;
    return {
      kind: "directory",
      id,
      entries: new Map(),
      durable: new Map(),
      history: [],
      modifiedMs: Math.trunc(this.#nowMs()),
      mode,
    };
  }

  /** The node at a path, or null. Throws ENOTDIR when a file stands where a directory is needed. */
  find(path: string, operation: string): Node | null {
    let node: Node = this.root;
    for (const name of namesOf(path)) {
      if (node.kind !== "directory") throw new FileSystemError("ENOTDIR", operation, path);
      const next = node.entries.get(name);
      if (next === undefined) return null;
      node = next;
    }
    return node;
  }

  existing(path: string, operation: string): Node {
    const node = this.find(path, operation);
    if (node === null) throw new FileSystemError("ENOENT", operation, path);
    return node;
  }

  /** The directory that holds `path` and the last name. */
  parent(path: string, operation: string): { readonly directory: DirectoryNode; readonly name: string } {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw new FileSystemError("EINVAL", operation, path);
    const directory = this.find(`/${names.join("/")}`, operation);
    if (directory === null) throw new FileSystemError("ENOENT", operation, path);
    if (directory.kind !== "directory") throw new FileSystemError("ENOTDIR", operation, path);
    return { directory, name };
  }

  /** Changes the visible names of a directory in one step; they become durable with the next sync of it. */
  changeNames(directory: DirectoryNode, change: NameChange): void {
    applyChange(directory.entries, change);
    directory.history.push(change);
    directory.modifiedMs = Math.trunc(this.#nowMs());
  }

  /** Opens `path` for writing: the file at it, or a new one. */
  openFile(path: string, operation: string, mode: number): FileNode {
    const { directory, name } = this.parent(path, operation);
    const present = directory.entries.get(name);
    if (present?.kind === "directory") throw new FileSystemError("EISDIR", operation, path);
    if (present !== undefined) return present;
    const file: FileNode = {
      kind: "file",
      id: this.#nextId++,
      content: empty,
      durable: null,
      lostPages: false,
      modifiedMs: Math.trunc(this.#nowMs()),
      mode,
    };
    this.setName(directory, name, file);
    return file;
  }

  setName(directory: DirectoryNode, name: string, node: Node | null): void {
    this.changeNames(directory, new Map([[name, node]]));
  }

  setContent(file: FileNode, content: Uint8Array): void {
    file.content = content;
    file.lostPages = false;
    file.modifiedMs = Math.trunc(this.#nowMs());
  }

  /** Creates up to `limit` missing directories of a path, each durable at once (as the port's makeDirectory syncs them). */
  makeDirectory(path: string, mode: number, limit: number): void {
    let current: DirectoryNode = this.root;
    let left = limit;
    const names = namesOf(path);
    for (const [depth, name] of names.entries()) {
      let next = current.entries.get(name);
      if (next === undefined) {
        if (left-- <= 0) return;
        next = this.#newDirectory(mode);
        this.setName(current, name, next);
        syncDirectoryNode(current);
      }
      if (next.kind !== "directory") {
        throw new FileSystemError(depth === names.length - 1 ? "EEXIST" : "ENOTDIR", "makeDirectory", path);
      }
      current = next;
    }
  }

  /**
   * Power loss. `choose(n)` picks a whole number from 0 to n: how many of the n pending changes of a directory, or of the
   * n unsynced bytes of a file, had reached the disk. Everything after is as if it never happened.
   */
  losePower(choose: (pending: number) => number): void {
    const files = new Set<FileNode>();
    const visit = (directory: DirectoryNode): void => {
      const names = new Map(directory.durable);
      for (const change of directory.history.slice(0, choose(directory.history.length))) applyChange(names, change);
      directory.entries.clear();
      for (const name of [...names.keys()].sort()) directory.entries.set(name, names.get(name)!);
      syncDirectoryNode(directory);
      for (const node of directory.entries.values()) {
        if (node.kind === "directory") visit(node);
        else files.add(node);
      }
    };
    visit(this.root);
    for (const file of [...files].sort((a, b) => a.id - b.id)) {
      if (file.content === file.durable) continue;
      const durable = file.durable ?? empty;
      const shared = startsWith(file.content, durable) ? durable.length : 0;
      const kept = choose(file.content.length - shared);
      file.content = kept === 0 ? durable : file.content.slice(0, shared + kept);
      file.durable = file.content;
      file.lostPages = false;
    }
  }
}

function applyChange(names: Map<string, Node>, change: NameChange): void {
  for (const [name, node] of change) {
    if (node === null) names.delete(name);
    else names.set(name, node);
  }
}

export function syncDirectoryNode(directory: DirectoryNode): void {
  directory.durable = new Map(directory.entries);
  directory.history = [];
}

export function syncFile(file: FileNode): void {
  if (!file.lostPages) file.durable = file.content;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.length <= bytes.length && prefix.every((byte, i) => bytes[i] === byte);
}

export function namesOf(path: string): string[] {
  if (!path.startsWith("/")) throw new FileSystemError("EINVAL", "path", path);
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
