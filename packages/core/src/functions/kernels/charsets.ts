/** The charsets of `encode` and `decode`, strictly: what a charset cannot hold is undefined. */
import { decodeUtf8, encodeUtf8, isValidUtf8 } from "../../columnar/utf8.ts";

export type Charset = "US-ASCII" | "ISO-8859-1" | "UTF-8" | "UTF-16" | "UTF-16BE" | "UTF-16LE" | "UTF-32";
const charsets: ReadonlySet<string> = new Set<Charset>([
  "US-ASCII",
  "ISO-8859-1",
  "UTF-8",
  "UTF-16",
  "UTF-16BE",
  "UTF-16LE",
  "UTF-32",
]);

/** The charset of a name in any case, or undefined. */
export function charsetOf(name: string): Charset | undefined {
  const upper = name.toUpperCase();
  return charsets.has(upper) ? (upper as Charset) : undefined;
}

export function encodeCharset(text: string, charset: Charset): Uint8Array | undefined {
  switch (charset) {
    case "UTF-8":
      return encodeUtf8(text);
    case "US-ASCII":
      return narrow(text, 0x7f);
    case "ISO-8859-1":
      return narrow(text, 0xff);
    case "UTF-32": {
      const points = Array.from(text, (c) => c.codePointAt(0)!);
      const view = new DataView(new ArrayBuffer(points.length * 4));
      points.forEach((point, i) => view.setUint32(i * 4, point));
      return new Uint8Array(view.buffer);
    }
    default: {
      // UTF-16 without a byte order is big-endian behind a mark, as Java writes it; nothing at all stays empty.
      const mark = charset === "UTF-16" && text !== "" ? 2 : 0;
      const view = new DataView(new ArrayBuffer(mark + text.length * 2));
      if (mark > 0) view.setUint16(0, 0xfeff);
      for (let i = 0; i < text.length; i++) view.setUint16(mark + i * 2, text.charCodeAt(i), charset === "UTF-16LE");
      return new Uint8Array(view.buffer);
    }
  }
}
function narrow(text: string, greatest: number): Uint8Array | undefined {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > greatest) return undefined;
    out[i] = unit;
  }
  return out;
}

export function decodeCharset(bytes: Uint8Array, charset: Charset): string | undefined {
  switch (charset) {
    case "UTF-8":
      return isValidUtf8(bytes, 0, bytes.length) ? decodeUtf8(bytes, 0, bytes.length) : undefined;
    case "US-ASCII":
      return bytes.every((b) => b < 0x80) ? fromUnits(bytes) : undefined;
    case "ISO-8859-1":
      return fromUnits(bytes);
    case "UTF-32":
      return decodeUtf32(bytes);
    default:
      return decodeUtf16(bytes, charset);
  }
}
function fromUnits(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let i = 0; i < units.length; i++) text += String.fromCharCode(units[i]!);
  return text;
}
function decodeUtf16(bytes: Uint8Array, charset: "UTF-16" | "UTF-16BE" | "UTF-16LE"): string | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = bytes.length >= 2 ? view.getUint16(0) : 0;
  const marked = charset === "UTF-16" && (first === 0xfeff || first === 0xfffe);
  const little = charset === "UTF-16LE" || (marked && first === 0xfffe);
  const units = new Uint16Array(bytes.length / 2 - (marked ? 1 : 0));
  for (let i = 0; i < units.length; i++) units[i] = view.getUint16((marked ? 2 : 0) + i * 2, little);
  const text = fromUnits(units);
  return /[\ud800-\udfff]/u.test(text) ? undefined : text;
}
function decodeUtf32(bytes: Uint8Array): string | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = "";
  for (let i = 0; i < bytes.length; i += 4) {
    const point = view.getUint32(i);
    if (i === 0 && point === 0xfeff) continue;
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}
