import { OptionReader, type OptionMap } from "millrace/engine";
import { type ClientOptions, clientOptions } from "../client/client-options.ts";
import { type WrittenCodec, writtenCodecs } from "../protocol/record-batch-writer.ts";

export interface SinkOptions {
  readonly client: ClientOptions;
  /** Of all rows; undefined: each row has its own. */
  readonly topic: string | undefined;
  readonly codec: WrittenCodec;
  /** −1: all replicas in sync, 1: the leader. */
  readonly acks: number;
  /** A record batch is closed when it has this many bytes before compression. */
  readonly batchBytes: number;
}

const compressionType = "kafka.compression.type";
const acksOption = "kafka.acks";
const batchSize = "kafka.batch.size";

/** Under the 1 MB that brokers take unless they are told otherwise. */
const defaultBatchBytes = 512 << 10;

/** @throws MillraceError INVALID_OPTION, MISSING_OPTION */
export function sinkOptions(options: OptionMap): SinkOptions {
  const reader = new OptionReader("kafka", options);
  const acks = reader.oneOf(acksOption, ["all", "-1", "1"], "all");
  return {
    client: clientOptions(options, [compressionType, acksOption, batchSize]),
    topic: reader.text("topic"),
    codec: reader.oneOf(compressionType, writtenCodecs, "none"),
    acks: acks === "1" ? 1 : -1,
    batchBytes: reader.count(batchSize) ?? defaultBatchBytes,
  };
}
