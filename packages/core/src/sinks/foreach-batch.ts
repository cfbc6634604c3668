import type { RecordBatch } from "../columnar/record-batch.ts";
import type { StructType } from "../types/data-type.ts";
import type { PreparedWrite, SinkBatch, SinkProvider, StreamSink } from "./contract.ts";
import { forget, keepRows } from "./pull-rows.ts";

/** Gets the rows of a batch; the batch commits when the promise resolves. */
export type ForeachBatchFunction = (
  batches: readonly RecordBatch[],
  schema: StructType,
  batchId: number,
) => Promise<void>;

class ForeachBatchSink implements StreamSink {
  readonly description = "ForeachBatchSink";
  readonly guarantee = "at-least-once";
  readonly #run: ForeachBatchFunction;

  constructor(run: ForeachBatchFunction) {
    this.#run = run;
  }

  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const { count, partitions } = await keepRows(batch);
    return {
      numOutputRows: count,
      commit: () => this.#run(partitions.flat(), batch.schema, batch.batchId),
      abort: forget,
    };
  }
  readonly close: () => Promise<void> = forget;
}

/**
 * `foreachBatch`: the user's function is called once per batch, when the batch commits (P8), after its state is durable. A
 * batch that is repeated after a crash comes again with the same id and rows.
 */
export function foreachBatchSink(run: ForeachBatchFunction): SinkProvider {
  return {
    names: ["foreachBatch"],
    outputModes: ["append", "update", "complete"],
    temporaryCheckpointAllowed: true,
    openStream: async () => new ForeachBatchSink(run),
  };
}
