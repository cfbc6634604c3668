import { compactBatch } from "../columnar/compact.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { MillraceError } from "../errors/index.ts";
import { FileSystemError } from "../runtime/file-system.ts";
import { type StructType, structType } from "../types/data-type.ts";
import type {
  OutputMode,
  PreparedWrite,
  RealTimeWrite,
  SinkBatch,
  SinkProvider,
  StreamSink,
  StreamSinkContext,
} from "./contract.ts";
import { forget, keepRows } from "./pull-rows.ts";

/** The rows of a memory sink: those of all batches, or with output mode complete those of the last one. */
export class MemorySinkTable {
  #schema: StructType = structType([]);
  #batches: readonly RecordBatch[] = [];
  #latestBatchId = -1;

  /** Known once the query has started. */
  get schema(): StructType {
    return this.#schema;
  }
  /** Id of the last batch in the table, −1 when there is none. */
  get latestBatchId(): number {
    return this.#latestBatchId;
  }
  /** The rows of the committed batches. What is returned does not change when further batches come. */
  batches(): readonly RecordBatch[] {
    return this.#batches;
  }
  /** Empties the table for a query with the given result. */
  open(schema: StructType): void {
    this.#schema = schema;
    this.#batches = [];
    this.#latestBatchId = -1;
  }
  /** Adds rows of a batch that goes on: they are seen at once, and again when the batch comes again. */
  append(rows: RecordBatch): void {
    this.#batches = [...this.#batches, rows];
  }
  /** Adds a batch, or replaces everything by it when the mode is complete. A batch that is in the table is left out. */
  add(batchId: number, rows: readonly RecordBatch[], mode: OutputMode): void {
    if (batchId <= this.#latestBatchId) return;
    this.#batches = mode === "complete" ? rows : [...this.#batches, ...rows];
    this.#latestBatchId = batchId;
  }
}

class MemorySink implements StreamSink {
  readonly description = "MemorySink";
  readonly guarantee = "exactly-once";
  readonly #table: MemorySinkTable;
  readonly #mode: OutputMode;

  constructor(table: MemorySinkTable, mode: OutputMode) {
    this.#table = table;
    this.#mode = mode;
  }

  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const { count, partitions } = await keepRows(batch);
    return {
      numOutputRows: count,
      commit: async () => this.#table.add(batch.batchId, partitions.flat(), this.#mode),
      abort: forget,
    };
  }
  beginRealTime(): RealTimeWrite {
    const table = this.#table;
    let numOutputRows = 0;
    return {
      get numOutputRows() {
        return numOutputRows;
      },
      async write(rows) {
        table.append(compactBatch(rows));
        numOutputRows += rows.length;
      },
      end: forget,
      abort: forget,
    };
  }
  readonly close: () => Promise<void> = forget;
}

/**
 * The table starts empty with each run. A query that goes on from a checkpoint would show only what comes after it, unless
 * every batch holds the complete result.
 */
async function refuseRestart(context: StreamSinkContext): Promise<void> {
  const { checkpointPath } = context;
  if (checkpointPath === undefined || context.outputMode === "complete") return;
  try {
    const offsets = await context.runtime.fs.list(`${checkpointPath}/offsets`);
    if (!offsets.some(({ name }) => /^\d+$/.test(name))) return;
  } catch (error) {
    if (error instanceof FileSystemError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return;
    throw error;
  }
  throw new MillraceError("_LEGACY_ERROR_TEMP_1299", { checkpointPath });
}

/** `memory`: keeps the rows in a table of this process. */
export function memorySink(table: MemorySinkTable): SinkProvider {
  return {
    names: ["memory"],
    outputModes: ["append", "update", "complete"],
    temporaryCheckpointAllowed: true,
    async openStream(context) {
      await refuseRestart(context);
      table.open(context.schema);
      return new MemorySink(table, context.outputMode);
    },
  };
}

/** The `memory` of the registry: each query has a table of its own, which nobody else sees. */
export const detachedMemorySink: SinkProvider = {
  ...memorySink(new MemorySinkTable()),
  openStream: (context) => memorySink(new MemorySinkTable()).openStream!(context),
};
