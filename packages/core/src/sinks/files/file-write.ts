/**
 * A result written to a directory once. The files are written and synced in `_temporary/<uuid>`, then moved into the
 * directory, then `_SUCCESS` is written: a directory without it holds an unfinished write.
 */
import { MillraceError } from "../../errors/index.ts";
import { FileSystemError, type FileOperation } from "../../runtime/file-system.ts";
import type { BatchSink, SaveMode, SinkContext } from "../contract.ts";
import { DataFiles, openEncoding } from "./data-files.ts";
import { outputPath, refusePartitionBy } from "./output-path.ts";
import type { RowFormat } from "./row-format.ts";

const temporaryName = "_temporary";

/** Names in the directory that the write replaces (overwrite) or adds to (append). */
async function presentNames(context: SinkContext, path: string, mode: SaveMode): Promise<readonly string[] | null> {
  const { fs } = context.runtime;
  const status = await fs.stat(path);
  if (status === null) return null;
  if (mode === "errorifexists") throw new MillraceError("PATH_ALREADY_EXISTS", { outputPath: path });
  const names = status.kind === "directory" ? (await fs.list(path)).map((entry) => entry.name) : [];
  if (mode === "append" && names.includes("_spark_metadata")) {
    throw new MillraceError("PATH_BELONGS_TO_STREAM", { path });
  }
  return names.filter((name) => name !== temporaryName);
}

/** Prepares a write. */
export async function openFileWrite(format: RowFormat, context: SinkContext, mode: SaveMode): Promise<BatchSink> {
  refusePartitionBy(format, context);
  const path = outputPath(format, context);
  const encoding = openEncoding(format, context);
  const present = await presentNames(context, path, mode);
  if (mode === "ignore" && present !== null) return { write: async () => ({ rows: 0 }) };
  const { fs, random } = context.runtime;
  const temporary = `${path}/${temporaryName}/${random.uuid()}`;
  return {
    async write(partitions, signal) {
      const files = new DataFiles(context.runtime, temporary, encoding, "fsync");
      try {
        await fs.apply([{ op: "makeDirectory", path: temporary }]);
        const rows = await files.writeAll(partitions, signal, true);
        await files.finish();
        signal.throwIfAborted();
        await fs.apply(publishProgram(path, files, mode === "overwrite" ? (present ?? []) : []));
        return { rows };
      } catch (error) {
        await fs.apply([{ op: "removeTree", path: `${path}/${temporaryName}` }]).catch(() => undefined);
        if (!(error instanceof FileSystemError)) throw error;
        throw new MillraceError("TASK_WRITE_FAILED", { path, reason: error.message }, { cause: error });
      }
    },
  };
}

/**
 * Moves the files in, and only then removes what they replace: a crash in between leaves old and new rows beside each
 * other, without `_SUCCESS`, rather than none.
 */
function publishProgram(path: string, files: DataFiles, replaced: readonly string[]): FileOperation[] {
  const success = `${path}/_SUCCESS`;
  return [
    { op: "remove", path: success, ifExists: true },
    ...files.written.map(({ path: from }): FileOperation => ({
      op: "rename",
      from,
      to: `${path}/${from.slice(from.lastIndexOf("/") + 1)}`,
    })),
    { op: "syncDirectory", path },
    ...replaced.map((name): FileOperation => ({ op: "removeTree", path: `${path}/${name}` })),
    { op: "removeTree", path: `${path}/${temporaryName}` },
    { op: "write", path: success, bytes: new Uint8Array(0) },
    { op: "sync", path: success },
    { op: "syncDirectory", path },
  ];
}
