/** Rows of JSON files: records of lines, or with `multiLine` of whole files. */
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "../files/bad-records.ts";
import type { FileReader } from "../files/file-format.ts";
import { recordFields, RecordFileReader } from "../files/record-file-reader.ts";
import { jsonColumn } from "./json-columns.ts";
import { JsonKernel } from "./json-kernel.ts";
import type { JsonOptions } from "./json-options.ts";
import { JsonScanner } from "./json-scanner.ts";
import { JsonRecordScanner } from "./json-variant-column.ts";
import { JsonValueReaders } from "./json-value-reader.ts";

export function jsonFileReader(
  context: SourceContext,
  request: ScanRequest,
  options: JsonOptions,
  letters: DeadLetters | null,
): FileReader {
  if (options.singleVariantColumn !== undefined) {
    const records = new JsonRecordScanner();
    return new RecordFileReader(context, request, options, letters, {
      scanner: records,
      column: () => records.column(),
      whole: "document",
      wholeLimit: options.bad.maxRecordBytes,
    });
  }
  const names = recordFields(request, options.bad).map(({ name }) => name);
  const scanner = new JsonScanner(names, { syntax: options.syntax });
  const readers = new JsonValueReaders(options.syntax, options.text);
  return new RecordFileReader(context, request, options, letters, {
    scanner,
    column: (slot, { type }) => jsonColumn(scanner, slot, type, readers),
    lendBuffers(chunkBytes) {
      const kernel = JsonKernel.acquire(names, chunkBytes);
      scanner.useKernel(kernel);
      if (kernel === null) return null;
      return {
        chunkBytes: kernel.chunkBytes,
        takeBuffer: () => kernel.takeBuffer(),
        release() {
          scanner.useKernel(null);
          kernel.release();
        },
      };
    },
    whole: "document",
    wholeLimit: options.bad.maxRecordBytes,
  });
}
