import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { BatchSource, ScanRequest, SourceContext, SourceSplit } from "../contract.ts";
import { DeadLetters } from "./bad-records.ts";
import type { FileFormat, FileRange } from "./file-format.ts";
import { listFiles, readListingOptions, sourcePaths, type ListedFile, type ListingOptions } from "./file-listing.ts";
import { absolutePath } from "./paths.ts";
import { readRange, splitFiles } from "./read-range.ts";
import { readManifest } from "./sink-manifest.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";

/** The files that a batch read of the paths covers; through the manifest where a file sink wrote one. */
export async function filesToRead(
  context: SourceContext,
  paths: readonly string[],
  listing: ListingOptions,
): Promise<ListedFile[]> {
  if (paths.length === 1) {
    const manifest = await readManifest(context, paths[0]!);
    if (manifest !== null) return manifest;
  }
  return listFiles(context, paths, listing);
}

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
    this.filtered = format.reader(context, request, null).filtered;
  }

  static async open(context: SourceContext, format: FileFormat, request: ScanRequest): Promise<FileBatchSource> {
    const options = new OptionReader(format.name, context.options);
    const listing = readListingOptions(options, context);
    const files = await filesToRead(context, sourcePaths(context, options), listing);
    const splits = splitFiles(context, format, files);
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
    const reader = this.#format.reader(this.#context, this.#request, letters);
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
