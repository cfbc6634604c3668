import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isMillraceError, MillraceError } from "../../errors/index.ts";
import { FileSystemError } from "../../runtime/file-system.ts";
import type { SourceContext, SourceSplit } from "../contract.ts";
import type { FileRange, FileReader } from "./file-format.ts";
import type { ListedFile, ListingOptions } from "./file-listing.ts";

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
    const { path } = range;
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
}

function isCorruption(error: unknown): error is MillraceError {
  return (
    isMillraceError(error, "FAILED_READ_FILE.NO_HINT") ||
    isMillraceError(error, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER")
  );
}

/** Splits of files: one per file, large files that can be read in parts in parts of `partBytes`. */
export function splitFiles(
  files: readonly ListedFile[],
  splittable: (path: string) => boolean,
  partBytes: number,
): SourceSplit[] {
  const splits: SourceSplit[] = [];
  for (const { path, size } of files) {
    const parts = size > partBytes && splittable(path) ? Math.ceil(size / partBytes) : 1;
    for (let i = 0; i < parts; i++) {
      const range: FileRange = { path, size, from: i * partBytes, to: i === parts - 1 ? size : (i + 1) * partBytes };
      splits.push({ description: parts === 1 ? path : `${path}[${range.from}, ${range.to})`, data: range });
    }
  }
  return splits;
}
