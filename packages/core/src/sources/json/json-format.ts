import { field, structType, type StructType, variantType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "../files/bad-records.ts";
import { checkCorruptColumn } from "../files/corrupt-column.ts";
import type { FileFormat, FileRange, FileReader } from "../files/file-format.ts";
import { jsonFileReader } from "./json-file-reader.ts";
import { readJsonOptions } from "./json-options.ts";
import { isSplittable } from "../files/text-options.ts";
import { checkVariantColumn } from "./json-variant-column.ts";
import { inferJsonSchema } from "./json-schema-inference.ts";

/** JSON lines, or with `multiLine` one JSON document a file. */
export const jsonFormat: FileFormat = {
  name: "json",
  splittable(context: SourceContext): boolean {
    const options = readJsonOptions(context);
    return isSplittable(options);
  },
  inferSchema(context: SourceContext, files: readonly FileRange[]): Promise<StructType> {
    const options = readJsonOptions(context);
    const { singleVariantColumn: name } = options;
    if (name !== undefined) return Promise.resolve(structType([field(name, variantType)]));
    return inferJsonSchema(context, files, options);
  },
  checkSchema(context: SourceContext, given: StructType): StructType {
    const { bad, singleVariantColumn: name } = readJsonOptions(context);
    checkCorruptColumn("json", given, bad);
    if (name !== undefined) checkVariantColumn(given, name, bad.corruptColumn);
    return given;
  },
  reader(context: SourceContext, request: ScanRequest, letters: DeadLetters | null): FileReader {
    return jsonFileReader(context, request, readJsonOptions(context), letters);
  },
};
