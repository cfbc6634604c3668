/** `metadata`: the id of the query that owns the checkpoint, for its whole life. */
import { MillraceError } from "../errors/index.ts";
import {
  applyCheckpointProgram,
  type CheckpointFiles,
  corruptedLog,
  listOrEmpty,
  readText,
  writeTextProgram,
} from "./checkpoint-files.ts";

const uuid = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** The query id of a checkpoint, or null when it has none yet. */
export async function readQueryId(fs: CheckpointFiles["fs"], checkpoint: string): Promise<string | null> {
  const path = `${checkpoint}/metadata`;
  const text = await readText(fs, path);
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw corruptedLog(path, "it is not JSON");
  }
  const id: unknown = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
  if (typeof id !== "string" || !uuid.test(id)) throw corruptedLog(path, "it holds no query id");
  return id;
}

/**
 * The query id of a checkpoint, drawn and written when the checkpoint is new.
 * @throws MillraceError CHECKPOINT_METADATA_MISSING when there are batches but no id
 */
export async function openQueryMetadata(files: CheckpointFiles, checkpoint: string): Promise<string> {
  const existing = await readQueryId(files.fs, checkpoint);
  if (existing !== null) return existing;
  for (const log of ["offsets", "commits"]) {
    const entries = await listOrEmpty(files.fs, `${checkpoint}/${log}`);
    if (entries.some((e) => e.kind === "file" && /^\d+$/.test(e.name))) {
      throw new MillraceError("CHECKPOINT_METADATA_MISSING", { path: checkpoint });
    }
  }
  const id = files.random.uuid();
  await applyCheckpointProgram(files.fs, [
    { op: "makeDirectory", path: checkpoint, mode: 0o700 },
    ...writeTextProgram(files, `${checkpoint}/metadata`, JSON.stringify({ id }), "create"),
  ]);
  return id;
}
