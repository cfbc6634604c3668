import { isMillraceError } from "../../errors/index.ts";
import type { FileSystem } from "../../runtime/file-system.ts";
import { readStateFile } from "../../state/state-file.ts";
import { listOrEmpty } from "../checkpoint-files.ts";
import { holds } from "./key-matcher.ts";

/**
 * Files of a checkpoint besides state that hold a text as a word of its own: logs of file names, offsets, what `repair` set
 * aside. In paths it may be written with `%`, in JSON with `\`.
 */
export async function filesThatMention(fs: FileSystem, checkpoint: string, text: string): Promise<string[]> {
  const inPaths = text.isWellFormed() ? [encodeURIComponent(text), encodeURI(text)] : [];
  const forms = [text, ...inPaths, JSON.stringify(text).slice(1, -1)];
  const word = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${[...new Set(forms)].map((form) => form.replaceAll(/[.\\+*?^${}()|[\]/]/g, "\\$&")).join("|")})(?![\\p{L}\\p{N}])`,
    "u",
  );
  const needle = new TextEncoder().encode(text);
  const found: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    for (const { name, kind } of await listOrEmpty(fs, directory)) {
      const path = `${directory}/${name}`;
      if (kind === "directory") {
        // What is being put in its place has been searched.
        if (path !== `${checkpoint}/_engine/erase`) await visit(path);
      } else if (kind === "file" && !isState(checkpoint, path)) {
        const bytes = await fs.readFile(path);
        if (word.test(new TextDecoder().decode(bytes)) || stateHolds(path, bytes, needle)) found.push(path);
      }
    }
  };
  await visit(checkpoint);
  return found;
}

function isState(checkpoint: string, path: string): boolean {
  return path.startsWith(`${checkpoint}/state/`) && /\/\d+\.(?:delta|snapshot)$/.test(path);
}

/** A state file that was set aside, whose records cannot be read by their text. */
function stateHolds(path: string, bytes: Uint8Array, needle: Uint8Array): boolean {
  const kind = /_\d+\.(delta|snapshot)\./.exec(path)?.[1];
  if (kind === undefined) return false;
  let found = false;
  try {
    readStateFile(
      path,
      kind === "delta" ? "delta" : "snapshot",
      bytes,
      (content, keyStart, keyEnd, valueStart, end) => {
        found ||=
          holds(content.subarray(keyStart, keyEnd), needle) ||
          (end > 0 && holds(content.subarray(valueStart, end), needle));
      },
    );
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    // Damaged, and so set aside: it may.
    return true;
  }
  return found;
}
