/**
 * `foreach`: the user's functions see every row. They are called when the batch commits (P8), after its state is durable;
 * a batch that is repeated after a crash is given to them again, with the same rows in the same partitions, so that
 * (partitionId, epochId) can be used to leave out what was processed.
 * In real time they are called as rows arrive; what comes again after a crash may be divided otherwise.
 */
import { type ExternalRow, rowReaderOf } from "../columnar/external-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type {
  PreparedWrite,
  RealTimeSinkBatch,
  RealTimeWrite,
  SinkBatch,
  SinkProvider,
  StreamSink,
  StreamSinkContext,
} from "./contract.ts";
import { forget, keepRows } from "./pull-rows.ts";

/** What the user gives `foreach`. Each function may be asynchronous; the next call waits for it. */
export interface ForeachFunctions {
  /** Called first for each partition. False: its rows are skipped; `close` is called all the same. */
  open?(partitionId: number, epochId: number): boolean | Promise<boolean>;
  process(row: ExternalRow): void | Promise<void>;
  /** Called last, with what `process` threw or null; not called when `open` itself threw. */
  close?(error: unknown): void | Promise<void>;
}

type RowReader = ReturnType<typeof rowReaderOf>;

async function processPartition(
  functions: ForeachFunctions,
  partition: readonly RecordBatch[],
  partitionId: number,
  { batchId, signal }: SinkBatch,
  reader: RowReader,
): Promise<void> {
  const opened = functions.open === undefined || (await functions.open(partitionId, batchId)) !== false;
  try {
    if (opened) await processRows(functions, partition, signal, reader);
  } catch (error) {
    try {
      await functions.close?.(error);
    } catch {
      // What made the batch fail is the error to report, not what its clean-up ran into.
    }
    throw error;
  }
  await functions.close?.(null);
}

async function processRows(
  functions: ForeachFunctions,
  partition: readonly RecordBatch[],
  signal: AbortSignal,
  reader: RowReader,
): Promise<void> {
  for (const rows of partition) {
    const read = reader(rows);
    for (let i = 0; i < rows.length; i++) {
      signal.throwIfAborted();
      const pending = functions.process(read(i));
      if (pending !== undefined) await pending;
    }
  }
}

/** A batch in real time: a partition is opened by its first row, and closed when the batch is over. */
class ForeachAsRowsCome implements RealTimeWrite {
  numOutputRows = 0;
  readonly #functions: ForeachFunctions;
  readonly #batch: RealTimeSinkBatch;
  readonly #reader: RowReader;
  /** By partition: whether its rows are wanted. */
  readonly #opened = new Map<number, boolean>();

  constructor(functions: ForeachFunctions, batch: RealTimeSinkBatch, reader: RowReader) {
    this.#functions = functions;
    this.#batch = batch;
    this.#reader = reader;
  }

  async write(rows: RecordBatch, partition: number): Promise<void> {
    const { batchId, signal } = this.#batch;
    let wanted = this.#opened.get(partition);
    if (wanted === undefined) {
      wanted = this.#functions.open === undefined || (await this.#functions.open(partition, batchId)) !== false;
      this.#opened.set(partition, wanted);
    }
    if (wanted) await processRows(this.#functions, [rows], signal, this.#reader);
    this.numOutputRows += rows.length;
  }

  async end(): Promise<void> {
    await this.#close(null);
  }

  async abort(error: unknown): Promise<void> {
    try {
      await this.#close(error);
    } catch {
      // What made the batch fail is the error to report, not what its clean-up ran into.
    }
  }

  async #close(error: unknown): Promise<void> {
    const opened = [...this.#opened.keys()];
    this.#opened.clear();
    for (const _ of opened) await this.#functions.close?.(error);
  }
}

class ForeachSink implements StreamSink {
  readonly description = "ForeachWriterTable";
  readonly guarantee = "at-least-once";
  readonly #functions: ForeachFunctions;
  readonly #reader: RowReader;

  constructor(functions: ForeachFunctions, context: StreamSinkContext) {
    this.#functions = functions;
    this.#reader = rowReaderOf(context.schema, { bigint: context.bigint, timestamps: context.timestamps ?? "date" });
  }

  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const { count, partitions } = await keepRows(batch);
    return {
      numOutputRows: count,
      commit: async () => {
        for (const [id, partition] of partitions.entries()) {
          await processPartition(this.#functions, partition, id, batch, this.#reader);
        }
      },
      abort: forget,
    };
  }

  beginRealTime(batch: RealTimeSinkBatch): RealTimeWrite {
    return new ForeachAsRowsCome(this.#functions, batch, this.#reader);
  }
  readonly close: () => Promise<void> = forget;
}

/** A sink that calls the user's functions for every row. */
export function foreachSink(functions: ForeachFunctions): SinkProvider {
  return {
    names: ["foreach"],
    outputModes: ["append", "update", "complete"],
    temporaryCheckpointAllowed: true,
    openStream: async (context) => new ForeachSink(functions, context),
  };
}
