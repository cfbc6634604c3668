import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { BatchSource, ScanRequest, SourceContext, SourceSplit } from "../contract.ts";
import { DeadLetters } from "./bad-records.ts";
import type { FileFormat, FileRange } from "./file-format.ts";
import { openFileReader, partitionPruning } from "./constant-columns.ts";
import { type ListingOptions, readListingOptions, sourcePaths } from "./file-listing.ts";
import { partitionOfFile, readPartitionOptions } from "./partition-discovery.ts";
import { chosenFiles, findFiles } from "./table-files.ts";
import { absolutePath } from "./paths.ts";
import { readRange, splitFiles } from "./read-range.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";

/** A batch read of files. Splits are files or byte ranges of files; every split reads for itself. */
export class FileBatchSource implements BatchSource {
  readonly splits: readonly SourceSplit[];
  readonly filtered: boolean;
  readonly #context: SourceContext;
  readonly #format: FileFormat;
  readonly #request: ScanRequest;
  readonly #listing: ListingOptions;
  readonly #deadLetterPath: string | undefined;
  readonly #files: readonly FileToRead[];

  private constructor(
    context: SourceContext,
    format: FileFormat,
    request: ScanRequest,
    listing: ListingOptions,
    files: readonly FileToRead[],
    deadLetterPath: string | undefined,
  ) {
    this.#context = context;
    this.#format = format;
    this.#request = request;
    this.#listing = listing;
    this.#files = files;
    this.splits = splitFiles(context, format, files);
    this.#deadLetterPath = deadLetterPath;
    this.filtered = openFileReader(context, format, request, null).filtered;
  }

  static async open(context: SourceContext, format: FileFormat, request: ScanRequest): Promise<FileBatchSource> {
    const options = new OptionReader(format.name, context.options);
    const listing = readListingOptions(options, context);
    const files = await filesToRead(context, request, options, listing);
    const letters = options.text("badRecordsPath", "deadLetterPath");
    const working = context.runtime.process.workingDirectory;
    return new FileBatchSource(
      context,
      format,
      request,
      listing,
      files,
      letters === undefined ? undefined : absolutePath(letters, working),
    );
  }

  async *read(split: SourceSplit, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const folder = this.#deadLetterPath;
    const letters =
      folder === undefined ? null : new DeadLetters(new OptionReader(this.#format.name, this.#context.options));
    const reader = openFileReader(this.#context, this.#format, this.#request, letters);
    yield* readRange(this.#context, reader, this.#listing, split.data as FileRange, signal);
    if (letters !== null && letters.size > 0) {
      const path = `${folder}/part-${this.#context.runtime.random.uuid()}.json`;
      await this.#context.runtime.fs.apply([
        { op: "makeDirectory", path: folder! },
        { op: "write", path, bytes: letters.take() },
      ]);
    }
  }

  /** By names, sizes and times of change of the files. */
  async isUnchanged(): Promise<boolean> {
    const options = new OptionReader(this.#format.name, this.#context.options);
    const now = await filesToRead(this.#context, this.#request, options, this.#listing);
    const isSame = (file: FileToRead, other: FileToRead | undefined): boolean =>
      file.path === other?.path && file.size === other.size && file.modifiedMs === other.modifiedMs;
    return now.length === this.#files.length && now.every((file, i) => isSame(file, this.#files[i]));
  }

  async close(): Promise<void> {}
}

type FileToRead = Pick<FileRange, "path" | "size" | "modifiedMs" | "partition">;

/** The files of a batch read, without those of partitions that the filter leaves out. */
async function filesToRead(
  context: SourceContext,
  { schema, ...request }: ScanRequest,
  options: OptionReader,
  listing: ListingOptions,
): Promise<FileToRead[]> {
  const partitioning = readPartitionOptions(options, context);
  const found = await findFiles(context, sourcePaths(context, options), listing, partitioning, options);
  const names = schema.partitionColumns;
  const files = await chosenFiles(context, found, listing, names !== undefined);
  if (names === undefined) return files;
  const isWanted = partitionPruning(context, { schema, ...request });
  return files.flatMap((file) => {
    const partition = partitionOfFile(file.path, found.bases, names, partitioning);
    return isWanted === undefined || isWanted(partition) ? [{ ...file, partition }] : [];
  });
}
