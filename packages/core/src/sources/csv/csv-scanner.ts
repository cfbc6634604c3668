/**
 * Splits CSV into fields, in bytes, by the rules that Spark inherits from the univocity parser: a field that begins with
 * the quote goes to the closing quote; within it the escape character takes away the meaning of a quote and of itself; a
 * field whose closing quote is followed by something else than a separator is taken as if it were not quoted; blank lines
 * and lines that begin with the comment character are no records.
 *
 * Of every row the wanted columns are kept, as in the JSON scanner.
 */
import type { ScannedRecords } from "../files/record-assembly.ts";
import type { CsvSyntax } from "./csv-options.ts";

export const csvMissing = 0;
/** The bytes are the value. */
export const csvPlain = 1;
/** The bytes between quotes are the value. */
export const csvQuoted = 2;
/** Between quotes, with escapes. */
export const csvEscaped = 3;

const maxRows = 8192;

export class CsvScanner implements ScannedRecords {
  bytes: Uint8Array = new Uint8Array(0);
  rows = 0;
  lines = 0;
  readonly fieldCount: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly kinds: Uint8Array;
  readonly recordStarts: Int32Array = new Int32Array(maxRows);
  readonly recordEnds: Int32Array = new Int32Array(maxRows);
  readonly recordLines: Int32Array = new Int32Array(maxRows);
  readonly malformed: Map<number, string> = new Map();
  readonly #syntax: CsvSyntax;
  /** Wanted slot of a column of the file, or -1. */
  readonly #slots: Int32Array;
  readonly #width: number;
  /** The field that was read last. */
  #start = 0;
  #end = 0;
  #kind = 0;
  #next = 0;

  /**
   * @param wanted columns of the file in the order of the slots
   * @param expected number of columns a record must have, or -1 when that is not looked at
   */
  constructor(syntax: CsvSyntax, wanted: readonly number[], expected: number) {
    this.#syntax = syntax;
    this.fieldCount = wanted.length;
    this.#width = expected;
    this.#slots = new Int32Array(Math.max(0, ...wanted.map((column) => column + 1))).fill(-1);
    wanted.forEach((column, slot) => {
      this.#slots[column] = slot;
    });
    const cells = maxRows * wanted.length;
    this.starts = new Int32Array(cells);
    this.ends = new Int32Array(cells);
    this.kinds = new Uint8Array(cells);
  }

  /**
   * Reads records of `bytes[start, end)` until the end or until the arrays are full, and returns where to go on.
   * @param multiLine line ends within quotes are part of the value
   */
  scan(bytes: Uint8Array, start: number, end: number, multiLine: boolean): number {
    this.#begin(bytes);
    let p = start;
    while (p < end && this.rows < maxRows) {
      const line = this.lines;
      let lineEnd = p;
      let c = bytes[lineEnd]!;
      while (lineEnd < end && c !== 10 && c !== 13) c = bytes[++lineEnd]!;
      if (this.#isSkipped(p, lineEnd)) {
        p = behindLineEnd(bytes, lineEnd, end);
        this.lines++;
        continue;
      }
      const recordEnd = this.#record(p, multiLine ? end : lineEnd, line, multiLine);
      for (let i = lineEnd; i < recordEnd; i++) {
        if (bytes[i] === 10 || (bytes[i] === 13 && bytes[i + 1] !== 10)) this.lines++;
      }
      p = behindLineEnd(bytes, recordEnd, end);
      this.lines++;
    }
    return p;
  }

  /** Reads `bytes[start, end)` as one record. */
  scanRecord(bytes: Uint8Array, start: number, end: number): void {
    this.#begin(bytes);
    this.lines = 1;
    if (!this.#isSkipped(start, end)) this.#record(start, end, 0, false);
  }

  #begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.rows = 0;
    this.lines = 0;
    this.malformed.clear();
    this.kinds.fill(csvMissing);
  }

  #isSkipped(start: number, end: number): boolean {
    const { bytes } = this;
    if (start < end && bytes[start] === this.#syntax.comment) return true;
    let p = start;
    while (p < end && bytes[p]! <= 32) p++;
    return p === end;
  }

