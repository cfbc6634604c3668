/**
 * A log whose entries add up: file `N` holds what batch N added, and every `compactInterval`-th file is `N.compact` with
 * everything up to N, so that reading takes one compact file and fewer than `compactInterval` others. Files before a compact
 * one are removed when they are old enough.
 *
 * Each compact file costs a copy of the one before. When those become long the interval doubles: the compact file between the
 * last two of the new interval becomes a plain one again, since readers take the distance of the last two for the interval.
 * @see Spark `CompactibleFileStreamLog`
 */
import { MillraceError } from "../errors/index.ts";
import type { Clock } from "../runtime/clock.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import {
  applyCheckpointProgram,
  type CheckpointFiles,
  isTemporary,
  linesOfVersion1,
  listOrEmpty,
  readText,
  writeTextProgram,
} from "./checkpoint-files.ts";

export interface CompactibleLogOptions {
  /** Default 10. An existing log keeps its own. */
  readonly compactInterval?: number;
  /** Files are kept at least this long after they were written. Default ten minutes. */
  readonly cleanupDelayMs?: number;
  /** Files that the last so many batches need are kept. Default 100. The interval does not grow beyond it. */
  readonly minBatchesToRetain?: number;
  /** The interval doubles when a compact file copies more entries than this for each batch of it. Default 500. */
  readonly mostCopiedPerBatch?: number;
}

/** How one entry is a line. `decode` throws CHECKPOINT_LOG_CORRUPTED. */
export interface EntryCodec<T> {
  encode(entry: T): string;
  decode(path: string, line: string): T;
  /** Which entries a compact file keeps; all when absent. */
  readonly retention?: Retention<T>;
}

/** Entries are dropped by their age. */
export interface Retention<T> {
  timeOf(entry: T): number;
  retain(entry: T, nowMs: number): boolean;
}

/**
 * What the next compact file consists of: the last one, which this run has written, and the lines of the files after it.
 * So it is made by a copy on the disk, however many entries there are.
 */
interface Tail<T> {
  /** Path of the last compact file. */
  readonly compact: string;
  readonly lines: readonly string[];
  /** Id of the file to come. */
  readonly next: number;
  /** Entries of all files. */
  readonly count: number;
  /** The oldest of them, when there is a retention. */
  readonly oldest: T | null;
  /** Copies that were made since expired entries were dropped. */
  readonly copies: number;
  /** Lines that the batch of the compact file has added itself. */
  readonly own: readonly string[];
}

/** What {@link CompactibleLog.added} takes note of. */
interface Addition<T> {
  readonly tail: Tail<T> | null;
  /** The compact file that the program makes a plain one again; the interval doubles. */
  readonly demoted: number | null;
}

/**
 * Looking for expired entries means to read all of them: of so many entries it is done with each compact file, of n times
 * as many with each n-th.
 */
const entriesPerLook = 1000;

const logName = /^(\d{1,16})(\.compact)?$/;

export function isCompactionBatch(batchId: number, interval: number): boolean {
  return (batchId + 1) % interval === 0;
}

/** The interval of a log of which only one compact file is left: a divisor of its id + 1, as near above the default as can be. */
export function deriveCompactInterval(defaultInterval: number, latestCompactBatchId: number): number {
  const next = latestCompactBatchId + 1;
  if (next <= defaultInterval) return next;
  for (let divisor = defaultInterval; divisor <= next / 2; divisor++) if (next % divisor === 0) return divisor;
  return next;
}

export class CompactibleLog<T> {
  readonly directory: string;
  readonly #files: CheckpointFiles;
  readonly #clock: Clock;
  readonly #codec: EntryCodec<T>;
  readonly #cleanupDelayMs: number;
  readonly #minBatchesToRetain: number;
  readonly #mostCopiedPerBatch: number;
  #interval: number;
  #ids: number[] | null = null;
  readonly #compact = new Set<number>();
  /** null: this run has not written a compact file, or not all files after it. */
  #tail: Tail<T> | null = null;
  /** What the program of {@link addProgram} brings. */
  #adding: Addition<T> = { tail: null, demoted: null };
  #purging: Promise<void> = Promise.resolve();

  constructor(
    files: CheckpointFiles,
    clock: Clock,
    directory: string,
    codec: EntryCodec<T>,
    options: CompactibleLogOptions = {},
  ) {
    this.#files = files;
    this.#clock = clock;
    this.directory = directory;
    this.#codec = codec;
    this.#interval = options.compactInterval ?? 10;
    this.#cleanupDelayMs = options.cleanupDelayMs ?? 600_000;
    this.#minBatchesToRetain = options.minBatchesToRetain ?? 100;
    this.#mostCopiedPerBatch = options.mostCopiedPerBatch ?? 500;
  }

