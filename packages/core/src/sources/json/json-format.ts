import type { StructType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "../files/bad-records.ts";
import { checkCorruptColumn } from "../files/corrupt-column.ts";
import type { FileFormat, FileRange, FileReader } from "../files/file-format.ts";
import { jsonFileReader } from "./json-file-reader.ts";
import { readJsonOptions } from "./json-options.ts";
import { isSplittable } from "../files/text-options.ts";
import { inferJsonSchema } from "./json-schema-inference.ts";

/** JSON lines, or with `multiLine` one JSON document a file. */
export const jsonFormat: FileFormat = {
  name: "json",
  splittable(context: SourceContext): boolean {
    const options = readJsonOptions(context);
    return isSplittable(options);
  },
  inferSchema(context: SourceContext, files: readonly FileRange[]): Promise<StructType> {
    return inferJsonSchema(context, files, readJsonOptions(context));
  },
  checkSchema(context: SourceContext, given: StructType): StructType {
    checkCorruptColumn("json", given, readJsonOptions(context).bad);
    return given;
  },
  reader(context: SourceContext, request: ScanRequest, letters: DeadLetters | null): FileReader {
    return jsonFileReader(context, request, readJsonOptions(context), letters);
  },
};
