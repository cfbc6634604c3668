import { compactBatch } from "../columnar/compact.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { type ShowFormat, showString } from "../functions/show-string.ts";
import type {
  BatchSink,
  PreparedWrite,
  RealTimeSinkBatch,
  RealTimeWrite,
  SinkBatch,
  SinkContext,
  SinkProvider,
  StreamSink,
} from "./contract.ts";
import { OptionReader } from "../logical-plan/option-reader.ts";
import { forget, pullRows } from "./pull-rows.ts";

const dashes = "-".repeat(43);

/** `numRows` (20) rows are shown, cells cut to 20 characters unless `truncate` is false. */
function formatOf(context: SinkContext): ShowFormat {
  const options = new OptionReader("console", context.options);
  return {
    rows: options.count("numRows", 0) ?? 20,
    truncate: options.flag("truncate", true) ? 20 : 0,
    vertical: false,
    timeZone: context.timeZone,
  };
}

/** Keeps as many rows as are shown, and one more, which tells that there are more. */
class ShownRows {
  readonly batches: RecordBatch[] = [];
  readonly #format: ShowFormat;
  #kept = 0;

  constructor(format: ShowFormat) {
    this.#format = format;
  }
  add(rows: RecordBatch): void {
    if (this.#kept > this.#format.rows) return;
    this.#kept += rows.length;
    this.batches.push(compactBatch(rows));
  }
}

class ConsoleSink implements StreamSink {
  readonly description = "ConsoleSink";
  readonly guarantee = "at-least-once";
  readonly #context: SinkContext;
  readonly #format: ShowFormat;

  constructor(context: SinkContext) {
    this.#context = context;
    this.#format = formatOf(context);
  }

  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const shown = new ShownRows(this.#format);
    const numOutputRows = await pullRows(batch.partitions, batch.signal, (rows) => shown.add(rows));
    return { numOutputRows, commit: async () => this.#print(batch, shown), abort: forget };
  }

  /** As Spark's: the rows are shown when the batch is over. */
  beginRealTime(batch: RealTimeSinkBatch): RealTimeWrite {
    const shown = new ShownRows(this.#format);
    let numOutputRows = 0;
    return {
      get numOutputRows() {
        return numOutputRows;
      },
      async write(rows) {
        numOutputRows += rows.length;
        shown.add(rows);
      },
      end: async () => this.#print(batch, shown),
      abort: forget,
    };
  }

  #print({ batchId, schema }: RealTimeSinkBatch, shown: ShownRows): void {
    const table = showString(schema, shown.batches, this.#format);
    this.#context.runtime.process.print(`${dashes}\nBatch: ${batchId}\n${dashes}\n${table}\n`);
  }
  readonly close: () => Promise<void> = forget;
}

function consoleBatch(context: SinkContext): BatchSink {
  const format = formatOf(context);
  return {
    async write(partitions, signal) {
      const shown = new ShownRows(format);
      const rows = await pullRows(partitions, signal, (batch) => shown.add(batch));
      context.runtime.process.print(`${showString(context.schema, shown.batches, format)}\n`);
      return { rows };
    },
  };
}

/** `console`: prints each batch, when it commits, as Spark's console sink does. */
export const consoleSink: SinkProvider = {
  names: ["console"],
  outputModes: ["append", "update", "complete"],
  temporaryCheckpointAllowed: true,
  openStream: async (context) => new ConsoleSink(context),
  openBatch: async (context) => consoleBatch(context),
};
