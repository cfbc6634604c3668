/**
 * A stream of files: every file that appears in the watched places is read once, as far as it went when it was listed.
 *
 * `latestOffset` lists, takes the files of the next batch and makes them durable in the source's own log before it
 * returns; an offset is the number of the newest log entry. So the files of a batch are fixed from that moment on, and a
 * replay reads the same files up to the same size.
 */
import { parseLogOffset, printLogOffset } from "../../checkpoint/file-source-log.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import { FileSystemError } from "../../runtime/file-system.ts";
import type {
  BatchFile,
  MicroBatchSource,
  OffsetJson,
  ReadLimit,
  ScanRequest,
  SourceSplit,
  StreamSourceContext,
} from "../contract.ts";
import { DeadLetters } from "./bad-records.ts";
import { DirectoryWatches } from "./directory-watches.ts";
import { openFileReader, partitionPruning } from "./constant-columns.ts";
import { deadLetterFile } from "./dead-letter-file.ts";
import type { FileFormat, FileRange } from "./file-format.ts";
import { fixedPart, readListingOptions, sourcePaths, type ListedFile, type ListingOptions } from "./file-listing.ts";
import { FileSourceLog, type LoggedFile } from "./file-source-log.ts";
import { readFileStreamOptions, type FileStreamOptions } from "./file-stream-options.ts";
import { isGlob } from "./glob.ts";
import { IncrementalListing } from "./incremental-listing.ts";
import { partitionOfFile, type PartitionOptions, readPartitionOptions } from "./partition-discovery.ts";
import { parentOf } from "./paths.ts";
import { readRange, splitFiles } from "./read-range.ts";
import { SeenFiles } from "./seen-files.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";

export class FileStreamSource implements MicroBatchSource {
  readonly description: string;
  readonly guarantee = "replayable";
  readonly defaultLimit: ReadLimit;
  readonly filtered: boolean;
  #rowsRead = 0;
  readonly #context: StreamSourceContext;
  readonly #format: FileFormat;
  readonly #request: ScanRequest;
  readonly #listing: ListingOptions;
  readonly #options: FileStreamOptions;
  readonly #files: IncrementalListing;
  readonly #log: FileSourceLog;
  readonly #seen: SeenFiles;
  readonly #letters: DeadLetters | null;
  readonly #letterPath: string | undefined;
  readonly #partitioning: PartitionOptions;
  /** Directories above which nothing is a partition. */
  readonly #bases: ReadonlySet<string>;
  /** Listed but not yet taken, in the order of taking. */
  #cached: readonly ListedFile[] = [];
  /** AvailableNow: what was there at the start of the run. */
  #available: readonly ListedFile[] | null = null;
  #tooOld = 0;
  #hasBacklog = false;
  #watches: DirectoryWatches | null = null;
  readonly #closed = new AbortController();
  readonly mayMissNews = true;

  private constructor(
    context: StreamSourceContext,
    format: FileFormat,
    request: ScanRequest,
    paths: readonly string[],
    listing: ListingOptions,
    options: FileStreamOptions,
    log: FileSourceLog,
    seen: SeenFiles,
    letterPath: string | undefined,
    letters: DeadLetters | null,
    partitioning: PartitionOptions,
  ) {
    this.#context = context;
    this.#format = format;
    this.#request = request;
    this.#listing = listing;
    this.#options = options;
    this.#log = log;
    this.#seen = seen;
    this.#files = new IncrementalListing(context, paths, listing);
    this.#letterPath = letterPath;
    this.#letters = letters;
    this.#partitioning = partitioning;
    const { basePath } = partitioning;
    this.#bases = new Set(basePath === undefined ? paths : [basePath]);
    this.description = `FileStreamSource[${paths.map((path) => `file:${path}`).join(", ")}]`;
    this.defaultLimit = options.limit;
    this.filtered = openFileReader(context, format, request, null).filtered;
  }

