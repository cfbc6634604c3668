import { unreachable } from "../errors/index.ts";
import type { RecordBatch } from "./record-batch.ts";
import type { Vector } from "./vector.ts";

/**
 * Bytes of memory that the values of a vector take, approximately: shared bytes count by the values that point into them,
 * spare capacity of typed arrays does not count.
 */
export function vectorMemorySize(vector: Vector): number {
  const { length } = vector;
  const validity = vector.validity === null ? 0 : (length + 7) >> 3;
  switch (vector.kind) {
    case "null":
      return 0;
    case "bool":
      return validity + ((length + 7) >> 3);
    case "i8":
    case "i16":
    case "i32":
    case "i64":
    case "f32":
    case "f64":
      return validity + length * vector.values.BYTES_PER_ELEMENT;
    case "decimal":
      return validity + 16 * length;
    case "bytes": {
      let size = validity + 8 * length;
      for (let i = 0; i < length; i++) size += vector.ends[i]! - vector.starts[i]!;
      return size;
    }
    case "list":
      return validity + 4 * length + vectorMemorySize(vector.child);
    case "map":
      return validity + 4 * length + vectorMemorySize(vector.keys) + vectorMemorySize(vector.values);
    case "struct":
      return validity + vector.children.reduce((sum, child) => sum + vectorMemorySize(child), 0);
    default:
      return unreachable(vector);
  }
}

/** {@link vectorMemorySize} summed over the columns of a batch. */
export function batchMemorySize(batch: RecordBatch): number {
  return batch.columns.reduce((sum, column) => sum + vectorMemorySize(column), 0);
}