  async #listed(): Promise<number[]> {
    if (this.#ids !== null) return this.#ids;
    const ids = new Set<number>();
    for (const { name, kind } of await listOrEmpty(this.#files.fs, this.directory)) {
      const match = kind === "file" ? logName.exec(name) : null;
      if (match === null) continue;
      ids.add(Number(match[1]));
      if (match[2] !== undefined) this.#compact.add(Number(match[1]));
    }
    const compact = [...this.#compact].sort((a, b) => b - a);
    if (compact.length >= 2) this.#interval = compact[0]! - compact[1]!;
    else if (compact.length === 1) this.#interval = deriveCompactInterval(this.#interval, compact[0]!);
    return (this.#ids = [...ids].sort((a, b) => a - b));
  }

  #pathOf(batchId: number): string {
    return `${this.directory}/${batchId}${this.#compact.has(batchId) ? ".compact" : ""}`;
  }

  /** Interval in force: of the existing compact files, or as configured. */
  async compactInterval(): Promise<number> {
    await this.#listed();
    return this.#interval;
  }
  async latestBatchId(): Promise<number | null> {
    return (await this.#listed()).at(-1) ?? null;
  }

  /** Creates the directory if it is missing and removes what an earlier run left unfinished. */
  async prepareProgram(): Promise<FileOperation[]> {
    const entries = await listOrEmpty(this.#files.fs, this.directory);
    return [
      { op: "makeDirectory", path: this.directory },
      ...entries
        .filter(({ name, kind }) => kind === "file" && isTemporary(name))
        .map(({ name }): FileOperation => ({ op: "remove", path: `${this.directory}/${name}`, ifExists: true })),
    ];
  }

  /** The files that together hold everything up to and including a batch, oldest first. */
  async #filesUpTo(batchId: number): Promise<number[]> {
    const ids = (await this.#listed()).filter((id) => id <= batchId);
    const compact = ids.findLast((id) => this.#compact.has(id));
    const first = compact ?? 0;
    const chain = ids.filter((id) => id >= first);
    // Batches that had nothing to add were written all the same, so that a gap is a lost file.
    for (let i = 0; i < chain.length; i++) {
      if (chain[i] !== first + i) {
        throw new MillraceError("CHECKPOINT_BATCHES_MISSING", {
          path: this.directory,
          batchIds: String(first + i),
          latestBatchId: String(batchId),
        });
      }
    }
    return chain;
  }

  async #lines(batchId: number): Promise<{ readonly path: string; readonly lines: string[] } | null> {
    const path = this.#pathOf(batchId);
    const text = await readText(this.#files.fs, path);
    return text === null ? null : { path, lines: linesOfVersion1(path, text) };
  }

  #decode(path: string, lines: readonly string[]): T[] {
    return lines.filter((line) => line !== "").map((line) => this.#codec.decode(path, line));
  }

  /** What a batch added (of a compact file: everything up to it); null when the log does not have it. */
  async get(batchId: number): Promise<readonly T[] | null> {
    if (!(await this.#listed()).includes(batchId)) return null;
    const found = await this.#lines(batchId);
    return found === null ? null : this.#decode(found.path, found.lines);
  }

  /** All entries up to and including a batch (default: the latest), oldest first. */
  async entries(upTo?: number): Promise<readonly T[]> {
    const last = upTo ?? (await this.latestBatchId());
    if (last === null) return [];
    const all: T[] = [];
    for (const id of await this.#filesUpTo(last)) {
      const found = await this.#lines(id);
      if (found === null) throw this.#missing(id, last);
      for (const entry of this.#decode(found.path, found.lines)) all.push(entry);
    }
    return all;
  }

  #missing(id: number, latest: number): MillraceError {
    return new MillraceError("CHECKPOINT_BATCHES_MISSING", {
      path: this.directory,
      batchIds: String(id),
      latestBatchId: String(latest),
    });
  }

  /**
   * The program that adds what batch `batchId` brings, as a compact file when its turn has come. Run it with
   * `applyCheckpointProgram`, then call {@link added}.
   */
  async addProgram(batchId: number, entries: readonly T[]): Promise<FileOperation[]> {
    await this.#listed();
    const own = entries.map((entry) => this.#codec.encode(entry));
    const tail = this.#tail?.next === batchId ? this.#tail : null;
    const next = batchId + 1;
    const count = (tail?.count ?? 0) + own.length;
    const oldest = this.#oldestOf(tail?.oldest ?? null, entries);
    if (!isCompactionBatch(batchId, this.#interval)) {
      const longer = tail === null ? null : { ...tail, lines: [...tail.lines, ...own], next, count, oldest };
      this.#adding = { tail: longer, demoted: null };
      return writeTextProgram(this.#files, `${this.directory}/${batchId}`, ["v1", ...own].join("\n"), "create");
    }
    const compact = `${this.directory}/${batchId}.compact`;
    const demoted = tail !== null && this.#mayDouble(batchId, count) ? batchId - this.#interval : null;
    const demotion = demoted === null ? [] : this.#demotionProgram(demoted, tail!.own);
    if (tail !== null && !this.#mustLook(tail)) {
      this.#adding = { tail: { compact, lines: [], next, count, oldest, copies: tail.copies + 1, own }, demoted };
      const added = [...tail.lines, ...own].map((line) => `\n${line}`).join("");
      return [...writeTextProgram(this.#files, compact, added, "create", tail.compact), ...demotion];
    }
    const kept = await this.#retained(batchId);
    this.#adding = {
      tail: {
        compact,
        lines: [],
        next,
        count: kept.lines.length + own.length,
        oldest: this.#oldestOf(kept.oldest, entries),
        copies: 0,
        own,
      },
      demoted,
    };
    const text = ["v1", ...kept.lines, ...own].join("\n");
    return [...writeTextProgram(this.#files, compact, text, "create"), ...demotion];
  }

  /** Whether the interval may double with a compact file of so many entries. */
  #mayDouble(batchId: number, count: number): boolean {
    const doubled = 2 * this.#interval;
    return (
      count > this.#mostCopiedPerBatch * this.#interval &&
      // Of compact files that are further apart than what is retained, cleaning up would leave one alone.
      doubled <= this.#minBatchesToRetain &&
      isCompactionBatch(batchId, doubled) &&
      this.#compact.has(batchId - doubled)
    );
  }
  /** Only once the next compact file is there: who crashes in between goes on with the interval as it was. */
  #demotionProgram(batchId: number, own: readonly string[]): FileOperation[] {
    const path = `${this.directory}/${batchId}`;
    return [
      ...writeTextProgram(this.#files, path, ["v1", ...own].join("\n"), "replace"),
      { op: "remove", path: `${path}.compact` },
      { op: "syncDirectory", path: this.directory },
    ];
  }

  #oldestOf(first: T | null, entries: readonly T[]): T | null {
    const { retention } = this.#codec;
    let oldest = first;
    if (retention === undefined) return null;
    for (const entry of entries) {
      if (oldest === null || retention.timeOf(entry) < retention.timeOf(oldest)) oldest = entry;
    }
    return oldest;
  }

  #mustLook({ oldest, count, copies }: Tail<T>): boolean {
    if (oldest === null || (copies + 1) * entriesPerLook < count) return false;
    return this.#codec.retention?.retain(oldest, this.#clock.nowMs()) === false;
  }

  /** Lines of all earlier entries that a compact file keeps; without a rule of retention they are not even parsed. */
  async #retained(batchId: number): Promise<{ readonly lines: string[]; readonly oldest: T | null }> {
    const lines: string[] = [];
    let oldest: T | null = null;
    const { retention } = this.#codec;
    const now = this.#clock.nowMs();
    for (const id of await this.#filesUpTo(batchId - 1)) {
      const found = await this.#lines(id);
      if (found === null) throw this.#missing(id, batchId);
      for (const line of found.lines) {
        if (line === "") continue;
        if (retention !== undefined) {
          const entry = this.#codec.decode(found.path, line);
          if (!retention.retain(entry, now)) continue;
          oldest = this.#oldestOf(oldest, [entry]);
        }
        lines.push(line);
      }
    }
    return { lines, oldest };
  }

  /** Tells the log that the program of {@link addProgram} has run. */
  added(batchId: number): void {
    if (isCompactionBatch(batchId, this.#interval)) this.#compact.add(batchId);
    this.#ids?.push(batchId);
    const { tail, demoted } = this.#adding;
    this.#tail = tail;
    if (demoted === null) return;
    this.#compact.delete(demoted);
    this.#interval *= 2;
  }

  /** @throws MillraceError CONCURRENT_STREAM_LOG_UPDATE, CHECKPOINT_WRITE_FAILED */
  async add(batchId: number, entries: readonly T[]): Promise<void> {
    await applyCheckpointProgram(this.#files.fs, await this.addProgram(batchId, entries));
    this.added(batchId);
    await this.startPurge(batchId);
  }

  /** Begins {@link purge} when the one before has ended, and throws what that one met; nobody waits for old files to go. */
  async startPurge(currentBatchId: number): Promise<void> {
    await this.#purging;
    this.#purging = this.purge(currentBatchId);
    this.#purging.catch(() => undefined);
  }
  /** Resolves when no file of the log is being removed any more. */
  async settled(): Promise<void> {
    await this.#purging;
  }

  /** Removes files that lie before the compact file which the oldest retained batch needs, when they are old enough. */
  async purgeProgram(currentBatchId: number): Promise<FileOperation[]> {
    if (!isCompactionBatch(currentBatchId, this.#interval)) return [];
    const ids = await this.#listed();
    const oldest = currentBatchId - this.#minBatchesToRetain;
    const base = ids.findLast((id) => id <= oldest && this.#compact.has(id));
    if (base === undefined) return [];
    const before = this.#clock.nowMs() - this.#cleanupDelayMs;
    const program: FileOperation[] = [];
    for (const id of ids) {
      if (id >= base) break;
      const status = this.#cleanupDelayMs === 0 ? null : await this.#files.fs.stat(this.#pathOf(id));
      if (status !== null && status.modifiedMs > before) break;
      program.push({ op: "remove", path: this.#pathOf(id), ifExists: true });
    }
    return program;
  }
  async purge(currentBatchId: number): Promise<void> {
    const program = await this.purgeProgram(currentBatchId);
    if (program.length === 0) return;
    await applyCheckpointProgram(this.#files.fs, program);
    for (const id of this.#ids!.splice(0, program.length)) this.#compact.delete(id);
  }
}
