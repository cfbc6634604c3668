/**
 * The data files of one write: a file for each partition that has rows, named as Spark names them. Small files stay in
 * memory until {@link DataFiles.finish}, which writes all of them in one file program; what grows beyond a few megabytes is
 * appended as it comes, so that memory does not grow with the batch.
 */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Durability } from "../../runtime/durability.ts";
import type { FileOperation } from "../../runtime/file-system.ts";
import { gzipMember } from "../../runtime/gzip.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { SinkContext } from "../contract.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { RowFormat, RowWriter } from "./row-format.ts";

/** Bytes of rows after which they are written out. */
const chunkBytes = 4 << 20;
/** Rows between looks at the size of a chunk. */
const rowsPerLook = 1024;

/** How the rows of a sink become the bytes of files. */
export interface FileEncoding {
  /** Ends the names of files: `.json`, `.csv.gz`. */
  readonly suffix: string;
  readonly gzip: boolean;
  makeWriter(out: ByteWriter): RowWriter;
}

/** Reads the options of a format. @throws MillraceError for options and schemas that it does not take */
export function openEncoding(format: RowFormat, context: SinkContext): FileEncoding {
  const options = new OptionReader(format.name, context.options);
  if (format.suffix !== undefined) {
    return { suffix: format.suffix(context, options), gzip: false, makeWriter: format.open(context, options) };
  }
  const codec = (options.text("compression", "codec") ?? "none").toLowerCase();
  if (!["none", "uncompressed", "gzip"].includes(codec)) {
    throw options.invalid("compression", codec, "Give none or gzip.");
  }
  const gzip = codec === "gzip";
  return { suffix: format.extension + (gzip ? ".gz" : ""), gzip, makeWriter: format.open(context, options) };
}

export interface WrittenFile {
  readonly path: string;
  readonly size: number;
}

interface OpenFile {
  readonly path: string;
  size: number;
  /** What has been encoded and is not in the file yet. */
  pending: Uint8Array[];
  pendingSize: number;
  created: boolean;
}

export class DataFiles {
  readonly #runtime: Runtime;
  readonly #directory: string;
  readonly #encoding: FileEncoding;
  readonly #durability: Durability;
  readonly #files: OpenFile[] = [];
  readonly #out = new ByteWriter(64 << 10);
  readonly #writer: RowWriter;

  constructor(runtime: Runtime, directory: string, encoding: FileEncoding, durability: Durability) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#encoding = encoding;
    this.#durability = durability;
    this.#writer = encoding.makeWriter(this.#out);
  }

  get written(): readonly WrittenFile[] {
    return this.#files;
  }

  /**
   * Writes the rows of all partitions; resolves to their number. With `always` there is a file even if there are no rows.
   * Nothing is durable before {@link finish}.
   */
  async writeAll(
    partitions: readonly AsyncIterable<RecordBatch>[],
    signal: AbortSignal,
    always: boolean,
  ): Promise<number> {
    let rows = 0;
    for (const [partition, batches] of partitions.entries()) {
      let file: OpenFile | undefined;
      for await (const batch of batches) {
        signal.throwIfAborted();
        if (batch.length === 0) continue;
        file ??= this.#begin(partition);
        rows += batch.length;
        await this.#writeRows(file, batch);
      }
      if (file === undefined) continue;
      await this.#writer.end?.();
      await this.#encodeChunk(file);
      await this.#flushLarge();
    }
    if (always && this.#files.length === 0) {
      const file = this.#begin(0);
      await this.#writer.end?.();
      await this.#encodeChunk(file);
    }
    return rows;
  }

  #begin(partition: number): OpenFile {
    const name = `part-${String(partition).padStart(5, "0")}-${this.#runtime.random.uuid()}-c000${this.#encoding.suffix}`;
    const file: OpenFile = { path: `${this.#directory}/${name}`, size: 0, pending: [], pendingSize: 0, created: false };
    this.#files.push(file);
    this.#writer.begin();
    return file;
  }

  async #writeRows(file: OpenFile, batch: RecordBatch): Promise<void> {
    for (let from = 0; from < batch.length; from += rowsPerLook) {
      this.#writer.write(batch, from, Math.min(batch.length, from + rowsPerLook));
      await this.#writer.settle?.();
      if (this.#out.length < chunkBytes) continue;
      await this.#encodeChunk(file);
      await this.#flushLarge();
    }
  }

  /** Moves the encoded rows to the file's pending bytes. Each chunk of a gzip file is a member of its own. */
  async #encodeChunk(file: OpenFile): Promise<void> {
    const plain = this.#out.take();
    const bytes = this.#encoding.gzip ? await gzipMember(plain) : plain;
    file.pending.push(bytes);
    file.pendingSize += bytes.length;
    file.size += bytes.length;
  }

  /** Writes out what waits, of all files, when it is much. */
  async #flushLarge(): Promise<void> {
    const waiting = this.#files.reduce((sum, file) => sum + file.pendingSize, 0);
    if (waiting >= chunkBytes) await this.#runtime.fs.apply(this.#files.flatMap((file) => this.#appendPending(file)));
  }

  #appendPending(file: OpenFile): FileOperation[] {
    const program = file.pending.map((bytes, i): FileOperation => ({
      op: file.created || i > 0 ? "append" : "write",
      path: file.path,
      bytes,
    }));
    file.created = true;
    file.pending = [];
    file.pendingSize = 0;
    return program;
  }

  /** Brings everything to the disk, and the names of the files with it. */
  async finish(): Promise<void> {
    if (this.#files.length === 0) return;
    const synced = this.#durability === "fsync";
    const program: FileOperation[] = [];
    for (const file of this.#files) {
      program.push(...this.#appendPending(file));
      if (synced) program.push({ op: "sync", path: file.path });
    }
    if (synced) program.push({ op: "syncDirectory", path: this.#directory });
    await this.#runtime.fs.apply(program);
  }

  /** Removes what was written, as far as that is possible. */
  async discard(): Promise<void> {
    const program = this.#files.map(({ path }): FileOperation => ({ op: "remove", path, ifExists: true }));
    // What stays behind belongs to no manifest, and so to no reader.
    if (program.length > 0) await this.#runtime.fs.apply(program).catch(() => undefined);
  }
}
