/** Rows of CSV files. */
import { MillraceError } from "../../errors/index.ts";
import type { StructType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "../files/bad-records.ts";
import type { FileReader } from "../files/file-format.ts";
import { recordFields, RecordFileReader, type RecordSource } from "../files/record-file-reader.ts";
import { csvColumn } from "./csv-columns.ts";
import { headerOf } from "./csv-header.ts";
import type { CsvOptions } from "./csv-options.ts";
import { CsvScanner } from "./csv-scanner.ts";

/** Largest file that is read with quoted line ends, since it is read whole. */
const multiLineLimit = 1 << 30;

export function csvFileReader(
  context: SourceContext,
  request: ScanRequest,
  options: CsvOptions,
  letters: DeadLetters | null,
): FileReader {
  const names = dataColumns(request.schema, options).map(({ name }) => name);
  const wanted = recordFields(request, options.bad);
  // As Spark: with columns pruned away the number of columns is not looked at.
  const expected = wanted.length === names.length ? names.length : -1;
  const scanner = new CsvScanner(
    options.syntax,
    wanted.map((f) => names.indexOf(f.name)),
    expected,
  );
  const head: RecordSource["head"] = (bytes, start, end, path) => {
    const first = headerOf(bytes, start, end, options);
    if (first.names !== null && !options.enforceSchema) checkHeader(first.names, names, path);
    return { next: first.next, lines: first.lines, found: first.names !== null };
  };
  return new RecordFileReader(context, request, options, letters, {
    scanner,
    column: (slot, { type }) => csvColumn(scanner, slot, type, options),
    ...(options.header ? { head } : {}),
    whole: "records",
    wholeLimit: multiLineLimit,
  });
}

function checkHeader(found: readonly string[], names: readonly string[], path: string): void {
  const same =
    found.length === names.length && found.every((name, i) => name.toLowerCase() === names[i]!.toLowerCase());
  if (same) return;
  throw new MillraceError("FAILED_READ_FILE.NO_HINT", {
    path,
    reason: `its CSV header (${found.join(", ")}) does not conform to the schema (${names.join(", ")}), and enforceSchema is false`,
  });
}

/** The columns that the file has: all of the schema but the column of corrupt records. */
function dataColumns(schema: StructType, options: CsvOptions): StructType["fields"] {
  return schema.fields.filter((f) => f.name !== options.bad.corruptColumn);
}
