/**
 * The log of the files that a stream has taken, in Spark's format (`<checkpoint>/sources/<i>/K`): a version line, then one
 * JSON line per file. Every tenth batch K is `K.compact` and repeats all entries before it. Log ids are the source's own
 * counter, not query batch ids. Beside it, where Spark does not look (`<checkpoint>/_engine/sources/<i>/K`), lie the sizes
 * that the files had when they were listed, until the batch that reads them is durable.
 */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import { atomicWrite } from "../../runtime/durability.ts";
import { FileSystemError, type FileOperation } from "../../runtime/file-system.ts";
import type { StreamSourceContext } from "../contract.ts";
import { fileUri, pathOfUri } from "./paths.ts";

export interface LoggedFile {
  readonly path: string;
  readonly modifiedMs: number;
  /** Bytes to read; -1 when the log does not know (Spark wrote it). */
  readonly size: number;
}

interface Entry {
  readonly path: string;
  readonly timestamp: number;
  readonly batchId: number;
}

const logVersion = "v1";
const sizesVersion = "v1";

export class FileSourceLog {
  /** Id of the newest entry, -1 for an empty log. */
  latest = -1;
  readonly #context: StreamSourceContext;
  readonly #directory: string;
  readonly #sizesDirectory: string;
  readonly #interval: number;
  /** All entries as the next compaction writes them. */
  #lines: { readonly line: string; readonly timestamp: number; readonly id: number }[] = [];
  /** Entries of ids that may be asked for: those after the last commit. */
  readonly #recent = new Map<number, readonly LoggedFile[]>();
  #sizesWritten: number[] = [];
  #prepared = false;

  private constructor(context: StreamSourceContext, interval: number) {
    this.#context = context;
    this.#directory = context.metadataPath;
    this.#sizesDirectory = sizesDirectoryOf(context.metadataPath);
    this.#interval = interval;
  }

  /** Opens the log; `restore` gets every file in it. */
  static async open(
    context: StreamSourceContext,
    defaultInterval: number,
    restore: (path: string, modifiedMs: number) => void,
  ): Promise<FileSourceLog> {
    const names = await numericNames(context, context.metadataPath);
    const compacted = names.filter((n) => n.compact).map((n) => n.id);
    const lastCompact = compacted.length === 0 ? -1 : Math.max(...compacted);
    const log = new FileSourceLog(context, deriveInterval(defaultInterval, lastCompact));
    const wanted = names
      .filter((n) => (n.compact ? n.id === lastCompact : n.id > lastCompact))
      .sort((a, b) => a.id - b.id);
    let expected = lastCompact < 0 ? 0 : lastCompact;
    for (const { id, name } of wanted) {
      const path = `${log.#directory}/${name}`;
      if (id !== expected) throw corrupted(path, `the log entry ${expected} before it is missing`);
      expected++;
      const entries = await log.#read(path);
      const byId = new Map<number, LoggedFile[]>();
      for (const entry of entries) {
        const local = pathOfUri(entry.path);
        restore(local, entry.timestamp);
        const list = byId.get(entry.batchId) ?? [];
        if (list.length === 0) byId.set(entry.batchId, list);
        list.push({ path: local, modifiedMs: entry.timestamp, size: -1 });
        log.#lines.push({ line: JSON.stringify(entry), timestamp: entry.timestamp, id: entry.batchId });
      }
      // A batch is replayed from where the offset log is, at most a few ids back.
      for (const [batch, files] of byId) log.#recent.set(batch, files);
      log.latest = id;
    }
    log.#sizesWritten = (await numericNames(context, log.#sizesDirectory)).map((n) => n.id);
    log.#prepared = wanted.length > 0;
    return log;
  }

  async #read(path: string): Promise<Entry[]> {
    const lines = new TextDecoder().decode(await this.#context.runtime.fs.readFile(path)).split("\n");
    if (lines[0] !== logVersion) throw corrupted(path, `its version line is "${lines[0]}", this version reads v1`);
    return lines
      .slice(1)
      .filter((line) => line !== "")
      .map((line) => {
        const entry = parse(line, path);
        if (
          typeof entry.path !== "string" ||
          typeof entry.timestamp !== "number" ||
          typeof entry.batchId !== "number"
        ) {
          throw corrupted(path, "an entry lacks path, timestamp or batchId");
        }
        return { path: entry.path, timestamp: entry.timestamp, batchId: entry.batchId };
      });
  }

