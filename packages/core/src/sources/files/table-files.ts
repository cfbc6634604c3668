/**
 * The files of a table of files: all below its paths, when directories are partitions or `recursiveFileLookup` is set, else
 * those right in its paths; through the manifest where a file sink wrote one.
 */
import { MillraceError } from "../../errors/index.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";
import type { TableSchema } from "../../logical-plan/logical-plan.ts";
import { FileSystemError } from "../../runtime/file-system.ts";
import type { Field, StructType } from "../../types/data-type.ts";
import type { SourceContext } from "../contract.ts";
import { expandGlob, isHidden, type ListedFile, type ListingOptions } from "./file-listing.ts";
import { isGlob } from "./glob.ts";
import { parseDirectory, type PartitionOptions, partitionColumns, sameColumn } from "./partition-discovery.ts";
import { nameOf, parentOf } from "./paths.ts";
import { readManifest } from "./sink-manifest.ts";

/** The names of a table's files. */
export interface FoundFiles {
  /** Paths of the files right in the paths of the source, and of those in directories below. */
  readonly direct: readonly string[];
  readonly below: readonly string[];
  /** Directories above which nothing is a partition. */
  readonly bases: ReadonlySet<string>;
  /** The files with their sizes, where a manifest tells them. */
  readonly manifest: readonly ListedFile[] | null;
}

/**
 * Looks for names only, which is one question for each directory.
 * @throws PATH_NOT_FOUND for a path or glob that names nothing
 */
export async function findFiles(
  context: SourceContext,
  paths: readonly string[],
  listing: ListingOptions,
  { basePath }: PartitionOptions,
  options: OptionReader,
): Promise<FoundFiles> {
  const { fs } = context.runtime;
  const direct = new Set<string>();
  const below = new Set<string>();
  const bases = new Set<string>();
  if (basePath !== undefined) {
    if ((await fs.stat(basePath))?.kind !== "directory")
      throw options.invalid("basePath", basePath, "Give a directory.");
    bases.add(basePath);
  }
  const addBase = (base: string): void => {
    if (basePath === undefined) bases.add(base);
    else if (base !== basePath && !base.startsWith(basePath === "/" ? "/" : `${basePath}/`)) {
      throw options.invalid("basePath", basePath, `The path ${base} is not below it.`);
    }
  };
  if (paths.length === 1) {
    const manifest = await readManifest(context, paths[0]!);
    if (manifest !== null) {
      addBase(paths[0]!);
      for (const { path } of manifest) (parentOf(path) === paths[0] ? direct : below).add(path);
      return { direct: [...direct], below: [...below], bases, manifest };
    }
  }
  for (const path of paths) {
    let any = false;
    for (const root of isGlob(path) ? await expandGlob(context, path) : [path]) {
      const kind = (await fs.stat(root))?.kind;
      if (kind === undefined) continue;
      any = true;
      if (kind === "file") {
        addBase(parentOf(root));
        direct.add(root);
      } else if (kind === "directory") {
        addBase(root);
        const add = (file: string): unknown => (parentOf(file) === root ? direct : below).add(file);
        await walk(context, root, add, listing.recursive);
      }
    }
    if (!any && !listing.ignoreMissing) throw new MillraceError("PATH_NOT_FOUND", { path });
  }
  return { direct: [...direct].sort(), below: [...below].sort(), bases, manifest: null };
}

async function walk(
  context: SourceContext,
  directory: string,
  add: (path: string) => unknown,
  recursive: boolean,
): Promise<void> {
  for (const { name, kind } of await context.runtime.fs.list(directory)) {
    // A partition column may begin with an underscore.
    if (isHidden(name) && !(name.startsWith("_") && name.includes("="))) continue;
    const path = directory === "/" ? `/${name}` : `${directory}/${name}`;
    if (kind === "directory") await walkBelow(context, path, add, recursive || name.includes("="));
    else if (kind === "file") add(path);
  }
}

/** @param needed whether the files below are wanted for certain: else a directory that cannot be listed is none of ours */
async function walkBelow(
  context: SourceContext,
  directory: string,
  add: (path: string) => unknown,
  needed: boolean,
): Promise<void> {
  try {
    await walk(context, directory, add, needed);
  } catch (error) {
    // One that is gone has gone since the directory around it was listed.
    const isGone = error instanceof FileSystemError && error.code === "ENOENT";
    const isClosed = error instanceof FileSystemError && (error.code === "EACCES" || error.code === "EPERM");
    if (!isGone && (needed || !isClosed)) throw error;
  }
}

/** The columns that the names of the directories give. */
export function partitionFieldsOf(
  found: FoundFiles,
  listing: ListingOptions,
  options: PartitionOptions,
  given: StructType | undefined,
): readonly Field[] {
  if (listing.recursive) return [];
  const directories = [...new Set([...found.direct, ...found.below].map(parentOf))];
  return partitionColumns(directories, found.bases, options, given);
}

/** The files that count, with size and time, in path order. */
export async function chosenFiles(
  context: SourceContext,
  found: FoundFiles,
  listing: ListingOptions,
  partitioned: boolean,
): Promise<ListedFile[]> {
  const inPartition = (path: string): boolean => (parseDirectory(parentOf(path), found.bases)?.columns.length ?? 0) > 0;
  const all = [...found.direct, ...found.below];
  const listed = listing.recursive ? all : partitioned ? all.filter(inPartition) : found.direct;
  const paths = listed.filter((path) => listing.accepts(nameOf(path)));
  let files: readonly ListedFile[];
  if (found.manifest === null) files = await withStatus(context, paths);
  else {
    const chosen = new Set(paths);
    files = found.manifest.filter(({ path }) => chosen.has(path));
  }
  return files
    .filter(({ modifiedMs }) => listing.acceptsTime(modifiedMs))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Questions to the file system that are under way at once. */
const atOnce = 32;

async function withStatus(context: SourceContext, paths: readonly string[]): Promise<ListedFile[]> {
  const { fs } = context.runtime;
  const files: ListedFile[] = [];
  for (let from = 0; from < paths.length; from += atOnce) {
    const some = paths.slice(from, from + atOnce);
    const found = await Promise.all(some.map((path) => fs.stat(path)));
    for (const [i, status] of found.entries()) {
      // A file may go between the listing and the question: as if it had never been.
      if (status?.kind !== "file") continue;
      const { size, modifiedMs, identity } = status;
      files.push({ path: some[i]!, size, modifiedMs, identity });
    }
  }
  return files;
}

/** The schema of a table: the columns of its files, then those of its directories. A directory's value wins. */
export function tableSchema(
  data: StructType,
  partitions: readonly Field[],
  options: { readonly caseSensitive: boolean },
): TableSchema {
  if (partitions.length === 0) return data;
  const partitionOf = (name: string): Field | undefined => partitions.find((p) => sameColumn(p.name, name, options));
  const overlapping = data.fields.filter(({ name }) => partitionOf(name) !== undefined);
  const rest = partitions.filter((p) => !overlapping.some(({ name }) => sameColumn(p.name, name, options)));
  return {
    kind: "struct",
    fields: [...data.fields.map((f) => partitionOf(f.name) ?? f), ...rest],
    partitionColumns: partitions.map(({ name }) => name),
    ...(overlapping.length === 0 ? {} : { dataSchema: data }),
  };
}
