/** Codecs of blocks that are compressed on their own. */
export type BlockCodec = "gzip" | "deflate" | "zstd" | "brotli";
/** Codecs of streams of any length; `deflate` is the zlib format. */
export type StreamCodec = "gzip" | "deflate" | "zstd";

/** Compression and decompression, of byte streams and of blocks. */
export interface Compression {
  /**
   * The decompressed bytes of `chunks`, piece by piece, also of several streams one behind the other. Throws when the bytes
   * are not of the format or end too early.
   */
  decompress(format: StreamCodec, chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** The bytes of a compressed block. Throws when it is damaged or holds more than `limit` bytes. */
  decompressBlock(codec: BlockCodec, bytes: Uint8Array, limit: number): Promise<Uint8Array>;
  compressBlock(codec: BlockCodec, bytes: Uint8Array): Promise<Uint8Array>;
}

/**
 * Compression by the platform's `DecompressionStream`, for runtimes without `node:zlib`. It refuses gzip files of several
 * members.
 */
export class PlatformCompression implements Compression {
  async *decompress(format: StreamCodec, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    if (format === "zstd") throw new Error("this runtime has no zstd");
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

  async decompressBlock(codec: BlockCodec, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
    const format = streamed(codec);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.decompress(format, blockStream(bytes))) {
      size += piece.length;
      if (size > limit) throw new Error(`the block holds more than ${limit} bytes`);
      pieces.push(piece);
    }
    const result = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      result.set(piece, at);
      at += piece.length;
    }
    return result;
  }

  async compressBlock(codec: BlockCodec, bytes: Uint8Array): Promise<Uint8Array> {
    return compressed(streamed(codec), bytes as Uint8Array<ArrayBuffer>);
  }
}

function streamed(codec: BlockCodec): "gzip" | "deflate" {
  if (codec !== "gzip" && codec !== "deflate") throw new Error(`this runtime has no ${codec}`);
  return codec;
}

async function compressed(format: "gzip" | "deflate", bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function* blockStream(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
