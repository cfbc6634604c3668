/** Batches of the rows of one row group. */
import type { Compression } from "../runtime/compression.ts";
import type { ReadHandle } from "../runtime/file-system.ts";
import { lendMemory } from "../columnar/batch-memory.ts";
import { gather } from "../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../columnar/record-batch.ts";
import type { Vector } from "../columnar/vector.ts";
import type { StructType } from "../types/data-type.ts";
import { assemble } from "./assembly.ts";
import { ChunkInput, readParts, wholeReadBytes } from "./chunk-input.ts";
import { ParquetFormatError } from "./format-error.ts";
import type { LogicalValues } from "./leaf-conversion.ts";
import { type LeafBatch, LeafReader } from "./leaf-reader.ts";
import type { ColumnChunk, FilePart, RowGroup } from "./metadata.ts";
import type { FileReadPlan, ReadPlan } from "./read-plan.ts";
import type { ValueMemory } from "./value-memory.ts";

/** Rows `[from, to)` of a row group. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Keeps rows early: `columns` are what it looks at. Several are applied one after another, to the rows that are left. */
export interface RowFilter {
  readonly columns: readonly number[];
  select(batch: RecordBatch, selection: Int32Array): number;
}

/** Where the pages of a column chunk lie. */
export function chunkPart(chunk: ColumnChunk, fileSize: number): FilePart {
  let offset = chunk.dataPageOffset;
  const dictionary = chunk.dictionaryPageOffset;
  if (dictionary !== undefined && dictionary > 0 && dictionary < offset) offset = dictionary;
  if (offset + chunk.compressedSize > fileSize) {
    throw new ParquetFormatError("a column lies outside of the file", chunk.path.join("."));
  }
  return { offset, length: chunk.compressedSize };
}

export interface GroupInput {
  readonly group: RowGroup;
  readonly plan: FileReadPlan;
  readonly chunks: readonly ColumnChunk[];
  readonly parts: readonly FilePart[];
  /** The columns' bytes, where they were read as a whole. */
  readonly bytes: readonly Uint8Array[] | null;
}

/** Finds the columns of the plan in a row group, and reads them when they are not large. */
export async function openGroup(
  handle: ReadHandle,
  fileSize: number,
  group: RowGroup,
  plan: FileReadPlan,
): Promise<GroupInput> {
  const chunks = plan.leaves.map(({ node }) => {
    const chunk = group.columns[node.column];
    if (chunk === undefined) throw new ParquetFormatError("a row group lacks the column", node.path.join("."));
    if (chunk.elsewhere)
      throw new ParquetFormatError("the column lies in another file or is encrypted", node.path.join("."));
    if (chunk.type !== node.element.type || (node.repetitionLevel === 0 && chunk.values !== group.rows)) {
      throw new ParquetFormatError("the column does not fit the schema of its file", node.path.join("."));
    }
    return chunk;
  });
  const parts = chunks.map((chunk) => chunkPart(chunk, fileSize));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = size <= wholeReadBytes ? await readParts(handle, parts) : null;
  return { group, plan, chunks, parts, bytes };
}

/** A column of a batch, and its arrays where they may be filled again. */
interface ReadColumn {
  readonly vector: Vector;
  readonly values: LogicalValues | null;
}

export class RowGroupReader {
  readonly #input: GroupInput;
  readonly #leaves: readonly LeafReader[];
  readonly #schema: StructType;
  readonly #filters: readonly RowFilter[];
  readonly #memory: ValueMemory;
  readonly #selection: Int32Array = new Int32Array(targetBatchRows);
  /** Rows looked at so far. */
  rowsRead = 0;

