/**
 * From scanned records to a batch, for every format of lines.
 *
 * First the columns that the filter reads, then the filter, then the other columns for the rows that are left (late
 * materialization). Records that are bad as a whole, or have a value that does not fit its type, are kept, dropped,
 * diverted or end the query, as the source's options say.
 */
import { type BatchMemory, LentMemory } from "../../columnar/batch-memory.ts";
import { gather, gatherBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { decodeUtf8 } from "../../columnar/utf8.ts";
import type { Vector } from "../../columnar/vector.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { StructType } from "../../types/data-type.ts";
import type { PushedFilter, ScanRequest } from "../contract.ts";
import { failFast, type BadRecord, type BadRecordOptions, type DeadLetters } from "./bad-records.ts";
import type { FileRead } from "./file-read.ts";
import type { LineChunk } from "./line-chunks.ts";

/** Why rows of a scan are bad: row → reason. */
export type RowFailures = Map<number, string>;

/** What a scanner found. */
export interface ScannedRecords {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** The record of a row: first byte, end (without line end), 0-based line within the scan. */
  readonly recordStarts: Int32Array;
  readonly recordEnds: Int32Array;
  readonly recordLines: Int32Array;
  readonly malformed: ReadonlyMap<number, string>;
}

export interface RecordColumn {
  /**
   * The values of rows `rows[0 … count)` of the scan. Shares no memory with the scanner's bytes; `memory` is for its
   * arrays. Values that do not fit the type are null and noted in `failures`.
   */
  convert(rows: Int32Array, count: number, failures: RowFailures, memory: BatchMemory): Vector;
  /** The same values, lying in the scanner's bytes and only until its next scan; null when they cannot. */
  view?(rows: Int32Array, count: number, memory: BatchMemory): Vector | null;
}

export class RecordAssembly {
  /** Records met so far, good or bad, before the filter. */
  rowsRead = 0;
  readonly #request: ScanRequest;
  readonly #bad: BadRecordOptions;
  readonly #letters: DeadLetters | null;
  readonly #scanned: ScannedRecords;
  /** One per column of the request; null for the column of corrupt records. */
  readonly #columns: readonly (RecordColumn | null)[];
  readonly #filter: PushedFilter | undefined;
  readonly #dropsBad: boolean;
  readonly #knowsLines: boolean;
  readonly #memory = new LentMemory();
  #selection: Int32Array = new Int32Array(0);
  #chosen: Int32Array = new Int32Array(0);
  #rows: Int32Array = new Int32Array(0);

  constructor(
    request: ScanRequest,
    bad: BadRecordOptions,
    letters: DeadLetters | null,
    scanned: ScannedRecords,
    columns: readonly (RecordColumn | null)[],
    knowsLines: boolean,
  ) {
    this.#request = request;
    this.#bad = bad;
    this.#letters = letters;
    this.#scanned = scanned;
    this.#columns = columns;
    this.#filter = request.filter;
    this.#dropsBad = letters !== null || bad.mode === "DROPMALFORMED";
    this.#knowsLines = knowsLines;
  }

  /** Deals with a record of which there are no fields; null when it is not part of the result. */
  badRow(file: FileRead, record: Omit<BadRecord, "path">): RecordBatch | null {
    this.rowsRead++;
    this.#report({ path: file.range.path, ...record });
    if (this.#dropsBad) return null;
    const columns = this.#request.columns.fields.map((f, i) => {
      const builder = createBuilder(f.type, 1);
      builder.append(this.#columns[i] === null ? decodeUtf8(record.bytes, 0, record.bytes.length) : null);
      return builder.finish();
    });
    return this.#applyFilter({ schema: this.#request.columns, length: 1, columns });
  }

  #applyFilter(batch: RecordBatch): RecordBatch {
    if (this.#filter === undefined) return batch;
    const selection = this.#selectionFor(batch.length);
    const count = this.#filter.select(batch, selection);
    return count === batch.length ? batch : gatherBatch(batch, selection, count);
  }

  #report(record: BadRecord): void {
    if (this.#bad.mode === "FAILFAST") failFast(record);
    this.#letters?.add(record);
  }

  /** The batch of what the scanner holds. `shift` is the file position of byte 0 of the scanner's bytes. */
  async build(file: FileRead, shift: number): Promise<RecordBatch> {
    const scanner = this.#scanned;
    this.rowsRead += scanner.rows;
    let rows = this.#rows;
    if (rows.length < scanner.rows) this.#rows = rows = new Int32Array(2 * scanner.rows);
    const strict = this.#dropsBad || this.#bad.mode === "FAILFAST";
    let count = 0;
    for (let r = 0; r < scanner.rows; r++) {
      if (!strict || !scanner.malformed.has(r)) rows[count++] = r;
    }
    if (strict)
      for (const [row, reason] of scanner.malformed) this.#report(await this.#recordOf(file, row, reason, shift));
    const failures: RowFailures = new Map();
    const memory = this.#memory.take();
    for (;;) {
      const batch = this.#convert(rows, count, failures, memory);
      if (!strict || failures.size === 0) {
        this.#memory.lend(batch, memory);
        return batch;
      }
      // Values that do not fit their type make the record bad: without them, once more.
      for (const [row, reason] of failures) this.#report(await this.#recordOf(file, row, reason, shift));
      let kept = 0;
      for (let i = 0; i < count; i++) if (!failures.has(rows[i]!)) rows[kept++] = rows[i]!;
      count = kept;
      failures.clear();
    }
  }

  async #recordOf(file: FileRead, row: number, reason: string, shift: number): Promise<BadRecord> {
    const { bytes, recordStarts, recordEnds, recordLines } = this.#scanned;
    const start = recordStarts[row]!;
    const line = await file.lineNumber(recordLines[row]!);
    return {
      path: file.range.path,
      line: this.#knowsLines ? line : null,
      offset: shift + start,
      reason,
      bytes: bytes.slice(start, recordEnds[row]),
    };
  }

  #convert(rows: Int32Array, count: number, failures: RowFailures, memory: BatchMemory): RecordBatch {
    const schema = this.#request.columns;
    const filter = this.#filter;
    if (filter === undefined || filter.columns.some((i) => this.#columns[i] === null)) {
      const columns = this.#columns.map((column) => column?.convert(rows, count, failures, memory));
      return this.#applyFilter(this.#complete(columns, rows, count, failures));
    }
    const columns: (Vector | undefined)[] = schema.fields.map(() => undefined);
    let kept = rows;
    let length = count;
    for (const stage of filter.stages ?? [filter]) {
      const shown = columns.map((column, i) => column ?? placeholder(schema, i, length));
      for (const i of stage.columns) {
        if (columns[i] !== undefined) continue;
        // What lies in the scanner's bytes serves the filter alone.
        const column = this.#columns[i]!;
        shown[i] = column.view?.(kept, length, memory) ?? (columns[i] = column.convert(kept, length, failures, memory));
      }
      const selection = this.#selectionFor(length);
      const passed = stage.select({ schema, length, columns: shown }, selection);
      if (passed === length) continue;
      columns.forEach((column, i) => {
        if (column !== undefined) columns[i] = gather(column, selection, passed, memory);
      });
      // The next stage chooses among those that this one leaves.
      const chosen = this.#chosen.length < passed ? (this.#chosen = new Int32Array(2 * passed)) : this.#chosen;
      for (let i = 0; i < passed; i++) chosen[i] = kept[selection[i]!]!;
      kept = chosen;
      length = passed;
    }
    for (const [i, column] of this.#columns.entries()) columns[i] ??= column?.convert(kept, length, failures, memory);
    return this.#complete(columns, kept, length, failures);
  }

  #selectionFor(count: number): Int32Array {
    if (this.#selection.length < count) this.#selection = new Int32Array(2 * count);
    return this.#selection;
  }

  /** The batch of the columns, with that of corrupt records. */
  #complete(
    columns: readonly (Vector | undefined)[],
    rows: Int32Array,
    count: number,
    failures: RowFailures,
  ): RecordBatch {
    const schema = this.#request.columns;
    return {
      schema,
      length: count,
      columns: columns.map((column) => column ?? this.#corrupt(rows, count, failures)),
    };
  }

  /** The text of the records that are corrupt. */
  #corrupt(rows: Int32Array, count: number, failures: RowFailures): Vector {
    const { bytes, recordStarts, recordEnds, malformed } = this.#scanned;
    const builder = createBuilder(this.#request.columns.fields[this.#columns.indexOf(null)]!.type, count);
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const bad = malformed.has(row) || failures.has(row);
      builder.append(bad ? decodeUtf8(bytes, recordStarts[row]!, recordEnds[row]!) : null);
    }
    return builder.finish();
  }
}

function placeholder(schema: StructType, column: number, length: number): Vector {
  return { kind: "null", type: schema.fields[column]!.type, length, validity: null };
}

/** The bad record that a line over the limit is. */
export async function oversizedRecord(
  file: FileRead,
  chunk: LineChunk,
  limit: number,
): Promise<Omit<BadRecord, "path">> {
  const line = await file.lineNumber(0);
  file.lines++;
  return {
    line,
    offset: chunk.offset,
    reason: `the line is ${chunk.oversized} bytes long, maxRecordBytes allows ${limit}`,
    bytes: chunk.bytes.slice(chunk.start, chunk.end),
  };
}
