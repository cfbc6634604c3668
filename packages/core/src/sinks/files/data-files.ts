/**
 * The data files of one write: a file for each partition that has rows (with partition columns one in each directory),
 * named as Spark names them. Small files stay in memory until {@link DataFiles.finish}, which writes all of them in one
 * file program; what grows beyond a few megabytes is appended as it comes, so that memory does not grow with the batch.
 */
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Durability } from "../../runtime/durability.ts";
import type { FileOperation } from "../../runtime/file-system.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { FileEncoding } from "./file-encoding.ts";
import type { PartitionedRows } from "./partitioned-rows.ts";
import type { RowWriter } from "./row-format.ts";

/** Bytes of rows after which they are written out. */
const chunkBytes = 4 << 20;
/** Bytes that the open files of one partition hold together before the largest of them are written out. */
const openBytes = 64 << 20;
/** Open files from which on batches are gathered, up to a number of bytes. */
const manyFiles = 256;
const gatheredBytes = 32 << 20;
/** Files between looks at what all of them hold. */
const filesPerLook = 64;
/** Rows between looks at the size of a chunk. */
const rowsPerLook = 1024;

export interface WrittenFile {
  readonly path: string;
  readonly size: number;
}

export interface DataFilesOptions {
  readonly runtime: Runtime;
  readonly directory: string;
  readonly encoding: FileEncoding;
  readonly durability: Durability;
  readonly rows: PartitionedRows;
  /** Rows after which the next file begins; absent: any number. */
  readonly maxRecordsPerFile?: number | undefined;
}

interface OpenFile {
  readonly path: string;
  size: number;
  /** What has been encoded and is not in the file yet. */
  pending: Uint8Array[];
  pendingSize: number;
  created: boolean;
}

/** A file that takes rows. */
interface RowFile {
  readonly file: OpenFile;
  readonly out: ByteWriter;
  readonly writer: RowWriter;
  /** How many files of the directory this partition had before it. */
  readonly count: number;
  rows: number;
}

const heldBy = ({ out, writer }: RowFile): number => out.length + (writer.held?.() ?? 0);

/** Batches that are kept to be written as one. */
class GatheredRows {
  #batches: RecordBatch[] = [];
  #bytes = 0;

  add(batch: RecordBatch): void {
    const kept = compactBatch(batch);
    this.#batches.push(kept);
    this.#bytes += batchMemorySize(kept);
  }
  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }
  get isFull(): boolean {
    return this.#bytes >= gatheredBytes;
  }
  take(): RecordBatch {
    const batches = this.#batches;
    this.#batches = [];
    this.#bytes = 0;
    return concatBatches(batches[0]!.schema, batches);
  }
}

export class DataFiles {
  readonly #options: DataFilesOptions;
  readonly #files: OpenFile[] = [];
  #waiting = 0;

  constructor(options: DataFilesOptions) {
    this.#options = options;
  }

  get written(): readonly WrittenFile[] {
    return this.#files;
  }

  /**
   * Writes the rows of all partitions; resolves to their number. With `always` there is a file even if there are no rows,
   * unless directories are to come from them. Nothing is durable before {@link finish}.
   */
  async writeAll(
    partitions: readonly AsyncIterable<RecordBatch>[],
    signal: AbortSignal,
    always: boolean,
  ): Promise<number> {
    let total = 0;
    const { rows } = this.#options;
    for (const [partition, batches] of partitions.entries()) {
      const open = new Map<string, RowFile>();
      const gathered = new GatheredRows();
      for await (const batch of batches) {
        signal.throwIfAborted();
        total += batch.length;
        // A batch has a few rows for each of many directories: with others it has more.
        if (open.size > manyFiles) gathered.add(batch);
        else await this.#writeBatch(open, partition, batch);
        if (gathered.isFull) await this.#writeBatch(open, partition, gathered.take());
      }
      if (!gathered.isEmpty) await this.#writeBatch(open, partition, gathered.take());
      for (const file of open.values()) await this.#end(file);
      await this.#flushLarge();
    }
    if (always && this.#files.length === 0 && !rows.isPartitioned) await this.#end(this.#begin(0, "", 0));
    return total;
  }

  async #writeBatch(open: Map<string, RowFile>, partition: number, batch: RecordBatch): Promise<void> {
    const { rows } = this.#options;
    let count = 0;
    for (const part of rows.split(batch)) {
      await this.#writeRows(open, partition, part.directory, part.batch);
      if (++count % filesPerLook === 0) await this.#bound(open);
    }
    if (rows.isPartitioned) await this.#bound(open);
  }

