import type { Api } from "./api.ts";

/** Instead of a time: the end of a partition, and its start. */
export const latestTime = -1;
export const earliestTime = -2;

export interface ListOffsetsRequest {
  /** Whether the end is that of committed transactions. */
  readonly committed: boolean;
  readonly topic: string;
  readonly partitions: readonly number[];
  /** ms since the epoch, {@link latestTime} or {@link earliestTime}. */
  readonly time: number;
}

export interface ListedOffset {
  readonly partition: number;
  readonly errorCode: number;
  /** −1: no record is that late. */
  readonly offset: number;
}

/** The offsets of partitions of one topic at a time. */
export const listOffsets: Api<ListOffsetsRequest, readonly ListedOffset[]> = {
  name: "ListOffsets",
  key: 2,
  version: 7,
  write({ committed, topic, partitions, time }, to) {
    to.int32(-1).int8(committed ? 1 : 0);
    to.compactArray([topic], () => {
      to.compactString(topic);
      to.compactArray(partitions, (partition) => to.int32(partition).int32(-1).int64(time).end()).end();
    }).end();
  },
  read(from) {
    from.int32(); // Throttle time.
    const topics = from.compactArray(() => {
      from.compactString();
      const offsets = from.compactArray(() => {
        const partition = from.int32();
        const errorCode = from.int16();
        from.int64(); // The time of the record.
        const offset = from.int64();
        from.int32(); // Leader epoch.
        from.end();
        return { partition, errorCode, offset };
      });
      from.end();
      return offsets;
    });
    return topics.flat();
  },
};
