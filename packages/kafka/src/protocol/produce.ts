import type { Api } from "./api.ts";

export interface PartitionRecords {
  readonly topic: string;
  readonly partition: number;
  /** One record batch. */
  readonly records: Uint8Array;
}

export interface ProduceRequest {
  /** −1: all replicas in sync, 1: the leader. */
  readonly acks: number;
  readonly timeoutMs: number;
  readonly batches: readonly PartitionRecords[];
}

export interface ProducedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly message: string | null;
}

/** Appends record batches to partitions which the broker leads, at most one to each. */
export const produce: Api<ProduceRequest, readonly ProducedBatch[]> = {
  name: "Produce",
  key: 0,
  version: 9,
  write({ acks, timeoutMs, batches }, to) {
    const byTopic = [...Map.groupBy(batches, (batch) => batch.topic)];
    to.compactString(null).int16(acks).int32(timeoutMs);
    to.compactArray(byTopic, ([topic, parts]) => {
      to.compactString(topic);
      to.compactArray(parts, (part) => to.int32(part.partition).compactBytes(part.records).end()).end();
    }).end();
  },
  read(from) {
    const topics = from.compactArray(() => {
      const topic = from.compactString() ?? "";
      const batches = from.compactArray(() => {
        const partition = from.int32();
        const errorCode = from.int16();
        for (let k = 0; k < 3; k++) from.int64(); // Base offset, time of the append, start of the log.
        from.compactArray(() => {
          from.int32();
          from.compactString();
          from.end();
        });
        const message = from.compactString();
        from.end();
        return { topic, partition, errorCode, message };
      });
      from.end();
      return batches;
    });
    return topics.flat();
  },
};
