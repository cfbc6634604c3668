/** One reading of a part of a file: its chunks of lines, and where a line stands when something is wrong with it. */
import { MillraceError } from "../../errors/index.ts";
import type { FileCharset } from "../../logical-plan/option-reader.ts";
import type { SourceContext } from "../contract.ts";
import { bytesSetting } from "../settings.ts";
import { compressionOf, openInput, type ByteInput } from "./byte-input.ts";
import type { FileRange } from "./file-format.ts";
import { TranscodedInput } from "./transcoded-input.ts";
import {
  chunkPadding,
  defaultChunkBytes,
  firstLineEnd,
  lineChunks,
  type ChunkBuffers,
  type LineChunk,
} from "./line-chunks.ts";

export class FileRead {
  readonly range: FileRange;
  /** Lines handed out so far; the reader of the format counts them. */
  lines = 0;
  readonly #context: SourceContext;
  readonly #signal: AbortSignal;
  readonly #encoding: FileCharset | undefined;
  #input: ByteInput | null = null;
  #linesBefore: number | null = null;

  /** @param encoding charset of the file; undefined for UTF-8 */
  constructor(context: SourceContext, range: FileRange, signal: AbortSignal, encoding?: FileCharset) {
    this.#context = context;
    this.range = range;
    this.#signal = signal;
    this.#encoding = encoding;
  }

  async #open(from: number): Promise<ByteInput> {
    const { path, size } = this.range;
    const input = await openInput(this.#context.runtime, path, from, size);
    return this.#encoding === undefined ? input : new TranscodedInput(input, this.#encoding);
  }

  /** The lines that begin in the range; a byte order mark at the start of the file is not part of them. */
  async *chunks(
    separator: Uint8Array | undefined,
    maxRecordBytes: number,
    buffers: ChunkBuffers | null = null,
  ): AsyncGenerator<LineChunk, void, void> {
    const { path, from } = this.range;
    // The range counts bytes on the disk; the lines of a compressed file, or of another charset, lie elsewhere: it is read
    // whole.
    const isPlain = compressionOf(path) === null && this.#encoding === undefined;
    const to = isPlain ? this.range.to : Infinity;
    this.#input = await this.#open(Math.max(0, from - 1));
    const chunkBytes = chunkSize(this.#context, to - from);
    const options = { separator, maxRecordBytes, from, to, chunkBytes, buffers };
    for await (const chunk of lineChunks(this.#input, options)) {
      this.#signal.throwIfAborted();
      yield chunk.offset === 0 ? withoutMark(chunk) : chunk;
    }
  }

  /** The whole file with padding behind it as a view without the padding; null when it is longer than `limit`. */
  async whole(limit: number): Promise<Uint8Array | null> {
    const { size } = this.range;
    this.#input = await this.#open(0);
    let bytes = new Uint8Array(Math.min(Math.max(size, 1024), limit + 1) + chunkPadding);
    let filled = 0;
    for (;;) {
      this.#signal.throwIfAborted();
      if (filled > limit) return null;
      if (filled === bytes.length - chunkPadding) {
        const larger = new Uint8Array(Math.min(bytes.length * 2, limit + 1 + chunkPadding));
        larger.set(bytes);
        bytes = larger;
      }
      const read = await this.#input.read(bytes, filled, bytes.length - chunkPadding - filled);
      if (read === 0) break;
      filled += read;
    }
    const start = hasMark(bytes, 0, filled) ? 3 : 0;
    return bytes.subarray(start, filled);
  }

  /** As {@link whole}. @throws MillraceError RECORD_TOO_LARGE */
  async wholeOrFail(limit: number): Promise<Uint8Array> {
    const bytes = await this.whole(limit);
    if (bytes !== null) return bytes;
    throw new MillraceError("RECORD_TOO_LARGE", { path: this.range.path, line: "1", limit: String(limit) });
  }

  /** 1-based number in the file of the line `ahead` lines after those counted so far. */
  async lineNumber(ahead: number): Promise<number> {
    if (this.#linesBefore === null) this.#linesBefore = this.range.from === 0 ? 0 : await this.#countBefore();
    return this.#linesBefore + this.lines + ahead + 1;
  }

  /** Lines that begin before the range: counted only when somebody wants to know. */
  async #countBefore(): Promise<number> {
    const { path, from } = this.range;
    const input = await openInput(this.#context.runtime, path, 0, this.range.size);
    let count = 0;
    try {
      for await (const chunk of lineChunks(input, { maxRecordBytes: Infinity, to: from })) {
        for (let p = chunk.start; p >= 0 && p < chunk.end; count++) {
          p = firstLineEnd(chunk.bytes, p, chunk.end, undefined, true);
        }
      }
    } finally {
      await input.close();
    }
    return count;
  }

  async close(): Promise<void> {
    await this.#input?.close();
    this.#input = null;
  }
}

/** Bytes that are read at once from files that are large enough. */
export function wantedChunkBytes(context: SourceContext): number {
  return bytesSetting(context, "millrace.files.chunkBytes", defaultChunkBytes);
}

function chunkSize(context: SourceContext, expected: number): number {
  const wanted = wantedChunkBytes(context);
  // Small files need no large buffer; one byte more shows at once that the file ends.
  return Math.max(1, Math.min(wanted, Math.max(expected + 2, 4096)));
}

function hasMark(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}

function withoutMark(chunk: LineChunk): LineChunk {
  return hasMark(chunk.bytes, chunk.start, chunk.end) ? { ...chunk, start: chunk.start + 3, offset: 3 } : chunk;
}
