/** Which partitions a source reads, and where they begin and end. */
import type { Cluster } from "../client/cluster.ts";
import { comparePartitions, partitionKey, type TopicPartition } from "../client/topic-partition.ts";
import { OptionReader, type OptionMap } from "millrace/engine";
import { errorName, unknownTopicOrPartition } from "../protocol/error-codes.ts";
import { earliestTime, latestTime } from "../protocol/list-offsets.ts";
import { type Offsets, offsetsOf } from "./offsets.ts";
import type { Position, SourceOptions } from "./source-options.ts";

/**
 * The partitions that there are of what the options name, in order.
 * @throws MillraceError KAFKA_REQUEST_FAILED when a topic that is subscribed or a partition that is assigned is not there
 */
export async function findPartitions(cluster: Cluster, options: SourceOptions): Promise<readonly TopicPartition[]> {
  const { subscription } = options;
  const names =
    subscription.kind === "pattern"
      ? null
      : subscription.kind === "subscribe"
        ? subscription.topics
        : [...new Set(subscription.partitions.map(({ topic }) => topic))];
  const topics = await cluster.topics(names);
  const found = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  );
  if (subscription.kind === "pattern") {
    const internal = new Set(topics.filter(({ isInternal }) => isInternal).map(({ name }) => name));
    return found
      .filter(({ topic }) => !internal.has(topic) && subscription.pattern.test(topic))
      .toSorted(comparePartitions);
  }
  if (subscription.kind === "subscribe") return found.toSorted(comparePartitions);
  const there = new Set(found.map(partitionKey));
  return subscription.partitions.filter((partition) => there.has(partitionKey(partition)));
}

export async function latestOffsets(
  cluster: Cluster,
  options: SourceOptions,
  partitions: readonly TopicPartition[],
): Promise<Offsets> {
  return listed(cluster, partitions, latestTime, options.committed);
}

export async function earliestOffsets(
  cluster: Cluster,
  options: SourceOptions,
  partitions: readonly TopicPartition[],
): Promise<Offsets> {
  return listed(cluster, partitions, earliestTime, options.committed);
}

async function listed(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  time: number,
  committed: boolean,
): Promise<Offsets> {
  const offsets = await cluster.offsetsAt(partitions, time, committed);
  return offsetsOf(partitions.map((each) => ({ ...each, offset: offsets.get(partitionKey(each))! })));
}

/** The offsets that an option means. @throws MillraceError INVALID_OPTION when JSON names other partitions than there are */
export async function resolvePosition(
  cluster: Cluster,
  options: SourceOptions,
  name: "startingOffsets" | "endingOffsets",
  position: Position,
  given: OptionMap,
): Promise<Offsets> {
  const partitions = await findPartitions(cluster, options);
  if (partitions.length === 0 && options.subscription.kind !== "pattern") {
    throw cluster.failed("Metadata", options.subscribed, errorName(unknownTopicOrPartition));
  }
  if (position === "earliest") return earliestOffsets(cluster, options, partitions);
  if (position === "latest") return latestOffsets(cluster, options, partitions);
  const keys = partitions.map(partitionKey);
  if (keys.length !== position.size || !keys.every((key) => position.has(key))) {
    const reader = new OptionReader("kafka", given);
    const value = reader.text(name) ?? "";
    throw reader.invalid(name, value, `Name every partition that is read, and no other: ${keys.join(", ")}.`);
  }
  const wanted = [...position.values()];
  const starts = await earliestOffsets(
    cluster,
    options,
    wanted.filter(({ offset }) => offset === earliestTime),
  );
  const ends = await latestOffsets(
    cluster,
    options,
    wanted.filter(({ offset }) => offset === latestTime),
  );
  return offsetsOf(wanted.map((each) => starts.get(partitionKey(each)) ?? ends.get(partitionKey(each)) ?? each));
}
