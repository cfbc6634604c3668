/** Sinks written by users who want rows and no more; {@link SinkProvider} is the interface with columns and partitions. */
import { type ExternalRow, rowReaderOf } from "../columnar/external-values.ts";
import type { PreparedWrite, SinkBatch, SinkProvider, StreamSink, StreamSinkContext } from "./contract.ts";
import { forget, keepRows } from "./pull-rows.ts";

/** One batch as a {@link RowSink} gets it. */
export interface RowSinkBatch<Row> {
  /** Stays the same over restarts: with `batchId` the key under which a batch is written once. */
  readonly queryId: string;
  readonly batchId: number;
  /** All rows of the batch. */
  readonly rows: readonly Row[];
  /** Aborted when the query stops. */
  readonly signal: AbortSignal;
}

/**
 * A sink of the user's.
 *
 * ```ts
 * const sink: RowSink<{ user: string; clicks: number }> = {
 *   name: "postgres",
 *   guarantee: "exactly-once",                       // the batch id is stored in the transaction of the rows
 *   write: ({ queryId, batchId, rows }) => insertOnce(queryId, batchId, rows),
 *   lastCommittedBatch: (queryId) => selectLastBatch(queryId),
 * };
 * ```
 */
export interface RowSink<Row = ExternalRow> {
  /** Shown in progress. */
  readonly name: string;
  /** `exactly-once` when writing a batch twice has the effect of writing it once. Default `at-least-once`. */
  readonly guarantee?: "exactly-once" | "at-least-once";
  /**
   * Writes a batch. Called when its state is durable; the batch is done when the promise resolves. After a crash the last
   * batch may come again, with the same rows in the same order.
   */
  write(batch: RowSinkBatch<Row>): Promise<void>;
  /** The last batch of this query that is in the sink, null when none is. Batches up to it are not written again. */
  lastCommittedBatch?(queryId: string): Promise<number | null>;
  close?(): Promise<void>;
}

class RowStreamSink<Row> implements StreamSink {
  readonly description: string;
  readonly guarantee: "exactly-once" | "at-least-once";
  readonly #sink: RowSink<Row>;
  readonly #context: StreamSinkContext;
  readonly #reader: ReturnType<typeof rowReaderOf>;
  #latest: number | null;

  constructor(sink: RowSink<Row>, context: StreamSinkContext, latest: number | null) {
    this.description = sink.name;
    this.guarantee = sink.guarantee ?? "at-least-once";
    this.#sink = sink;
    this.#context = context;
    this.#reader = rowReaderOf(context.schema, { bigint: context.bigint, timestamps: context.timestamps ?? "date" });
    this.#latest = latest;
  }

  async lastCommittedBatch(): Promise<number | null> {
    return this.#latest;
  }

  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const { count, partitions } = await keepRows(batch);
    const { batchId, signal } = batch;
    return {
      numOutputRows: count,
      commit: async () => {
        if (this.#latest !== null && batchId <= this.#latest) return;
        const rows: Row[] = [];
        for (const part of partitions.flat()) {
          const read = this.#reader(part);
          // The row type is the user's statement about the schema of the query.
          for (let i = 0; i < part.length; i++) rows.push(read(i) as Row);
        }
        await this.#sink.write({ queryId: this.#context.queryId, batchId, rows, signal });
        if (this.#sink.lastCommittedBatch !== undefined) this.#latest = batchId;
      },
      abort: forget,
    };
  }

  async close(): Promise<void> {
    await this.#sink.close?.();
  }
}

/** Makes a provider, for `writeStream.format(…)`, of a sink of the user's. */
export function rowSink<Row = ExternalRow>(sink: RowSink<Row>): SinkProvider {
  return {
    names: [sink.name],
    outputModes: ["append", "update", "complete"],
    temporaryCheckpointAllowed: false,
    async openStream(context) {
      const latest = (await sink.lastCommittedBatch?.(context.queryId)) ?? null;
      return new RowStreamSink(sink, context, latest);
    },
  };
}
