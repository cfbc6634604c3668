import { MillraceError } from "../../errors/index.ts";
import { field, type StructType } from "../../types/data-type.ts";
import { metadataColumn, metadataType } from "./file-metadata.ts";
import type {
  BatchSource,
  MicroBatchSource,
  ScanRequest,
  SourceContext,
  SourceProvider,
  SplitReader,
  StreamSourceContext,
} from "../contract.ts";
import { openFileReader } from "./constant-columns.ts";
import { FileBatchSource } from "./file-batch-source.ts";
import type { FileFormat, FileRange } from "./file-format.ts";
import { readRange } from "./read-range.ts";
import { readListingOptions, sourcePaths } from "./file-listing.ts";
import { FileStreamSource } from "./file-stream-source.ts";
import { partitionFieldsOf, chosenFiles, findFiles, tableSchema } from "./table-files.ts";
import { readPartitionOptions, sameColumn } from "./partition-discovery.ts";
import type { TableSchema } from "../../logical-plan/logical-plan.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";

/**
 * The schema of the files of a source: the user's, checked, or inferred. A stream without a schema looks at the files
 * that are there when it is defined (Spark asks for `spark.sql.streaming.schemaInference` to allow that; its value
 * `false` forbids it here too).
 * @param partitioned whether directories give columns
 */
export async function schemaOfFiles(
  context: SourceContext,
  format: FileFormat,
  given: StructType | undefined,
  streaming: boolean,
  partitioned = true,
): Promise<TableSchema> {
  const options = new OptionReader(format.name, context.options);
  const inferring = given === undefined && format.fixedSchema === undefined;
  if (inferring && streaming && context.conf("spark.sql.streaming.schemaInference") === "false") {
    throw new MillraceError("UNABLE_TO_INFER_SCHEMA", {
      format: format.name,
      reason: "spark.sql.streaming.schemaInference is false",
    });
  }
  const listing = readListingOptions(options, context);
  const partitioning = readPartitionOptions(options, context);
  // A path that does not exist is an error of the one who needs its files: here, or later the read.
  const lenient = inferring ? listing : { ...listing, ignoreMissing: true };
  const found = await findFiles(context, sourcePaths(context, options), lenient, partitioning, options);
  const partitions = partitioned ? partitionFieldsOf(found, listing, partitioning, given) : [];
  if (given !== undefined) {
    const isPartition = (name: string): boolean => partitions.some((p) => sameColumn(p.name, name, partitioning));
    const data = { ...given, fields: given.fields.filter(({ name }) => !isPartition(name)) };
    return tableSchema(format.checkSchema(context, data), partitions, partitioning);
  }
  const files = inferring ? await chosenFiles(context, found, listing, partitions.length > 0) : [];
  if (inferring && files.length === 0) {
    throw new MillraceError("UNABLE_TO_INFER_SCHEMA", { format: format.name, reason: "there is no file yet" });
  }
  const data = await format.inferSchema(
    context,
    files.map(({ path, size }) => ({ path, size, from: 0, to: size })),
  );
  return tableSchema(data, partitions, partitioning);
}

/** The provider of a file format: batch reads, and streams of files that appear. */
export function fileProvider(format: FileFormat): SourceProvider {
  return {
    names: [format.name],
    metadataColumn: field(metadataColumn, metadataType, false),
    inferSchema(context: SourceContext, given: StructType | undefined, streaming: boolean): Promise<TableSchema> {
      return schemaOfFiles(context, format, given, streaming);
    },
    async sizeInBytes(context: SourceContext): Promise<number> {
      const options = new OptionReader(format.name, context.options);
      const listing = { ...readListingOptions(options, context), ignoreMissing: true };
      const partitioning = readPartitionOptions(options, context);
      const found = await findFiles(context, sourcePaths(context, options), listing, partitioning, options);
      const partitions = partitionFieldsOf(found, listing, partitioning, undefined);
      const files = await chosenFiles(context, found, listing, partitions.length > 0);
      return files.reduce((sum, { size }) => sum + size, 0);
    },
    canReadElsewhere(options) {
      // The records that go to a dead-letter file are collected by the source that planned the splits.
      return !options.has("badrecordspath") && !options.has("deadletterpath");
    },
    openReader(context: SourceContext, request: ScanRequest): SplitReader {
      const listing = readListingOptions(new OptionReader(format.name, context.options), context);
      const reader = openFileReader(context, format, request, null);
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
