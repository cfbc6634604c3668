/** Base32 (RFC 4648) in bytes. */
import type { ByteResult } from "./bytes.ts";

const digits: Uint8Array = Uint8Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", (c) => c.charCodeAt(0));
const values: Uint8Array = new Uint8Array(256).fill(32);
digits.forEach((code, value) => {
  values[code] = value;
  if (code >= 0x41) values[code | 0x20] = value;
});

/** Leaves the text in `result`, filled with `=` to groups of eight. */
export function encodeBase32(result: ByteResult, bytes: Uint8Array, start: number, end: number): void {
  const out = result.reserve(Math.ceil((end - start) / 5) * 8);
  let at = 0;
  let held = 0;
  let bits = 0;
  for (let i = start; i < end; i++) {
    held = (held << 8) | bytes[i]!;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out[at++] = digits[(held >> bits) & 31]!;
    }
    held &= 31;
  }
  if (bits > 0) out[at++] = digits[(held << (5 - bits)) & 31]!;
  while (at < result.end) out[at++] = 0x3d;
}

/** The bytes of a text up to the first `=`; other foreign characters are skipped. */
export function decodeBase32(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(((end - start) * 5) / 8));
  let at = 0;
  let held = 0;
  let bits = 0;
  let size = 0;
  for (let i = start; i < end && bytes[i] !== 0x3d; i++) {
    const value = values[bytes[i]!]!;
    if (value > 31) continue;
    size++;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out[at++] = (held >> bits) & 0xff;
  }
  // A single digit that is left over counts as the beginning of a byte, as in commons-codec.
  if (size % 8 === 1) out[at++] = (held & 31) >> 2;
  return out.slice(0, at);
}