  /**
   * Makes the files durable under the next id and returns it. A compaction drops entries of files from before
   * `keepFromMs`, which the stream would not take again anyway.
   * @throws CONCURRENT_STREAM_LOG_UPDATE when another run wrote that id
   */
  async add(files: readonly LoggedFile[], keepFromMs: number): Promise<number> {
    const id = this.latest + 1;
    const { runtime, durability } = this.#context;
    const added = files.map(({ path, modifiedMs }) =>
      JSON.stringify({ path: fileUri(path), timestamp: modifiedMs, batchId: id }),
    );
    const compact = (id + 1) % this.#interval === 0;
    if (compact)
      this.#lines = this.#lines.filter((entry) => entry.timestamp >= keepFromMs || this.#recent.has(entry.id));
    const body = [logVersion, ...(compact ? this.#lines.map((entry) => entry.line) : []), ...added].join("\n");
    const sizes = [sizesVersion, ...files.map(({ path, size }) => JSON.stringify({ path, size }))].join("\n");
    const program: FileOperation[] = [];
    if (!this.#prepared) {
      program.push({ op: "makeDirectory", path: this.#directory }, { op: "makeDirectory", path: this.#sizesDirectory });
    }
    // Left by a run that died after this and before the log entry: replaced.
    program.push(
      ...atomicWrite(`${this.#sizesDirectory}/${id}`, encodeUtf8(sizes), "replace", runtime.random.uuid(), durability),
    );
    const name = compact ? `${id}.compact` : String(id);
    program.push(
      ...atomicWrite(`${this.#directory}/${name}`, encodeUtf8(body), "create", runtime.random.uuid(), durability),
    );
    if (compact) {
      // Everything is in the compact file; the interval before it stays for readers that are at it.
      for (let old = id - 2 * this.#interval; old > id - 3 * this.#interval && old >= 0; old--) {
        const oldName = (old + 1) % this.#interval === 0 ? `${old}.compact` : String(old);
        program.push({ op: "remove", path: `${this.#directory}/${oldName}`, ifExists: true });
      }
    }
    try {
      await runtime.fs.apply(program);
    } catch (error) {
      if (error instanceof FileSystemError && error.code === "EEXIST") {
        throw new MillraceError(
          "CONCURRENT_STREAM_LOG_UPDATE",
          { batchId: `file source log entry ${id}` },
          { cause: error },
        );
      }
      if (error instanceof FileSystemError) {
        throw new MillraceError("CHECKPOINT_WRITE_FAILED", { path: error.path, code: error.code }, { cause: error });
      }
      throw error;
    }
    this.#prepared = true;
    this.latest = id;
    added.forEach((line, i) => this.#lines.push({ line, timestamp: files[i]!.modifiedMs, id }));
    this.#recent.set(id, files);
    this.#sizesWritten.push(id);
    return id;
  }

  /** Files of the ids in (after, upTo], in the order of the log, with the sizes that are known. */
  async files(after: number, upTo: number): Promise<LoggedFile[]> {
    const result: LoggedFile[] = [];
    for (let id = after + 1; id <= upTo; id++) {
      const files = this.#recent.get(id);
      if (files === undefined) {
        throw corrupted(
          `${this.#directory}/${id}`,
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
    const path = `${this.#sizesDirectory}/${id}`;
    if (!this.#sizesWritten.includes(id)) return null;
    const lines = new TextDecoder().decode(await this.#context.runtime.fs.readFile(path)).split("\n");
    if (lines[0] !== sizesVersion) throw corrupted(path, `its version line is "${lines[0]}", this version reads v1`);
    return new Map(
      lines.slice(1).map((line) => {
        const entry = parse(line, path);
        if (typeof entry.path !== "string" || typeof entry.size !== "number")
          throw corrupted(path, "an entry lacks path or size");
        return [entry.path, entry.size];
      }),
    );
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
      this.#sizesWritten = this.#sizesWritten.filter((written) => written > id);
      await this.#context.runtime.fs.apply(
        stale.map((written) => ({ op: "remove", path: `${this.#sizesDirectory}/${written}`, ifExists: true })),
      );
    }
    return files;
  }
}

/** `<checkpoint>/sources/0` → `<checkpoint>/_engine/sources/0` */
function sizesDirectoryOf(metadataPath: string): string {
  const match = /^(.*)\/(sources\/[^/]+)$/.exec(metadataPath);
  return match === null ? `${metadataPath}/_engine` : `${match[1]}/_engine/${match[2]}`;
}

/** Spark's rule: the interval that the existing compact files fit. */
export function deriveInterval(byDefault: number, lastCompact: number): number {
  if (lastCompact < 0) return byDefault;
  const count = lastCompact + 1;
  if (byDefault >= count) return count;
  if (byDefault < count / 2) {
    for (let divisor = byDefault; divisor <= count / 2; divisor++) if (count % divisor === 0) return divisor;
  }
  return count;
}

async function numericNames(
  context: StreamSourceContext,
  directory: string,
): Promise<{ readonly id: number; readonly compact: boolean; readonly name: string }[]> {
  try {
    const entries = await context.runtime.fs.list(directory);
    return entries.flatMap(({ name, kind }) => {
      const match = kind === "file" ? /^(\d{1,15})(\.compact)?$/.exec(name) : null;
      return match === null ? [] : [{ id: Number(match[1]), compact: match[2] !== undefined, name }];
    });
  } catch (error) {
    if (error instanceof FileSystemError && error.code === "ENOENT") return [];
    throw error;
  }
}

function parse(line: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason: "a line is not JSON" }, { cause: error });
  }
  throw corrupted(path, "a line is not a JSON object");
}

function corrupted(path: string, reason: string): MillraceError {
  return new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason });
}
