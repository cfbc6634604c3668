import type { Runtime } from "millrace/engine";
import { ByteWriter } from "./byte-writer.ts";
import { crc32c } from "./crc32c.ts";
import { codecNames, headerBytes, uncountedBytes } from "./record-batch-header.ts";

/** A part of a buffer; `null` in place of it is a null key or value. */
export interface ByteRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Codecs that records are written with. */
export const writtenCodecs: readonly ["none", "gzip", "zstd"] = ["none", "gzip", "zstd"];
export type WrittenCodec = (typeof writtenCodecs)[number];

function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  for (let rest = zigzag >>> 7; rest > 0; rest >>>= 7) size++;
  return size;
}

function rangeBytes(range: ByteRange | null): number {
  return range === null ? varintBytes(-1) : varintBytes(range.end - range.start) + range.end - range.start;
}

function writeRange(to: ByteWriter, range: ByteRange | null): void {
  if (range === null) to.varint(-1);
  else to.varint(range.end - range.start).bytes(range.bytes, range.start, range.end);
}

export interface RecordHeader {
  readonly key: ByteRange;
  readonly value: ByteRange | null;
}

/** Writes records, all of one time, into a record batch of version 2 without a producer id. */
export class RecordBatchWriter {
  readonly #records = new ByteWriter(4096);
  #count = 0;

  get recordCount(): number {
    return this.#count;
  }

  /** Of the records, before compression. */
  get size(): number {
    return this.#records.length;
  }

  append(key: ByteRange | null, value: ByteRange | null, headers: readonly RecordHeader[]): void {
    const to = this.#records;
    let size = 2 + varintBytes(this.#count) + rangeBytes(key) + rangeBytes(value) + varintBytes(headers.length);
    for (const header of headers) size += rangeBytes(header.key) + rangeBytes(header.value);
    // Attributes, which nothing uses, and the time, which is that of the batch.
    to.varint(size)
      .int8(0)
      .varint(0)
      .varint(this.#count++);
    writeRange(to, key);
    writeRange(to, value);
    to.varint(headers.length);
    for (const header of headers) {
      writeRange(to, header.key);
      writeRange(to, header.value);
    }
  }

  /** The batch as it is sent; the broker puts the offsets in. */
  async finish(codec: WrittenCodec, timestampMs: number, compression: Runtime["compression"]): Promise<Uint8Array> {
    const records = this.#records.written();
    const body = codec === "none" ? records : await compression.compressBlock(codec, records);
    const whole = new ByteWriter(headerBytes + body.length);
    const noProducer = { id: -1, epoch: -1, sequence: -1 };
    whole.int64(0).int32(headerBytes - uncountedBytes + body.length);
    whole.int32(-1).int8(2).int32(0).int16(codecNames.indexOf(codec));
    whole
      .int32(this.#count - 1)
      .int64(timestampMs)
      .int64(timestampMs);
    whole.int64(noProducer.id).int16(noProducer.epoch).int32(noProducer.sequence);
    whole.int32(this.#count).bytes(body);
    const bytes = whole.written();
    new DataView(bytes.buffer).setUint32(17, crc32c(bytes, 21, bytes.length));
    return bytes;
  }
}
