/**
 * Rows that a program adds by hand: for tests. All rows stay in the object, so that a query that is started again over it
 * reads the same rows. Offsets count the calls of {@link MemoryStream.add}, from −1 as in Spark.
 */
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { rowWriter } from "../../columnar/external-input.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { SqlValue, StructType } from "../../types/data-type.ts";
import type { MicroBatchSource, OffsetJson, ReadLimit, ScanRequest, SourceProvider, SourceSplit } from "../contract.ts";
import { projectBatch } from "../project-batch.ts";

export class MemoryStream implements SourceProvider {
  readonly names: readonly string[] = ["memory-stream"];
  readonly schema: StructType;
  readonly #chunks: (readonly (readonly SqlValue[])[])[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(schema: StructType) {
    this.schema = schema;
  }

  /** Adds rows as one unit; returns its offset. Values are taken as in `createDataFrame`. */
  add(rows: readonly unknown[]): number {
    const write = rowWriter(this.schema);
    this.#chunks.push(rows.map(write));
    for (const listener of this.#listeners) listener();
    return this.#chunks.length - 1;
  }

  async inferSchema(): Promise<StructType> {
    return this.schema;
  }

  async openStream(_context: unknown, request: ScanRequest): Promise<MicroBatchSource> {
    const chunks = this.#chunks;
    const listeners = this.#listeners;
    const schema = this.schema;
    let listener: (() => void) | undefined;
    let end: number | undefined;
    const latest = (): number => Math.min(chunks.length - 1, end ?? Infinity);
    const reached = (start: OffsetJson | null): OffsetJson => `${Math.max(Number(start ?? -1), latest())}`;
    return {
      description: "MemoryStream",
      guarantee: "replayable",
      filtered: false,
      defaultLimit: { kind: "all" },
      initialOffset: async () => "-1",
      latestOffset: async (start: OffsetJson | null, limit: ReadLimit) => {
        const from = Number(start ?? -1);
        if (limit.kind !== "maxRows") return reached(start);
        let to = from;
        for (let rows = 0; to < latest() && (rows === 0 || rows < limit.rows);) rows += chunks[++to]!.length;
        return `${to}`;
      },
      prepareForAvailableNow: async () => {
        end = chunks.length - 1;
      },
      reportLatestOffset: async () => `${latest()}`,
      plan: async (start: OffsetJson | null, to: OffsetJson): Promise<readonly SourceSplit[]> => [
        { description: `chunks ${start}-${to}`, data: [Number(start ?? -1), Number(to)] },
      ],
      async *read(split: SourceSplit): AsyncIterable<RecordBatch> {
        const [from, to] = split.data as [number, number];
        const rows = chunks.slice(from + 1, to + 1).flat();
        if (rows.length > 0) yield projectBatch(batchFromValues(schema, rows), request.columns);
      },
      commit: async () => {},
      realTime: { latest: async (from) => reached(from) },
      onAvailable: (callback: () => void) => {
        listener = callback;
        listeners.add(callback);
      },
      close: async () => {
        if (listener !== undefined) listeners.delete(listener);
      },
    };
  }
}
