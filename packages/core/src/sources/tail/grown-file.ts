import type { ReadHandle } from "../../runtime/file-system.ts";

const pieceBytes = 64 << 10;
/** Bytes at the start of a file that tell it from another one. */
const headBytes = 256;

/**
 * Position behind the last line end in bytes `[from, to)` of a file, or `from` when there is none: searched backwards, so
 * that it costs one small read. With `first`, behind the first line end.
 */
export async function lineEndIn(handle: ReadHandle, from: number, to: number, first = false): Promise<number> {
  const piece = new Uint8Array(Math.min(pieceBytes, to - from));
  let done = 0;
  while (done < to - from) {
    const size = Math.min(piece.length, to - from - done);
    const at = first ? from + done : to - done - size;
    const view = piece.subarray(0, await readFully(handle, piece, size, at));
    const found = first ? view.indexOf(10) : view.lastIndexOf(10);
    if (found >= 0) return at + found + 1;
    done += size;
  }
  return from;
}

async function readFully(handle: ReadHandle, target: Uint8Array, size: number, at: number): Promise<number> {
  let filled = 0;
  while (filled < size) {
    const read = await handle.read(target, filled, size - filled, at + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/** Length and FNV-1a hash of the first bytes of a file, of which `known` have been read. */
export async function headOf(handle: ReadHandle, known: number): Promise<string> {
  const bytes = new Uint8Array(Math.min(known, headBytes));
  const size = await readFully(handle, bytes, bytes.length, 0);
  let hash = 0x811c9dc5;
  for (let i = 0; i < size; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return `${size}:${(hash >>> 0).toString(16)}`;
}

/** Whether the file still begins with the bytes of the fingerprint. */
export async function hasHead(handle: ReadHandle, head: string): Promise<boolean> {
  return head === "" || (await headOf(handle, Number.parseInt(head, 10))) === head;
}
