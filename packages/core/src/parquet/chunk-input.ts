/** The bytes of column chunks: small row groups are read in few large reads, columns of large ones piece by piece. */
import type { ReadHandle } from "../runtime/file-system.ts";
import { ParquetFormatError } from "./format-error.ts";
import type { FilePart } from "./metadata.ts";

/** Row groups of up to this many needed bytes are read as a whole. */
export const wholeReadBytes: number = 32 << 20;
/** Reads that lie closer than this are made one. */
const smallGap = 128 << 10;
const windowBytes = 2 << 20;

export async function readExactly(handle: ReadHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const read = await handle.read(bytes, filled, length - filled, offset + filled);
    if (read === 0) throw new ParquetFormatError(`the file ends at byte ${offset + filled}`);
    filled += read;
  }
  return bytes;
}

/** Reads parts of a file that do not overlap in as few reads as make sense. */
export async function readParts(handle: ReadHandle, parts: readonly FilePart[]): Promise<Uint8Array[]> {
  const order = parts.map((_, i) => i).sort((a, b) => parts[a]!.offset - parts[b]!.offset);
  const result: Uint8Array[] = parts.map(() => new Uint8Array(0));
  for (let first = 0; first < order.length;) {
    const start = parts[order[first]!]!.offset;
    let end = start;
    let next = first;
    for (; next < order.length; next++) {
      const { offset, length } = parts[order[next]!]!;
      if (next > first && (offset - end > smallGap || offset + length - start > wholeReadBytes)) break;
      end = Math.max(end, offset + length);
    }
    const bytes = await readExactly(handle, start, end - start);
    for (; first < next; first++) {
      const { offset, length } = parts[order[first]!]!;
      result[order[first]!] = bytes.subarray(offset - start, offset - start + length);
    }
  }
  return result;
}

/** The bytes of one column chunk in order. */
export class ChunkInput {
  readonly #handle: ReadHandle;
  readonly #end: number;
  /** What has been read, and where it lies in the file. */
  #bytes: Uint8Array;
  #offset: number;
  /** Position in the file of the next byte. */
  #position: number;

  constructor(handle: ReadHandle, part: FilePart, bytes: Uint8Array | null) {
    this.#handle = handle;
    this.#end = part.offset + part.length;
    this.#offset = this.#position = part.offset;
    this.#bytes = bytes ?? new Uint8Array(0);
  }

  get left(): number {
    return this.#end - this.#position;
  }

  /** At least `size` of the bytes that come next (fewer at the end of the chunk), as a view. */
  async peek(size: number): Promise<Uint8Array> {
    const at = this.#position - this.#offset;
    const wanted = Math.min(size, this.left);
    if (this.#bytes.length - at < wanted || at > this.#bytes.length) {
      const length = Math.min(this.left, Math.max(wanted, windowBytes));
      this.#bytes = await readExactly(this.#handle, this.#position, length);
      this.#offset = this.#position;
      return this.#bytes;
    }
    return this.#bytes.subarray(at);
  }

  skip(size: number): void {
    this.#position += size;
    if (this.#position > this.#end) throw new ParquetFormatError("a page is longer than its column");
  }
}
