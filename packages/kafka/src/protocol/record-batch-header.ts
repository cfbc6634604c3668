import { crc32c } from "./crc32c.ts";
import { KafkaFormatError } from "./byte-reader.ts";

/** Where the parts of a record batch of version 2 lie. */
const batchLengthAt = 8;
const magicAt = 16;
const crcAt = 17;
const attributesAt = 21;
const lastOffsetDeltaAt = 23;
const baseTimestampAt = 27;
const maxTimestampAt = 35;
const producerIdAt = 43;
const recordCountAt = 57;
export const headerBytes = 61;
/** What the length of a batch does not count: its base offset and itself. */
export const uncountedBytes = 12;

export const codecNames = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type CodecName = (typeof codecNames)[number];

export interface RecordBatchHeader {
  /** Where the records begin and end. */
  readonly start: number;
  readonly end: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly recordCount: number;
  readonly codec: CodecName;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** The broker's time of the append is that of all records. */
  readonly logAppendTime: boolean;
  readonly producerId: number;
  readonly isTransactional: boolean;
  /** Holds no records of producers, but the end of a transaction. */
  readonly isControl: boolean;
}

/**
 * The header of the record batch at `at`; null when the batch is cut off, as the last one of a response may be.
 * @throws KafkaFormatError when the checksum is wrong or the batch is none
 */
export function readRecordBatchHeader(bytes: Uint8Array, at: number): RecordBatchHeader | null {
  if (bytes.length - at < headerBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
  const length = view.getInt32(batchLengthAt);
  const magic = view.getInt8(magicAt);
  if (magic !== 2) throw new KafkaFormatError(`it has version ${magic} of the message format, and 2 is read`);
  if (length < headerBytes - uncountedBytes) throw new KafkaFormatError(`its length is ${length}`);
  const end = at + uncountedBytes + length;
  if (end > bytes.length) return null;
  if (crc32c(bytes, at + attributesAt, end) !== view.getUint32(crcAt)) {
    throw new KafkaFormatError("its checksum does not match");
  }
  const attributes = view.getInt16(attributesAt);
  const codec = codecNames[attributes & 7];
  if (codec === undefined) throw new KafkaFormatError(`its compression has the number ${attributes & 7}`);
  const baseOffset = safeInteger(view, 0);
  return {
    start: at + headerBytes,
    end,
    baseOffset,
    lastOffset: baseOffset + view.getInt32(lastOffsetDeltaAt),
    recordCount: view.getInt32(recordCountAt),
    codec,
    baseTimestamp: safeInteger(view, baseTimestampAt),
    maxTimestamp: safeInteger(view, maxTimestampAt),
    logAppendTime: (attributes & 8) !== 0,
    producerId: safeInteger(view, producerIdAt),
    isTransactional: (attributes & 16) !== 0,
    isControl: (attributes & 32) !== 0,
  };
}

function safeInteger(view: DataView, at: number): number {
  return view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
