import { rowReaderOf } from "../columnar/external-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { StructType } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";

/** Turns batches into rows as objects; what depends on the schema alone is prepared once. */
export function rowReader<R>(options: ValueOptions): (batch: RecordBatch) => Generator<R, void, undefined> {
  let schema: StructType | undefined;
  let prepared: ReturnType<typeof rowReaderOf> | undefined;
  return function* (batch) {
    if (prepared === undefined || schema !== batch.schema) {
      schema = batch.schema;
      prepared = rowReaderOf(schema, options);
    }
    const read = prepared(batch);
    for (let i = 0; i < batch.length; i++) yield read(i) as R;
  };
}
