import type { BatchSink, PreparedWrite, RealTimeWrite, SinkBatch, SinkProvider, StreamSink } from "./contract.ts";
import { forget, pullRows } from "./pull-rows.ts";

const noopStream: StreamSink = {
  description: "NoopSink",
  guarantee: "exactly-once",
  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const numOutputRows = await pullRows(batch.partitions, batch.signal, () => {});
    return { numOutputRows, commit: forget, abort: forget };
  },
  beginRealTime(): RealTimeWrite {
    let numOutputRows = 0;
    return {
      get numOutputRows() {
        return numOutputRows;
      },
      write: async (rows) => void (numOutputRows += rows.length),
      end: forget,
      abort: forget,
    };
  },
  close: forget,
};

const noopBatch: BatchSink = {
  async write(partitions, signal) {
    return { rows: await pullRows(partitions, signal, () => {}) };
  },
};

/** `noop`: computes all rows and drops them, for measuring. */
export const noopSink: SinkProvider = {
  names: ["noop"],
  outputModes: ["append", "update", "complete"],
  temporaryCheckpointAllowed: true,
  openStream: async () => noopStream,
  openBatch: async () => noopBatch,
};
