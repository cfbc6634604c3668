import type { Api } from "./api.ts";
import type { ByteReader } from "./byte-reader.ts";

export interface FetchRequest {
  readonly committed: boolean;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Of records; a record batch that is larger comes whole when it is the first. */
  readonly maxBytes: number;
  /** How long the broker waits for the first byte. */
  readonly maxWaitMs: number;
}

/** From this offset on the records of the producer belong to a transaction that was given up. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchResponse {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches as they lie in the log; the last may be cut off. Shares the memory of the response. */
  readonly records: Uint8Array;
}

const nothing = new Uint8Array(0);

/** The record batches of one partition from an offset on, by topic name and without a fetch session. */
export const fetchRecords: Api<FetchRequest, FetchResponse> = {
  name: "Fetch",
  key: 1,
  version: 12,
  write({ committed, topic, partition, offset, maxBytes, maxWaitMs }, to) {
    const minBytes = 1;
    const withoutSession = { id: 0, epoch: -1 };
    to.int32(-1).int32(maxWaitMs).int32(minBytes).int32(maxBytes);
    to.int8(committed ? 1 : 0)
      .int32(withoutSession.id)
      .int32(withoutSession.epoch);
    to.compactArray([topic], () => {
      to.compactString(topic);
      // No leader epochs, and no start of a log, which only followers have.
      to.compactArray([partition], () =>
        to.int32(partition).int32(-1).int64(offset).int32(-1).int64(-1).int32(maxBytes).end(),
      ).end();
    });
    to.compactArray([], () => undefined)
      .compactString("")
      .end();
  },
  read(from) {
    from.int32(); // Throttle time.
    const errorCode = from.int16();
    from.int32(); // Session.
    const partitions = from
      .compactArray(() => {
        from.compactString();
        const read = from.compactArray(() => readPartition(from));
        from.end();
        return read;
      })
      .flat();
    const [first] = partitions;
    if (errorCode === 0 && first !== undefined) return first;
    return { errorCode, highWatermark: -1, logStartOffset: -1, aborted: [], records: nothing };
  },
};

function readPartition(from: ByteReader): FetchResponse {
  from.int32(); // Partition.
  const errorCode = from.int16();
  const highWatermark = from.int64();
  from.int64(); // Last stable offset: the records end there already, when it was asked for.
  const logStartOffset = from.int64();
  const aborted = from.compactArray(() => {
    const transaction = { producerId: from.int64(), firstOffset: from.int64() };
    from.end();
    return transaction;
  });
  from.int32(); // Preferred replica.
  const records = from.compactBytes() ?? nothing;
  from.end();
  return { errorCode, highWatermark, logStartOffset, aborted, records };
}
