/**
 * Finds the wanted fields of JSON records in bytes, without making an object, a string or a number.
 *
 * A record is a line. For every row and wanted field the scanner writes where the value lies and of what kind it is;
 * values are made later and only where they are needed. Two readers share the work. The fast one knows plain records
 * (any field order, any blanks, escapes in values, nested values) and gives up on everything else: a broken line, an
 * escaped or single-quoted key, an array of records. {@link JsonCursor} then reads that line again from its start, and
 * has the last word on whether it is well-formed. So the fast reader may give up at any time, but must never accept
 * what is wrong.
 *
 * The fast reader exists twice: as {@link JsonKernel} in WebAssembly, for bytes that lie in a kernel's memory, and here,
 * for all others. What makes it fast here: quotes are searched four bytes a step; the k-th key of a record is first compared with the k-th
 * key of the record before, in which case it needs neither a search nor a look-up.
 *
 * As in Spark a key that comes twice has its last value, what follows the first value of a line is ignored, blank lines
 * are no records, and an array of objects is one row each. Lines end with LF, CRLF or CR. Duplicate, unwanted and nested
 * values are checked for syntax like all others.
 */
import { JsonCursor, isUnicodeEscape } from "./json-cursor.ts";
import type { JsonKernel } from "./json-kernel.ts";
import { skipNested, wordAlse, wordNull, wordTrue } from "./json-nesting.ts";
import { decodeJsonString } from "./json-text.ts";
import { KeyTable } from "./key-table.ts";
import {
  defaultJsonSyntax,
  isSimpleEscape,
  jsonAbsent,
  jsonArray,
  jsonEscapedString,
  jsonFalse,
  jsonFloat,
  jsonInteger,
  jsonNull,
  jsonObject,
  jsonString,
  jsonTrue,
  stringStop,
  withReadableEnd,
  type JsonKind,
  type JsonSyntax,
} from "./json-token.ts";

/** Longest predicted key with its quotes and colon, in bytes; a multiple of 4. */
const predictedBytes = 64;
const predictedKeys = 128;

/** Bytes that the kernel scans before values are made of them, while they are in the processor's cache. */
const scannedBytes = 256 << 10;

export interface JsonScannerOptions {
  readonly syntax?: JsonSyntax;
  /** Rows that one call of `scan` stops at. */
  readonly maxRows?: number;
}

export class JsonScanner {
  /** Bytes that positions refer to, after a call of `scan`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Rows of the last call. */
  rows = 0;
  /** Lines passed in the last call, blank ones included. */
  lines = 0;
  readonly fieldCount: number;
  /** Distance between two fields of a row in the arrays below. */
  capacity: number;
  /** Value of field `f` of row `r` at index `f * capacity + r`: first byte, end, kind. */
  starts: Int32Array = new Int32Array(0);
  ends: Int32Array = new Int32Array(0);
  kinds: Uint8Array = new Uint8Array(0);
  /** The record of a row: first byte, end (without line end), 0-based line within the call. */
  recordStarts: Int32Array = new Int32Array(0);
  recordEnds: Int32Array = new Int32Array(0);
  recordLines: Int32Array = new Int32Array(0);
  /** Why a row is malformed, by row; its fields are then all absent. */
  readonly malformed: Map<number, string> = new Map();

  /** The kernel, when the arrays are those that it wrote in the last call. */
  kernel: JsonKernel | null = null;
  /** No string of the last call has a byte above 0x7f; false also when nobody looked. */
  ascii = false;

  readonly #wantedRows: number;
  #maxRows: number;
  #kernel: JsonKernel | null = null;
  readonly #keys: KeyTable;
  readonly #cursor: JsonCursor;
  #view: DataView = new DataView(new ArrayBuffer(8));
  // The keys of the record before, in order: bytes (quotes and colon included), length (0: none), field or -1.
  readonly #predicted: Uint8Array = new Uint8Array(predictedBytes * predictedKeys);
  readonly #predictedView: DataView = new DataView(this.#predicted.buffer);
  readonly #predictedLengths: Int32Array = new Int32Array(predictedKeys + 1);
  readonly #predictedFields: Int32Array = new Int32Array(predictedKeys);

  constructor(fields: readonly string[], options: JsonScannerOptions = {}) {
    this.fieldCount = fields.length;
    this.#wantedRows = options.maxRows ?? 8192;
    this.#maxRows = this.#wantedRows;
    this.capacity = 0;
    this.#keys = new KeyTable(fields);
    this.#cursor = new JsonCursor(options.syntax ?? defaultJsonSyntax);
  }

