/** Parquet files. */
import { MillraceError } from "../../errors/index.ts";
import { schemaOfFile } from "../../parquet/sql-types.ts";
import type { StructType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { FileFormat, FileRange, FileReader } from "../files/file-format.ts";
import { lookInto } from "../files/read-range.ts";
import { mergeSchemas } from "./merge-schemas.ts";
import { openFooter, ParquetFileReader } from "./parquet-file-reader.ts";
import { readParquetOptions, type ParquetOptions } from "./parquet-options.ts";

export const parquetFormat: FileFormat = {
  name: "parquet",
  splittable(): boolean {
    return true;
  },
  /** The schema of the first file; with mergeSchema that of all of them together. */
  async inferSchema(context: SourceContext, files: readonly FileRange[]): Promise<StructType> {
    const options = readParquetOptions(context);
    let schema: StructType | undefined;
    for (const file of files) {
      let next: StructType | undefined;
      await lookInto(context, "parquet", file.path, async () => {
        next = await schemaOf(context, file, options);
      });
      if (next === undefined) continue;
      schema = schema === undefined ? next : mergeSchemas(schema, next, options.caseSensitive);
      if (!options.mergeSchema) break;
    }
    if (schema !== undefined) return schema;
    throw new MillraceError("UNABLE_TO_INFER_SCHEMA", { format: "parquet", reason: "no file can be read" });
  },
  checkSchema(_context: SourceContext, given: StructType): StructType {
    return given;
  },
  reader(context: SourceContext, request: ScanRequest): FileReader {
    return new ParquetFileReader(context, request, readParquetOptions(context));
  },
};

async function schemaOf(context: SourceContext, file: FileRange, options: ParquetOptions): Promise<StructType> {
  const handle = await context.runtime.fs.open(file.path);
  try {
    const { metadata, root } = await openFooter(handle, file);
    return schemaOfFile(metadata, root, options);
  } finally {
    await handle.close();
  }
}
