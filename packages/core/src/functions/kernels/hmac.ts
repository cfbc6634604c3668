/** The bytes of all parts, one behind the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** HMAC (RFC 2104). @param blockBytes block size of the digest */
export function hmac(
  key: Uint8Array,
  message: Uint8Array,
  digest: (bytes: Uint8Array) => Uint8Array,
  blockBytes: number,
): Uint8Array {
  const short = key.length > blockBytes ? digest(key) : key;
  const mixed = (mark: number): Uint8Array => Uint8Array.from({ length: blockBytes }, (_, i) => (short[i] ?? 0) ^ mark);
  return digest(joined(mixed(0x5c), digest(joined(mixed(0x36), message))));
}
