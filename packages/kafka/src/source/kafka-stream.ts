import {
  atomicWrite,
  type MicroBatchSource,
  MillraceError,
  type OffsetJson,
  type ReadLimit,
  type RecordBatch,
  type ScanRequest,
  type SourceSplit,
  type StreamSourceContext,
} from "millrace/engine";
import { Cluster } from "../client/cluster.ts";
import { partitionKey, type TopicPartition } from "../client/topic-partition.ts";
import { limitOffsets } from "./limit-offsets.ts";
import { type Offsets, offsetsOf, offsetsToJson, parseOffsets, type PartitionOffset } from "./offsets.ts";
import { type OffsetRange, type RangeReader, readPartition } from "./read-partition.ts";
import type { SourceOptions } from "./source-options.ts";
import { earliestOffsets, findPartitions, latestOffsets, resolvePosition } from "./topics.ts";

/** The file begins with a byte 0, as Spark's does. */
const initialOffsetsHeader = "\0v1\n";

/** A stream of records: a range of offsets of each partition is a batch, and reads the same for as long as Kafka keeps them. */
export class KafkaStream implements MicroBatchSource {
  readonly guarantee = "replayable";
  readonly filtered = false;
  readonly description: string;
  readonly defaultLimit: ReadLimit;
  hasBacklog = false;
  readonly #context: StreamSourceContext;
  readonly #options: SourceOptions;
  readonly #cluster: Cluster;
  readonly #reader: RangeReader;
  readonly #closed = new AbortController();
  /** AvailableNow: what is read of this run ends there. */
  #end: Offsets | undefined;
  #latest: OffsetJson | null = null;

  constructor(context: StreamSourceContext, request: ScanRequest, options: SourceOptions) {
    this.description = `KafkaV2[${options.subscribed}]`;
    this.defaultLimit = options.limit;
    this.#context = context;
    this.#options = options;
    const signal = AbortSignal.any([context.signal, this.#closed.signal]);
    this.#cluster = new Cluster(context.runtime, options.client, signal);
    this.#reader = {
      cluster: this.#cluster,
      options,
      columns: request.columns,
      runtime: context.runtime,
      warn: (message) => context.warn(message),
    };
  }

  /** Where the first run began, also when it ended before a batch of it was in the offset log. */
  async initialOffset(): Promise<OffsetJson | null> {
    const { metadataPath, runtime, options, durability } = this.#context;
    const path = `${metadataPath}/0`;
    if ((await runtime.fs.stat(path)) !== null) {
      const text = new TextDecoder().decode(await runtime.fs.readFile(path));
      const json = text.slice(initialOffsetsHeader.length);
      if (!text.startsWith(initialOffsetsHeader) || parseOffsets(json) === undefined) {
        throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason: "it holds no offsets of Kafka" });
      }
      return json;
    }
    const { starting } = this.#options;
    const json = offsetsToJson(
      await resolvePosition(this.#cluster, this.#options, "startingOffsets", starting, options),
    );
    const bytes = new TextEncoder().encode(initialOffsetsHeader + json);
    await runtime.fs.apply([
      { op: "makeDirectory", path: metadataPath },
      ...atomicWrite(path, bytes, "create", runtime.random.uuid(), durability),
    ]);
    return json;
  }

  async latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null> {
    const begun = this.#parse(start);
    const latest = this.#end ?? (await this.#latestOffsets());
    this.#latest = offsetsToJson(latest);
    for (const [key, { offset }] of latest) {
      const before = begun.get(key)?.offset;
      if (before !== undefined && before > offset) {
        const loss = { topicPartition: key, offset: `${before}`, fetchedOffset: `${offset}` };
        this.#lost(new MillraceError("KAFKA_DATA_LOSS.START_OFFSET_RESET", loss));
      }
    }
    const gone = [...begun.values()].filter((each) => !latest.has(partitionKey(each)));
    if (gone.length > 0) {
      const partitions = gone.map(partitionKey).join(", ");
      this.#lost(new MillraceError("KAFKA_DATA_LOSS.PARTITIONS_DELETED", { partitions }));
    }
    const begin = await this.#withAdded(begun, latest);
    const end = limit.kind === "maxRows" ? limitOffsets(begin, latest, limit.rows) : latest;
    const json = offsetsToJson(end);
    this.hasBacklog = json !== this.#latest;
    return json === start ? start : json;
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return this.#latest;
  }

  async prepareForAvailableNow(): Promise<void> {
    this.#end = await this.#latestOffsets();
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    const until = this.#parse(end);
    const begin = await this.#withAdded(this.#parse(start), until);
    return [...until.values()]
      .map((each) => ({ ...each, from: begin.get(partitionKey(each))!.offset }))
      .filter(({ from, offset }) => from < offset)
      .map(({ topic, partition, from, offset }) => {
        const data: OffsetRange = { topic, partition, from, until: offset };
        return { description: `${topic}-${partition} [${from}, ${offset})`, data };
      });
  }

  read(split: SourceSplit, signal: AbortSignal): AsyncIterable<RecordBatch> {
    return readPartition(this.#reader, split.data as OffsetRange, signal);
  }

  /** Kafka is not told: where the query is stands in its checkpoint. */
  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed.abort(new MillraceError("SESSION_STOPPED", {}));
    await this.#cluster.close();
  }

  async #latestOffsets(): Promise<Offsets> {
    return latestOffsets(this.#cluster, this.#options, await findPartitions(this.#cluster, this.#options));
  }

  /** `begin`, and the starts of partitions that came after it. */
  async #withAdded(begin: Offsets, end: Offsets): Promise<Offsets> {
    const added: readonly TopicPartition[] = [...end.values()].filter((each) => !begin.has(partitionKey(each)));
    if (added.length === 0) return begin;
    const starts = await earliestOffsets(this.#cluster, this.#options, added);
    for (const [topicPartition, { offset }] of starts) {
      if (offset === 0) continue;
      const loss = { topicPartition, startOffset: `${offset}` };
      this.#lost(new MillraceError("KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO", loss));
    }
    return offsetsOf([...begin.values(), ...starts.values()] satisfies readonly PartitionOffset[]);
  }

  #lost(error: MillraceError): void {
    if (this.#options.failOnDataLoss) throw error;
    this.#context.warn(error.message);
  }

  #parse(offsets: OffsetJson | null): Offsets {
    const parsed = offsets === null ? offsetsOf([]) : parseOffsets(offsets);
    if (parsed !== undefined) return parsed;
    const path = this.#context.metadataPath;
    throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason: `'${offsets}' is no offset of Kafka` });
  }
}
