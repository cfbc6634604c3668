/**
 * The complete JSON reader over bytes: every form Spark accepts, every deviation refused with a reason. It walks; it
 * makes no values. The fast scanner hands it the lines it does not understand, nested columns are read through it, and
 * so are multi-line documents and schema inference.
 *
 * A failed step returns {@link jsonAbsent} and leaves the reason in `failure`; the cursor is then of no more use until
 * the next `open`.
 */
import {
  hexDigit,
  isSimpleEscape,
  jsonAbsent,
  jsonArray,
  jsonEscapedString,
  jsonFalse,
  jsonFloat,
  jsonInteger,
  jsonNonFinite,
  jsonNull,
  jsonObject,
  jsonString,
  jsonTrue,
  maximumJsonDepth,
  stringStop,
  withStop,
  type JsonKind,
  type JsonSyntax,
} from "./json-token.ts";

const words: readonly (readonly [string, JsonKind])[] = [
  ["true", jsonTrue],
  ["false", jsonFalse],
  ["null", jsonNull],
];
const nonFiniteWords: readonly string[] = ["NaN", "Infinity", "INF"];

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
function isNameByte(byte: number): boolean {
  return byte >= 0x80 || isDigit(byte) || ((byte | 32) - 97) >>> 0 < 26 || byte === 95 || byte === 36;
}

export class JsonCursor {
  /** The bytes that positions refer to: those given to `open`, or a padded copy at the same positions. */
  bytes: Uint8Array = new Uint8Array(8);
  /** Next byte to look at. */
  at = 0;
  /** Range of the last value or key. */
  tokenStart = 0;
  tokenEnd = 0;
  failure: string | null = null;
  #view: DataView = new DataView(this.bytes.buffer);
  #end = 0;
  readonly #syntax: JsonSyntax;

  constructor(syntax: JsonSyntax) {
    this.#syntax = syntax;
  }

  /** Starts reading `bytes[start, end)`. Line ends count as white space. */
  open(bytes: Uint8Array, start: number, end: number): void {
    const readable = withStop(bytes, start, end);
    if (readable !== this.bytes) {
      this.bytes = readable;
      this.#view = new DataView(readable.buffer, readable.byteOffset, readable.byteLength);
    }
    this.at = start;
    this.#end = end;
    this.failure = null;
  }

  fail(reason: string): JsonKind {
    this.failure ??= reason;
    return jsonAbsent;
  }

