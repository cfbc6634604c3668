/**
 * The file system as a query and its tools see it: files of the checkpoint are encrypted on the way to the disk and
 * decrypted on the way back; all others are as they are. Without keys nothing is encrypted, and an encrypted file is an
 * error that says which key it wants.
 */
import {
  type FileOperation,
  type FileStat,
  type FileSystem,
  FileSystemError,
  type ReadHandle,
} from "../../runtime/file-system.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { listOrEmpty } from "../checkpoint-files.ts";
import type { CheckpointKey } from "./checkpoint-keys.ts";
import { decrypt, encrypt, keyIdOf } from "./envelope.ts";

const parts = /^(?:metadata$|\.metadata\.|(?:offsets|commits|sources|state|_engine)\/)/;

/** Whether a path is that of a file of a checkpoint. @param checkpoint absent: of a temporary one */
function checkpointFile(runtime: Runtime, checkpoint: string | null): (path: string) => boolean {
  if (checkpoint !== null) {
    return (path) => path.startsWith(`${checkpoint}/`) && parts.test(path.slice(checkpoint.length + 1));
  }
  const root = `${runtime.process.temporaryDirectory}/temporary-`;
  return (path) => path.startsWith(root) && parts.test(path.slice(path.indexOf("/", root.length) + 1));
}

/**
 * @param checkpoint its directory; null: the temporary one that a query without one makes
 * @param keys the first is written with; any is read with
 */
export function checkpointFileSystem(
  runtime: Runtime,
  checkpoint: string | null,
  keys: readonly CheckpointKey[],
): FileSystem {
  const { fs } = runtime;
  const isInside = checkpointFile(runtime, checkpoint);
  const [writing] = keys;
  /** A program that waits for what it copies; those that come later must not overtake it. */
  let before: Promise<unknown> | null = null;

  async function readFile(path: string): Promise<Uint8Array> {
    const bytes = await fs.readFile(path);
    return isInside(path) ? decrypt(runtime, keys, path, bytes) : bytes;
  }
  function encrypted(program: readonly FileOperation[], key: CheckpointKey): FileOperation[] {
    return program.map((operation) =>
      (operation.op === "write" || operation.op === "append") && isInside(operation.path)
        ? { ...operation, bytes: encrypt(runtime, key, operation.bytes) }
        : operation,
    );
  }
  /** Encrypts what is copied anew: it may be older than the key, or than all keys. */
  async function withCopies(program: readonly FileOperation[], key: CheckpointKey): Promise<FileOperation[]> {
    const result: FileOperation[] = [];
    for (const operation of program) {
      if (operation.op !== "copy" || !isInside(operation.to)) result.push(operation);
      else result.push({ op: "write", path: operation.to, bytes: await readFile(operation.from), mode: 0o600 });
    }
    return encrypted(result, key);
  }

  return {
    readFile,
    async open(path) {
      return isInside(path) ? new BytesHandle(await readFile(path), path, fs) : fs.open(path);
    },
    stat: (path) => fs.stat(path),
    realPath: (path) => fs.realPath(path),
    list: (path) => fs.list(path),
    async apply(program) {
      if (writing === undefined) return fs.apply(program);
      const copies = program.some((operation) => operation.op === "copy" && isInside(operation.to));
      if (before === null && !copies) return fs.apply(encrypted(program, writing));
      const running = (before ?? Promise.resolve()).then(async () => fs.apply(await withCopies(program, writing)));
      const done = (): void => {
        if (before === settled) before = null;
      };
      const settled: Promise<void> = running.then(done, done);
      before = settled;
      return running;
    },
    freeBytes: (path) => fs.freeBytes(path),
  };
}

/** A decrypted file, opened. */
class BytesHandle implements ReadHandle {
  readonly #bytes: Uint8Array;
  readonly #path: string;
  readonly #fs: FileSystem;
  constructor(bytes: Uint8Array, path: string, fs: FileSystem) {
    this.#bytes = bytes;
    this.#path = path;
    this.#fs = fs;
  }
  async stat(): Promise<FileStat> {
    const stat = await this.#fs.stat(this.#path);
    if (stat === null) throw new FileSystemError("ENOENT", "stat", this.#path);
    return { ...stat, size: this.#bytes.length };
  }
  async read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    const part = this.#bytes.subarray(position, position + length);
    target.set(part, offset);
    return part.length;
  }
  async close(): Promise<void> {}
}

/** How many files of a checkpoint each key has encrypted, by its id; null: not encrypted. The file system is the real one. */
export async function countByKey(fs: FileSystem, checkpoint: string): Promise<ReadonlyMap<string | null, number>> {
  const counts = new Map<string | null, number>();
  const visit = async (directory: string): Promise<void> => {
    for (const { name, kind } of await listOrEmpty(fs, directory)) {
      const path = `${directory}/${name}`;
      if (kind === "directory") await visit(path);
      else if (kind === "file" && parts.test(path.slice(checkpoint.length + 1))) {
        const keyId = keyIdOf(await beginning(fs, path));
        counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
      }
    }
  };
  await visit(checkpoint);
  return counts;
}

async function beginning(fs: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fs.open(path);
  try {
    const head = new Uint8Array(16);
    return head.subarray(0, await file.read(head, 0, head.length, 0));
  } finally {
    await file.close();
  }
}
