/**
 * The rewritten files of an erasure, from when they are prepared to when all of them are in their places. They are written
 * to `_engine/erase` first; `_engine/erase/ready` says that all are there and where they belong. From then on the
 * erasure is as good as done: the next run of the query, or the next erasure, moves what is left. So a crash leaves all of
 * the old files or, after that, all of the new ones.
 */
import type { FileOperation } from "../../runtime/file-system.ts";
import {
  applyCheckpointProgram,
  type CheckpointFiles,
  corruptedLog,
  listOrEmpty,
  readText,
  writeTextProgram,
} from "../checkpoint-files.ts";

interface Move {
  /** Name in the directory of the erasure. */
  readonly from: string;
  /** Path below the checkpoint. */
  readonly to: string;
}

const erasureDirectory = (checkpoint: string): string => `${checkpoint}/_engine/erase`;
const readyPath = (checkpoint: string): string => `${erasureDirectory(checkpoint)}/ready`;

export class StagedErasure {
  readonly #files: CheckpointFiles;
  readonly #checkpoint: string;
  readonly #moves: Move[] = [];

  constructor(files: CheckpointFiles, checkpoint: string) {
    this.#files = files;
    this.#checkpoint = checkpoint;
  }

  /** Prepares the new content of a file; nothing of the checkpoint changes. */
  async add(path: string, content: Uint8Array): Promise<void> {
    const directory = erasureDirectory(this.#checkpoint);
    if (this.#moves.length === 0) {
      await this.#apply([
        { op: "removeTree", path: directory },
        { op: "makeDirectory", path: directory, mode: 0o700 },
      ]);
    }
    const from = String(this.#moves.length);
    this.#moves.push({ from, to: path.slice(this.#checkpoint.length + 1) });
    const staged = `${directory}/${from}`;
    await this.#apply([
      { op: "write", path: staged, bytes: content, mode: 0o600 },
      { op: "sync", path: staged },
    ]);
  }

  /** Puts the prepared files in their places. */
  async finish(): Promise<void> {
    if (this.#moves.length === 0) return;
    const text = `v1\n${JSON.stringify({ moves: this.#moves })}`;
    // Writing it makes the names of the other files durable, too.
    await this.#apply(writeTextProgram(this.#files, readyPath(this.#checkpoint), text, "create"));
    await finishErasure(this.#files, this.#checkpoint);
  }

  #apply(program: readonly FileOperation[]): Promise<void> {
    return applyCheckpointProgram(this.#files.fs, program);
  }
}

/** Whether an erasure has prepared all of its files and not moved all of them. */
export async function isErasurePending(fs: CheckpointFiles["fs"], checkpoint: string): Promise<boolean> {
  return (await fs.stat(readyPath(checkpoint))) !== null;
}

/**
 * Ends an erasure that crashed after its files were prepared; does nothing when there is none. Wants the lease.
 * @throws MillraceError CHECKPOINT_LOG_CORRUPTED, CHECKPOINT_WRITE_FAILED
 */
export async function finishErasure({ fs }: CheckpointFiles, checkpoint: string): Promise<void> {
  const path = readyPath(checkpoint);
  const text = await readText(fs, path);
  if (text === null) return;
  const directory = erasureDirectory(checkpoint);
  const left = new Set((await listOrEmpty(fs, directory)).map(({ name }) => name));
  const program: FileOperation[] = [];
  const parents = new Set<string>();
  for (const { from, to } of movesIn(path, text)) {
    const target = `${checkpoint}/${to}`;
    const cut = target.lastIndexOf("/");
    parents.add(target.slice(0, cut));
    if (!left.has(from)) continue;
    program.push(
      // Spark's checksums of the old content.
      { op: "remove", path: `${target.slice(0, cut)}/.${target.slice(cut + 1)}.crc`, ifExists: true },
      { op: "remove", path: `${target}.crc`, ifExists: true },
      { op: "rename", from: `${directory}/${from}`, to: target },
    );
  }
  for (const parent of parents) program.push({ op: "syncDirectory", path: parent });
  program.push({ op: "remove", path }, { op: "syncDirectory", path: directory }, { op: "removeTree", path: directory });
  await applyCheckpointProgram(fs, program);
}

function movesIn(path: string, text: string): readonly Move[] {
  try {
    const [version, json = ""] = text.split("\n");
    const { moves } = JSON.parse(json) as { readonly moves: readonly Move[] };
    const isSafe = ({ from, to }: Move): boolean => /^\d+$/.test(from) && /^state\/(?!.*\.\.\/)/.test(to);
    if (version === "v1" && moves.every(isSafe)) return moves;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  throw corruptedLog(path, "it is not a list of files to move");
}
