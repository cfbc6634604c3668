/**
 * Rows that do not fit into the memory of a query, in temporary files: written once, front to back, and read as often as
 * wanted. All of a query's files lie in one directory of its own, which is made with the first file and removed when the
 * query ends, however it ends. Every byte goes through {@link SpillFile.write} and {@link SpillFile.read}.
 *
 * What lies on the disk is encrypted with a key that this query alone has, in memory: files that a killed process leaves
 * are of no use to anybody. Each block is sealed with a nonce that says which block of which file it is, so that none can
 * stand for another.
 */
import { decodeBatch, encodeBatch } from "../../columnar/block-format.ts";
import { sliceBatch } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import { type Cipher, keyBytes, nonceBytes, randomBytes, tagBytes } from "../../runtime/crypto.ts";
import { type FileOperation, FileSystemError } from "../../runtime/file-system.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { StructType } from "../../types/data-type.ts";

/** Where the rows of one query go that do not fit into memory. */
export interface SpillManager {
  /** An empty file for rows of one schema. */
  create(schema: StructType): SpillFile;
  /** Bytes written since the query began. */
  readonly writtenBytes: number;
  /** Removes all files. */
  close(): Promise<void>;
}

export interface SpillFile {
  /** Rows written. */
  readonly rows: number;
  /** What the rows take in memory, about. */
  readonly bytes: number;
  /** Adds rows; they are encoded at once, so the batch's memory may be reused. */
  write(batch: RecordBatch): Promise<void>;
  /** All rows in the order in which they were written. Nothing may be written any more. */
  read(): AsyncGenerator<RecordBatch, void, undefined>;
  remove(): Promise<void>;
}

