import { MillraceError } from "../../errors/index.ts";
import type { StructType } from "../../types/data-type.ts";
import type {
  BatchSource,
  MicroBatchSource,
  ScanRequest,
  SourceContext,
  SourceProvider,
  SplitReader,
  StreamSourceContext,
} from "../contract.ts";
import { FileBatchSource, filesToRead } from "./file-batch-source.ts";
import type { FileFormat, FileRange } from "./file-format.ts";
import { readRange } from "./read-range.ts";
import { readListingOptions, sourcePaths } from "./file-listing.ts";
import { FileStreamSource } from "./file-stream-source.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";

/**
 * The schema of the files of a source: the user's, checked, or inferred. A stream without a schema looks at the files
 * that are there when it is defined (Spark asks for `spark.sql.streaming.schemaInference` to allow that; its value
 * `false` forbids it here too).
 */
export async function schemaOfFiles(
  context: SourceContext,
  format: FileFormat,
  given: StructType | undefined,
  streaming: boolean,
): Promise<StructType> {
  if (given !== undefined) return format.checkSchema(context, given);
  const options = new OptionReader(format.name, context.options);
  if (streaming && context.conf("spark.sql.streaming.schemaInference") === "false" && format.name !== "text") {
    throw new MillraceError("UNABLE_TO_INFER_SCHEMA", {
      format: format.name,
      reason: "spark.sql.streaming.schemaInference is false",
    });
  }
  const files =
    format.name === "text"
      ? []
      : await filesToRead(context, sourcePaths(context, options), readListingOptions(options, context));
  if (files.length === 0 && format.name !== "text") {
    throw new MillraceError("UNABLE_TO_INFER_SCHEMA", { format: format.name, reason: "there is no file yet" });
  }
  return format.inferSchema(
    context,
    files.map(({ path, size }) => ({ path, size, from: 0, to: size })),
  );
}

/** The provider of a file format: batch reads, and streams of files that appear. */
export function fileProvider(format: FileFormat): SourceProvider {
  return {
    names: [format.name],
    inferSchema(context: SourceContext, given: StructType | undefined, streaming: boolean): Promise<StructType> {
      return schemaOfFiles(context, format, given, streaming);
    },
    canReadElsewhere(options) {
      // The records that go to a dead-letter file are collected by the source that planned the splits.
      return !options.has("badrecordspath") && !options.has("deadletterpath");
    },
    openReader(context: SourceContext, request: ScanRequest): SplitReader {
      const listing = readListingOptions(new OptionReader(format.name, context.options), context);
      const reader = format.reader(context, request, null);
      return {
        filtered: reader.filtered,
        get rowsRead() {
          return reader.rowsRead;
        },
        read: (split, signal) => readRange(context, reader, listing, split.data as FileRange, signal),
      };
    },
    openBatch(context: SourceContext, request: ScanRequest): Promise<BatchSource> {
      return FileBatchSource.open(context, format, request);
    },
    openStream(context: StreamSourceContext, request: ScanRequest): Promise<MicroBatchSource> {
      return FileStreamSource.open(context, format, request);
    },
  };
}
