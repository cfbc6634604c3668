import type { RecordBatch } from "../../columnar/record-batch.ts";
import { bitAt } from "../../columnar/validity.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { RowWriter } from "./row-format.ts";
import { vectorOf } from "./value-writers.ts";

/** Writes the only column, of strings, as lines; a null is an empty line. */
export function textRowWriter(lineSeparator: Uint8Array, out: ByteWriter): RowWriter {
  return {
    begin() {},
    write(batch: RecordBatch, from: number, to: number) {
      const { bytes, starts, ends, validity } = vectorOf(batch.columns[0]!, "bytes");
      for (let i = from; i < to; i++) {
        if (validity === null || bitAt(validity, i)) out.range(bytes, starts[i]!, ends[i]!);
        out.all(lineSeparator);
      }
    },
  };
}