  /** Skips white space (and comments, if allowed); the next byte, or -1 at the end. */
  space(): number {
    const bytes = this.bytes;
    for (;;) {
      if (this.at >= this.#end) return -1;
      const c = bytes[this.at]!;
      if (c === 32 || c === 9 || c === 10 || c === 13) this.at++;
      else if (c === 47 && this.#syntax.comments && this.#comment()) continue;
      else return c;
    }
  }

  #comment(): boolean {
    const next = this.bytes[this.at + 1];
    if (next === 47) {
      while (this.at < this.#end && this.bytes[this.at] !== 10) this.at++;
      return true;
    }
    if (next !== 42) return false;
    for (let p = this.at + 2; p + 1 < this.#end; p++) {
      if (this.bytes[p] === 42 && this.bytes[p + 1] === 47) {
        this.at = p + 2;
        return true;
      }
    }
    return false;
  }

  /**
   * Reads over the value at the cursor and returns its kind; `tokenStart` and `tokenEnd` are its range. Arrays and
   * objects are checked whole.
   */
  value(depth = 0): JsonKind {
    const c = this.space();
    const start = this.at;
    if (c === 34) return this.#string(34);
    if (c === 45 || isDigit(c)) return this.#number();
    if (c === 123 || c === 91) {
      if (depth >= maximumJsonDepth) return this.fail(`nesting is deeper than ${maximumJsonDepth}`);
      const kind = c === 123 ? this.#skipObject(depth) : this.#skipArray(depth);
      this.tokenStart = start;
      this.tokenEnd = this.at;
      return kind;
    }
    if (c === 39 && this.#syntax.singleQuotes) return this.#string(39);
    if (c === -1) return this.fail("the record ends where a value is expected");
    for (const [word, kind] of words) if (this.#word(word)) return kind;
    if (this.#syntax.nonNumericNumbers) {
      if (c === 43) this.at++;
      for (const word of nonFiniteWords) {
        if (this.#word(word)) {
          this.tokenStart = start;
          return jsonNonFinite;
        }
      }
    }
    return this.fail(`unexpected byte ${describe(c)} where a value is expected`);
  }

  #word(word: string): boolean {
    const start = this.at;
    for (let i = 0; i < word.length; i++) if (this.bytes[start + i] !== word.charCodeAt(i)) return false;
    const end = start + word.length;
    if (end > this.#end || (end < this.#end && isNameByte(this.bytes[end]!))) return false;
    this.at = end;
    this.tokenStart = start;
    this.tokenEnd = end;
    return true;
  }

  #string(quote: number): JsonKind {
    const { bytes } = this;
    const view = this.#view;
    const syntax = this.#syntax;
    let kind = jsonString;
    let p = this.at + 1;
    this.tokenStart = p;
    for (;;) {
      if (quote === 34) {
        p = stringStop(view, p);
      } else {
        while (bytes[p] !== quote && bytes[p] !== 92 && bytes[p]! >= 32) p++;
      }
      if (p >= this.#end) return this.fail("a string has no end");
      const c = bytes[p]!;
      if (c === quote) break;
      if (c === 92) {
        const escaped = bytes[p + 1]!;
        if (p + 1 >= this.#end) return this.fail("a string has no end");
        kind = jsonEscapedString;
        if (escaped === 117) {
          if (!isUnicodeEscape(bytes, p)) return this.fail("\\u is not followed by four hexadecimal digits");
          p += 6;
        } else if (
          isSimpleEscape(escaped) ||
          syntax.backslashEscapingAnyCharacter ||
          (escaped === 39 && syntax.singleQuotes)
        ) {
          p += 2;
        } else {
          return this.fail(`unrecognised escape ${describe(escaped)} in a string`);
        }
      } else if (syntax.unquotedControlChars) {
        p++;
      } else {
        return this.fail(`control byte ${describe(c)} in a string`);
      }
    }
    this.tokenEnd = p;
    this.at = p + 1;
    return kind;
  }

  #number(): JsonKind {
    const { bytes } = this;
    const end = this.#end;
    const start = this.at;
    const digits = (p: number): number => {
      while (p < end && isDigit(bytes[p]!)) p++;
      return p;
    };
    let p = start;
    if (bytes[p] === 45) p++;
    const first = p;
    p = digits(p);
    if (p === first) {
      this.at = p;
      if (this.#syntax.nonNumericNumbers) {
        for (const word of nonFiniteWords) {
          if (word !== "NaN" && this.#word(word)) {
            this.tokenStart = start;
            return jsonNonFinite;
          }
        }
      }
      return this.fail("a minus sign without a number");
    }
    if (p - first > 1 && bytes[first] === 48 && !this.#syntax.numericLeadingZeros) {
      return this.fail("a number starts with zeros");
    }
    let kind = jsonInteger;
    if (p < end && bytes[p] === 46) {
      const fraction = digits(p + 1);
      if (fraction === p + 1) return this.fail("no digit after the decimal point of a number");
      p = fraction;
      kind = jsonFloat;
    }
    if (p < end && (bytes[p]! | 32) === 101) {
      p++;
      if (p < end && (bytes[p] === 43 || bytes[p] === 45)) p++;
      const exponent = digits(p);
      if (exponent === p) return this.fail("no digit in the exponent of a number");
      p = exponent;
      kind = jsonFloat;
    }
    if (p < end && (isNameByte(bytes[p]!) || bytes[p] === 46))
      return this.fail("a number is followed by other characters");
    this.at = p;
    this.tokenStart = start;
    this.tokenEnd = p;
    return kind;
  }

  #skipObject(depth: number): JsonKind {
    if (!this.enterObject()) return this.failure === null ? jsonObject : jsonAbsent;
    do {
      if (this.key() === jsonAbsent || this.value(depth + 1) === jsonAbsent) return jsonAbsent;
    } while (this.nextField());
    return this.failure === null ? jsonObject : jsonAbsent;
  }

  #skipArray(depth: number): JsonKind {
    if (!this.enterArray()) return this.failure === null ? jsonArray : jsonAbsent;
    do {
      if (this.value(depth + 1) === jsonAbsent) return jsonAbsent;
    } while (this.nextElement());
    return this.failure === null ? jsonArray : jsonAbsent;
  }

  /** Steps over `{`; false when the object is empty (then it is passed whole). */
  enterObject(): boolean {
    this.at++;
    if (this.space() !== 125) return true;
    this.at++;
    return false;
  }

  /** Reads a key and its colon; the kind tells whether the key has escapes. */
  key(): JsonKind {
    const c = this.space();
    let kind: JsonKind;
    if (c === 34) kind = this.#string(34);
    else if (c === 39 && this.#syntax.singleQuotes) kind = this.#string(39);
    else if (this.#syntax.unquotedFieldNames && c !== -1 && isNameByte(c)) kind = this.#bareName();
    else if (c === -1) return this.fail("the record ends inside an object");
    else return this.fail(`unexpected byte ${describe(c)} where a field name is expected`);
    if (kind === jsonAbsent) return kind;
    const start = this.tokenStart;
    const end = this.tokenEnd;
    if (this.space() !== 58) return this.fail("a field name is not followed by a colon");
    this.at++;
    this.tokenStart = start;
    this.tokenEnd = end;
    return kind;
  }

  #bareName(): JsonKind {
    this.tokenStart = this.at;
    while (this.at < this.#end && isNameByte(this.bytes[this.at]!)) this.at++;
    this.tokenEnd = this.at;
    return jsonString;
  }

  /** After a field: true at a comma, false at the end of the object or on failure. */
  nextField(): boolean {
    return this.#next(125, "an object");
  }

  /** Steps over `[`; false when the array is empty (then it is passed whole). */
  enterArray(): boolean {
    this.at++;
    if (this.space() !== 93) return true;
    this.at++;
    return false;
  }

  /** After an element: true at a comma, false at the end of the array or on failure. */
  nextElement(): boolean {
    return this.#next(93, "an array");
  }

  #next(close: number, what: string): boolean {
    const c = this.space();
    if (c === 44) {
      this.at++;
      return true;
    }
    if (c === close) this.at++;
    else if (c === -1) this.fail(`the record ends inside ${what}`);
    else this.fail(`unexpected byte ${describe(c)} in ${what}`);
    return false;
  }
}

/** Whether `\u` at `p` is followed by four hexadecimal digits. */
export function isUnicodeEscape(bytes: Uint8Array, p: number): boolean {
  return (
    hexDigit(bytes[p + 2]!) >= 0 &&
    hexDigit(bytes[p + 3]!) >= 0 &&
    hexDigit(bytes[p + 4]!) >= 0 &&
    hexDigit(bytes[p + 5]!) >= 0
  );
}

function describe(byte: number): string {
  return byte > 32 && byte < 127 ? `'${String.fromCharCode(byte)}'` : `0x${byte.toString(16).padStart(2, "0")}`;
}
