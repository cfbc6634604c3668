/**
 * The short way to a source of one's own: rows as objects and offsets as any JSON value. The full interface, with column
 * batches and splits, is {@link SourceProvider}.
 */
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { rowWriter } from "../../columnar/external-input.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import type { SqlValue, StructType } from "../../types/data-type.ts";
import type {
  MicroBatchSource,
  OffsetJson,
  ReadLimit,
  RealTimeReading,
  ScanRequest,
  SourceProvider,
  SourceSplit,
} from "../contract.ts";
import { projectBatch } from "../project-batch.ts";

/**
 * A replayable source of rows. The engine asks how far it could read, writes that down, and then reads the range; after
 * a crash it reads the same range again, and must get the same rows.
 */
export interface RowSource<Row = Readonly<Record<string, unknown>>, Offset = unknown> {
  /** Shown in progress. */
  readonly name: string;
  /** `replayable`: the same range can be read again after a crash, also by a new process. Default: `replayable`. */
  readonly guarantee?: "replayable" | "none";
  /** Offset before the first row. */
  initialOffset(): Offset | Promise<Offset>;
  /** How far the next batch may go from `start`; equal to `start` (as JSON) when there is nothing new. */
  latestOffset(start: Offset): Offset | Promise<Offset>;
  /** The rows after `start` up to and including `end`, in the same order each time. */
  read(start: Offset, end: Offset, signal: AbortSignal): AsyncIterable<Row> | Iterable<Row>;
  /**
   * Trigger `availableNow`: the rows that are there now are the last that this run reads; `latestOffset` stays below them from
   * now on. Without it, such a run reads one batch, to what `latestOffset` gives at its start.
   */
  prepareForAvailableNow?(): void | Promise<void>;
  /** The rows up to `end` will not be asked for again. */
  commit?(end: Offset): void | Promise<void>;
  close?(): void | Promise<void>;
}

class RowSourceStream implements MicroBatchSource {
  readonly filtered = false;
  readonly defaultLimit: ReadLimit = { kind: "all" };
  readonly description: string;
  readonly guarantee: "replayable" | "none";
  readonly prepareForAvailableNow?: () => Promise<void>;
  readonly realTime: RealTimeReading = { latest: (from) => this.latestOffset(from) };
  readonly #source: RowSource;
  readonly #schema: StructType;
  readonly #columns: StructType;

  constructor(source: RowSource, request: ScanRequest) {
    this.#source = source;
    this.#schema = request.schema;
    this.#columns = request.columns;
    this.description = source.name;
    this.guarantee = source.guarantee ?? "replayable";
    if (source.prepareForAvailableNow !== undefined) {
      this.prepareForAvailableNow = async () => source.prepareForAvailableNow?.();
    }
  }

  async initialOffset(): Promise<OffsetJson | null> {
    return JSON.stringify(await this.#source.initialOffset());
  }

  async latestOffset(start: OffsetJson | null): Promise<OffsetJson | null> {
    return JSON.stringify(
      await this.#source.latestOffset(start === null ? await this.#source.initialOffset() : JSON.parse(start)),
    );
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return null;
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    return [{ description: `${this.#source.name} ${start ?? ""}-${end}`, data: [start, end] }];
  }

  async *read(split: SourceSplit, signal: AbortSignal): AsyncIterable<RecordBatch> {
    const [start, end] = split.data as [OffsetJson | null, OffsetJson];
    const write = rowWriter(this.#schema);
    const from = start === null ? await this.#source.initialOffset() : (JSON.parse(start) as unknown);
    let rows: (readonly SqlValue[])[] = [];
    for await (const row of this.#source.read(from, JSON.parse(end), signal)) {
      rows.push(write(row));
      if (rows.length < targetBatchRows) continue;
      yield projectBatch(batchFromValues(this.#schema, rows), this.#columns);
      rows = [];
    }
    if (rows.length > 0) yield projectBatch(batchFromValues(this.#schema, rows), this.#columns);
  }

  async commit(end: OffsetJson): Promise<void> {
    await this.#source.commit?.(JSON.parse(end));
  }

  async close(): Promise<void> {
    await this.#source.close?.();
  }
}

/** A provider for one row source. */
export function rowSourceProvider(source: RowSource): SourceProvider {
  return {
    names: [source.name],
    async inferSchema(_context, given) {
      if (given === undefined) {
        throw new MillraceError("MISSING_OPTION", {
          provider: source.name,
          option: "schema",
          hint: "Give the schema of the rows as the second argument of readStream.from.",
        });
      }
      return given;
    },
    openStream: async (_context, request) => new RowSourceStream(source, request),
  };
}
