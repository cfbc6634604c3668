/**
 * `readStream.from(asyncIterable)`: rows pushed by the user's code. They cannot be read again after a crash, so what was
 * not committed then is lost (guarantee `none`). Pulling stops while the buffer is full.
 */
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { rowWriter } from "../../columnar/external-input.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { targetBatchRows } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import type { SqlValue, StructType } from "../../types/data-type.ts";
import { BufferedStream } from "../buffered-stream.ts";
import type {
  MicroBatchSource,
  OffsetJson,
  ReadLimit,
  RealTimeReading,
  ScanRequest,
  SourceProvider,
  SourceSplit,
  StreamSourceContext,
} from "../contract.ts";
import { limitedEnd, numberOffset } from "../number-offset.ts";
import { projectBatch } from "../project-batch.ts";

type Rows = AsyncIterable<unknown> | Iterable<unknown>;

const bufferedRows = 65_536;

class IterableSource implements MicroBatchSource {
  readonly guarantee = "none";
  readonly filtered = false;
  readonly description = "AsyncIterableSource";
  readonly defaultLimit: ReadLimit;
  readonly #schema: StructType;
  readonly #columns: StructType;
  readonly #buffer = new BufferedStream<readonly SqlValue[]>(bufferedRows);
  readonly #rows: Rows;
  readonly #context: StreamSourceContext;
  #pulling: Promise<void> | undefined;
  #closed = false;
  #stop: (() => void) | undefined;
  #end: number | undefined;

  constructor(rows: Rows, context: StreamSourceContext, request: ScanRequest) {
    this.#rows = rows;
    this.#context = context;
    this.#schema = request.schema;
    this.#columns = request.columns;
    const limit = new OptionReader("from", context.options).count("maxRowsPerTrigger");
    this.defaultLimit = limit === undefined ? { kind: "all" } : { kind: "maxRows", rows: limit };
  }

  async #pull(): Promise<void> {
    const write = rowWriter(this.#schema);
    const iterator =
      Symbol.asyncIterator in this.#rows ? this.#rows[Symbol.asyncIterator]() : this.#rows[Symbol.iterator]();
    const stopped = new Promise<"stopped">((resolve) => {
      this.#stop = () => resolve("stopped");
    });
    try {
      while (!this.#closed) {
        const next = await Promise.race([iterator.next(), stopped]);
        if (next === "stopped" || next.done === true) break;
        this.#buffer.push(write(next.value));
        await this.#buffer.room();
      }
      this.#buffer.end();
    } catch (error) {
      this.#buffer.end(
        error instanceof MillraceError
          ? error
          : new MillraceError(
              "FAILED_EXECUTE_UDF",
              {
                functionName: "readStream.from",
                signature: "",
                result: "rows",
                reason: error instanceof Error ? error.message : String(error),
              },
              { cause: error },
            ),
      );
    } finally {
      // A generator that waits for ever must not hold up the close.
      if (this.#closed) void Promise.resolve(iterator.return?.()).catch(() => undefined);
    }
  }

  async initialOffset(): Promise<OffsetJson | null> {
    return "0";
  }

  async latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null> {
    const from = numberOffset(start);
    this.#buffer.startAt(from);
    this.#pulling ??= this.#pull();
    return `${limitedEnd(from, Math.min(this.#buffer.available(), this.#end ?? Infinity), limit)}`;
  }

  /** All that the iterable gives until it ends, which it should, or until the buffer is full. */
  async prepareForAvailableNow(): Promise<void> {
    this.#pulling ??= this.#pull();
    while (!this.#buffer.ended && this.#buffer.available() < bufferedRows) {
      await this.#context.runtime.clock.sleep(1, this.#context.signal);
    }
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return `${this.#buffer.available()}`;
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    return [{ description: `rows ${start ?? 0}-${end}`, data: [numberOffset(start), numberOffset(end)] }];
  }

  async *read(split: SourceSplit): AsyncIterable<RecordBatch> {
    const [start, end] = split.data as [number, number];
    const rows = this.#buffer.slice(start, end);
    if (rows.length < end - start) {
      this.#context.warn(
        `${end - start - rows.length} rows of an interrupted batch are lost: an async iterable cannot be read again`,
      );
    }
    for (let i = 0; i < rows.length; i += targetBatchRows) {
      yield projectBatch(batchFromValues(this.#schema, rows.slice(i, i + targetBatchRows)), this.#columns);
    }
  }

  async commit(end: OffsetJson): Promise<void> {
    this.#buffer.commit(numberOffset(end));
  }

  readonly realTime: RealTimeReading = {
    latest: (from) => this.latestOffset(from, { kind: "all" }),
    release: (position) => this.#buffer.commit(numberOffset(position)),
  };

  onAvailable(callback: () => void): void {
    this.#buffer.onAvailable(callback);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop?.();
    this.#buffer.end();
    await this.#pulling;
  }
}

/** A provider for one iterable. */
export function iterableProvider(rows: Rows): SourceProvider {
  return {
    names: ["iterable"],
    async inferSchema(_context, given) {
      if (given === undefined) {
        throw new MillraceError("MISSING_OPTION", {
          provider: "readStream.from",
          option: "schema",
          hint: "Give the schema of the rows as the second argument.",
        });
      }
      return given;
    },
    openStream: async (context, request) => new IterableSource(rows, context, request),
  };
}
