import { Readable } from "node:stream";
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createGunzip,
  createInflate,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import type { BlockCodec, Compression } from "../compression.ts";

/** Compression by `node:zlib`, which also reads gzip files of several members. */
export class NodeCompression implements Compression {
  async *decompress(
    format: "gzip" | "deflate",
    chunks: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, void> {
    const source = Readable.from(chunks);
    const target = format === "gzip" ? createGunzip({ chunkSize: 256 << 10 }) : createInflate({ chunkSize: 256 << 10 });
    source.on("error", (error) => target.destroy(error));
    source.pipe(target);
    try {
      for await (const piece of target) yield piece as Uint8Array;
    } finally {
      source.destroy();
      target.destroy();
    }
  }

  // Blocks are small (a page of a column): the way to a thread and back would cost more than most of them.
  async decompressBlock(codec: BlockCodec, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
    const options = { maxOutputLength: Math.max(1, limit), chunkSize: Math.min(Math.max(limit, 64), 4 << 20) };
    switch (codec) {
      case "gzip":
        return gunzipSync(bytes, options);
      case "zstd":
        return zstdDecompressSync(bytes, options);
      case "brotli":
        return brotliDecompressSync(bytes, options);
    }
  }

  async compressBlock(codec: BlockCodec, bytes: Uint8Array): Promise<Uint8Array> {
    switch (codec) {
      case "gzip":
        return gzipSync(bytes);
      case "zstd":
        return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
      case "brotli":
        return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
    }
  }
}
