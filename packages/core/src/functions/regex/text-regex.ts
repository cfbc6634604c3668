/**
 * Regular expressions over UTF-8 bytes, on whichever matcher can run them: {@link ByteRegex} for the common ones, re2js for the rest.
 * Both take linear time. What functions make of matches (parts, replacements) is written once, over bytes.
 */
import { RE2JS } from "re2js";
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import type { ByteResult } from "../kernels/bytes.ts";
import { ByteRegex } from "./byte-regex.ts";

/** A matcher: the part of {@link ByteRegex} that functions use. */
export interface TextRegex {
  readonly groups: number;
  /** Start and end of each group of the last match, −1 for a group that took no part. */
  readonly captures: Int32Array;
  find(bytes: Uint8Array, start: number, end: number, from?: number): boolean;
}

/** Positions in a text by UTF-16 unit as positions in its bytes. */
function bytePositions(text: string): Int32Array {
  const positions = new Int32Array(text.length + 1);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    positions[i] = at;
    const unit = text.charCodeAt(i);
    // Each half of a pair stands for two of the four bytes; nothing matches between them.
    at += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  positions[text.length] = at;
  return positions;
}

/** re2js behind the same face. It reads strings, so positions are translated when the text is not ASCII. */
class StringRegex implements TextRegex {
  readonly groups: number;
  readonly captures: Int32Array;
  readonly #regex: RE2JS;
  #matcher: ReturnType<RE2JS["matcher"]> | undefined;
  #positions: Int32Array | undefined;

  constructor(regex: RE2JS) {
    this.#regex = regex;
    this.groups = regex.groupCount();
    this.captures = new Int32Array((this.groups + 1) * 2);
  }

  find(bytes: Uint8Array, start: number, end: number, from: number = start): boolean {
    if (from > end) return false;
    if (from === start || this.#matcher === undefined) {
      const text = decodeUtf8(bytes, start, end);
      this.#matcher = this.#regex.matcher(text);
      this.#positions = text.length === end - start ? undefined : bytePositions(text);
    }
    const matcher = this.#matcher;
    const positions = this.#positions;
    if (!matcher.find(positions === undefined ? from - start : unitAt(positions, from - start))) return false;
    for (let group = 0; group <= this.groups; group++) {
      const [low, high] = [matcher.start(group), matcher.end(group)];
      this.captures[group * 2] = low < 0 ? -1 : Math.min(end, start + (positions?.[low] ?? low));
      this.captures[group * 2 + 1] = high < 0 ? -1 : Math.min(end, start + (positions?.[high] ?? high));
    }
    return true;
  }
}

/** The UTF-16 unit at a byte. */
function unitAt(positions: Int32Array, byte: number): number {
  let low = 0;
  let high = positions.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle]! < byte) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @throws INVALID_PARAMETER_VALUE.PATTERN */
export function compileTextRegex(pattern: string, functionName: string): TextRegex {
  const onBytes = ByteRegex.compile(pattern);
  if (onBytes !== undefined) return onBytes;
  try {
    return new StringRegex(RE2JS.compile(pattern));
  } catch (error) {
    throw new MillraceError(
      "INVALID_PARAMETER_VALUE.PATTERN",
      {
        parameter: "`regexp`",
        functionName: `\`${functionName}\``,
        value: `'${pattern}'`,
        reason: error instanceof Error ? error.message : String(error),
      },
      { cause: error },
    );
  }
}

/** Keeps the last one made: patterns are nearly always constant, but may be a column. */
export function keepLast<P>(compile: (pattern: string) => P): (pattern: string) => P {
  let last: string | undefined;
  let compiled: P | undefined;
  return (pattern) => {
    if (pattern !== last) {
      compiled = compile(pattern);
      last = pattern;
    }
    return compiled!;
  };
}

/** Where to look after the match in `captures`: behind it, one character further when it is empty. */
export function nextSearch(captures: Int32Array, bytes: Uint8Array, end: number): number {
  const at = captures[1]!;
  if (at > captures[0]!) return at;
  let next = at + 1;
  while (next < end && (bytes[next]! & 0xc0) === 0x80) next++;
  return next;
}

