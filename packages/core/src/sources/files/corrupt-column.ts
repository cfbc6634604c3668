import { MillraceError } from "../../errors/index.ts";
import type { StructType } from "../../types/data-type.ts";
import type { BadRecordOptions } from "./bad-records.ts";

/** The column of corrupt records, if the schema has it, is a nullable STRING. */
export function checkCorruptColumn(source: string, schema: StructType, bad: BadRecordOptions): void {
  const column = schema.fields.find((f) => f.name === bad.corruptColumn);
  if (column === undefined || (column.type.kind === "string" && column.nullable)) return;
  throw new MillraceError("INVALID_OPTION", {
    option: "columnNameOfCorruptRecord",
    provider: source,
    value: bad.corruptColumn,
    expected: "The column of that name must be a nullable STRING.",
  });
}
