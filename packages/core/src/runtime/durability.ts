import { changedPath, type FileOperation, type FileSystem } from "./file-system.ts";

/** `fsync`: a finished write survives power loss. `spark`: as Spark, files are closed but not synced. */
export type Durability = "fsync" | "spark";

function parentOf(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut <= 0 ? "/" : path.slice(0, cut);
}

function temporaryOf(path: string, unique: string): string {
  const cut = path.lastIndexOf("/");
  return `${path.slice(0, cut)}/.${path.slice(cut + 1)}.${unique}.tmp`;
}

/**
 * The file program that makes `path` appear whole or not at all (R-ATOMIC): write a temporary file in the same
 * directory, fsync it, then `link` it (`create`: fails with EEXIST when another run was first) or `rename` it
 * (`replace`), and fsync the directory. The two checksum side files that Spark may have left for the old content are
 * removed first on replace, since Spark would otherwise refuse the new content.
 * @param after the file whose bytes come before `bytes`; absent: none
 */
export function atomicWrite(
  path: string,
  bytes: Uint8Array,
  how: "create" | "replace",
  unique: string,
  durability: Durability = "fsync",
  after?: string,
): FileOperation[] {
  const temporary = temporaryOf(path, unique);
  const program: FileOperation[] =
    after === undefined
      ? [{ op: "write", path: temporary, bytes, mode: 0o600 }]
      : [
          { op: "copy", from: after, to: temporary },
          { op: "append", path: temporary, bytes },
        ];
  return [...program, ...placeAtomically(path, temporary, how, durability)];
}

/** The end of {@link atomicWrite}: a temporary file in the directory of `path`, which is written, appears as `path`. */
export function placeAtomically(
  path: string,
  temporary: string,
  how: "create" | "replace",
  durability: Durability,
): FileOperation[] {
  const synced = durability === "fsync";
  const program: FileOperation[] = [];
  if (synced) program.push({ op: "sync", path: temporary });
  if (how === "create") {
    program.push({ op: "link", from: temporary, to: path }, { op: "remove", path: temporary });
  } else {
    const cut = path.lastIndexOf("/");
    const name = path.slice(cut + 1);
    program.push(
      { op: "remove", path: `${path.slice(0, cut)}/.${name}.crc`, ifExists: true },
      { op: "remove", path: `${path}.crc`, ifExists: true },
      { op: "rename", from: temporary, to: path },
    );
  }
  if (synced) program.push({ op: "syncDirectory", path: parentOf(path) });
  return program;
}

/**
 * Runs a program of atomic writes; one that fails leaves none of their temporary files, which would fill a full disk further
 * with every attempt.
 */
export async function applyAtomicWrites(fs: FileSystem, program: readonly FileOperation[]): Promise<void> {
  try {
    await fs.apply(program);
  } catch (error) {
    const cleanup = program.flatMap((operation): FileOperation[] => {
      const path = changedPath(operation);
      const temporary = (operation.op === "write" || operation.op === "copy") && path.endsWith(".tmp");
      return temporary ? [{ op: "remove", path, ifExists: true }] : [];
    });
    // The error to report is the first one; what could not be removed is swept by the next run.
    await fs.apply(cleanup).catch(() => undefined);
    throw error;
  }
}