  #begin(partition: number, directory: string, count: number): RowFile {
    const { runtime, encoding, directory: root } = this.#options;
    const before = directory === "" ? "-c" : ".c";
    const number = String(partition).padStart(5, "0");
    const name = `part-${number}-${runtime.random.uuid()}${before}${String(count).padStart(3, "0")}${encoding.suffix}`;
    const path = directory === "" ? `${root}/${name}` : `${root}/${directory}/${name}`;
    const file: OpenFile = { path, size: 0, pending: [], pendingSize: 0, created: false };
    this.#files.push(file);
    const out = new ByteWriter(4096);
    const writer = encoding.makeWriter(out);
    writer.begin();
    return { file, out, writer, count, rows: 0 };
  }

  async #writeRows(
    open: Map<string, RowFile>,
    partition: number,
    directory: string,
    batch: RecordBatch,
  ): Promise<void> {
    const most = this.#options.maxRecordsPerFile ?? Infinity;
    let file = open.get(directory);
    for (let from = 0; from < batch.length;) {
      if (file === undefined || file.rows >= most) {
        if (file !== undefined) await this.#end(file);
        file = this.#begin(partition, directory, file === undefined ? 0 : file.count + 1);
        open.set(directory, file);
      }
      const to = Math.min(batch.length, from + rowsPerLook, from + most - file.rows);
      file.writer.write(batch, from, to);
      await file.writer.settle?.();
      file.rows += to - from;
      from = to;
      if (file.out.length < chunkBytes) continue;
      await this.#encodeChunk(file);
      await this.#flushLarge();
    }
  }

  /** Writes out the largest of many open files when they hold much together. */
  async #bound(open: ReadonlyMap<string, RowFile>): Promise<void> {
    let held = 0;
    for (const file of open.values()) held += heldBy(file);
    if (held < openBytes) return;
    const files = [...open.values()].sort((a, b) => heldBy(b) - heldBy(a));
    for (const file of files) {
      held -= heldBy(file);
      await file.writer.release?.();
      await this.#encodeChunk(file);
      if (held < openBytes / 2) break;
    }
    await this.#flushLarge();
  }

  async #end(file: RowFile): Promise<void> {
    await file.writer.end?.();
    await this.#encodeChunk(file);
  }

  /** Moves the encoded rows to the file's pending bytes. Each chunk of a compressed file is compressed on its own. */
  async #encodeChunk({ out, file }: RowFile): Promise<void> {
    const { encoding, runtime } = this.#options;
    const utf8 = out.take();
    const plain = encoding.transcode === null ? utf8 : encoding.transcode(utf8, file.size === 0);
    // An empty file of a compressed format has a compressed nothing in it.
    if (plain.length === 0 && file.size > 0) return;
    const bytes = encoding.compress === null ? plain : await encoding.compress(runtime.compression, plain);
    file.pending.push(bytes);
    file.pendingSize += bytes.length;
    file.size += bytes.length;
    this.#waiting += bytes.length;
  }

  /** Writes out what waits, of all files, when it is much. */
  async #flushLarge(): Promise<void> {
    if (this.#waiting < chunkBytes) return;
    const waiting = this.#files.filter((file) => file.pending.length > 0);
    await this.#options.runtime.fs.apply(waiting.flatMap((file) => this.#appendPending(file)));
  }

  #appendPending(file: OpenFile): FileOperation[] {
    const program: FileOperation[] = [];
    const folder = parentOf(file.path);
    if (!file.created && folder !== this.#options.directory) program.push({ op: "makeDirectory", path: folder });
    for (const [i, bytes] of file.pending.entries()) {
      program.push({ op: file.created || i > 0 ? "append" : "write", path: file.path, bytes });
    }
    file.created = true;
    this.#waiting -= file.pendingSize;
    file.pending = [];
    file.pendingSize = 0;
    return program;
  }

  /** The directories of the files, and those above them up to the output itself, innermost first. */
  directories(): readonly string[] {
    const { directory } = this.#options;
    const found = new Set<string>();
    for (const { path } of this.#files) {
      for (let folder = parentOf(path); folder.length > directory.length; folder = parentOf(folder)) found.add(folder);
    }
    return [...[...found].sort((a, b) => b.length - a.length), directory];
  }

  /** Brings everything to the disk, and the names of the files with it. */
  async finish(): Promise<void> {
    if (this.#files.length === 0) return;
    const synced = this.#options.durability === "fsync";
    const program: FileOperation[] = [];
    for (const file of this.#files) {
      program.push(...this.#appendPending(file));
      if (synced) program.push({ op: "sync", path: file.path });
    }
    if (synced) for (const path of this.directories()) program.push({ op: "syncDirectory", path });
    await this.#options.runtime.fs.apply(program);
  }

  /** Removes what was written, as far as that is possible. */
  async discard(): Promise<void> {
    const program = this.#files.map(({ path }): FileOperation => ({ op: "remove", path, ifExists: true }));
    // What stays behind belongs to no manifest, and so to no reader.
    if (program.length > 0) await this.#options.runtime.fs.apply(program).catch(() => undefined);
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
