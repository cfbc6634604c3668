/**
 * Which files a stream has taken: the compactible log of the checkpoint in Spark's format, and beside it, where Spark does
 * not look (`<checkpoint>/_engine/sources/<i>/K`), the sizes that the files had when they were listed, until the batch that
 * reads them is durable. Log ids are the source's own counter, not query batch ids.
 */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import {
  applyCheckpointProgram,
  corruptedLog,
  isTemporary,
  linesOfVersion1,
  listOrEmpty,
  readText,
} from "../../checkpoint/index.ts";
import { CompactibleLog, type CompactibleLogOptions, type EntryCodec } from "../../checkpoint/compactible-log.ts";
import { fileSourceCodec, membersOfLine, wholeNumber, type FileSourceEntry } from "../../checkpoint/file-source-log.ts";
import { atomicWrite } from "../../runtime/durability.ts";
import type { FileOperation } from "../../runtime/file-system.ts";
import type { StreamSourceContext } from "../contract.ts";
import type { SeenFiles } from "./seen-files.ts";

export interface LoggedFile {
  readonly path: string;
  readonly modifiedMs: number;
  /** Bytes to read; -1 when the log does not know (Spark wrote it). */
  readonly size: number;
}

export class FileSourceLog {
  /** Id of the newest entry, -1 for an empty log. */
  latest = -1;
  readonly #context: StreamSourceContext;
  readonly #log: CompactibleLog<FileSourceEntry>;
  readonly #sizesDirectory: string;
  /** Files of ids that may be asked for: those after the last commit. */
  readonly #recent = new Map<number, LoggedFile[]>();
  #sizesWritten: number[] = [];
  #removing: Promise<void> = Promise.resolve();
  #prepared = false;

  private constructor(context: StreamSourceContext, options: CompactibleLogOptions, seen: SeenFiles) {
    this.#context = context;
    this.#sizesDirectory = sizesDirectoryOf(context.metadataPath);
    const codec: EntryCodec<FileSourceEntry> = {
      ...fileSourceCodec,
      retention: {
        timeOf: (entry) => entry.timestampMs,
        // Files too old to be taken again need not be remembered, and a log that drops them stays small.
        retain: (entry) => !seen.isTooOld(entry.timestampMs) || this.#recent.has(entry.batchId),
      },
    };
    const { runtime, durability, metadataPath } = context;
    const files = { fs: runtime.fs, random: runtime.random, durability };
    this.#log = new CompactibleLog(files, runtime.clock, metadataPath, codec, options);
  }

