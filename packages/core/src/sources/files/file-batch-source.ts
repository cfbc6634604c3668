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

  private constructor(
    context: SourceContext,
    format: FileFormat,
    request: ScanRequest,
    listing: ListingOptions,
    splits: readonly SourceSplit[],
    deadLetterPath: string | undefined,
  ) {
    this.#context = context;
    this.#format = format;
    this.#request = request;
    this.#listing = listing;
    this.splits = splits;
    this.#deadLetterPath = deadLetterPath;
    this.filtered = openFileReader(context, format, request, null).filtered;
  }

  static async open(context: SourceContext, format: FileFormat, request: ScanRequest): Promise<FileBatchSource> {
    const options = new OptionReader(format.name, context.options);
    const listing = readListingOptions(options, context);
    const splits = splitFiles(context, format, await filesToRead(context, request, options, listing));
    const letters = options.text("badRecordsPath", "deadLetterPath");
    const working = context.runtime.process.workingDirectory;
    return new FileBatchSource(
      context,
      format,
      request,
      listing,
      splits,
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

  async close(): Promise<void> {}
}

/** The files of a batch read, without those of partitions that the filter leaves out. */
async function filesToRead(
  context: SourceContext,
  { schema, ...request }: ScanRequest,
  options: OptionReader,
  listing: ListingOptions,
): Promise<Pick<FileRange, "path" | "size" | "modifiedMs" | "partition">[]> {
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
