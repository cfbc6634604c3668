import { decodeUtf8 } from "../../columnar/utf8.ts";
import type { CsvOptions } from "./csv-options.ts";
import { csvEscaped, CsvScanner, unescapeCsv } from "./csv-scanner.ts";

export interface CsvHeader {
  /** Fields of the first record as they stand; null when there is none yet. */
  readonly names: readonly string[] | null;
  /** Behind the record. */
  readonly next: number;
  readonly lines: number;
}

/** The first record of `bytes[start, end)`. */
export function headerOf(bytes: Uint8Array, start: number, end: number, options: CsvOptions): CsvHeader {
  let p = start;
  let lines = 0;
  while (p < end) {
    const stop = lineStop(bytes, p, end, options);
    const fields = recordFields(bytes, p, stop.end, options);
    lines++;
    p = stop.next;
    if (fields !== null) return { names: fields, next: p, lines };
  }
  return { names: null, next: end, lines };
}

/** End of the record at `p` and where the next one begins; quoted line ends count with `multiLine`. */
function lineStop(
  bytes: Uint8Array,
  p: number,
  end: number,
  options: CsvOptions,
): { readonly end: number; readonly next: number } {
  const { quote } = options.syntax;
  let quoted = false;
  for (let q = p; q < end; q++) {
    const c = bytes[q]!;
    if (options.multiLine && c === quote) quoted = !quoted;
    if (!quoted && (c === 10 || c === 13))
      return { end: q, next: c === 13 && q + 1 < end && bytes[q + 1] === 10 ? q + 2 : q + 1 };
  }
  return { end, next: end };
}

/** The fields of one record as text; null for a blank line or a comment. */
export function recordFields(bytes: Uint8Array, start: number, end: number, options: CsvOptions): string[] | null {
  const { separator, quote, escape } = options.syntax;
  // No record has more fields than separators and one.
  let columns = 1;
  for (let p = start; p < end; p++) if (bytes[p] === separator[0]) columns++;
  const scanner = new CsvScanner(
    options.syntax,
    Array.from({ length: columns }, (_, i) => i),
    -1,
  );
  scanner.scanRecord(bytes, start, end);
  if (scanner.rows === 0) return null;
  const fields: string[] = [];
  for (let i = 0; i < columns && scanner.kinds[i] !== 0; i++) {
    const from = scanner.starts[i]!;
    const to = scanner.ends[i]!;
    if (scanner.kinds[i] === csvEscaped) {
      const target = new Uint8Array(to - from);
      fields.push(decodeUtf8(target, 0, unescapeCsv(bytes, from, to, target, quote, escape)));
    } else {
      fields.push(decodeUtf8(bytes, from, to));
    }
  }
  return fields;
}
