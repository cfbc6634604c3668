/**
 * Listing for streams, where almost all files of a directory are old news.
 *
 * A directory is listed again only when its modification time says that names in it may have come; of the names listed,
 * only those not known yet are asked for size and time. A directory that was listed within two seconds of its
 * modification time is listed once more, since a file may have come in the same tick of the file system's clock.
 */
import { MillraceError } from "../../errors/index.ts";
import type { SourceContext } from "../contract.ts";
import { expandGlob, isHidden, type ListedFile, type ListingOptions } from "./file-listing.ts";
import { isGlob } from "./glob.ts";
import { readManifest } from "./sink-manifest.ts";

interface KnownDirectory {
  readonly modifiedMs: number;
  readonly settled: boolean;
  readonly directories: readonly string[];
  /** Files of the last listing that were not known then. */
  readonly candidates: readonly ListedFile[];
}

/** Longer than the granularity of any file system's times. */
const settleMs = 2000;

export class IncrementalListing {
  readonly #context: SourceContext;
  readonly #paths: readonly string[];
  readonly #options: ListingOptions;
  #directories = new Map<string, KnownDirectory>();

  constructor(context: SourceContext, paths: readonly string[], options: ListingOptions) {
    this.#context = context;
    this.#paths = paths;
    this.#options = options;
  }

  /** Those of the last listing. */
  get directories(): readonly string[] {
    return [...this.#directories.keys()];
  }

  /**
   * All files that are not known, in no special order.
   * @throws PATH_NOT_FOUND for a path without wildcard that does not exist
   */
  async unknown(isKnown: (path: string) => boolean): Promise<ListedFile[]> {
    if (this.#paths.length === 1) {
      const manifest = await readManifest(this.#context, this.#paths[0]!);
      if (manifest !== null) return manifest.filter((file) => !isKnown(file.path));
    }
    const found = new Map<string, ListedFile>();
    const visited = new Map<string, KnownDirectory>();
    for (const path of this.#paths) {
      const glob = isGlob(path);
      for (const root of glob ? await expandGlob(this.#context, path) : [path]) {
        if (!(await this.#root(root, isKnown, found, visited)) && !glob && !this.#options.ignoreMissing) {
          throw new MillraceError("PATH_NOT_FOUND", { path });
        }
      }
    }
    // Directories that are gone are forgotten.
    this.#directories = visited;
    return [...found.values()];
  }

  async #root(
    root: string,
    isKnown: (path: string) => boolean,
    found: Map<string, ListedFile>,
    visited: Map<string, KnownDirectory>,
  ): Promise<boolean> {
    if (isKnown(root)) return true;
    const stat = await this.#context.runtime.fs.stat(root);
    if (stat === null) return false;
    if (stat.kind === "directory") await this.#directory(root, root, stat.modifiedMs, isKnown, found, visited);
    else if (stat.kind === "file" && this.#options.accepts(root.slice(root.lastIndexOf("/") + 1))) {
      found.set(root, { path: root, size: stat.size, modifiedMs: stat.modifiedMs, identity: stat.identity });
    }
    return true;
  }

  async #directory(
    root: string,
    directory: string,
    modifiedMs: number,
    isKnown: (path: string) => boolean,
    found: Map<string, ListedFile>,
    visited: Map<string, KnownDirectory>,
  ): Promise<void> {
    const { fs, clock } = this.#context.runtime;
    const before = this.#directories.get(directory);
    let now: KnownDirectory;
    if (before !== undefined && before.settled && before.modifiedMs === modifiedMs) {
      const candidates = before.candidates.filter((file) => !isKnown(file.path));
      now = candidates.length === before.candidates.length ? before : { ...before, candidates };
    } else {
      const settled = clock.nowMs() - modifiedMs > settleMs;
      const directories: string[] = [];
      const candidates: ListedFile[] = [];
      for (const entry of await fs.list(directory)) {
        const isPartition = entry.kind === "directory" && entry.name.includes("=");
        if (isHidden(entry.name) && !(isPartition && entry.name.startsWith("_"))) continue;
        const path = directory === "/" ? `/${entry.name}` : `${directory}/${entry.name}`;
        if (entry.kind === "directory") {
          // What lies below a partition belongs to it.
          if (this.#options.recursive || isPartition || directory.includes("=", root.length)) directories.push(path);
        } else if (entry.kind === "file" && this.#options.accepts(entry.name) && !isKnown(path)) {
          const stat = await fs.stat(path);
          if (stat?.kind !== "file") continue;
          candidates.push({ path, size: stat.size, modifiedMs: stat.modifiedMs, identity: stat.identity });
        }
      }
      now = { modifiedMs, settled, directories, candidates };
    }
    visited.set(directory, now);
    for (const file of now.candidates) found.set(file.path, file);
    for (const path of now.directories) {
      const stat = await fs.stat(path);
      if (stat?.kind === "directory") await this.#directory(root, path, stat.modifiedMs, isKnown, found, visited);
    }
  }
}
