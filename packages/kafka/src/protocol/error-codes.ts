/** Error codes that brokers answer with: what they are called, and whether asking again may help. */
interface ErrorCode {
  readonly name: string;
  readonly retriable: boolean;
}

const retriable = (name: string): ErrorCode => ({ name, retriable: true });
const lasting = (name: string): ErrorCode => ({ name, retriable: false });

export const offsetOutOfRange = 1;
export const unknownTopicOrPartition = 3;

const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [-1, lasting("UNKNOWN_SERVER_ERROR")],
  [offsetOutOfRange, lasting("OFFSET_OUT_OF_RANGE")],
  [2, retriable("CORRUPT_MESSAGE")],
  [unknownTopicOrPartition, retriable("UNKNOWN_TOPIC_OR_PARTITION")],
  [5, retriable("LEADER_NOT_AVAILABLE")],
  [6, retriable("NOT_LEADER_OR_FOLLOWER")],
  [7, retriable("REQUEST_TIMED_OUT")],
  [8, retriable("BROKER_NOT_AVAILABLE")],
  [9, retriable("REPLICA_NOT_AVAILABLE")],
  [10, lasting("MESSAGE_TOO_LARGE")],
  [13, retriable("NETWORK_EXCEPTION")],
  [17, lasting("INVALID_TOPIC_EXCEPTION")],
  [18, lasting("RECORD_LIST_TOO_LARGE")],
  [19, retriable("NOT_ENOUGH_REPLICAS")],
  [20, retriable("NOT_ENOUGH_REPLICAS_AFTER_APPEND")],
  [21, lasting("INVALID_REQUIRED_ACKS")],
  [29, lasting("TOPIC_AUTHORIZATION_FAILED")],
  [31, lasting("CLUSTER_AUTHORIZATION_FAILED")],
  [32, lasting("INVALID_TIMESTAMP")],
  [35, lasting("UNSUPPORTED_VERSION")],
  [42, lasting("INVALID_REQUEST")],
  [43, lasting("UNSUPPORTED_FOR_MESSAGE_FORMAT")],
  [44, lasting("POLICY_VIOLATION")],
  [56, retriable("KAFKA_STORAGE_ERROR")],
  [74, retriable("FENCED_LEADER_EPOCH")],
  [75, retriable("UNKNOWN_LEADER_EPOCH")],
  [76, lasting("UNSUPPORTED_COMPRESSION_TYPE")],
  [78, retriable("OFFSET_NOT_AVAILABLE")],
  [87, lasting("INVALID_RECORD")],
]);

/** `NOT_LEADER_OR_FOLLOWER (6)` */
export function errorName(code: number): string {
  return `${codes.get(code)?.name ?? "an error of the broker"} (${code})`;
}

/** Whether the error passes: a new leader, a broker that comes back, a topic that is being made. */
export function isPassing(code: number): boolean {
  return codes.get(code)?.retriable === true;
}
