import type { SqlValue, StructType } from "../types/data-type.ts";
import type { RecordBatch } from "./record-batch.ts";
import { valueReader } from "./value-at.ts";
import { createBuilder } from "./vector-builder.ts";

/** A batch of rows given as values in the order of the schema's fields. */
export function batchFromValues(schema: StructType, rows: readonly (readonly SqlValue[])[]): RecordBatch {
  const columns = schema.fields.map((f, column) => {
    const builder = createBuilder(f.type, rows.length);
    for (const row of rows) builder.append(row[column]!);
    return builder.finish();
  });
  return { schema, length: rows.length, columns };
}

/** The rows of a batch, each as values in the order of the schema's fields. */
export function valuesOfBatch(batch: RecordBatch): SqlValue[][] {
  const readers = batch.columns.map(valueReader);
  return Array.from({ length: batch.length }, (_, i) => readers.map((read) => read(i)));
}
