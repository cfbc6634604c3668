/**
 * SQL text to tokens, in one pass and ahead of the parser: kinds and positions lie in typed arrays, and the text of a token is cut
 * out only when a node needs it. Comments (`-- …`, nested `/* … *\/`) and white space are dropped. The rules are those of
 * Spark's `SqlBaseLexer.g4`, the longest match among them included: `1L` is a number, `1Lx` and `1_000` are names.
 */
import { syntaxError } from "./parse-error.ts";
import { firstKeyword, keywordKinds, longestKeyword, token, type TokenKind } from "./token.ts";

export interface Tokens {
  readonly text: string;
  /** Number of tokens; the last has the kind `end`. */
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly stops: Int32Array;
}

const isDigit = (c: number): boolean => c >= 48 && c <= 57;
/** Classes of ASCII characters: 1 part of a word, 2 white space. */
const classes = new Uint8Array(128);
for (let c = 48; c <= 57; c++) classes[c] = 1;
for (let c = 65; c <= 90; c++) classes[c] = classes[c + 32] = 1;
classes[95] = 1;
for (const c of [9, 10, 11, 12, 13, 32]) classes[c] = 2;
const letter = /^\p{L}$/u;
const wideSpace = /^[\u00A0\u1680\u2000-\u200A\u2028\u202F\u205F\u3000]$/;

export function tokenize(text: string): Tokens {
  const length = text.length;
  let capacity = Math.min(length + 1, Math.max(16, (length >> 1) + 1));
  let kinds = new Uint8Array(capacity);
  let starts = new Int32Array(capacity);
  let stops = new Int32Array(capacity);
  let count = 0;
  let p = 0;

  const add = (kind: TokenKind, start: number, stop: number): void => {
    if (count === capacity) {
      capacity *= 2;
      kinds = grown(kinds, new Uint8Array(capacity));
      starts = grown(starts, new Int32Array(capacity));
      stops = grown(stops, new Int32Array(capacity));
    }
    kinds[count] = kind;
    starts[count] = start;
    stops[count] = stop;
    count++;
  };

  while (p < length) {
    const c = text.charCodeAt(p);
    const start = p;
    if (c < 128 ? classes[c] === 2 : wideSpace.test(text[p]!)) {
      p++;
    } else if (isDigit(c) || (c === 46 && isDigit(text.charCodeAt(p + 1)))) {
      const kind = numberKind(text, p);
      p = numberStop;
      add(kind, start, p);
    } else if (c < 128 ? classes[c] === 1 : isLetterAt(text, p)) {
      const next = text.charCodeAt(p + 1);
      if ((c === 82 || c === 114) && (next === 39 || next === 34)) {
        p = text.indexOf(next === 39 ? "'" : '"', p + 2) + 1;
        if (p === 0) throw syntaxError(text, start, length, ": the string is not closed");
        add(token.string, start, p);
        continue;
      }
      p = wordStop(text, p);
      add(p - start > longestKeyword ? token.word : wordKind(text, start, p), start, p);
    } else if (c === 39 || c === 34) {
      p = stringStop(text, p, c);
      add(token.string, start, p);
    } else if (c === 96) {
      p = quotedWordStop(text, p);
      add(token.quotedWord, start, p);
    } else if (c === 45 && text.charCodeAt(p + 1) === 45) {
      p = lineCommentStop(text, p);
    } else if (c === 47 && text.charCodeAt(p + 1) === 42) {
      p = blockCommentStop(text, p);
    } else {
      const kind = symbolKind(text, p, c);
      p += symbolLength;
      add(kind, start, p);
    }
  }
  add(token.end, length, length);
  return { text, count, kinds, starts, stops };
}

/** Whether a token of the kind can be a name: every word can, in Spark's default mode. */
export function isWord(kind: number): boolean {
  return kind === token.word || kind === token.quotedWord || kind >= firstKeyword;
}

function grown<A extends Uint8Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}

function isLetterAt(text: string, p: number): boolean {
  return letter.test(String.fromCodePoint(text.codePointAt(p)!));
}

function wordStop(text: string, from: number): number {
  let p = from;
  for (; p < text.length; p++) {
    const c = text.charCodeAt(p);
    if (c < 128) {
      if (classes[c] !== 1) break;
    } else {
      if (!isLetterAt(text, p)) break;
      if (text.codePointAt(p)! > 0xffff) p++;
    }
  }
  return p;
}

function wordKind(text: string, start: number, stop: number): TokenKind {
  return keywordKinds.get(text.slice(start, stop).toUpperCase()) ?? token.word;
}

function stringStop(text: string, start: number, quote: number): number {
  for (let p = start + 1; p < text.length; p++) {
    const c = text.charCodeAt(p);
    if (c === 92) p++;
    else if (c === quote) {
      if (text.charCodeAt(p + 1) !== quote) return p + 1;
      p++; // a doubled quote is one in the string
    }
  }
  throw syntaxError(text, start, text.length, ": the string is not closed");
}

function quotedWordStop(text: string, start: number): number {
  for (let p = start + 1; p < text.length; p++) {
    if (text.charCodeAt(p) !== 96) continue;
    if (text.charCodeAt(p + 1) !== 96) return p + 1;
    p++;
  }
  throw syntaxError(text, start, text.length, ": the quoted name is not closed");
}

