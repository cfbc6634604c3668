/** Decompression of pages. The codecs that are not written here come from the platform. */
import type { Compression } from "../runtime/compression.ts";
import { ParquetFormatError } from "./format-error.ts";
import { decompressLz4Hadoop, decompressLz4Raw } from "./lz4.ts";
import { codec } from "./metadata.ts";
import { decoderSlack, decompressSnappy, plausibleSnappySize } from "./snappy.ts";

const platformCodecs: ReadonlyMap<number, "gzip" | "zstd" | "brotli"> = new Map([
  [codec.gzip, "gzip"],
  [codec.zstd, "zstd"],
  [codec.brotli, "brotli"],
]);

/** Memory for the bytes of one page after another of a column. */
export interface PageMemory {
  /** At least `size` bytes, with unspecified content. */
  take(size: number): Uint8Array;
}

/** Pages whose bytes are copied on: one buffer for all of them. */
export class ReusedMemory implements PageMemory {
  #bytes = new Uint8Array(0);
  take(size: number): Uint8Array {
    if (this.#bytes.length < size) this.#bytes = new Uint8Array(Math.max(size, this.#bytes.length * 2));
    return this.#bytes;
  }
}

/** Pages that vectors point into: a buffer each. */
export const freshMemory: PageMemory = { take: (size) => new Uint8Array(size) };

/** The `size` bytes that `source` holds; at once, unless the platform decompresses. */
export function decompressPage(
  kind: number,
  source: Uint8Array,
  size: number,
  memory: PageMemory,
  compression: Compression,
): Uint8Array | Promise<Uint8Array> {
  if (kind === codec.uncompressed) {
    if (source.length !== size) throw new ParquetFormatError(`a page has ${source.length} bytes instead of ${size}`);
    return source;
  }
  if (size === 0) return new Uint8Array(0);
  const platform = platformCodecs.get(kind);
  if (platform !== undefined) return throughPlatform(platform, source, size, compression);
  let plausible = size <= source.length * 256 + 64;
  if (kind === codec.snappy) plausible = plausibleSnappySize(source.length, size);
  else if (kind !== codec.lz4 && kind !== codec.lz4Raw) throw new ParquetFormatError(`the codec ${kind} is not known`);
  if (!plausible) throw new ParquetFormatError(`a page of ${source.length} bytes cannot hold ${size} bytes`);
  const target = memory.take(size + decoderSlack);
  if (kind === codec.snappy) decompressSnappy(source, target, size);
  else if (kind === codec.lz4Raw) decompressLz4Raw(source, target, size);
  else decompressLz4Hadoop(source, target, size);
  return target.subarray(0, size);
}

async function throughPlatform(
  kind: "gzip" | "zstd" | "brotli",
  source: Uint8Array,
  size: number,
  compression: Compression,
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await compression.decompressBlock(kind, source, size);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ParquetFormatError(`a page cannot be decompressed as ${kind} (${reason})`);
  }
  if (bytes.length !== size) throw new ParquetFormatError(`a page has ${bytes.length} bytes instead of ${size}`);
  return bytes;
}