  static async open(context: StreamSourceContext, format: FileFormat, request: ScanRequest): Promise<FileStreamSource> {
    const options = new OptionReader(format.name, context.options);
    const listing = readListingOptions(options, context);
    const streamOptions = readFileStreamOptions(options, context);
    const paths = sourcePaths(context, options);
    for (const path of paths) {
      // A misspelt path is an error at the start; a place that is emptied later is not.
      if (!isGlob(path) && !listing.ignoreMissing && (await context.runtime.fs.stat(path)) === null) {
        throw new MillraceError("PATH_NOT_FOUND", { path });
      }
    }
    refuseArchiveInside(streamOptions, paths, options);
    const seen = new SeenFiles(streamOptions.maxFileAgeMs, streamOptions.fileNameOnly);
    const log = await FileSourceLog.open(context, streamOptions.log, seen);
    seen.purge();
    const letterPath = options.text("badRecordsPath", "deadLetterPath");
    const letters = letterPath === undefined ? null : new DeadLetters(options);
    return new FileStreamSource(
      context,
      format,
      request,
      paths,
      listing,
      streamOptions,
      log,
      seen,
      letterPath,
      letters,
      readPartitionOptions(options, context),
    );
  }

  async initialOffset(): Promise<OffsetJson | null> {
    return null;
  }

  /** Files were left for the next batch. */
  get hasBacklog(): boolean {
    return this.#hasBacklog;
  }

