/** Decompression of byte streams. */
export interface Compression {
  /**
   * The decompressed bytes of `chunks`, piece by piece; `deflate` is the zlib format. Throws when the bytes are not of the format or end too early.
   */
  decompress(format: "gzip" | "deflate", chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/**
 * Compression by the platform's `DecompressionStream`, for runtimes without `node:zlib`. It refuses gzip files of several
 * members.
 */
export class PlatformCompression implements Compression {
  async *decompress(
    format: "gzip" | "deflate",
    chunks: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, void> {
    const stream = new DecompressionStream(format);
    const writer = stream.writable.getWriter();
    const feeding = (async () => {
      try {
        for await (const chunk of chunks) await writer.write(chunk as Uint8Array<ArrayBuffer>);
        await writer.close();
      } catch (error) {
        await writer.abort(error).catch(() => undefined);
        throw error;
      }
    })();
    // Reported below, where the consumer sees it.
    feeding.catch(() => undefined);
    const reader = stream.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        yield value;
      }
      await feeding;
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }
}
