/** UTF-8 as bytes of another charset. */
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import type { FileCharset, OptionReader } from "../../logical-plan/option-reader.ts";

/** Bytes of a part of a file, of its beginning or a later one. */
export type Transcode = (utf8: Uint8Array, isFirst: boolean) => Uint8Array;

/** One byte for each character up to a code; `?` for others, as Java does it. */
function singleByte(most: number): Transcode {
  return (utf8) => {
    const points = Array.from(decodeUtf8(utf8, 0, utf8.length));
    return Uint8Array.from(points, (point) => {
      const code = point.codePointAt(0)!;
      return code > most ? 0x3f : code;
    });
  };
}

/** @param marked whether a byte order mark begins the file */
function utf16(littleEndian: boolean, marked: boolean): Transcode {
  return (utf8, isFirst) => {
    const text = (marked && isFirst ? "\uFEFF" : "") + decodeUtf8(utf8, 0, utf8.length);
    const bytes = new Uint8Array(text.length * 2);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), littleEndian);
    return bytes;
  };
}

const charsets: Readonly<Record<FileCharset, Transcode | null>> = {
  "utf-8": null,
  "iso-8859-1": singleByte(0xff),
  "us-ascii": singleByte(0x7f),
  "utf-16": utf16(false, true),
  "utf-16be": utf16(false, false),
  "utf-16le": utf16(true, false),
};

/** What the option `encoding` asks for; null for UTF-8. */
export function readTranscode(options: OptionReader): Transcode | null {
  const transcode = charsets[options.charset()];
  const escaping = options.provider === "json" && options.flag("writeNonAsciiCharacterAsCodePoint", false);
  if (!escaping) return transcode;
  return (utf8, isFirst) => {
    const ascii = withoutOthers(utf8);
    return transcode === null ? ascii : transcode(ascii, isFirst);
  };
}

/** JSON with `\\uXXXX` for everything beyond ASCII, which stands in texts and names only. */
function withoutOthers(utf8: Uint8Array): Uint8Array {
  const text = decodeUtf8(utf8, 0, utf8.length);
  const code = (unit: string): string => unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return encodeUtf8(text.replace(/[\u0080-\uFFFF]/g, (unit) => `\\u${code(unit)}`));
}
