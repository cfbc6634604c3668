/**
 * A result written to a directory once. The files are written and synced in `_temporary/<uuid>`, then moved into the
 * directory, then `_SUCCESS` is written: a directory without it holds an unfinished write.
 */
import { MillraceError } from "../../errors/index.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { FileSystemError, type FileOperation, type FileSystem } from "../../runtime/file-system.ts";
import type { BatchSink, SaveMode, SinkContext } from "../contract.ts";
import { DataFiles } from "./data-files.ts";
import { openEncoding } from "./file-encoding.ts";
import { maxRecordsPerFile, outputPath } from "./output-path.ts";
import { PartitionedRows } from "./partitioned-rows.ts";
import type { RowFormat } from "./row-format.ts";

const temporaryName = "_temporary";

/** Whether the directory is there. */
async function checkTarget({ runtime }: SinkContext, path: string, mode: SaveMode): Promise<boolean> {
  const status = await runtime.fs.stat(path);
  if (status === null) return false;
  if (mode === "errorifexists") throw new MillraceError("PATH_ALREADY_EXISTS", { outputPath: path });
  if (mode === "append" && (await runtime.fs.stat(`${path}/_spark_metadata`)) !== null) {
    throw new MillraceError("PATH_BELONGS_TO_STREAM", { path });
  }
  return true;
}

/** Whether an overwrite replaces only those directories that it has rows for. */
function overwritesDynamically(context: SinkContext): boolean {
  const options = new OptionReader("file sink", context.options);
  const set = context.conf("spark.sql.sources.partitionOverwriteMode")?.toLowerCase();
  const otherwise = set === "dynamic" ? "dynamic" : "static";
  return options.oneOf("partitionOverwriteMode", ["static", "dynamic"], otherwise) === "dynamic";
}

/** Prepares a write. */
export async function openFileWrite(format: RowFormat, context: SinkContext, mode: SaveMode): Promise<BatchSink> {
  const path = outputPath(format, context);
  const rows = new PartitionedRows(context);
  const encoding = openEncoding(format, { ...context, schema: rows.dataSchema });
  const exists = await checkTarget(context, path, mode);
  if (mode === "ignore" && exists) return { write: async () => ({ rows: 0 }) };
  const dynamic = rows.isPartitioned && overwritesDynamically(context);
  const { runtime } = context;
  const { fs, random } = runtime;
  const staging = `${path}/${temporaryName}/${random.uuid()}`;
  const old = mode === "overwrite" && exists && !dynamic ? await treeOf(fs, path) : null;
  return {
    async write(partitions, signal) {
      const files = new DataFiles({
        runtime,
        directory: staging,
        encoding,
        durability: "fsync",
        rows,
        maxRecordsPerFile: maxRecordsPerFile(context),
      });
      try {
        await fs.apply([{ op: "makeDirectory", path: staging }]);
        const count = await files.writeAll(partitions, signal, true);
        await files.finish();
        signal.throwIfAborted();
        const moves = new Moves(path, staging, files);
        const replaced = old === null ? [] : moves.removals(old);
        if (dynamic && mode === "overwrite") {
          for (const directory of moves.leafDirectories()) {
            if ((await fs.stat(directory)) !== null) replaced.push(...moves.removals(await treeOf(fs, directory)));
          }
        }
        await fs.apply(moves.program(replaced));
        return { rows: count };
      } catch (error) {
        await fs.apply([{ op: "removeTree", path: `${path}/${temporaryName}` }]).catch(() => undefined);
        if (!(error instanceof FileSystemError)) throw error;
        throw new MillraceError("TASK_WRITE_FAILED", { path, reason: error.message }, { cause: error });
      }
    },
  };
}

interface Tree {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly entries: readonly Tree[];
}

/** What lies below a path, without the places of writes that are under way. */
async function treeOf(fs: FileSystem, path: string): Promise<Tree> {
  if ((await fs.stat(path))?.kind !== "directory") return { path, isDirectory: false, entries: [] };
  const entries: Tree[] = [];
  for (const { name, kind } of await fs.list(path)) {
    if (name === temporaryName) continue;
    const below = `${path}/${name}`;
    entries.push(kind === "directory" ? await treeOf(fs, below) : { path: below, isDirectory: false, entries: [] });
  }
  return { path, isDirectory: true, entries };
}

/** The way of finished files from the staging directory to their places. */
class Moves {
  readonly #path: string;
  readonly #moved: readonly { readonly from: string; readonly to: string }[];
  /** Directories of the new files and those above them, innermost first, the output itself last. */
  readonly #directories: readonly string[];

  constructor(path: string, staging: string, files: DataFiles) {
    const target = (staged: string): string => path + staged.slice(staging.length);
    this.#path = path;
    this.#moved = files.written.map(({ path: from }) => ({ from, to: target(from) }));
    this.#directories = files.directories().map(target);
  }

  leafDirectories(): readonly string[] {
    return [...new Set(this.#moved.map(({ to }) => to.slice(0, to.lastIndexOf("/"))))];
  }

  /** Removes what is in a directory, but for the directories that hold new files. */
  removals({ entries }: Tree): FileOperation[] {
    return entries.flatMap((entry): FileOperation[] => {
      if (!entry.isDirectory) return [{ op: "remove", path: entry.path, ifExists: true }];
      return this.#directories.includes(entry.path) ? this.removals(entry) : [{ op: "removeTree", path: entry.path }];
    });
  }

  /**
   * Moves the files in, and only then removes what they replace: a crash in between leaves old and new rows beside each
   * other, without `_SUCCESS`, rather than none.
   */
  program(replaced: readonly FileOperation[]): FileOperation[] {
    const path = this.#path;
    const success = `${path}/_SUCCESS`;
    const durable = this.#directories.map((directory): FileOperation => ({ op: "syncDirectory", path: directory }));
    return [
      { op: "remove", path: success, ifExists: true },
      // Before anything in another directory can be durable.
      { op: "syncDirectory", path },
      ...this.#directories.map((directory): FileOperation => ({ op: "makeDirectory", path: directory })),
      ...this.#moved.map(({ from, to }): FileOperation => ({ op: "rename", from, to })),
      ...durable,
      ...replaced,
      ...(replaced.length === 0 ? [] : durable),
      { op: "removeTree", path: `${path}/${temporaryName}` },
      { op: "write", path: success, bytes: new Uint8Array(0) },
      { op: "sync", path: success },
      { op: "syncDirectory", path },
    ];
  }
}
