import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createGunzip,
  createInflate,
  createZstdDecompress,
  deflate,
  deflateSync,
  gunzipSync,
  gzip,
  gzipSync,
  inflateSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import type { BlockCodec, Compression, StreamCodec } from "../compression.ts";

type Decompressor = ReturnType<typeof createGunzip>;

/** Blocks up to this size (a page of a column) are compressed right here: the way to a thread would cost more than most. */
const blockBytes = 1 << 20;
const chunkSize = 256 << 10;
const decompressors: Readonly<Record<StreamCodec, () => Decompressor>> = {
  gzip: () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize }) as Decompressor,
};

/** Compression by `node:zlib`. */
export class NodeCompression implements Compression {
  async *decompress(format: StreamCodec, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    const input = new MemberInput(chunks);
    try {
      do {
        const target = decompressors[format]();
        const feeding = input.feed(target);
        try {
          for await (const piece of target) yield piece as Uint8Array;
          await feeding;
        } finally {
          target.destroy();
          feeding.catch(() => undefined);
        }
      } while (await input.hasMore());
    } finally {
      await input.close();
    }
  }

  async decompressBlock(codec: BlockCodec, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
    const options = { maxOutputLength: Math.max(1, limit), chunkSize: Math.min(Math.max(limit, 64), 4 << 20) };
    switch (codec) {
      case "gzip":
        return gunzipSync(bytes, options);
      case "deflate":
        return inflateSync(bytes, options);
      case "zstd":
        return zstdDecompressSync(bytes, options);
      case "brotli":
        return brotliDecompressSync(bytes, options);
    }
  }

  async compressBlock(codec: BlockCodec, bytes: Uint8Array): Promise<Uint8Array> {
    const large = bytes.length > blockBytes;
    switch (codec) {
      case "gzip":
        return large ? inThread(gzip, bytes) : gzipSync(bytes);
      case "deflate":
        return large ? inThread(deflate, bytes) : deflateSync(bytes);
      case "zstd": {
        const options = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
        return large ? inThread(zstdCompress, bytes, options) : zstdCompressSync(bytes, options);
      }
      case "brotli": {
        const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
        return large ? inThread(brotliCompress, bytes, options) : brotliCompressSync(bytes, options);
      }
    }
  }
}

type Compress = (bytes: Uint8Array, options: object, done: (error: Error | null, result: Buffer) => void) => void;

function inThread(compress: Compress, bytes: Uint8Array, options: object = {}): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    compress(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** The pieces of a file that holds one compressed stream or several, one behind the other. */
class MemberInput {
  readonly #source: AsyncIterator<Uint8Array>;
  /** The next bytes; undefined at the end. */
  #piece: Uint8Array | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      if (next.value.length > 0) return next.value;
    }
  }

  /** Gives a decompressor its pieces until it has had enough, which is when it leaves bytes of a piece. */
  async feed(target: Decompressor): Promise<void> {
    let given = 0;
    try {
      for (;;) {
        this.#piece ??= await this.#next();
        if (this.#piece === undefined) {
          target.end();
          return;
        }
        const piece = this.#piece;
        given += piece.length;
        await new Promise<void>((resolve, reject) => {
          target.once("close", resolve);
          target.write(piece, (error: Error | null | undefined) => {
            target.removeListener("close", resolve);
            if (error instanceof Error) reject(error);
            else resolve();
          });
        });
        const left = given - target.bytesWritten;
        this.#piece = left > 0 ? piece.subarray(piece.length - left) : undefined;
        if (left > 0) return;
      }
    } catch (error) {
      target.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  async hasMore(): Promise<boolean> {
    this.#piece ??= await this.#next();
    return this.#piece !== undefined;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