  constructor(
    handle: ReadHandle,
    input: GroupInput,
    schema: StructType,
    filters: readonly RowFilter[],
    compression: Compression,
    memory: ValueMemory,
  ) {
    this.#memory = memory;
    this.#input = input;
    this.#schema = schema;
    this.#filters = filters;
    const { plan, chunks, parts, bytes } = input;
    this.#leaves = plan.leaves.map(
      (leaf, i) =>
        new LeafReader(leaf, chunks[i]!, new ChunkInput(handle, parts[i]!, bytes?.[i] ?? null), compression, memory),
    );
  }

  /** Batches of the rows of the ranges, which are in order and do not overlap. */
  async *read(ranges: readonly RowRange[], signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    let position = 0;
    for (const { from, to } of ranges) {
      if (from > position) await this.#skip(this.#leaves.keys(), from - position);
      position = from;
      while (position < to) {
        signal.throwIfAborted();
        const rows = Math.min(targetBatchRows, to - position);
        position += rows;
        this.rowsRead += rows;
        const batch = await this.#batch(rows);
        if (batch.length > 0) yield batch;
      }
    }
  }

  async #skip(leaves: Iterable<number>, rows: number): Promise<void> {
    for (const i of leaves) await this.#named(i, () => this.#leaves[i]!.skip(rows));
  }

  async #named<T>(leaf: number, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw named(error, this.#input.plan.leaves[leaf]!.node.path.join("."));
    }
  }

  /** Filter after filter on the rows that are left, each column read for the rows that reach it. */
  async #batch(rows: number): Promise<RecordBatch> {
    const { plan } = this.#input;
    const schema = this.#schema;
    const columns: (ReadColumn | null)[] = plan.columns.map(() => null);
    let length = rows;
    let positions: Int32Array | null = null;
    for (const filter of this.#filters) {
      for (const i of filter.columns) columns[i] ??= await this.#column(i, rows, positions, length);
      const shown = columns.map((column, i): Vector => column?.vector ?? placeholder(schema, i, length));
      const chosen = this.#selection;
      const passed = filter.select({ schema, length, columns: shown }, chosen);
      if (passed === length) continue;
      columns.forEach((column, i) => {
        if (column === null) return;
        if (passed > 0) columns[i] = { vector: gather(column.vector, chosen, passed), values: null };
        this.#giveBack(column);
      });
      if (positions === null) positions = chosen.slice(0, passed);
      else for (let k = 0; k < passed; k++) positions[k] = positions[chosen[k]!]!;
      length = passed;
      if (length === 0) break;
    }
    if (length === 0 && rows > 0) {
      const unread = plan.columns.flatMap((_, i) => (columns[i] === null ? [...leavesOf(plan, i)] : []));
      await this.#skip(unread, rows);
      return { schema, length: 0, columns: [] };
    }
    const complete: ReadColumn[] = [];
    for (let i = 0; i < columns.length; i++) {
      complete.push(columns[i] ?? (await this.#column(i, rows, positions, length)));
    }
    const batch = { schema, length, columns: complete.map(({ vector }) => vector) };
    lendMemory(batch, () => complete.forEach((column) => this.#giveBack(column)));
    return batch;
  }

  #giveBack({ vector, values }: ReadColumn): void {
    if (values !== null) this.#memory.give(vector.kind, values);
  }

  /** A column of the next `rows` rows, or of those at the positions. */
  async #column(column: number, rows: number, positions: Int32Array | null, length: number): Promise<ReadColumn> {
    const { plan } = this.#input;
    const read = plan.columns[column]!;
    const picked = positions !== null && read.kind === "leaf" && this.#leaves[read.leaf]!.picks;
    const batches: LeafBatch[] = [];
    for (const i of leavesOf(plan, column)) {
      const leaf = this.#leaves[i]!;
      batches[i] = await this.#named(i, () => (picked ? leaf.pick(rows, positions, length) : leaf.read(rows)));
    }
    const vector = assemble(read, batches, picked ? length : rows);
    if (!picked && positions !== null) return { vector: gather(vector, positions, length), values: null };
    return { vector, values: read.kind === "leaf" ? batches[read.leaf]!.values : null };
  }
}

function placeholder(schema: StructType, column: number, length: number): Vector {
  return { kind: "null", type: schema.fields[column]!.type, length, validity: null };
}

function named(error: unknown, column: string): unknown {
  return error instanceof ParquetFormatError && error.column === undefined
    ? new ParquetFormatError(error.message, column)
    : error;
}

/** Leaves that a column of the plan is made of. */
function leavesOf(plan: FileReadPlan, column: number): ReadonlySet<number> {
  const result = new Set<number>();
  const visit = (node: ReadPlan): void => {
    if (node.kind === "leaf") result.add(node.leaf);
    else if (node.kind !== "missing") {
      result.add(node.leaf);
      for (const child of node.children) visit(child);
    }
  };
  visit(plan.columns[column]!);
  return result;
}
