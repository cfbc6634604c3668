import type { StructType } from "../types/data-type.ts";
import type { Vector } from "./vector.ts";

/** A horizontal slice of a table: one vector of `length` values per field of `schema`. */
export interface RecordBatch {
  readonly schema: StructType;
  readonly length: number;
  readonly columns: readonly Vector[];
}

/** Rows per batch that sources and operators aim at. */
export const targetBatchRows = 8192;
