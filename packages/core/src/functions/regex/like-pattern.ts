/** LIKE on bytes: a pattern is cut at its `%` into runs of bytes and single characters, which are looked for one after the other. */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import { indexOfBytes } from "../kernels/bytes.ts";

/** A run between two `%`: stretches of bytes, and `null` for `_`, one character. */
type Run = readonly (Uint8Array | null)[];

/** @throws INVALID_FORMAT.ESC_AT_THE_END, INVALID_FORMAT.ESC_IN_THE_MIDDLE */
function runsOf(pattern: string, escape: string): readonly Run[] {
  const runs: (Uint8Array | null)[][] = [[]];
  let text = "";
  const flush = (): void => {
    if (text !== "") runs.at(-1)!.push(encodeUtf8(text));
    text = "";
  };
  const characters = Array.from(pattern);
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i]!;
    if (c === escape) {
      const next = characters[++i];
      if (next === undefined) throw new MillraceError("INVALID_FORMAT.ESC_AT_THE_END", { format: `'${pattern}'` });
      if (next !== "_" && next !== "%" && next !== escape)
        throw new MillraceError("INVALID_FORMAT.ESC_IN_THE_MIDDLE", { format: `'${pattern}'`, char: `'${next}'` });
      text += next;
    } else if (c === "%") {
      flush();
      runs.push([]);
    } else if (c === "_") {
      flush();
      runs.at(-1)!.push(null);
    } else text += c;
  }
  flush();
  return runs;
}

/** Where a run that begins at `at` ends, or −1. */
function matchRun(run: Run, bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  for (const part of run) {
    if (part === null) {
      if (i >= end) return -1;
      i++;
      while (i < end && (bytes[i]! & 0xc0) === 0x80) i++;
      continue;
    }
    const n = part.length;
    if (i + n > end) return -1;
    for (let k = 0; k < n; k++) if (bytes[i + k] !== part[k]) return -1;
    i += n;
  }
  return i;
}

/** Number of bytes that a run takes at least. */
function leastBytes(run: Run): number {
  return run.reduce((sum, part) => sum + (part === null ? 1 : part.length), 0);
}

export class LikePattern {
  readonly #first: Run;
  readonly #middle: readonly Run[];
  /** The run after the last `%`; absent: the pattern has none. */
  readonly #last: Run | undefined;
  readonly #lastBytes: number;

  constructor(pattern: string, escape: string) {
    const runs = runsOf(pattern, escape);
    this.#first = runs[0]!;
    this.#middle = runs.slice(1, -1).filter((run) => run.length > 0);
    this.#last = runs.length > 1 ? runs.at(-1)! : undefined;
    this.#lastBytes = this.#last === undefined ? 0 : leastBytes(this.#last);
  }

  /** Whether the whole of `bytes[start, end)` matches. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    let at = matchRun(this.#first, bytes, start, end);
    if (at < 0) return false;
    const last = this.#last;
    if (last === undefined) return at === end;
    // The first place of each run is as good as any later one: a `%` follows.
    for (const run of this.#middle) {
      at = findRun(run, bytes, at, end);
      if (at < 0) return false;
    }
    return last.length === 0 || endsWithRun(last, this.#lastBytes, bytes, at, end);
  }
}

/** Where the first occurrence of a run at or after `at` ends, or −1. */
function findRun(run: Run, bytes: Uint8Array, at: number, end: number): number {
  const head = run[0];
  if (head instanceof Uint8Array) {
    for (let i = at; ; i++) {
      i = indexOfBytes(bytes, i, end, head, 0, head.length);
      if (i < 0) return -1;
      if (run.length === 1) return i + head.length;
      const to = matchRun(run, bytes, i, end);
      if (to >= 0) return to;
    }
  }
  for (let i = at; i <= end; i++) {
    if (i < end && i > at && (bytes[i]! & 0xc0) === 0x80) continue;
    const to = matchRun(run, bytes, i, end);
    if (to >= 0) return to;
  }
  return -1;
}

/** Whether the text ends with a run that begins at or after `from`. */
function endsWithRun(run: Run, least: number, bytes: Uint8Array, from: number, end: number): boolean {
  // From the end on, because the run has a fixed number of characters.
  let i = end;
  if (end - from < least) return false;
  for (let p = run.length - 1; p >= 0; p--) {
    const part = run[p]!;
    if (part === null) {
      if (i <= from) return false;
      i--;
      while (i > from && (bytes[i]! & 0xc0) === 0x80) i--;
      continue;
    }
    i -= part.length;
    if (i < from) return false;
    for (let k = 0; k < part.length; k++) if (bytes[i + k] !== part[k]) return false;
  }
  return true;
}