  /** From now on a kernel made for the same fields scans what lies in its memory; null: no kernel any more. */
  useKernel(kernel: JsonKernel | null): void {
    this.#kernel = kernel;
    this.#maxRows = Math.min(this.#wantedRows, kernel?.capacity ?? Infinity);
    this.capacity = 0;
  }

  /** Arrays for `maxRows` rows: the kernel's, or own ones. */
  #allocate(): void {
    const kernel = this.#kernel;
    if (kernel !== null) {
      this.capacity = kernel.capacity;
      ({ starts: this.starts, ends: this.ends, kinds: this.kinds } = kernel);
      ({ recordStarts: this.recordStarts, recordEnds: this.recordEnds, recordLines: this.recordLines } = kernel);
      return;
    }
    const rows = this.#maxRows;
    const cells = rows * this.fieldCount;
    this.capacity = rows;
    this.starts = new Int32Array(cells);
    this.ends = new Int32Array(cells);
    this.kinds = new Uint8Array(cells);
    this.recordStarts = new Int32Array(rows);
    this.recordEnds = new Int32Array(rows);
    this.recordLines = new Int32Array(rows);
  }

  /**
   * Reads the lines of `bytes[start, end)` until the end or until `maxRows` rows are there (an array of records may
   * exceed it). The last line needs no line end.
   * @returns where to go on; `end` when all is read
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    const readable = this.#begin(bytes, start, end);
    if (start >= end) return end;
    const last = readable[end - 1]!;
    if (last === 10) return this.#fastLines(start, end);
    // A line end behind the last line lets the fast reader do without comparing with the end.
    const saved = readable[end]!;
    readable[end] = 10;
    const position = this.#fastLines(start, end);
    readable[end] = saved;
    return position > end ? end : position;
  }

  /** Reads `bytes[start, end)` as one record in which line ends are white space (multi-line documents, messages). */
  scanRecord(bytes: Uint8Array, start: number, end: number): void {
    const readable = this.#begin(bytes, start, end);
    this.lines = 1;
    const saved = readable[end]!;
    readable[end] = 10;
    this.#readRecord(start, end, 0, 0);
    readable[end] = saved;
  }

  #begin(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const readable = withReadableEnd(bytes, start, end);
    if (readable !== this.bytes) {
      this.bytes = readable;
      this.#view = new DataView(readable.buffer, readable.byteOffset, readable.byteLength);
    }
    if (this.capacity === 0 || (this.#kernel !== null && this.capacity !== this.#kernel.capacity)) this.#allocate();
    this.kernel = this.#kernel?.holds(readable) ? this.#kernel : null;
    this.ascii = false;
    this.kinds.fill(jsonAbsent);
    this.malformed.clear();
    this.rows = 0;
    this.lines = 0;
    return readable;
  }

  #fastLines(from: number, end: number): number {
    const { kernel } = this;
    if (kernel === null) return this.#lines(from, end);
    let ascii = true;
    // The line that covers the last byte is read to its end.
    const stop = Math.min(end, from + scannedBytes);
    for (let p = from; ;) {
      const scan = kernel.scan(this.bytes, p, stop, this.rows, this.lines, this.#maxRows);
      this.rows = scan.rows;
      this.lines = scan.lines;
      ascii &&= scan.ascii;
      p = scan.position;
      if (scan.gaveUp) {
        p = this.#completeLine(p, this.rows, this.lines);
        this.lines++;
        // What the complete reader met, nobody looked at.
        ascii = false;
      }
      if (p >= stop || this.rows >= this.#maxRows || !scan.gaveUp) {
        this.ascii = ascii;
        return p;
      }
    }
  }

  /** Reads the line at `start` with the complete reader; returns where the next one begins. */
  #completeLine(start: number, row: number, line: number): number {
    const { bytes } = this;
    let end = start;
    while (bytes[end] !== 10 && bytes[end] !== 13) end++;
    this.rows = this.#readRecord(start, end, row, line);
    return end + (bytes[end] === 13 && bytes[end + 1] === 10 ? 2 : 1);
  }

  #lines(from: number, end: number): number {
    const { bytes } = this;
    let { capacity } = this;
    const view = this.#view;
    const maxRows = this.#maxRows;
    const keys = this.#keys;
    const predicted = this.#predictedView;
    const predictedLengths = this.#predictedLengths;
    const predictedFields = this.#predictedFields;
    let { starts, ends, kinds, recordStarts, recordEnds, recordLines } = this;
    let row = 0;
    let line = 0;
    let p = from;
    while (p < end && row < maxRows) {
      const lineStart = p;
      record: {
        if (bytes[p] !== 123) break record;
        let c = bytes[++p]!;
        if (c === 125) {
          p++;
        } else {
          for (let k = 0; ; k++) {
            // The key.
            let field: number;
            const guess = k < predictedKeys ? predictedLengths[k]! : 0;
            let hit = guess > 0;
            if (hit) {
              const at = k * predictedBytes;
              let i = 0;
              for (; i + 4 <= guess; i += 4) {
                if (view.getInt32(p + i, true) !== predicted.getInt32(at + i, true)) {
                  hit = false;
                  break;
                }
              }
              // The rest: the last four bytes again. A predicted key has at least four.
              if (hit && i < guess && view.getInt32(p + guess - 4, true) !== predicted.getInt32(at + guess - 4, true)) {
                hit = false;
              }
            }
            if (hit) {
              field = predictedFields[k]!;
              p += guess;
            } else {
              c = bytes[p]!;
              while (c === 32 || c === 9) c = bytes[++p]!;
              if (c !== 34) break record;
              const keyStart = p + 1;
              p = stringStop(view, keyStart);
              if (bytes[p] !== 34) break record;
              field = keys.find(bytes, view, keyStart, p);
              c = bytes[++p]!;
              if (c === 58) {
                p++;
                if (k < predictedKeys) this.#predict(k, keyStart - 1, p, field);
              } else {
                while (c === 32 || c === 9) c = bytes[++p]!;
                if (c !== 58) break record;
                p++;
              }
            }
            // The value.
            c = bytes[p]!;
            while (c === 32 || c === 9) c = bytes[++p]!;
            let valueStart = p;
            let valueEnd: number;
            let kind: JsonKind;
            if (c === 34) {
              valueStart = ++p;
              kind = jsonString;
              p = stringStop(view, p);
              while ((c = bytes[p]!) !== 34) {
                if (c !== 92) break record;
                kind = jsonEscapedString;
                c = bytes[p + 1]!;
                if (isSimpleEscape(c)) p += 2;
                else if (c === 117 && isUnicodeEscape(bytes, p)) p += 6;
                else break record;
                p = stringStop(view, p);
              }
              valueEnd = p++;
            } else if ((c >= 48 && c <= 57) || c === 45) {
              if (c === 45) c = bytes[++p]!;
              if (c === 48) {
                c = bytes[++p]!;
              } else {
                if (!(c >= 49 && c <= 57)) break record;
                do c = bytes[++p]!;
                while (c >= 48 && c <= 57);
              }
              kind = jsonInteger;
              if (c === 46) {
                kind = jsonFloat;
                c = bytes[++p]!;
                if (!(c >= 48 && c <= 57)) break record;
                do c = bytes[++p]!;
                while (c >= 48 && c <= 57);
              }
              if (c === 101 || c === 69) {
                kind = jsonFloat;
                c = bytes[++p]!;
                if (c === 43 || c === 45) c = bytes[++p]!;
                if (!(c >= 48 && c <= 57)) break record;
                do c = bytes[++p]!;
                while (c >= 48 && c <= 57);
              }
              valueEnd = p;
            } else if (c === 116) {
              if (view.getInt32(p, true) !== wordTrue) break record;
              kind = jsonTrue;
              valueEnd = p += 4;
            } else if (c === 102) {
              if (view.getInt32(p + 1, true) !== wordAlse) break record;
              kind = jsonFalse;
              valueEnd = p += 5;
            } else if (c === 110) {
              if (view.getInt32(p, true) !== wordNull) break record;
              kind = jsonNull;
              valueEnd = p += 4;
            } else if (c === 123 || c === 91) {
              valueEnd = skipNested(bytes, view, p);
              if (valueEnd < 0) break record;
              p = valueEnd;
              kind = c === 123 ? jsonObject : jsonArray;
            } else {
              break record;
            }
            if (field >= 0) {
              const cell = field * capacity + row;
              starts[cell] = valueStart;
              ends[cell] = valueEnd;
              kinds[cell] = kind;
            }
            c = bytes[p]!;
            while (c === 32 || c === 9) c = bytes[++p]!;
            p++;
            if (c === 44) continue;
            if (c === 125) break;
            break record;
          }
        }
        recordStarts[row] = lineStart;
        recordLines[row] = line++;
        c = bytes[p]!;
        while (c !== 10 && c !== 13) c = bytes[++p]!;
        recordEnds[row] = p;
        p += c === 13 && bytes[p + 1] === 10 ? 2 : 1;
        row++;
        continue;
      }
      // Not a plain record.
      p = this.#completeLine(lineStart, row, line);
      row = this.rows;
      ({ starts, ends, kinds, recordStarts, recordEnds, recordLines, capacity } = this);
      line++;
    }
    this.rows = row;
    this.lines = line;
    return p;
  }

  /** Remembers `bytes[from, to)`, a key with quotes and colon, as the k-th key of a record. */
  #predict(k: number, from: number, to: number, field: number): void {
    const length = to - from;
    if (length > predictedBytes || length < 4) {
      this.#predictedLengths[k] = 0;
      return;
    }
    const view = this.#view;
    const at = k * predictedBytes;
    // Words: what is copied beyond the key is not compared.
    for (let i = 0; i < length; i += 4) this.#predictedView.setInt32(at + i, view.getInt32(from + i, true), true);
    this.#predictedLengths[k] = length;
    this.#predictedFields[k] = field;
  }

  /** Reads one record completely; returns the number of rows then. */
  #readRecord(start: number, end: number, row: number, line: number): number {
    const cursor = this.#cursor;
    this.#clearRow(row);
    cursor.open(this.bytes, start, end);
    const c = cursor.space();
    if (c === -1) return row;
    let next = row;
    if (c === 123) {
      next = this.#readObject(start, end, next, line);
    } else if (c === 91) {
      next = this.#readArray(start, end, next, line);
    } else if (cursor.value() !== jsonAbsent) {
      cursor.fail("the record is not an object");
    }
    if (cursor.failure !== null) {
      for (let r = next; r >= row; r--) this.#clearRow(r);
      this.#closeRow(row, start, end, line);
      this.malformed.set(row, cursor.failure);
      next = row + 1;
    }
    this.rows = next;
    return next;
  }

  #readArray(start: number, end: number, row: number, line: number): number {
    const cursor = this.#cursor;
    let next = row;
    if (!cursor.enterArray()) return next;
    do {
      if (cursor.space() !== 123) {
        cursor.fail("an array of records holds something that is not an object");
        return next;
      }
      this.#clearRow(next);
      next = this.#readObject(start, end, next, line);
    } while (cursor.failure === null && cursor.nextElement());
    return next;
  }

  #readObject(start: number, end: number, row: number, line: number): number {
    const cursor = this.#cursor;
    this.#closeRow(row, start, end, line);
    if (!cursor.enterObject()) return row + 1;
    do {
      const keyKind = cursor.key();
      if (keyKind === jsonAbsent) return row;
      const field = this.#fieldOf(keyKind, cursor.tokenStart, cursor.tokenEnd);
      const kind = cursor.value(1);
      if (kind === jsonAbsent) return row;
      if (field < 0) continue;
      const cell = field * this.capacity + row;
      this.starts[cell] = cursor.tokenStart;
      this.ends[cell] = cursor.tokenEnd;
      this.kinds[cell] = kind;
    } while (cursor.nextField());
    return cursor.failure === null ? row + 1 : row;
  }

  #fieldOf(keyKind: JsonKind, start: number, end: number): number {
    if (keyKind === jsonString) return this.#keys.find(this.bytes, this.#view, start, end);
    return this.#keys.findText(decodeJsonString(this.bytes, start, end));
  }

  #clearRow(row: number): void {
    this.#reserve(row);
    for (let field = 0; field < this.fieldCount; field++) this.kinds[field * this.capacity + row] = jsonAbsent;
  }

  #closeRow(row: number, start: number, end: number, line: number): void {
    this.recordStarts[row] = start;
    this.recordEnds[row] = end;
    this.recordLines[row] = line;
  }

  #reserve(row: number): void {
    const { capacity, fieldCount } = this;
    if (row < capacity) return;
    // An array of records: it is read to its end, in larger arrays of our own.
    const rows = Math.max(row + 1, capacity * 2);
    this.starts = spread(this.starts, new Int32Array(rows * fieldCount), capacity, rows);
    this.ends = spread(this.ends, new Int32Array(rows * fieldCount), capacity, rows);
    this.kinds = spread(this.kinds, new Uint8Array(rows * fieldCount), capacity, rows);
    this.recordStarts = spread(this.recordStarts, new Int32Array(rows), capacity, rows);
    this.recordEnds = spread(this.recordEnds, new Int32Array(rows), capacity, rows);
    this.recordLines = spread(this.recordLines, new Int32Array(rows), capacity, rows);
    this.capacity = rows;
    this.kernel = null;
  }
}

/** Copies columns of `from` values each to columns of `to` values. */
function spread<A extends Int32Array | Uint8Array>(source: A, target: A, from: number, to: number): A {
  for (let column = 0; column * from < source.length; column++) {
    target.set(source.subarray(column * from, (column + 1) * from), column * to);
  }
  return target;
}
