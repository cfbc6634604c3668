import {
  type BatchSink,
  MillraceError,
  type PreparedWrite,
  type RecordBatch,
  type SinkBatch,
  type SinkContext,
  type SinkProvider,
  type StreamSink,
  type StreamSinkContext,
} from "millrace/engine";
import { Cluster } from "../client/cluster.ts";
import { RecordBuffer } from "./record-buffer.ts";
import { sendRecords } from "./send-records.ts";
import { type SinkColumns, sinkColumns } from "./sink-columns.ts";
import { type SinkOptions, sinkOptions } from "./sink-options.ts";

/** Record batches are made while the rows come and sent when the batch commits: after a crash the last batch comes again. */
class KafkaStreamSink implements StreamSink {
  readonly description = "KafkaTable";
  readonly guarantee = "at-least-once";
  readonly #context: StreamSinkContext;
  readonly #options: SinkOptions;
  readonly #columns: SinkColumns;
  readonly #cluster: Cluster;

  constructor(context: StreamSinkContext) {
    this.#context = context;
    this.#options = sinkOptions(context.options);
    this.#columns = sinkColumns(context.schema, this.#options.topic);
    this.#cluster = new Cluster(context.runtime, this.#options.client, context.signal);
  }

  async write({ partitions, signal }: SinkBatch): Promise<PreparedWrite> {
    const buffer = new RecordBuffer(this.#cluster, this.#options, this.#columns, this.#context.runtime);
    let numOutputRows = 0;
    for (const partition of partitions) {
      for await (const rows of partition) {
        signal.throwIfAborted();
        numOutputRows += rows.length;
        await buffer.add(rows);
      }
    }
    return {
      numOutputRows,
      commit: async () => sendRecords(this.#cluster, this.#options, await buffer.take(true)),
      abort: async () => undefined,
    };
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }
}

/** Sends as it goes: a write that fails has sent a part of its rows. */
class KafkaBatchSink implements BatchSink {
  readonly #context: SinkContext;
  readonly #options: SinkOptions;
  readonly #columns: SinkColumns;

  constructor(context: SinkContext) {
    this.#context = context;
    this.#options = sinkOptions(context.options);
    this.#columns = sinkColumns(context.schema, this.#options.topic);
  }

  async write(
    partitions: readonly AsyncIterable<RecordBatch>[],
    signal: AbortSignal,
  ): Promise<{ readonly rows: number }> {
    const { runtime } = this.#context;
    const cluster = new Cluster(runtime, this.#options.client, signal);
    try {
      const buffer = new RecordBuffer(cluster, this.#options, this.#columns, runtime);
      let count = 0;
      for (const partition of partitions) {
        for await (const rows of partition) {
          count += rows.length;
          await buffer.add(rows);
          await sendRecords(cluster, this.#options, await buffer.take(false));
        }
      }
      await sendRecords(cluster, this.#options, await buffer.take(true));
      return { rows: count };
    } finally {
      await cluster.close();
    }
  }
}

/** Rows as records of topics, for `format("kafka")`. */
export const sinkProvider: SinkProvider = {
  names: ["kafka"],
  outputModes: ["append", "update", "complete"],
  temporaryCheckpointAllowed: false,
  openStream: async (context) => new KafkaStreamSink(context),
  async openBatch(context, mode) {
    // Spark's names of the modes that make sense for a log.
    if (mode !== "append" && mode !== "errorifexists") {
      throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", { provider: "kafka", mode: `a write of mode ${mode}` });
    }
    return new KafkaBatchSink(context);
  },
};
