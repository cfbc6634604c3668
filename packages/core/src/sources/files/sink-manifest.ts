/**
 * The manifest `_spark_metadata` of a directory that a file sink wrote exactly once: only the files it lists belong to
 * the table; others are left-overs of batches that were not committed.
 */
import { MillraceError } from "../../errors/index.ts";
import type { SourceContext } from "../contract.ts";
import type { ListedFile } from "./file-listing.ts";
import { pathOfUri } from "./paths.ts";

export const manifestDirectory = "_spark_metadata";

/** Files of the manifest in path order, or null when the directory has none. */
export async function readManifest(context: SourceContext, directory: string): Promise<ListedFile[] | null> {
  const { fs } = context.runtime;
  const folder = `${directory}/${manifestDirectory}`;
  if ((await fs.stat(folder))?.kind !== "directory") return null;
  const logs = (await fs.list(folder))
    .map((entry) => ({ match: /^(\d+)(\.compact)?$/.exec(entry.name), kind: entry.kind }))
    .filter((entry) => entry.kind === "file" && entry.match !== null)
    .map(({ match }) => ({ name: match![0], id: Number(match![1]), compact: match![2] !== undefined }));
  let first = -1;
  for (const log of logs) if (log.compact) first = Math.max(first, log.id);
  const used = logs.filter((log) => (log.compact ? log.id === first : log.id > first)).sort((a, b) => a.id - b.id);
  const files = new Map<string, ListedFile>();
  for (const { name } of used) {
    const path = `${folder}/${name}`;
    const lines = new TextDecoder().decode(await fs.readFile(path)).split("\n");
    if (lines[0] !== "v1") {
      throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", {
        path,
        reason: `its version line is "${lines[0]}", not "v1"`,
      });
    }
    for (const line of lines.slice(1)) {
      if (line !== "") applyEntry(files, line, path);
    }
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function applyEntry(files: Map<string, ListedFile>, line: string, log: string): void {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch (error) {
    throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path: log, reason: "a line is not JSON" }, { cause: error });
  }
  const { path, size, modificationTime, action } = entry as Readonly<Record<string, unknown>>;
  if (typeof path !== "string" || typeof size !== "number" || typeof modificationTime !== "number") {
    throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path: log, reason: "an entry lacks path, size or time" });
  }
  const local = pathOfUri(path);
  if (action === "delete") files.delete(local);
  else files.set(local, { path: local, size, modifiedMs: modificationTime, identity: "" });
}
