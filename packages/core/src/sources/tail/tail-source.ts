/**
 * A stream of the lines of files that grow, as logs do.
 *
 * The unit is the whole line: bytes behind the last line end wait until it comes. A file is known by its identity, so a
 * rotation (the log is renamed, a new file takes its name) is nothing special as long as the old file stays within the
 * watched paths: it is read to its end under its new name. A file that is shorter than what was read of it was cut; it is
 * read again from the start, with a warning that names it. A file that goes away before it was read whole is data loss:
 * an error that names it, or with `failOnDataLoss` false a warning. Fully read files that are gone leave the offset.
 *
 * The last bytes of a file that was rotated away, when they lack a line end, are read as a line once a newer file exists
 * under its old name and it was not written for five seconds: nobody will complete them. A file that begins with other
 * bytes than before (an inode used again, a copy cut and filled up) is read from its start, with a warning.
 */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import { FileSystemError, type ReadHandle } from "../../runtime/file-system.ts";
import type {
  BatchFile,
  MicroBatchSource,
  OffsetJson,
  ReadLimit,
  RealTimeReading,
  ScanRequest,
  SourceSplit,
  StreamSourceContext,
} from "../contract.ts";
import { DeadLetters, defaultMaxRecordBytes } from "../files/bad-records.ts";
import { deadLetterFile } from "../files/dead-letter-file.ts";
import { compressionOf } from "../files/byte-input.ts";
import type { FileFormat, FileRange } from "../files/file-format.ts";
import {
  listFiles,
  readListingOptions,
  sourcePaths,
  type ListedFile,
  type ListingOptions,
} from "../files/file-listing.ts";
import { parentOf } from "../files/paths.ts";
import { readRange } from "../files/read-range.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { hasHead, headOf, lineEndIn } from "./grown-file.ts";
import { parseTailOffset, printTailOffset, type TailOffset, type TailPosition } from "./tail-offset.ts";

export interface TailOptions {
  readonly fromLatest: boolean;
  readonly failOnDataLoss: boolean;
  readonly limit: ReadLimit;
  readonly maxRecordBytes: number;
}

export function readTailOptions(options: OptionReader): TailOptions {
  const maxBytes = options.bytes("maxBytesPerTrigger");
  return {
    fromLatest: options.oneOf("startingPosition", ["earliest", "latest"], "earliest") === "latest",
    failOnDataLoss: options.flag("failOnDataLoss", true),
    limit: maxBytes === undefined ? { kind: "all" } : { kind: "maxBytes", bytes: maxBytes },
    maxRecordBytes: options.bytes("maxRecordBytes") ?? defaultMaxRecordBytes,
  };
}

/** What one batch may still take, in bytes. */
interface Budget {
  left: number;
  taken: number;
}

/** A rotated file that was not written for so long is complete. */
const settledMs = 5000;

export class TailSource implements MicroBatchSource {
  readonly description: string;
  readonly guarantee = "replayable";
  readonly defaultLimit: ReadLimit;
  readonly filtered: boolean;
  /** Not with a file for bad records: it is written whole with a batch, and a batch in real time is read in many pieces. */
  readonly realTime?: RealTimeReading;
  #rowsRead = 0;
  readonly #context: StreamSourceContext;
  readonly #format: FileFormat;
  readonly #request: ScanRequest;
  readonly #paths: readonly string[];
  readonly #listing: ListingOptions;
  readonly #options: TailOptions;
  readonly #letterPath: string | undefined;
  readonly #letters: DeadLetters | null;
  /** AvailableNow: sizes at the start of the run, by identity. */
  #available: ReadonlyMap<string, number> | null = null;
  #bytesBehind = 0;
  /** Sizes at the last look, by identity. */
  readonly #sizes = new Map<string, number>();