  async latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null> {
    const from = start === null ? -1 : parseLogOffset("offsets", start);
    this.#hasBacklog = false;
    await this.#log.prepare();
    // A run that died between its log entry and the offset log left a batch behind: it is the next one.
    if (this.#log.latest <= from) await this.#takeNext(limit);
    else await this.#log.completeSizes(from);
    if (this.#log.latest < 0) return start;
    return this.#log.latest > from ? printLogOffset(this.#log.latest) : start;
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return this.#log.latest < 0 ? null : printLogOffset(this.#log.latest);
  }

  async prepareForAvailableNow(): Promise<void> {
    this.#available = await this.#list();
  }

  async #list(): Promise<ListedFile[]> {
    const listed = await this.#files.unknown((path) => this.#seen.has(path));
    this.#watches?.keep(this.#files.directories);
    const found = listed.filter((file) => !this.#seen.isTooOld(file.modifiedMs));
    this.#tooOld = listed.length - found.length;
    const sign = this.#options.latestFirst ? -1 : 1;
    return found.sort((a, b) => {
      const byTime = (a.modifiedMs - b.modifiedMs) * sign;
      return byTime !== 0 ? byTime : a.path < b.path ? -1 : 1;
    });
  }

  async #takeNext(limit: ReadLimit): Promise<void> {
    const untaken = (file: ListedFile): boolean => !this.#seen.has(file.path) && !this.#seen.isTooOld(file.modifiedMs);
    let candidates: readonly ListedFile[];
    if (this.#available !== null) candidates = this.#available.filter(untaken);
    else if (this.#cached.length > 0) candidates = this.#cached.filter(untaken);
    else candidates = await this.#list();
    if (this.#options.fileNameOnly) candidates = distinctNames(candidates);
    const taken = takeUpTo(candidates, limit);
    if (taken.length === 0) {
      this.#cached = [];
      return;
    }
    const files: LoggedFile[] = taken.map(({ path, modifiedMs, size }) => ({ path, modifiedMs, size }));
    await this.#log.add(files);
    for (const file of files) this.#seen.add(file.path, file.modifiedMs);
    this.#seen.purge();
    const rest = candidates.slice(taken.length);
    this.#hasBacklog = rest.length > 0;
    if (this.#available !== null) this.#available = rest;
    else this.#cached = this.#worthCaching(rest, taken.length) ? rest.slice(0, this.#options.maxCachedFiles) : [];
  }

  /** A few left-over files are not worth waiting one more batch for files that came meanwhile. */
  #worthCaching(rest: readonly ListedFile[], taken: number): boolean {
    if (this.#options.latestFirst || this.#options.limit.kind === "all") return false;
    return rest.length >= taken * this.#options.discardCachedRatio;
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    this.#letters?.clear();
    const files = await this.#log.files(
      start === null ? -1 : parseLogOffset("offsets", start),
      parseLogOffset("offsets", end),
    );
    const known: Pick<FileRange, "path" | "size" | "modifiedMs" | "partition">[] = [];
    const names = this.#request.schema.partitionColumns;
    const isWanted = partitionPruning(this.#context, this.#request);
    for (const file of files) {
      const { path, modifiedMs } = file;
      const partition = names === undefined ? undefined : partitionOfFile(path, this.#bases, names, this.#partitioning);
      if (partition !== undefined && isWanted?.(partition) === false) continue;
      const stat = await this.#context.runtime.fs.stat(path);
      if (stat !== null && (stat.modifiedMs !== file.modifiedMs || (file.size >= 0 && stat.size !== file.size))) {
        this.#context.warn(
          `${path} has changed since it was listed (${file.size < 0 ? "?" : file.size} bytes then, ${stat.size} now); ` +
            "files of a stream must not change once they are there",
        );
      }
      // A file that is gone is planned too: reading it gives the error that names it, or the warning.
      const size = file.size >= 0 ? file.size : (stat?.size ?? 0);
      known.push({ path, size, modifiedMs, ...(partition === undefined ? {} : { partition }) });
    }
    return splitFiles(this.#context, this.#format, known);
  }

  async *read(split: SourceSplit, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const reader = openFileReader(this.#context, this.#format, this.#request, this.#letters);
    yield* readRange(this.#context, reader, this.#listing, split.data as FileRange, signal);
    this.#rowsRead += reader.rowsRead;
  }

  takeRowsRead(): number {
    const rows = this.#rowsRead;
    this.#rowsRead = 0;
    return rows;
  }

  async commit(end: OffsetJson): Promise<void> {
    const files = await this.#log.forget(parseLogOffset("offsets", end));
    if (this.#options.clean.kind === "off") return;
    for (const { path } of files) await this.#clean(path);
  }

  /** Best effort, as in Spark: a file that cannot be cleaned is named and stays. */
  async #clean(path: string): Promise<void> {
    const { clean } = this.#options;
    const { fs } = this.#context.runtime;
    try {
      if (clean.kind === "delete") {
        await fs.apply([{ op: "remove", path, ifExists: true }]);
      } else if (clean.kind === "archive" && (await fs.stat(path)) !== null) {
        const to = `${clean.directory}${path}`;
        await fs.apply([
          { op: "makeDirectory", path: parentOf(to) },
          { op: "rename", from: path, to },
        ]);
      }
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      this.#context.warn(
        `${path} was read but could not be ${clean.kind === "delete" ? "deleted" : "archived"}: ${error.message}`,
      );
    }
  }

  metrics(): ReadonlyMap<string, string> {
    return new Map([
      ["numFilesTooOld", String(this.#tooOld)],
      ["numFilesSeen", String(this.#seen.size)],
    ]);
  }

  takeBatchFiles(batchId: number): readonly BatchFile[] {
    if (this.#letters === null || this.#letters.size === 0) return [];
    return [deadLetterFile(this.#context, this.#letterPath!, batchId, this.#letters)];
  }

  /** Also called for files that were there, or are hidden. */
  onAvailable(callback: () => void): void {
    this.#watches = new DirectoryWatches(this.#context.runtime, this.#closed.signal, callback);
  }

  async close(): Promise<void> {
    this.#watches?.keep([]);
    this.#closed.abort();
    await this.#log.settled();
  }
}

/** Archived files would be read again. */
function refuseArchiveInside(options: FileStreamOptions, paths: readonly string[], source: OptionReader): void {
  if (options.clean.kind !== "archive") return;
  const { directory } = options.clean;
  for (const path of paths) {
    const root = fixedPart(path);
    if (directory === root || directory.startsWith(`${root}/`)) {
      throw source.invalid("sourceArchiveDir", directory, `It must not lie inside the source's path ${path}.`);
    }
  }
}

function distinctNames(files: readonly ListedFile[]): ListedFile[] {
  const names = new Set<string>();
  return files.filter((file) => {
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    if (names.has(name)) return false;
    names.add(name);
    return true;
  });
}

function takeUpTo(files: readonly ListedFile[], limit: ReadLimit): readonly ListedFile[] {
  switch (limit.kind) {
    case "maxFiles":
      return files.slice(0, limit.files);
    case "maxBytes": {
      let bytes = 0;
      // The first file is always taken, or a large one would stop the stream.
      const over = files.findIndex((file, i) => (bytes += file.size) > limit.bytes && i > 0);
      return over < 0 ? files : files.slice(0, over);
    }
    default:
      return files;
  }
}
