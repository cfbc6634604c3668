import { targetBatchRows } from "../columnar/record-batch.ts";
import type { VectorKind } from "../columnar/vector.ts";
import { ByteRanges } from "./byte-ranges.ts";
import { type LogicalValues, logicalValues } from "./leaf-conversion.ts";

/** Arrays of one kind that wait to be used again. */
const mostKept = 32;

/** Arrays for the values of batches, used again when they come back. */
export class ValueMemory {
  readonly #free = new Map<VectorKind, LogicalValues[]>();

  /** Room for `length` values; what it held before is still there. Small batches get just their size: they may be kept. */
  take(kind: VectorKind, length: number): LogicalValues {
    if (length > targetBatchRows || 2 * length < targetBatchRows) return logicalValues(kind, length);
    const values = this.#free.get(kind)?.pop() ?? logicalValues(kind, targetBatchRows);
    if (values instanceof ByteRanges) values.reset();
    return values;
  }

  give(kind: VectorKind, values: LogicalValues): void {
    const length = values instanceof ByteRanges ? values.starts.length : values.length;
    if (length !== (kind === "decimal" ? 2 : 1) * targetBatchRows) return;
    const free = this.#free.get(kind);
    if (free === undefined) this.#free.set(kind, [values]);
    else if (free.length < mostKept) free.push(values);
  }
}