  constructor(context: StreamSourceContext, format: FileFormat, request: ScanRequest) {
    const options = new OptionReader("tail", context.options);
    this.#context = context;
    this.#format = format;
    this.#request = request;
    this.#paths = sourcePaths(context, options);
    this.#listing = readListingOptions(options, context);
    this.#options = readTailOptions(options);
    this.#letterPath = options.text("badRecordsPath", "deadLetterPath");
    this.#letters = this.#letterPath === undefined ? null : new DeadLetters(options);
    if (this.#letters === null) this.realTime = { latest: (from) => this.latestOffset(from, { kind: "all" }) };
    this.defaultLimit = this.#options.limit;
    this.description = `TailSource[${this.#paths.join(", ")}]`;
    this.filtered = format.reader(context, request, null).filtered;
  }

  /** The watched files by identity; with those of `known` that were renamed away from the watched names, too. */
  async #list(known: TailOffset): Promise<Map<string, ListedFile>> {
    // Logs may appear later, and directories may be empty between two rotations.
    const files = await listFiles(this.#context, this.#paths, { ...this.#listing, ignoreMissing: true });
    const byIdentity = new Map<string, ListedFile>();
    for (const file of files) {
      // Compressed files are old logs that were read before. Of hard links the first path stands for the file.
      if (compressionOf(file.path) === null && !byIdentity.has(file.identity)) byIdentity.set(file.identity, file);
    }
    const directories = new Set<string>();
    for (const [identity, { path }] of known) if (!byIdentity.has(identity)) directories.add(parentOf(path));
    if (directories.size > 0) {
      const options = { ...this.#listing, ignoreMissing: true, accepts: () => true };
      for (const file of await listFiles(this.#context, [...directories], options)) {
        if (known.has(file.identity) && !byIdentity.has(file.identity)) byIdentity.set(file.identity, file);
      }
    }
    return byIdentity;
  }

  async initialOffset(): Promise<OffsetJson | null> {
    const start = new Map<string, TailPosition>();
    if (this.#options.fromLatest) {
      for (const [identity, file] of await this.#list(start)) {
        const handle = await this.#context.runtime.fs.open(file.path);
        try {
          const position = await lineEndIn(handle, 0, file.size);
          const head = await headOf(handle, position);
          start.set(identity, { path: file.path, position, life: 0, head, rotated: false });
        } finally {
          await handle.close();
        }
      }
    }
    return printTailOffset(start);
  }

  async prepareForAvailableNow(): Promise<void> {
    const listed = await this.#list(new Map());
    this.#available = new Map([...listed].map(([identity, file]) => [identity, file.size]));
  }

  /** At most the limit's bytes beyond `start`, but at least one line where there is one. */
  async latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null> {
    const from = parseTailOffset(start);
    const listed = await this.#list(from);
    for (const [identity, before] of from) if (!listed.has(identity)) this.#gone(identity, before);
    const paths = new Map([...listed.values()].map((file) => [file.path, file.identity]));
    // Oldest first: a rotated log before the one that took its name.
    const files = [...listed.values()].sort((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
    const budget: Budget = { left: limit.kind === "maxBytes" ? limit.bytes : Infinity, taken: 0 };
    const next = new Map<string, TailPosition>();
    this.#bytesBehind = 0;
    for (const file of files) {
      const known = from.get(file.identity);
      const before = known ?? { path: file.path, position: 0, life: 0, head: "", rotated: false };
      const usurper = paths.get(before.path);
      const rotated = before.rotated || (usurper !== undefined && usurper !== file.identity);
      const after = await this.#advance(file, { ...before, path: file.path, rotated }, budget);
      this.#sizes.set(file.identity, file.size);
      this.#bytesBehind += file.size - after.position;
      // Every file with something in it, read or not: once the offset knows it, it is followed through renames.
      const due = file.size > 0 && (this.#available === null || this.#available.has(file.identity));
      if (known !== undefined || due) next.set(file.identity, after);
    }
    return printTailOffset(next);
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return null;
  }

  async #advance(file: ListedFile, before: TailPosition, budget: Budget): Promise<TailPosition> {
    if (file.size === before.position && this.#sizes.get(file.identity) === file.size) return before;
    const { fs, clock } = this.#context.runtime;
    let handle: ReadHandle;
    try {
      handle = await fs.open(file.path);
    } catch (error) {
      // Renamed or removed since it was listed: the next look finds it.
      if (error instanceof FileSystemError && error.code === "ENOENT") return before;
      throw error;
    }
    try {
      if ((await handle.stat()).identity !== file.identity) return before;
      let { position, life, head } = before;
      const cut = file.size < position;
      if (cut || !(await hasHead(handle, head))) {
        this.#context.warn(
          cut
            ? `${file.path} was truncated: it has ${file.size} bytes, ${position} of it had been read; reading it again from its start`
            : `${file.path} was replaced: it does not begin as the file of which ${position} bytes had been read; reading it from its start`,
        );
        position = 0;
        head = "";
        life++;
      }
      const available = this.#available === null ? file.size : (this.#available.get(file.identity) ?? 0);
      const end = Math.min(file.size, available);
      if (end <= position || (budget.left <= 0 && budget.taken > 0)) return { ...before, position, life, head };
      let to = Math.min(end, position + Math.max(0, budget.left));
      let reached: number;
      if (to === file.size && before.rotated && clock.nowMs() - file.modifiedMs > settledMs) {
        reached = to;
      } else {
        reached = await lineEndIn(handle, position, to);
        if (reached === position && budget.taken === 0 && to < end)
          reached = await lineEndIn(handle, position, (to = end), true);
        if (reached === position && to - position > this.#options.maxRecordBytes) {
          // A line over the limit without an end: the reader reports it as a bad record and goes on behind it.
          reached = to;
        }
      }
      budget.left -= reached - position;
      budget.taken += reached - position;
      return { ...before, position: reached, life, head: await headOf(handle, reached) };
    } finally {
      await handle.close();
    }
  }

  /** A file of the offset is gone. What it held beyond the position is known only if it was seen since the start. */
  #gone(identity: string, before: TailPosition): void {
    const size = this.#sizes.get(identity);
    this.#sizes.delete(identity);
    if (size !== undefined && size > before.position) this.#lost(before.path, identity, before.position, size);
  }

  #lost(path: string, identity: string, from: number, to: number): void {
    const error = new MillraceError("TAIL_DATA_LOSS", { path, identity, from: String(from), to: String(to) });
    if (this.#options.failOnDataLoss) throw error;
    this.#context.warn(error.message);
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    this.#letters?.clear();
    const from = parseTailOffset(start);
    const splits: SourceSplit[] = [];
    let listed: ReadonlyMap<string, ListedFile> | null = null;
    for (const [identity, { path, position, life }] of parseTailOffset(end)) {
      const before = from.get(identity);
      const first = before !== undefined && before.life === life ? before.position : 0;
      if (position <= first) continue;
      // The file may have been renamed between offset and read: its identity tells where it is now.
      listed ??= await this.#list(parseTailOffset(end));
      const now = listed.get(identity);
      if (now === undefined || now.size < position) {
        this.#lost(path, identity, Math.max(first, now?.size ?? 0), position);
        if (now === undefined || now.size <= first) continue;
      }
      const range: FileRange = { path: now.path, size: position, from: first, to: position };
      splits.push({ description: `${now.path}[${first}, ${position})`, data: range });
    }
    return splits.sort((a, b) => (a.description < b.description ? -1 : 1));
  }

  async *read(split: SourceSplit, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const range = split.data as FileRange;
    const reader = this.#format.reader(this.#context, this.#request, this.#letters);
    try {
      yield* readRange(this.#context, reader, { ...this.#listing, ignoreMissing: false }, range, signal);
      this.#rowsRead += reader.rowsRead;
    } catch (error) {
      if (!(error instanceof MillraceError && error.cause instanceof FileSystemError && error.cause.code === "ENOENT"))
        throw error;
      this.#lost(range.path, "removed while it was read", range.from, range.to);
    }
  }

  takeRowsRead(): number {
    const rows = this.#rowsRead;
    this.#rowsRead = 0;
    return rows;
  }

  async commit(): Promise<void> {}

  metrics(): ReadonlyMap<string, string> {
    return new Map([["bytesBehind", String(this.#bytesBehind)]]);
  }

  takeBatchFiles(batchId: number): readonly BatchFile[] {
    if (this.#letters === null || this.#letters.size === 0) return [];
    return [deadLetterFile(this.#context, this.#letterPath!, batchId, this.#letters)];
  }

  async close(): Promise<void> {}
}
