import { MillraceError, type RecordBatch, type Runtime } from "millrace/engine";
import type { Cluster } from "../client/cluster.ts";
import { partitionKey, type TopicPartition } from "../client/topic-partition.ts";
import type { PartitionRecords } from "../protocol/produce.ts";
import { type ByteRange, RecordBatchWriter } from "../protocol/record-batch-writer.ts";
import { murmur2 } from "./murmur2.ts";
import { headersAt, partitionAt, rangeAt, type SinkColumns, textAt } from "./sink-columns.ts";
import type { SinkOptions } from "./sink-options.ts";

interface OpenBatch extends TopicPartition {
  readonly writer: RecordBatchWriter;
}

/** Puts rows into record batches, one that is open for each partition. */
export class RecordBuffer {
  readonly #cluster: Cluster;
  readonly #options: SinkOptions;
  readonly #columns: SinkColumns;
  readonly #runtime: Runtime;
  /** How many partitions topics have. */
  readonly #partitions = new Map<string, number>();
  readonly #open = new Map<string, OpenBatch>();
  readonly #full: PartitionRecords[] = [];
  /** Rows without a key go to one partition after another, many at a time. */
  #turn: number;

  constructor(cluster: Cluster, options: SinkOptions, columns: SinkColumns, runtime: Runtime) {
    this.#cluster = cluster;
    this.#options = options;
    this.#columns = columns;
    this.#runtime = runtime;
    this.#turn = runtime.random.int32() >>> 1;
  }

  /** Adds rows, which may lie in buffers that are reused afterwards. */
  async add(batch: RecordBatch): Promise<void> {
    this.#turn++;
    const { topic: topicColumn, key: keyColumn, value, headers, partition } = this.#columns;
    let topic = this.#options.topic;
    if (topic !== undefined) await this.#learn(topic);
    else await this.#learnTopics(batch);
    for (let row = 0; row < batch.length; row++) {
      topic = this.#options.topic ?? textAt(batch, topicColumn, row)!;
      const key = rangeAt(batch, keyColumn, row);
      const chosen = this.#choose(topic, key, partitionAt(batch, partition, row));
      const open = this.#batchFor({ topic, partition: chosen });
      open.writer.append(key, rangeAt(batch, value, row), headersAt(batch, headers, row));
      if (open.writer.size >= this.#options.batchBytes) await this.#close(open);
    }
  }

  /** Batches that are full, with the open ones when all are wanted. */
  async take(all: boolean): Promise<readonly PartitionRecords[]> {
    if (all) for (const open of this.#open.values()) await this.#close(open);
    return this.#full.splice(0);
  }

  async #learnTopics(batch: RecordBatch): Promise<void> {
    for (let row = 0; row < batch.length; row++) {
      const topic = textAt(batch, this.#columns.topic, row);
      if (topic === null) throw new MillraceError("KAFKA_NULL_TOPIC_IN_DATA", {});
      await this.#learn(topic);
    }
  }

  async #learn(topic: string): Promise<void> {
    if (this.#partitions.has(topic)) return;
    const [found] = await this.#cluster.topics([topic], true);
    if (found === undefined || found.partitions.length === 0) {
      throw this.#cluster.failed("Metadata", topic, "the topic has no partitions");
    }
    this.#partitions.set(topic, found.partitions.length);
  }

  #choose(topic: string, key: ByteRange | null, given: number | null): number {
    const count = this.#partitions.get(topic)!;
    if (given !== null) {
      if (given >= 0 && given < count) return given;
      throw this.#cluster.failed("Produce", `${topic}-${given}`, `the topic has the partitions 0 to ${count - 1}`);
    }
    if (key === null) return this.#turn % count;
    return (murmur2(key.bytes, key.start, key.end) & 0x7fff_ffff) % count;
  }

  #batchFor(partition: TopicPartition): OpenBatch {
    const key = partitionKey(partition);
    let open = this.#open.get(key);
    if (open === undefined) {
      open = { ...partition, writer: new RecordBatchWriter() };
      this.#open.set(key, open);
    }
    return open;
  }

  async #close({ topic, partition, writer }: OpenBatch): Promise<void> {
    this.#open.delete(partitionKey({ topic, partition }));
    const { clock, compression } = this.#runtime;
    const records = await writer.finish(this.#options.codec, clock.nowMs(), compression);
    this.#full.push({ topic, partition, records });
  }
}
