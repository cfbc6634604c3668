/**
 * What stands for a JSON value in a byte buffer: a kind and a byte range. Strings exclude their quotes.
 */
export const jsonAbsent = 0;
/** A string without escapes: its bytes are its value. */
export const jsonString = 1;
/** A string with at least one escape. */
export const jsonEscapedString = 2;
/** A number without fraction and exponent. */
export const jsonInteger = 3;
/** A number with a fraction or an exponent. */
export const jsonFloat = 4;
export const jsonTrue = 5;
export const jsonFalse = 6;
export const jsonNull = 7;
export const jsonObject = 8;
export const jsonArray = 9;
/** NaN, Infinity and their relatives, which JSON does not have but Spark reads. */
export const jsonNonFinite = 10;

/** One of the kinds above. */
export type JsonKind = number;

/** What is accepted beyond RFC 8259. The names are Spark's options without "allow". */
export interface JsonSyntax {
  readonly singleQuotes: boolean;
  readonly nonNumericNumbers: boolean;
  readonly numericLeadingZeros: boolean;
  readonly unquotedControlChars: boolean;
  readonly backslashEscapingAnyCharacter: boolean;
  readonly comments: boolean;
  readonly unquotedFieldNames: boolean;
}

/** Spark's defaults. */
export const defaultJsonSyntax: JsonSyntax = {
  singleQuotes: true,
  nonNumericNumbers: true,
  numericLeadingZeros: false,
  unquotedControlChars: false,
  backslashEscapingAnyCharacter: false,
  comments: false,
  unquotedFieldNames: false,
};

/** Deepest nesting of arrays and objects that is read; deeper records are malformed. */
export const maximumJsonDepth = 512;

/** Bytes that must be readable after the end of what is scanned: the scanners look four bytes ahead. */
export const scanPadding = 8;

/** `bytes` itself when enough bytes follow `end`, otherwise a copy at the same positions that has them. */
export function withReadableEnd(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (bytes.length >= end + scanPadding) return bytes;
  const padded = new Uint8Array(end + scanPadding);
  padded.set(bytes.subarray(start, end), start);
  return padded;
}

/**
 * Like {@link withReadableEnd}, and a byte below 0x20 follows closely: the search for the end of a string stops there
 * instead of comparing every position with the end.
 */
export function withStop(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (bytes.length >= end + scanPadding) {
    for (let i = end; i < end + scanPadding; i++) if (bytes[i]! < 0x20) return bytes;
  }
  const padded = new Uint8Array(end + scanPadding);
  padded.set(bytes.subarray(start, end), start);
  return padded;
}

/**
 * Position of the first byte at or after `p` that is a quote, a backslash or below 0x20: four bytes a step, each test
 * the classic "has a zero byte" trick, whose lowest hit is exact.
 */
export function stringStop(view: DataView, p: number): number {
  for (;;) {
    const v = view.getInt32(p, true);
    const quote = v ^ 0x22222222;
    const backslash = v ^ 0x5c5c5c5c;
    const hit =
      (((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | ((v - 0x20202020) & ~v)) &
      0x80808080;
    if (hit !== 0) return p + ((31 - Math.clz32(hit & -hit)) >> 3);
    p += 4;
  }
}

const escapes = new Uint8Array(256);
for (const c of '"\\/bfnrt') escapes[c.charCodeAt(0)] = 1;

/** Whether the byte may follow a backslash (`u` aside). */
export function isSimpleEscape(byte: number): boolean {
  return escapes[byte] === 1;
}

/** Value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