  /** Opens the log and adds every file in it to `seen`. */
  static async open(
    context: StreamSourceContext,
    options: CompactibleLogOptions,
    seen: SeenFiles,
  ): Promise<FileSourceLog> {
    const log = new FileSourceLog(context, options, seen);
    log.latest = (await log.#log.latestBatchId()) ?? -1;
    for (const { path, timestampMs, batchId } of await log.#log.entries()) {
      seen.add(path, timestampMs);
      const files = log.#recent.get(batchId);
      const file = { path, modifiedMs: timestampMs, size: -1 };
      if (files === undefined) log.#recent.set(batchId, [file]);
      else files.push(file);
    }
    const sizes = await listOrEmpty(context.runtime.fs, log.#sizesDirectory);
    log.#sizesWritten = sizes.flatMap(({ name, kind }) =>
      kind === "file" && /^\d{1,15}$/.test(name) ? [Number(name)] : [],
    );
    return log;
  }

  /**
   * Creates the directories, sweeps what a dead run left, and makes the names in them durable: the run that wrote the
   * newest may have died before it could. Once per run, before an offset refers to the log.
   */
  async prepare(): Promise<void> {
    if (this.#prepared) return;
    const { runtime, durability } = this.#context;
    const program: FileOperation[] = [
      ...(await this.#log.prepareProgram()),
      { op: "makeDirectory", path: this.#sizesDirectory },
    ];
    for (const { name } of await listOrEmpty(runtime.fs, this.#sizesDirectory)) {
      if (isTemporary(name)) program.push({ op: "remove", path: `${this.#sizesDirectory}/${name}`, ifExists: true });
    }
    if (durability === "fsync" && this.latest >= 0) {
      program.push(
        { op: "syncDirectory", path: this.#sizesDirectory },
        { op: "syncDirectory", path: this.#log.directory },
      );
    }
    await applyCheckpointProgram(runtime.fs, program);
    this.#prepared = true;
  }

  /**
   * Makes the files durable under the next id and returns it. Call {@link prepare} before.
   * @throws CONCURRENT_STREAM_LOG_UPDATE when another run wrote that id
   */
  async add(files: readonly LoggedFile[]): Promise<number> {
    const id = this.latest + 1;
    const { fs } = this.#context.runtime;
    const entries = files.map(({ path, modifiedMs }) => ({ path, timestampMs: modifiedMs, batchId: id }));
    const program = await this.#log.addProgram(id, entries);
    // Beside each other: no offset refers to the id before both are durable, and what a run that died in between left is
    // replaced (the sizes) or completed (the entry, by completeSizes).
    await allSettled([applyCheckpointProgram(fs, this.#sizesProgram(id, files)), applyCheckpointProgram(fs, program)]);
    this.#log.added(id);
    await this.#log.startPurge(id);
    this.latest = id;
    this.#recent.set(id, [...files]);
    this.#sizesWritten.push(id);
    return id;
  }

  #sizesProgram(id: number, files: readonly LoggedFile[]): FileOperation[] {
    const { runtime, durability } = this.#context;
    const lines = ["v1", ...files.map(({ path, size }) => JSON.stringify({ path, size }))];
    const bytes = encodeUtf8(lines.join("\n"));
    return atomicWrite(`${this.#sizesDirectory}/${id}`, bytes, "replace", runtime.random.uuid(), durability);
  }

  /**
   * Gives entries after `after`, to which no offset refers yet, the sizes that their files have now, when a run died before
   * it had written any. From then on they are fixed.
   */
  async completeSizes(after: number): Promise<void> {
    const { fs } = this.#context.runtime;
    for (let id = after + 1; id <= this.latest; id++) {
      const files = this.#recent.get(id);
      if (files === undefined || this.#sizesWritten.includes(id)) continue;
      const sized: LoggedFile[] = [];
      for (const file of files) sized.push({ ...file, size: (await fs.stat(file.path))?.size ?? -1 });
      await applyCheckpointProgram(fs, this.#sizesProgram(id, sized));
      this.#recent.set(id, sized);
      this.#sizesWritten.push(id);
    }
  }

  /** Files of the ids in (after, upTo], in the order of the log, with the sizes that are known. */
  async files(after: number, upTo: number): Promise<LoggedFile[]> {
    const result: LoggedFile[] = [];
    for (let id = after + 1; id <= upTo; id++) {
      const files = this.#recent.get(id);
      if (files === undefined) {
        // An entry without files is written for nothing, but it is not lost.
        if (id <= this.latest) continue;
        throw corruptedLog(
          `${this.#log.directory}/${id}`,
          "the offset log names this entry of the file source log, which does not exist",
        );
      }
      const sizes = files.some((file) => file.size < 0) ? await this.#sizes(id) : null;
      for (const file of files)
        result.push(sizes === null ? file : { ...file, size: sizes.get(file.path) ?? file.size });
    }
    return result;
  }

  async #sizes(id: number): Promise<ReadonlyMap<string, number> | null> {
    if (!this.#sizesWritten.includes(id)) return null;
    const path = `${this.#sizesDirectory}/${id}`;
    const text = await readText(this.#context.runtime.fs, path);
    if (text === null) return null;
    const sizes = new Map<string, number>();
    for (const line of linesOfVersion1(path, text)) {
      if (line === "") continue;
      const members = membersOfLine(path, line);
      const file = members.get("path");
      if (typeof file !== "string") throw corruptedLog(path, "an entry lacks a path");
      sizes.set(file, wholeNumber(path, members, "size"));
    }
    return sizes;
  }

  /** Forgets what only a replay of ids up to `id` would need; returns the files of the ids that were still held. */
  async forget(id: number): Promise<LoggedFile[]> {
    const files: LoggedFile[] = [];
    for (const [held, entries] of this.#recent) {
      if (held > id) continue;
      files.push(...entries);
      this.#recent.delete(held);
    }
    const stale = this.#sizesWritten.filter((written) => written <= id);
    // Not every batch: the files are small, and removing them is a trip to the disk.
    if (stale.length >= 16) {
      await this.#removing;
      this.#sizesWritten = this.#sizesWritten.filter((written) => written > id);
      this.#removing = this.#context.runtime.fs.apply(
        stale.map((written) => ({ op: "remove", path: `${this.#sizesDirectory}/${written}`, ifExists: true })),
      );
      // Whoever comes next throws it.
      this.#removing.catch(() => undefined);
    }
    return files;
  }

  /** Resolves when no file is being removed any more. */
  async settled(): Promise<void> {
    await this.#removing;
    await this.#log.settled();
  }
}

/** Waits for all, then throws what the first of them that failed threw. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}

/** `<checkpoint>/sources/0` → `<checkpoint>/_engine/sources/0` */
function sizesDirectoryOf(metadataPath: string): string {
  const match = /^(.*)\/(sources\/[^/]+)$/.exec(metadataPath);
  return match === null ? `${metadataPath}/_engine` : `${match[1]}/_engine/${match[2]}`;
}
