import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isMillraceError, MillraceError } from "../../errors/index.ts";
import { FileSystemError } from "../../runtime/file-system.ts";
import type { SourceContext, SourceSplit } from "../contract.ts";
import { bytesSetting } from "../settings.ts";
import { compressionOf } from "./byte-input.ts";
import type { FileFormat, FileRange, FileReader } from "./file-format.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { type ListingOptions, readListingOptions } from "./file-listing.ts";

/**
 * Rows of a part of a file. A file that is gone or cannot be read ends the read with an error that names it, unless
 * `ignoreMissingFiles` or `ignoreCorruptFiles` turn that into a warning; rows before a corrupt place are kept.
 */
export async function* readRange(
  context: SourceContext,
  reader: FileReader,
  options: ListingOptions,
  range: FileRange,
  signal: AbortSignal,
): AsyncGenerator<RecordBatch, void, void> {
  try {
    yield* reader.read(range, signal);
  } catch (error) {
    passOver(context, options, range.path, error);
  }
}

/** Looks at a file for its schema, under the same options as {@link readRange}. */
export async function lookInto(
  context: SourceContext,
  provider: string,
  path: string,
  look: () => Promise<void>,
): Promise<void> {
  try {
    await look();
  } catch (error) {
    passOver(context, readListingOptions(new OptionReader(provider, context.options), context), path, error);
  }
}

/** Warns of a file that is passed over. @throws the error, when the options do not allow that */
function passOver(context: SourceContext, options: ListingOptions, path: string, error: unknown): void {
  if (error instanceof FileSystemError) {
    if (error.code === "ENOENT") {
      if (!options.ignoreMissing)
        throw new MillraceError("FAILED_READ_FILE.FILE_NOT_EXIST", { path }, { cause: error });
      context.warn(`skipped ${path}: the file does not exist any more (ignoreMissingFiles)`);
      return;
    }
    if (!options.ignoreCorrupt) {
      const reason = `${error.operation} failed with ${error.code}`;
      throw new MillraceError("FAILED_READ_FILE.NO_HINT", { path, reason }, { cause: error });
    }
  } else if (!options.ignoreCorrupt || !isCorruption(error)) {
    throw error;
  }
  context.warn(`skipped the rest of ${path}: ${error.message} (ignoreCorruptFiles)`);
}

function isCorruption(error: unknown): error is MillraceError {
  return (
    isMillraceError(error, "FAILED_READ_FILE.NO_HINT") ||
    isMillraceError(error, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER")
  );
}

/** Smallest part of a file that is read on its own, as Spark's `spark.sql.files.openCostInBytes`. */
const leastPartBytes = 4 << 20;
/** Parts that a read has at least, when it is large enough: some for each of the threads of a common machine. */
const wantedParts = 8;

/** Splits of files: one per file, and several of a large one that can be read in parts. */
export function splitFiles(
  context: SourceContext,
  format: FileFormat,
  files: readonly Pick<FileRange, "path" | "size" | "modifiedMs" | "partition">[],
): SourceSplit[] {
  const maxPartBytes = bytesSetting(context, "spark.sql.files.maxPartitionBytes", 128 << 20);
  const inParts = format.splittable(context);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const partBytes = Math.min(maxPartBytes, Math.max(leastPartBytes, Math.ceil(total / wantedParts)));
  const splits: SourceSplit[] = [];
  for (const { path, size, modifiedMs, partition } of files) {
    const about = {
      ...(modifiedMs === undefined ? {} : { modifiedMs }),
      ...(partition === undefined ? {} : { partition }),
    };
    const parts = size > partBytes && inParts && compressionOf(path) === null ? Math.ceil(size / partBytes) : 1;
    const bytes = Math.ceil(size / parts);
    for (let i = 0; i < parts; i++) {
      const to = i === parts - 1 ? size : (i + 1) * bytes;
      const range: FileRange = { path, size, from: i * bytes, to, ...about };
      const description = parts === 1 ? path : `${path}[${range.from}, ${range.to})`;
      splits.push({ description, data: range, bytes: range.to - range.from });
    }
  }
  return splits;
}
