import type { Api } from "./api.ts";
import type { ByteReader } from "./byte-reader.ts";

export interface MetadataRequest {
  /** Null: all topics. */
  readonly topics: readonly string[] | null;
  /** Whether topics that are not there are made, if the broker allows it. */
  readonly create: boolean;
}

export interface BrokerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface PartitionMetadata {
  readonly errorCode: number;
  readonly partition: number;
  readonly leader: number;
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface MetadataResponse {
  readonly brokers: readonly BrokerAddress[];
  readonly topics: readonly TopicMetadata[];
}

const uuidBytes = 16;

/** Brokers, topics, and which broker leads which partition. */
export const metadata: Api<MetadataRequest, MetadataResponse> = {
  name: "Metadata",
  key: 3,
  version: 12,
  write({ topics, create }, to) {
    if (topics === null) to.nullArray();
    else to.compactArray(topics, (name) => to.bytes(new Uint8Array(uuidBytes)).compactString(name).end());
    to.boolean(create).boolean(false).end();
  },
  read(from) {
    from.int32(); // Throttle time: the broker itself holds back its answers.
    const brokers = from.compactArray(() => readBroker(from));
    from.compactString(); // Cluster id.
    from.int32(); // Controller.
    return { brokers, topics: from.compactArray(() => readTopic(from)) };
  },
};

function readBroker(from: ByteReader): BrokerAddress {
  const broker = { id: from.int32(), host: from.compactString() ?? "", port: from.int32() };
  from.compactString(); // Rack.
  from.end();
  return broker;
}

function readTopic(from: ByteReader): TopicMetadata {
  const errorCode = from.int16();
  const name = from.compactString() ?? "";
  from.skip(uuidBytes);
  const isInternal = from.boolean();
  const partitions = from.compactArray(() => readPartition(from));
  from.int32(); // Authorized operations.
  from.end();
  return { errorCode, name, isInternal, partitions };
}

function readPartition(from: ByteReader): PartitionMetadata {
  const partition = { errorCode: from.int16(), partition: from.int32(), leader: from.int32() };
  from.int32(); // Leader epoch.
  for (let list = 0; list < 3; list++) from.compactArray(() => from.int32()); // Replicas, in sync, offline.
  from.end();
  return partition;
}
