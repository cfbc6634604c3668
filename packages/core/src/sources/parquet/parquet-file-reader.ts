/** Rows of Parquet files. A range reads the row groups whose middle lies in it, so that ranges of a file share it out. */
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { nullVector } from "../../columnar/gather.ts";
import { MillraceError } from "../../errors/index.ts";
import { readFooter, type FileFooter } from "../../parquet/file-footer.ts";
import { ParquetFormatError } from "../../parquet/format-error.ts";
import type { RowGroup } from "../../parquet/metadata.ts";
import { ReadPlanner, type FileReadPlan } from "../../parquet/read-plan.ts";
import { RowPruning } from "../../parquet/row-pruning.ts";
import {
  chunkPart,
  openGroup,
  type GroupInput,
  RowGroupReader,
  type RowRange,
} from "../../parquet/row-group-reader.ts";
import { ValueMemory } from "../../parquet/value-memory.ts";
import type { ReadHandle } from "../../runtime/file-system.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { FileRange, FileReader } from "../files/file-format.ts";
import type { ParquetOptions } from "./parquet-options.ts";

/** Rows of a batch without columns, of which only the number counts. */
const countedRows = 1 << 20;

export class ParquetFileReader implements FileReader {
  readonly filtered: boolean;
  rowsRead = 0;
  readonly #context: SourceContext;
  readonly #request: ScanRequest;
  readonly #options: ParquetOptions;
  readonly #memory = new ValueMemory();

  constructor(context: SourceContext, request: ScanRequest, options: ParquetOptions) {
    this.#context = context;
    this.#request = request;
    this.#options = options;
    this.filtered = request.filter !== undefined;
  }

  async *read(range: FileRange, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    const handle = await this.#context.runtime.fs.open(range.path);
    try {
      const footer = await readFooter(handle, range.size);
      const planner = new ReadPlanner(range.path, this.#options.caseSensitive);
      yield* this.#groups(handle, range, footer, planner.plan(footer.root, this.#request.columns), signal);
    } catch (error) {
      throw readFailure(error, range.path);
    } finally {
      await handle.close();
    }
  }

  async *#groups(
    handle: ReadHandle,
    range: FileRange,
    { metadata }: FileFooter,
    plan: FileReadPlan,
    signal: AbortSignal,
  ): AsyncGenerator<RecordBatch, void, void> {
    const groups = metadata.rowGroups.filter((group) => inRange(group, range));
    const { columns: schema, filter } = this.#request;
    if (plan.leaves.length === 0 && filter === undefined) {
      yield* this.#counted(groups, plan);
      return;
    }
    const pruning =
      filter === undefined || !this.#options.filterPushdown ? null : new RowPruning(filter.conjuncts, plan, handle);
    const kept: { readonly group: RowGroup; readonly ranges: readonly RowRange[] }[] = [];
    for (const group of groups) {
      const ranges = pruning === null ? [{ from: 0, to: group.rows }] : await pruning.ranges(group, range.size);
      if (ranges.length > 0) kept.push({ group, ranges });
    }
    // The next group is read while this one is decoded.
    const open = (i: number): Promise<GroupInput> | null => {
      const next = kept[i];
      if (next === undefined) return null;
      const opening = openGroup(handle, range.size, next.group, plan);
      opening.catch(() => undefined);
      return opening;
    };
    const filters = filter === undefined ? [] : (filter.stages ?? [filter]);
    let opening = open(0);
    for (let i = 0; opening !== null; i++) {
      const input = await opening;
      opening = open(i + 1);
      try {
        const reader = new RowGroupReader(
          handle,
          input,
          schema,
          filters,
          this.#context.runtime.compression,
          this.#memory,
        );
        for await (const batch of reader.read(kept[i]!.ranges, signal)) yield batch;
        this.rowsRead += reader.rowsRead;
      } finally {
        // The file must not be closed under a read.
        await opening?.catch(() => undefined);
      }
    }
  }

  /** No column of the file is needed: only how many rows there are. */
  *#counted(groups: readonly RowGroup[], plan: FileReadPlan): Generator<RecordBatch, void, void> {
    const { columns: schema } = this.#request;
    const size = plan.columns.length === 0 ? countedRows : targetBatchRows;
    for (const { rows } of groups) {
      this.rowsRead += rows;
      for (let from = 0; from < rows; from += size) {
        const length = Math.min(size, rows - from);
        const columns = schema.fields.map(({ type }) => nullVector(type, length));
        yield { schema, length, columns };
      }
    }
  }
}

/** Whether the middle of the group's columns lies in the range. */
function inRange(group: RowGroup, range: FileRange): boolean {
  if (range.from === 0 && range.to >= range.size) return true;
  const first = group.columns[0];
  if (first === undefined) return range.from === 0;
  const start = chunkPart(first, range.size).offset;
  const size = group.columns.reduce((sum, chunk) => sum + chunk.compressedSize, 0);
  const middle = start + size / 2;
  return middle >= range.from && middle < range.to;
}

/** @throws MillraceError FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER */
export async function openFooter(handle: ReadHandle, range: FileRange): Promise<FileFooter> {
  try {
    return await readFooter(handle, range.size);
  } catch (error) {
    if (!(error instanceof ParquetFormatError)) throw error;
    const reason = error.message;
    throw new MillraceError("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", { path: range.path, reason }, { cause: error });
  }
}

function readFailure(error: unknown, path: string): unknown {
  if (!(error instanceof ParquetFormatError)) return error;
  const reason = error.column === undefined ? error.message : `column ${error.column}: ${error.message}`;
  return new MillraceError("FAILED_READ_FILE.NO_HINT", { path, reason }, { cause: error });
}
