/** Base64 in bytes, as Java's MIME encoder (lines of 76 characters) and decoder (foreign characters are skipped). */
import type { ByteResult } from "./bytes.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const digits: Uint8Array = Uint8Array.from(alphabet, (c) => c.charCodeAt(0));
/** Value of a digit; 64 for all other bytes. */
const values: Uint8Array = new Uint8Array(256).fill(64);
digits.forEach((code, value) => (values[code] = value));
const pad = 0x3d;
const lineSize = 76;

/** Leaves the base64 text in `result`; with `lines`, CR LF stands after each 76 characters but the last. */
export function encodeBase64(result: ByteResult, bytes: Uint8Array, start: number, end: number, lines: boolean): void {
  const plain = Math.ceil((end - start) / 3) * 4;
  const breaks = lines && plain > 0 ? Math.floor((plain - 1) / lineSize) : 0;
  const out = result.reserve(plain + breaks * 2);
  let at = 0;
  let column = 0;
  for (let i = start; i < end; i += 3) {
    if (lines && column === lineSize) {
      out[at++] = 0x0d;
      out[at++] = 0x0a;
      column = 0;
    }
    const left = end - i;
    const group = (bytes[i]! << 16) | (left > 1 ? bytes[i + 1]! << 8 : 0) | (left > 2 ? bytes[i + 2]! : 0);
    out[at++] = digits[group >> 18]!;
    out[at++] = digits[(group >> 12) & 63]!;
    out[at++] = left > 1 ? digits[(group >> 6) & 63]! : pad;
    out[at++] = left > 2 ? digits[group & 63]! : pad;
    column += 4;
  }
}

/** The bytes of a base64 text, foreign characters skipped; undefined when the last group has one digit only. */
export function decodeBase64(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const out = new Uint8Array(Math.ceil(((end - start) * 3) / 4));
  let at = 0;
  let group = 0;
  let count = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === pad) break;
    const value = values[byte]!;
    if (value === 64) continue;
    group = (group << 6) | value;
    if (++count < 4) continue;
    out[at++] = group >> 16;
    out[at++] = group >> 8;
    out[at++] = group;
    group = 0;
    count = 0;
  }
  if (count === 1) return undefined;
  if (count > 1) out[at++] = group >> (count === 2 ? 4 : 10);
  if (count === 3) out[at++] = group >> 2;
  return out.subarray(0, at);
}

/** Whether a text is base64 with nothing foreign in it but white space, padded correctly or not at all. */
export function isBase64(text: string): boolean {
  const packed = text.replaceAll(/[ \t\r\n]/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) return false;
  return packed.endsWith("=") ? packed.length % 4 === 0 : packed.length % 4 !== 1;
}
