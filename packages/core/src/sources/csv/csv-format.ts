import type { StructType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "../files/bad-records.ts";
import { checkCorruptColumn } from "../files/corrupt-column.ts";
import type { FileFormat, FileRange, FileReader } from "../files/file-format.ts";
import { csvValueReader } from "./csv-columns.ts";
import { csvFileReader } from "./csv-file-reader.ts";
import { readCsvOptions } from "./csv-options.ts";
import { isSplittable } from "../files/text-options.ts";
import { inferCsvSchema } from "./csv-schema-inference.ts";

export const csvFormat: FileFormat = {
  name: "csv",
  splittable(context: SourceContext): boolean {
    const options = readCsvOptions(context);
    return isSplittable(options);
  },
  inferSchema(context: SourceContext, files: readonly FileRange[]): Promise<StructType> {
    return inferCsvSchema(context, files, readCsvOptions(context));
  },
  checkSchema(context: SourceContext, given: StructType): StructType {
    const options = readCsvOptions(context);
    checkCorruptColumn("csv", given, options.bad);
    for (const f of given.fields) csvValueReader(f.type, options);
    return given;
  },
  reader(context: SourceContext, request: ScanRequest, letters: DeadLetters | null): FileReader {
    return csvFileReader(context, request, readCsvOptions(context), letters);
  },
};
