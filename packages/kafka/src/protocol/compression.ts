import { decoderSlack, decompressSnappy, plausibleSnappySize, type Runtime } from "millrace/engine";
import { ByteReader, KafkaFormatError } from "./byte-reader.ts";
import { decompressLz4Frame } from "./lz4-frame.ts";
import type { CodecName } from "./record-batch-header.ts";

/** More than this a record batch cannot hold: the positions of its records would not fit. */
const largestContent = 1 << 30;
/** `\x82SNAPPY\0`, with which snappy-java begins a stream of blocks. */
const snappyStream = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0] as const;
const snappyStreamHeader = 16;

/** The records of a compressed batch. @throws Error when they are damaged */
export async function decompress(
  codec: CodecName,
  bytes: Uint8Array,
  compression: Runtime["compression"],
): Promise<Uint8Array> {
  switch (codec) {
    case "none":
      return bytes;
    case "gzip":
    case "zstd": {
      // Values that users get are parts of it: never a Buffer.
      const { buffer, byteOffset, length } = await compression.decompressBlock(codec, bytes, largestContent);
      return new Uint8Array(buffer, byteOffset, length);
    }
    case "lz4":
      return decompressLz4Frame(bytes, largestContent);
    case "snappy":
      return snappyStream.every((byte, i) => bytes[i] === byte) ? snappyBlocks(bytes) : snappyBlock(bytes);
  }
}

function snappyBlock(bytes: Uint8Array): Uint8Array {
  const size = new ByteReader(bytes).unsignedVarint();
  if (size > largestContent || !plausibleSnappySize(bytes.length, size)) {
    throw new KafkaFormatError(`a Snappy block of ${bytes.length} bytes cannot hold ${size}`);
  }
  const target = new Uint8Array(size + decoderSlack);
  decompressSnappy(bytes, target, size);
  return target.subarray(0, size);
}

function snappyBlocks(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes, snappyStreamHeader);
  const blocks: Uint8Array[] = [];
  let size = 0;
  while (reader.at < bytes.length) {
    const length = reader.int32();
    const start = reader.at;
    if (length < 0) throw new KafkaFormatError("a Snappy stream is damaged");
    reader.skip(length);
    const block = snappyBlock(bytes.subarray(start, start + length));
    size += block.length;
    blocks.push(block);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
