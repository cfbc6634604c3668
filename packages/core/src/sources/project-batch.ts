import type { RecordBatch } from "../columnar/record-batch.ts";
import type { StructType } from "../types/data-type.ts";

/** The columns that a scan wants of a batch with the source's full schema. */
export function projectBatch(batch: RecordBatch, columns: StructType): RecordBatch {
  return {
    schema: columns,
    length: batch.length,
    columns: columns.fields.map((f) => batch.columns[batch.schema.fields.findIndex((g) => g.name === f.name)]!),
  };
}
