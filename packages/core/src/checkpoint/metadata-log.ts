import type { FileOperation } from "../runtime/file-system.ts";
import {
  applyCheckpointProgram,
  type CheckpointFiles,
  listOrEmpty,
  readText,
  sweepProgram,
  writeTextProgram,
} from "./checkpoint-files.ts";

/** Text form of one kind of log entry. `decode` throws CHECKPOINT_LOG_CORRUPTED or UNSUPPORTED_LOG_VERSION. */
export interface LogCodec<T> {
  encode(entry: T): string;
  decode(path: string, text: string): T;
}

const logName = /^\d{1,16}$/;

/**
 * A directory with one immutable file per batch, named by its number. What else lies in it (temporary files, checksum
 * files, directories) is ignored. The directory is listed once; later listings come from memory, since a checkpoint has
 * one writer.
 */
export class MetadataLog<T> {
  readonly directory: string;
  readonly #files: CheckpointFiles;
  readonly #codec: LogCodec<T>;
  #ids: number[] | null = null;

  constructor(files: CheckpointFiles, directory: string, codec: LogCodec<T>) {
    this.#files = files;
    this.directory = directory;
    this.#codec = codec;
  }

  pathOf(batchId: number): string {
    return `${this.directory}/${batchId}`;
  }

  /** Ids in the log, ascending. */
  async batchIds(): Promise<readonly number[]> {
    if (this.#ids !== null) return this.#ids;
    const ids: number[] = [];
    for (const { name, kind } of await listOrEmpty(this.#files.fs, this.directory)) {
      if (kind === "file" && logName.test(name) && Number.isSafeInteger(Number(name))) ids.push(Number(name));
    }
    return (this.#ids = ids.sort((a, b) => a - b));
  }

  async latestBatchId(): Promise<number | null> {
    return (await this.batchIds()).at(-1) ?? null;
  }

  async get(batchId: number): Promise<T | null> {
    const path = this.pathOf(batchId);
    const text = await readText(this.#files.fs, path);
    return text === null ? null : this.#codec.decode(path, text);
  }

  async latest(): Promise<{ readonly batchId: number; readonly entry: T } | null> {
    const batchId = await this.latestBatchId();
    if (batchId === null) return null;
    const entry = await this.get(batchId);
    return entry === null ? null : { batchId, entry };
  }

  /** Creates the directory if it is missing and removes what an earlier run left unfinished. */
  async prepareProgram(): Promise<FileOperation[]> {
    return [{ op: "makeDirectory", path: this.directory }, ...(await sweepProgram(this.#files.fs, [this.directory]))];
  }

  /**
   * The program that adds an entry which must not exist yet. Run it with `applyCheckpointProgram` (alone or with other
   * writes of the same step), then call {@link added}.
   */
  addProgram(batchId: number, entry: T): FileOperation[] {
    return writeTextProgram(this.#files, this.pathOf(batchId), this.#codec.encode(entry), "create");
  }
  /** Tells the log that the program of {@link addProgram} has run. */
  added(batchId: number): void {
    this.#ids?.push(batchId);
    this.#ids?.sort((a, b) => a - b);
  }
  /** @throws MillraceError CONCURRENT_STREAM_LOG_UPDATE, CHECKPOINT_WRITE_FAILED */
  async add(batchId: number, entry: T): Promise<void> {
    await applyCheckpointProgram(this.#files.fs, this.addProgram(batchId, entry));
    this.added(batchId);
  }

  /**
   * Removes all entries below an id, the oldest first, so that one that fails leaves no hole. The removals need not be
   * durable: what comes back is removed again. Call {@link purged} when the program has run.
   */
  async purgeProgram(belowBatchId: number): Promise<FileOperation[]> {
    const old = (await this.batchIds()).filter((id) => id < belowBatchId);
    return old.map((id): FileOperation => ({ op: "remove", path: this.pathOf(id), ifExists: true }));
  }
  /** Tells the log that the program of {@link purgeProgram} has run. */
  purged(belowBatchId: number): void {
    this.#ids = this.#ids?.filter((id) => id >= belowBatchId) ?? null;
  }
  async purge(belowBatchId: number): Promise<void> {
    await applyCheckpointProgram(this.#files.fs, await this.purgeProgram(belowBatchId));
    this.purged(belowBatchId);
  }
}