/** A replacement of REGEXP_REPLACE: bytes, and numbers of groups. */
export type Replacement = readonly (Uint8Array | number)[];

/** Java's replacements: `$1` is a group (as many digits as name one), `\` takes the next character as it is. Undefined: malformed. */
export function parseReplacement(text: string, groups: number): Replacement | undefined {
  const parts: (Uint8Array | number)[] = [];
  let plain = "";
  const flush = (): void => {
    if (plain !== "") parts.push(encodeUtf8(plain));
    plain = "";
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\\") {
      if (++i === text.length) return undefined;
      plain += text[i]!;
    } else if (c === "$") {
      const digit = text.charCodeAt(i + 1) - 0x30;
      if (!(digit >= 0 && digit <= 9) || digit > groups) return undefined;
      let group = digit;
      for (i++; ; i++) {
        const more = text.charCodeAt(i + 1) - 0x30;
        if (!(more >= 0 && more <= 9) || group * 10 + more > groups) break;
        group = group * 10 + more;
      }
      flush();
      parts.push(group);
    } else plain += c;
  }
  flush();
  return parts;
}

/** Leaves the text with every match from a position on replaced in `result`. */
export function replaceMatches(
  result: ByteResult,
  regex: TextRegex,
  replacement: Replacement,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { captures } = regex;
  if (!regex.find(bytes, start, end)) return result.point(bytes, start, end);
  result.begin();
  let at = start;
  do {
    result.append(bytes, at, captures[0]!);
    for (const part of replacement) {
      if (typeof part !== "number") result.append(part, 0, part.length);
      else if (captures[part * 2]! >= 0) result.append(bytes, captures[part * 2]!, captures[part * 2 + 1]!);
    }
    at = captures[1]!;
  } while (regex.find(bytes, start, end, nextSearch(captures, bytes, end)));
  result.append(bytes, at, end);
}

const escapedControls: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

/** The text that a pattern stands for when it is plain characters, escaped or not; undefined for all others. */
export function plainSeparator(pattern: string): string | undefined {
  if (!/^(?:[^\\^$.|?*+()[\]{}]|\\[!-/:-@[-`{-~tnrf])+$/.test(pattern) || !pattern.isWellFormed()) return undefined;
  return pattern.replaceAll(/\\(.)/g, (_, escaped: string) => escapedControls[escaped] ?? escaped);
}

/** The parts between matches; a positive limit bounds their number, an empty match splits between characters. */
export function splitAtMatches(
  regex: TextRegex,
  limit: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): string[] {
  const parts: string[] = [];
  const { captures } = regex;
  let at = start;
  for (
    let from = start;
    (limit <= 0 || parts.length < limit - 1) && regex.find(bytes, start, end, from);
    from = nextSearch(captures, bytes, end)
  ) {
    const [low, high] = [captures[0]!, captures[1]!];
    if (high === start || (low === high && low >= end)) continue;
    parts.push(decodeUtf8(bytes, at, low));
    at = high;
  }
  parts.push(decodeUtf8(bytes, at, end));
  return parts;
}

/** The text of a group in every match; empty for a group that took no part. */
export function groupOfMatches(
  regex: TextRegex,
  group: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): string[] {
  const found: string[] = [];
  const { captures } = regex;
  for (let from = start; regex.find(bytes, start, end, from); from = nextSearch(captures, bytes, end)) {
    const [low, high] = [captures[group * 2]!, captures[group * 2 + 1]!];
    found.push(low < 0 ? "" : decodeUtf8(bytes, low, high));
  }
  return found;
}

export function countMatches(regex: TextRegex, bytes: Uint8Array, start: number, end: number): number {
  let n = 0;
  for (let from = start; regex.find(bytes, start, end, from); from = nextSearch(regex.captures, bytes, end)) n++;
  return n;
}
