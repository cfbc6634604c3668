import { compactBatch } from "../columnar/compact.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { type ShowFormat, showString } from "../functions/show-string.ts";
import type { BatchSink, PreparedWrite, SinkBatch, SinkContext, SinkProvider, StreamSink } from "./contract.ts";
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

/** Counts all rows and keeps as many as are shown, and one more, which tells that there are more. */
async function pullShown(
  partitions: readonly AsyncIterable<RecordBatch>[],
  signal: AbortSignal,
  format: ShowFormat,
): Promise<{ readonly count: number; readonly shown: readonly RecordBatch[] }> {
  const shown: RecordBatch[] = [];
  let kept = 0;
  const count = await pullRows(partitions, signal, (rows) => {
    if (kept > format.rows) return;
    kept += rows.length;
    shown.push(compactBatch(rows));
  });
  return { count, shown };
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
    const { count, shown } = await pullShown(batch.partitions, batch.signal, this.#format);
    const { process } = this.#context.runtime;
    return {
      numOutputRows: count,
      commit: async () => {
        const table = showString(batch.schema, shown, this.#format);
        process.print(`${dashes}\nBatch: ${batch.batchId}\n${dashes}\n${table}\n`);
      },
      abort: forget,
    };
  }
  readonly close: () => Promise<void> = forget;
}

function consoleBatch(context: SinkContext): BatchSink {
  const format = formatOf(context);
  return {
    async write(partitions, signal) {
      const { count, shown } = await pullShown(partitions, signal, format);
      context.runtime.process.print(`${showString(context.schema, shown, format)}\n`);
      return { rows: count };
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
