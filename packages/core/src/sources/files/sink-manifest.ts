/**
 * The manifest `_spark_metadata` of a directory that a file sink wrote exactly once: only the files it lists belong to
 * the table; others are left-overs of batches that were not committed.
 */
import { openFileSinkLog, visibleFiles } from "../../checkpoint/index.ts";
import type { SourceContext } from "../contract.ts";
import type { ListedFile } from "./file-listing.ts";

export const manifestDirectory = "_spark_metadata";

/** Files of the manifest in path order, or null when the directory has none. */
export async function readManifest(context: SourceContext, directory: string): Promise<ListedFile[] | null> {
  const { fs, random, clock } = context.runtime;
  if ((await fs.stat(`${directory}/${manifestDirectory}`))?.kind !== "directory") return null;
  const log = openFileSinkLog({ fs, random, durability: "spark" }, clock, directory);
  const files = visibleFiles(await log.entries());
  return files
    .map(({ path, size, modificationTimeMs }) => ({ path, size, modifiedMs: modificationTimeMs, identity: "" }))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
