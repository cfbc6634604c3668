/**
 * Which files a source reads: paths, globs, directories (not their subdirectories, unless `recursiveFileLookup`), without
 * hidden files (names that begin with `_` or `.`), filtered by `pathGlobFilter` on the name.
 */
import { MillraceError } from "../../errors/index.ts";
import { FileSystemError, type DirectoryEntry } from "../../runtime/file-system.ts";
import { bindCast } from "../../functions/casts.ts";
import { stringType, timestampType } from "../../types/data-type.ts";
import type { SourceContext } from "../contract.ts";
import { compileGlob, expandBraces, isGlob } from "./glob.ts";
import { absolutePath } from "./paths.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";

export interface ListedFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly identity: string;
}

export interface ListingOptions {
  readonly recursive: boolean;
  readonly accepts: (name: string) => boolean;
  /** Whether a file that was modified then is read, in milliseconds since the epoch. */
  readonly acceptsTime: (modifiedMs: number) => boolean;
  readonly ignoreMissing: boolean;
  readonly ignoreCorrupt: boolean;
}

export function readListingOptions(options: OptionReader, context: SourceContext): ListingOptions {
  const filter = options.text("pathGlobFilter");
  const setting = (name: string): boolean => options.flag(name, context.conf(`spark.sql.files.${name}`) === "true");
  return {
    recursive: options.flag("recursiveFileLookup", false),
    accepts: filter === undefined ? () => true : compileGlob(filter),
    acceptsTime: readTimeLimits(options, context),
    ignoreMissing: setting("ignoreMissingFiles"),
    ignoreCorrupt: setting("ignoreCorruptFiles"),
  };
}

/** `modifiedAfter` and `modifiedBefore`, both exclusive. */
function readTimeLimits(options: OptionReader, context: SourceContext): (modifiedMs: number) => boolean {
  const zone = options.text("timeZone") ?? context.timeZone;
  const limit = (name: string): number | undefined => {
    const text = options.text(name);
    if (text === undefined) return undefined;
    const micros = bindCast(stringType, timestampType, "try", zone)(text);
    if (typeof micros !== "bigint") throw options.invalid(name, text, "Give a time such as 2024-02-29T12:00:00.");
    return Number(micros) / 1000;
  };
  const after = limit("modifiedAfter") ?? -Infinity;
  const before = limit("modifiedBefore") ?? Infinity;
  return (modifiedMs) => modifiedMs > after && modifiedMs < before;
}

/** The source's paths, absolute. */
export function sourcePaths(context: SourceContext, options: OptionReader): string[] {
  const path = options.text("path");
  const given = path === undefined ? context.paths : [...context.paths, path];
  if (given.length === 0) {
    throw new MillraceError("MISSING_OPTION", {
      provider: options.provider,
      option: "path",
      hint: "Give a file, a directory or a glob to load().",
    });
  }
  const working = context.runtime.process.workingDirectory;
  return given.map((p) => absolutePath(p, working));
}

export function isHidden(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".");
}

/**
 * All files of the paths in path order.
 * @throws PATH_NOT_FOUND for a path or glob that names nothing; FileSystemError for a directory that cannot be listed
 */
export async function listFiles(
  context: SourceContext,
  paths: readonly string[],
  options: ListingOptions,
): Promise<ListedFile[]> {
  const { fs } = context.runtime;
  const found = new Map<string, ListedFile>();
  for (const path of paths) {
    const roots = isGlob(path) ? await expandGlob(context, path) : [path];
    let any = false;
    for (const root of roots) {
      const stat = await fs.stat(root);
      if (stat === null) continue;
      any = true;
      if (stat.kind === "file") {
        if (options.accepts(root.slice(root.lastIndexOf("/") + 1))) found.set(root, { path: root, ...pick(stat) });
      } else if (stat.kind === "directory") {
        await listDirectory(context, root, options, found);
      }
    }
    if (!any && !options.ignoreMissing) throw new MillraceError("PATH_NOT_FOUND", { path });
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function pick(stat: {
  readonly size: number;
  readonly modifiedMs: number;
  readonly identity: string;
}): Omit<ListedFile, "path"> {
  return { size: stat.size, modifiedMs: stat.modifiedMs, identity: stat.identity };
}

async function listDirectory(
  context: SourceContext,
  directory: string,
  options: ListingOptions,
  found: Map<string, ListedFile>,
): Promise<void> {
  const { fs } = context.runtime;
  for (const entry of await fs.list(directory)) {
    if (isHidden(entry.name)) continue;
    const path = directory === "/" ? `/${entry.name}` : `${directory}/${entry.name}`;
    if (entry.kind === "directory") {
      if (options.recursive) await listDirectory(context, path, options, found);
    } else if (entry.kind === "file" && options.accepts(entry.name)) {
      const stat = await fs.stat(path);
      // It went between the listing and the question: as if it had never been.
      if (stat !== null && stat.kind === "file") found.set(path, { path, ...pick(stat) });
    }
  }
}

/** Files and directories that a glob names, in path order; hidden names only where the pattern spells the dot out. */
export async function expandGlob(context: SourceContext, pattern: string): Promise<string[]> {
  const results = new Set<string>();
  // Braces may span slashes, so they go first.
  for (const alternative of expandBraces(pattern)) {
    let level = [""];
    for (const segment of alternative.split("/").slice(1)) {
      if (!isGlob(segment)) {
        level = level.map((parent) => `${parent}/${segment}`);
        continue;
      }
      const matches = compileGlob(segment);
      const next: string[] = [];
      for (const parent of level) {
        for (const entry of await entriesOf(context, parent === "" ? "/" : parent)) {
          if (isHidden(entry.name) && !isHidden(segment)) continue;
          if (matches(entry.name)) next.push(`${parent}/${entry.name}`);
        }
      }
      level = next;
    }
    for (const path of level) results.add(path);
  }
  const present: string[] = [];
  for (const path of results) if ((await context.runtime.fs.stat(path)) !== null) present.push(path);
  return present.sort();
}

async function entriesOf(context: SourceContext, directory: string): Promise<readonly DirectoryEntry[]> {
  try {
    return await context.runtime.fs.list(directory);
  } catch (error) {
    if (error instanceof FileSystemError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw error;
  }
}

/** Directories to look into when a glob or path is watched: the longest part of it without a wildcard. */
export function fixedPart(path: string): string {
  if (!isGlob(path)) return path;
  const segments = path.split("/");
  const first = segments.findIndex(isGlob);
  return first <= 1 ? "/" : segments.slice(0, first).join("/");
}