/** Encoded blocks are collected up to this size before they are written. */
const pendingBytes = 256 << 10;
/** Larger batches are cut, so that reading them back needs little memory. */
const blockBytes = 4 << 20;
/** How the names of directories of temporary files begin. */
export const spillPrefix = "millrace-spill-";
/** Process id, start time, UUID. */
const leftover = /^millrace-spill-(\d+)-(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class TemporaryFiles implements SpillManager {
  readonly #runtime: Runtime;
  readonly #parent: string;
  #cipher: Cipher | undefined;
  #directory: Promise<string> | undefined;
  #next = 0;
  #writtenBytes = 0;
  #closed = false;

  /** @param parent directory under which the query gets its own */
  constructor(runtime: Runtime, parent: string) {
    this.#runtime = runtime;
    this.#parent = parent;
  }
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  create(schema: StructType): SpillFile {
    const number = this.#next++;
    return new BlockFile(schema, {
      runtime: this.#runtime,
      path: async () => `${await this.#open()}/${number}.rows`,
      number,
      cipher: () => (this.#cipher ??= this.#runtime.crypto.cipher(randomBytes(this.#runtime.random, keyBytes))),
      written: (bytes) => {
        this.#writtenBytes += bytes;
      },
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#directory === undefined) return;
    const path = await this.#directory.catch(() => undefined);
    this.#directory = undefined;
    if (path !== undefined) await this.#runtime.fs.apply([{ op: "removeTree", path }]);
  }

  #open(): Promise<string> {
    if (this.#closed) {
      return Promise.reject(new MillraceError("INTERNAL_ERROR", { message: "rows go to disk after their query" }));
    }
    return (this.#directory ??= this.#make());
  }

  async #make(): Promise<string> {
    const { fs, process, random } = this.#runtime;
    await this.#removeLeftovers();
    const path = `${this.#parent}/${spillPrefix}${process.pid}-${encodeURIComponent(process.startTime)}-${random.uuid()}`;
    await access(path, () =>
      fs.apply([
        { op: "makeDirectory", path: this.#parent },
        { op: "makeDirectory", path, mode: 0o700 },
      ]),
    );
    return path;
  }

  /** A process that was killed could not remove its files: whoever comes next does. */
  async #removeLeftovers(): Promise<void> {
    const { fs, process } = this.#runtime;
    const entries = await fs.list(this.#parent).catch(() => []);
    for (const { name, kind } of entries) {
      const [, pid, startTime] = leftover.exec(name) ?? [];
      if (kind !== "directory" || pid === undefined) continue;
      if (await process.isAlive(Number(pid), decodeURIComponent(startTime!))) continue;
      // Somebody else's directory stays.
      await fs.apply([{ op: "removeTree", path: `${this.#parent}/${name}` }]).catch(() => undefined);
    }
  }
}

interface BlockFileOptions {
  readonly runtime: Runtime;
  path(): Promise<string>;
  /** Of this file, among all that have the same key. */
  readonly number: number;
  cipher(): Cipher;
  written(bytes: number): void;
}

const nothing = new Uint8Array(0);

class BlockFile implements SpillFile {
  readonly #schema: StructType;
  readonly #options: BlockFileOptions;
  /** Sizes of the blocks, before they are sealed. */
  readonly #blocks: number[] = [];
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #path: string | undefined;
  /** Blocks that were ever sealed; a file that is removed and filled anew counts on. */
  #sealed = 0;
  /** Number of the first block in the file. */
  #first = 0;
  rows = 0;
  bytes = 0;

  constructor(schema: StructType, options: BlockFileOptions) {
    this.#schema = schema;
    this.#options = options;
  }

  async write(batch: RecordBatch): Promise<void> {
    if (batch.length === 0) return;
    const size = batchMemorySize(batch);
    this.rows += batch.length;
    this.bytes += size;
    const rows = Math.max(1, Math.ceil((batch.length * blockBytes) / Math.max(size, blockBytes)));
    for (let from = 0; from < batch.length; from += rows) {
      const block = encodeBatch(sliceBatch(batch, from, Math.min(from + rows, batch.length)));
      this.#blocks.push(block.byteLength);
      this.#pending.push(block);
      this.#pendingBytes += block.byteLength;
      if (this.#pendingBytes >= pendingBytes) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const path = (this.#path ??= await this.#options.path());
    const cipher = this.#options.cipher();
    const program = this.#pending.map((block): FileOperation => {
      const bytes = cipher.seal(this.#nonce(this.#sealed++), block, nothing);
      this.#options.written(bytes.byteLength);
      return { op: "append", path, bytes, mode: 0o600 };
    });
    this.#pending = [];
    this.#pendingBytes = 0;
    await access(path, () => this.#options.runtime.fs.apply(program));
  }

  #nonce(block: number): Uint8Array {
    const nonce = new Uint8Array(nonceBytes);
    const view = new DataView(nonce.buffer);
    view.setUint32(0, this.#options.number);
    view.setBigUint64(4, BigInt(block));
    return nonce;
  }

  async *read(): AsyncGenerator<RecordBatch, void, undefined> {
    const written = this.#blocks.length - this.#pending.length;
    const path = this.#path;
    if (path !== undefined && written > 0) {
      const file = await access(path, () => this.#options.runtime.fs.open(path));
      try {
        const cipher = this.#options.cipher();
        let position = 0;
        for (const [index, block] of this.#blocks.slice(0, written).entries()) {
          const size = block + tagBytes;
          const bytes = new Uint8Array(size);
          for (let filled = 0; filled < size;) {
            const count = await access(path, () => file.read(bytes, filled, size - filled, position + filled));
            if (count === 0) throw spillFailure(path, new FileSystemError("EIO", "read", path));
            filled += count;
          }
          position += size;
          const opened = cipher.open(this.#nonce(this.#first + index), bytes, nothing);
          if (opened === null) throw new MillraceError("SPILL_FILE_CHANGED", { path });
          yield decodeBatch(this.#schema, opened);
        }
      } finally {
        await file.close();
      }
    }
    // A file that stayed small was never written.
    for (const block of this.#pending) yield decodeBatch(this.#schema, block);
  }

  async remove(): Promise<void> {
    const path = this.#path;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#blocks.length = 0;
    this.#first = this.#sealed;
    this.#path = undefined;
    if (path !== undefined) await this.#options.runtime.fs.apply([{ op: "remove", path, ifExists: true }]);
  }
}

async function access<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FileSystemError ? spillFailure(path, error) : error;
  }
}

function spillFailure(path: string, error: FileSystemError): MillraceError {
  return new MillraceError(
    "SPILL_FILE_FAILED",
    { path, operation: error.operation, code: error.code },
    { cause: error },
  );
}
