/** Rows that are in memory already, in slices of the usual size. */
import { sliceBatch } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import type { LocalScanExec } from "../../physical-plan/physical-plan.ts";
import { lazily, type Operator } from "./operator.ts";

export function compileLocalScan(plan: LocalScanExec): Operator {
  const rows: RecordBatch = {
    schema: plan.schema,
    length: plan.batch.length,
    columns: plan.columns.map((ordinal) => plan.batch.columns[ordinal]!),
  };
  return {
    schema: plan.schema,
    async open() {
      return [
        lazily(async function* () {
          for (let from = 0; from < rows.length; from += targetBatchRows) {
            yield sliceBatch(rows, from, Math.min(from + targetBatchRows, rows.length));
          }
        }),
      ];
    },
  };
}
