/** Offsets of partitions and their JSON, which is Spark's: `{"clicks":{"0":23,"1":-2}}`. */
import { comparePartitions, partitionKey, type TopicPartition } from "../client/topic-partition.ts";

export interface PartitionOffset extends TopicPartition {
  /** Of the next record that is read; −1: the end, −2: the start, where options give offsets. */
  readonly offset: number;
}

/** By {@link partitionKey}. */
export type Offsets = ReadonlyMap<string, PartitionOffset>;

export function offsetsOf(entries: Iterable<PartitionOffset>): Offsets {
  return new Map([...entries].toSorted(comparePartitions).map((entry) => [partitionKey(entry), entry]));
}

/** Topics and partitions in order, so that equal offsets have equal texts. */
export function offsetsToJson(offsets: Offsets): string {
  const topics = Map.groupBy([...offsets.values()].toSorted(comparePartitions), (entry) => entry.topic);
  const texts = [...topics].map(([topic, entries]) => {
    const partitions = entries.map(({ partition, offset }) => `"${partition}":${offset}`).join(",");
    return `${JSON.stringify(topic)}:{${partitions}}`;
  });
  return `{${texts.join(",")}}`;
}

/** Undefined when the text is no such JSON. */
export function parseOffsets(text: string): Offsets | undefined {
  const entries: PartitionOffset[] = [];
  for (const [topic, partitions] of objectEntries(parseJson(text)) ?? [["", null] as const]) {
    const numbers = objectEntries(partitions);
    if (numbers === undefined) return undefined;
    for (const [partition, offset] of numbers) {
      if (!/^\d{1,9}$/.test(partition) || !Number.isSafeInteger(offset) || Number(offset) < -2) return undefined;
      entries.push({ topic, partition: Number(partition), offset: Number(offset) });
    }
  }
  return offsetsOf(entries);
}

/** What the option `assign` gives: `{"clicks":[0,1]}`. Undefined when the text is no such JSON, or names nothing. */
export function parsePartitions(text: string): readonly TopicPartition[] | undefined {
  const found: TopicPartition[] = [];
  for (const [topic, partitions] of objectEntries(parseJson(text)) ?? []) {
    if (!Array.isArray(partitions)) return undefined;
    for (const partition of partitions as readonly unknown[]) {
      if (!Number.isSafeInteger(partition) || Number(partition) < 0) return undefined;
      found.push({ topic, partition: Number(partition) });
    }
  }
  return found.length === 0 ? undefined : found.toSorted(comparePartitions);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function objectEntries(value: unknown): [string, unknown][] | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
}