function lineCommentStop(text: string, start: number): number {
  for (let p = start + 2; p < text.length; p++) {
    const c = text.charCodeAt(p);
    if (c === 92 && text.charCodeAt(p + 1) === 10) p++;
    else if (c === 10 || c === 13) return p + 1;
  }
  return text.length;
}

function blockCommentStop(text: string, start: number): number {
  let depth = 1;
  for (let p = start + 2; p < text.length; p++) {
    const c = text.charCodeAt(p);
    const next = text.charCodeAt(p + 1);
    if (c === 42 && next === 47) {
      p++;
      if (--depth === 0) return p + 1;
    } else if (c === 47 && next === 42) {
      p++;
      depth++;
    }
  }
  throw syntaxError(text, start, text.length, ": the comment is not closed");
}

/** Where the number seen last by {@link numberKind} stops. */
let numberStop = 0;

function numberKind(text: string, start: number): TokenKind {
  const integerStop = digitsStop(text, start);
  if (text.charCodeAt(integerStop) === 46) {
    // A number with a point must not run into a word: in `1.5x` and `t1.2a` the point is not part of a number.
    const pointed = suffixKind(text, digitsStop(text, integerStop + 1), token.decimal, false);
    if (!isWordCharacter(text, numberStop)) return pointed;
    if (integerStop === start) {
      numberStop = start + 1;
      return token.dot;
    }
  }
  const kind = suffixKind(text, integerStop, token.integer, true);
  if (!isWordCharacter(text, numberStop)) return kind;
  const stop = wordStop(text, start);
  if (stop <= numberStop) return kind;
  numberStop = stop;
  return token.word;
}

/** Exponent and suffix after the digits; sets {@link numberStop}. */
function suffixKind(text: string, digits: number, plain: TokenKind, integral: boolean): TokenKind {
  let p = digits;
  let kind = plain;
  if ((text.charCodeAt(p) | 32) === 101) {
    const sign = text.charCodeAt(p + 1);
    const exponent = sign === 43 || sign === 45 ? p + 2 : p + 1;
    const stop = digitsStop(text, exponent);
    if (stop > exponent) {
      p = stop;
      kind = token.exponent;
    }
  }
  const suffix = text.charCodeAt(p) | 32;
  if (suffix === 102 || suffix === 100) {
    p++;
    kind = token.suffixed;
  } else if (suffix === 98 && (text.charCodeAt(p + 1) | 32) === 100) {
    p += 2;
    kind = token.suffixed;
  } else if (integral && kind === token.integer && (suffix === 108 || suffix === 115 || suffix === 121)) {
    p++;
    kind = token.suffixed;
  }
  numberStop = p;
  return kind;
}

function digitsStop(text: string, from: number): number {
  let p = from;
  while (isDigit(text.charCodeAt(p))) p++;
  return p;
}

function isWordCharacter(text: string, p: number): boolean {
  const c = text.charCodeAt(p);
  return c < 128 ? classes[c] === 1 : p < text.length && isLetterAt(text, p);
}

/** Length of the symbol seen last by {@link symbolKind}. */
let symbolLength = 1;

function long(length: number, kind: TokenKind): TokenKind {
  symbolLength = length;
  return kind;
}

function symbolKind(text: string, p: number, c: number): TokenKind {
  symbolLength = 1;
  const next = text.charCodeAt(p + 1);
  switch (c) {
    case 40:
      return token.leftParenthesis;
    case 41:
      return token.rightParenthesis;
    case 44:
      return token.comma;
    case 46:
      return token.dot;
    case 91:
      return token.leftBracket;
    case 93:
      return token.rightBracket;
    case 59:
      return token.semicolon;
    case 43:
      return token.plus;
    case 45:
      return next === 62 ? long(2, token.arrow) : token.minus;
    case 42:
      return token.asterisk;
    case 47:
      return token.slash;
    case 37:
      return token.percent;
    case 126:
      return token.tilde;
    case 38:
      return token.ampersand;
    case 94:
      return token.hat;
    case 63:
      return token.question;
    case 124:
      return next === 124 ? long(2, token.concatenate) : token.pipe;
    case 58:
      return next === 58 ? long(2, token.doubleColon) : token.colon;
    case 33:
      if (next === 61) return long(2, token.notEqual);
      if (next === 62) return long(2, token.lessOrEqual);
      return next === 60 ? long(2, token.greaterOrEqual) : token.bang;
    case 61:
      if (next === 61) return long(2, token.equal);
      return next === 62 ? long(2, token.fatArrow) : token.equal;
    case 60:
      if (next === 61) return text.charCodeAt(p + 2) === 62 ? long(3, token.nullSafeEqual) : long(2, token.lessOrEqual);
      if (next === 62) return long(2, token.notEqual);
      return next === 60 ? long(2, token.shiftLeft) : token.less;
    case 62:
      if (next === 61) return long(2, token.greaterOrEqual);
      if (next !== 62) return token.greater;
      return text.charCodeAt(p + 2) === 62 ? long(3, token.shiftRightUnsigned) : long(2, token.shiftRight);
    default:
      return token.unrecognized;
  }
}
