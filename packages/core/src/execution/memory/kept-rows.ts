import { compactBatch, compactVector } from "../../columnar/compact.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import type { Vector } from "../../columnar/vector.ts";

/**
 * A batch that may be kept while its input goes on: strings and nested values in memory of their own, since theirs may be
 * reused; fixed-width columns as they are, unless a few rows hold the room of many.
 */
export function keptBatch(batch: RecordBatch): RecordBatch {
  if (batch.length < targetBatchRows / 4) return compactBatch(batch);
  return { ...batch, columns: batch.columns.map(keptVector) };
}

function keptVector(vector: Vector): Vector {
  switch (vector.kind) {
    case "bytes":
    case "list":
    case "map":
    case "struct":
      return compactVector(vector);
    default:
      return vector;
  }
}