  /** One record; returns the position of its line end. */
  #record(start: number, end: number, line: number, multiLine: boolean): number {
    const row = this.rows;
    const base = row * this.fieldCount;
    const slots = this.#slots;
    const separatorLength = this.#syntax.separator.length;
    let p = start;
    let column = 0;
    for (; ; column++) {
      this.#field(p, end, multiLine);
      const slot = column < slots.length ? slots[column]! : -1;
      if (slot >= 0) {
        this.starts[base + slot] = this.#start;
        this.ends[base + slot] = this.#end;
        this.kinds[base + slot] = this.#kind;
      }
      p = this.#next;
      if (p >= end || !this.#isSeparator(p, end)) break;
      p += separatorLength;
    }
    const columns = column + 1;
    this.recordStarts[row] = start;
    this.recordEnds[row] = p;
    this.recordLines[row] = line;
    if (columns > this.#syntax.maxColumns) {
      this.malformed.set(row, `the record has more than ${this.#syntax.maxColumns} columns (maxColumns)`);
    } else if (this.#width >= 0 && columns !== this.#width) {
      this.malformed.set(row, `the record has ${columns} columns, the schema has ${this.#width}`);
    }
    this.rows++;
    return p;
  }

  #isSeparator(p: number, end: number): boolean {
    const { separator } = this.#syntax;
    const { bytes } = this;
    if (bytes[p] !== separator[0]) return false;
    if (p + separator.length > end) return false;
    for (let k = 1; k < separator.length; k++) if (bytes[p + k] !== separator[k]) return false;
    return true;
  }

  /** Reads the field at `p`; `#next` is then at the separator, the line end or `end`. */
  #field(from: number, end: number, multiLine: boolean): void {
    const { bytes } = this;
    const { quote, ignoreLeadingWhiteSpace, ignoreTrailingWhiteSpace } = this.#syntax;
    let p = from;
    let q = from;
    if (quote >= 0 || ignoreLeadingWhiteSpace) {
      let content = p;
      while (content < end && (bytes[content] === 32 || bytes[content] === 9) && !this.#isSeparator(content, end))
        content++;
      if (ignoreLeadingWhiteSpace) p = content;
      q = p;
      if (p < end && bytes[p] === quote) {
        if (this.#quotedField(p, end, multiLine)) return;
        // A quote that closes nothing: the text from the opening quote up to the next separator after it, as it stands.
        q = this.#end;
      }
    }
    const separator = this.#syntax.separator;
    const first = separator[0]!;
    const single = separator.length === 1;
    for (; q < end; q++) {
      const c = bytes[q]!;
      if (c === first && (single || this.#isSeparator(q, end))) break;
      if (multiLine && (c === 10 || c === 13)) break;
    }
    this.#next = q;
    if (ignoreTrailingWhiteSpace) while (q > p && (bytes[q - 1] === 32 || bytes[q - 1] === 9)) q--;
    this.#start = p;
    this.#end = q;
    this.#kind = csvPlain;
  }

  /** A quoted field at `p`; false when what follows the closing quote says that it is none. */
  #quotedField(p: number, end: number, multiLine: boolean): boolean {
    const { bytes } = this;
    const { quote, escape } = this.#syntax;
    let kind = csvQuoted;
    let q = p + 1;
    for (; q < end; q++) {
      const c = bytes[q]!;
      if (c === escape && q + 1 < end && (bytes[q + 1] === quote || bytes[q + 1] === escape)) {
        kind = csvEscaped;
        q++;
      } else if (c === quote) break;
    }
    this.#start = p + 1;
    this.#kind = kind;
    if (q >= end) {
      // Never closed: all that is left belongs to it.
      this.#end = end;
      this.#next = end;
      return true;
    }
    this.#end = q;
    let next = q + 1;
    while (next < end && (bytes[next] === 32 || bytes[next] === 9) && !this.#isSeparator(next, end)) next++;
    this.#next = next;
    return next >= end || this.#isSeparator(next, end) || (multiLine && (bytes[next] === 10 || bytes[next] === 13));
  }
}

/** Writes the value of a quoted field with escapes into `target` and returns its end. */
export function unescapeCsv(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  quote: number,
  escape: number,
): number {
  let to = 0;
  for (let p = start; p < end; p++) {
    if (bytes[p] === escape && p + 1 < end && (bytes[p + 1] === quote || bytes[p + 1] === escape)) p++;
    target[to++] = bytes[p]!;
  }
  return to;
}

function behindLineEnd(bytes: Uint8Array, p: number, end: number): number {
  if (p >= end) return end;
  return bytes[p] === 13 && p + 1 < end && bytes[p + 1] === 10 ? p + 2 : p + 1;
}
