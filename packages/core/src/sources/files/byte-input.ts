import { MillraceError } from "../../errors/index.ts";
import { FileSystemError, type ReadHandle } from "../../runtime/file-system.ts";
import type { StreamCodec } from "../../runtime/compression.ts";
import type { Runtime } from "../../runtime/runtime.ts";

import { hadoopSnappyBlocks } from "./hadoop-snappy.ts";

/** Bytes in order, from a file as it lies or decompressed. */
export interface ByteInput {
  /** Reads up to `length` bytes into `target` at `offset`; resolves to the bytes read, 0 at the end. */
  read(target: Uint8Array, offset: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** Hadoop's framing of Snappy blocks has no other name than that of its codec. */
export type FileCompression = StreamCodec | "snappy";

const compressions: Readonly<Record<string, FileCompression>> = {
  ".gz": "gzip",
  ".deflate": "deflate",
  ".zst": "zstd",
  ".snappy": "snappy",
};
/** Hadoop knows these too. */
const unknownCompressions: ReadonlySet<string> = new Set([".bz2", ".lz4"]);

/**
 * How a file is compressed, by the end of its name.
 * @throws MillraceError CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION
 */
export function compressionOf(path: string): FileCompression | null {
  const dot = path.lastIndexOf(".");
  if (dot < 0) return null;
  const end = path.slice(dot).toLowerCase();
  if (unknownCompressions.has(end)) {
    throw new MillraceError("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", {
      codecName: end.slice(1),
      where: path,
      availableCodecs: "gzip (.gz), deflate (.deflate), zstd (.zst), snappy (.snappy)",
    });
  }
  return compressions[end] ?? null;
}

/** Bytes `[from, to)` of an open file. */
export class FileInput implements ByteInput {
  readonly #handle: ReadHandle;
  readonly #to: number;
  /** Position in the file of the next read. */
  position: number;

  constructor(handle: ReadHandle, from: number, to: number) {
    this.#handle = handle;
    this.position = from;
    this.#to = to;
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    const size = Math.min(length, this.#to - this.position);
    if (size <= 0) return 0;
    const read = await this.#handle.read(target, offset, size, this.position);
    this.position += read;
    return read;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The decompressed bytes of another input. */
class DecompressedInput implements ByteInput {
  readonly #source: ByteInput;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #path: string;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(runtime: Runtime, source: ByteInput, format: FileCompression, path: string) {
    this.#source = source;
    this.#path = path;
    const plain =
      format === "snappy" ? hadoopSnappyBlocks(pieces(source)) : runtime.compression.decompress(format, pieces(source));
    this.#chunks = plain[Symbol.asyncIterator]();
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#chunk.length === 0) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await this.#chunks.next();
      } catch (error) {
        if (error instanceof FileSystemError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new MillraceError(
          "FAILED_READ_FILE.NO_HINT",
          { path: this.#path, reason: `it cannot be decompressed (${reason})` },
          { cause: error },
        );
      }
      if (next.done === true) return 0;
      this.#chunk = next.value;
    }
    const size = Math.min(length, this.#chunk.length);
    target.set(this.#chunk.subarray(0, size), offset);
    this.#chunk = this.#chunk.subarray(size);
    return size;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
    await this.#source.close();
  }
}

async function* pieces(source: ByteInput): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const piece = new Uint8Array(256 << 10);
    const size = await source.read(piece, 0, piece.length);
    if (size === 0) return;
    yield piece.subarray(0, size);
  }
}

/**
 * Opens bytes `[from, to)` of a file; compressed files are read from their start, and `to` counts compressed bytes.
 * @throws FileSystemError
 */
export async function openInput(runtime: Runtime, path: string, from: number, to: number): Promise<ByteInput> {
  const file = new FileInput(await runtime.fs.open(path), from, to);
  const format = compressionOf(path);
  return format === null ? file : new DecompressedInput(runtime, file, format, path);
}
