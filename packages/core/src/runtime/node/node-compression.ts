import { Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import type { Compression } from "../compression.ts";

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
}
