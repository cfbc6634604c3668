import type { Cluster } from "../client/cluster.ts";
import { partitionKey } from "../client/topic-partition.ts";
import { errorName } from "../protocol/error-codes.ts";
import { type PartitionRecords, produce, type ProducedBatch } from "../protocol/produce.ts";
import type { SinkOptions } from "./sink-options.ts";

/** Partitions that are written to at the same time. */
const mostAtOnce = 16;

/**
 * Sends record batches; those of one partition one after another, in their order.
 * @throws MillraceError KAFKA_REQUEST_FAILED
 */
export async function sendRecords(
  cluster: Cluster,
  options: SinkOptions,
  batches: readonly PartitionRecords[],
): Promise<void> {
  const queues = [...Map.groupBy(batches, partitionKey).values()];
  const work = async (): Promise<void> => {
    for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
      for (const batch of queue) await sendBatch(cluster, options, batch);
    }
  };
  await Promise.all(Array.from({ length: mostAtOnce }, work));
}

async function sendBatch(cluster: Cluster, options: SinkOptions, batch: PartitionRecords): Promise<void> {
  const request = { acks: options.acks, timeoutMs: options.client.requestTimeoutMs, batches: [batch] };
  const errorCodeOf = ([produced]: readonly ProducedBatch[]): number => produced?.errorCode ?? -1;
  const [produced] = await cluster.askLeader(batch, produce, request, errorCodeOf);
  if (produced?.errorCode === 0) return;
  const message = produced?.message ?? null;
  const error = errorName(produced?.errorCode ?? -1) + (message === null ? "" : `: ${message}`);
  throw cluster.failed(produce.name, partitionKey(batch), error);
}
