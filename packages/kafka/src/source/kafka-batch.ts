import type { BatchSource, RecordBatch, ScanRequest, SourceContext, SourceSplit } from "millrace/engine";
import { Cluster } from "../client/cluster.ts";
import { partitionKey } from "../client/topic-partition.ts";
import { type OffsetRange, type RangeReader, readPartition } from "./read-partition.ts";
import type { SourceOptions } from "./source-options.ts";
import { resolvePosition } from "./topics.ts";

/** A batch read: one split for each partition, from the starting to the ending offsets as they are when it is opened. */
export class KafkaBatch implements BatchSource {
  readonly filtered = false;
  readonly splits: readonly SourceSplit[];
  readonly #reader: RangeReader;

  private constructor(splits: readonly SourceSplit[], reader: RangeReader) {
    this.splits = splits;
    this.#reader = reader;
  }

  static async open(context: SourceContext, request: ScanRequest, options: SourceOptions): Promise<KafkaBatch> {
    const cluster = new Cluster(context.runtime, options.client, context.signal);
    try {
      const { starting, ending } = options;
      const starts = await resolvePosition(cluster, options, "startingOffsets", starting, context.options);
      const ends = await resolvePosition(cluster, options, "endingOffsets", ending, context.options);
      const splits = [...starts.values()].flatMap((start): SourceSplit[] => {
        const until = ends.get(partitionKey(start))?.offset ?? start.offset;
        if (until <= start.offset) return [];
        const { topic, partition, offset: from } = start;
        const data: OffsetRange = { topic, partition, from, until };
        return [{ description: `${topic}-${partition} [${from}, ${until})`, data }];
      });
      const warn = (message: string): void => context.warn(message);
      return new KafkaBatch(splits, { cluster, options, columns: request.columns, runtime: context.runtime, warn });
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  read(split: SourceSplit, signal: AbortSignal): AsyncIterable<RecordBatch> {
    return readPartition(this.#reader, split.data as OffsetRange, signal);
  }

  close(): Promise<void> {
    return this.#reader.cluster.close();
  }
}
