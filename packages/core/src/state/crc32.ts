/** Cyclic redundancy checks of 32 bits, reflected, as zlib (CRC-32) and iSCSI (CRC-32C) compute them. */
function tableOf(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
}
const tables = { "CRC-32": tableOf(0xedb88320), "CRC-32C": tableOf(0x82f63b78) } as const;

/** The check of `bytes[start, end)` as a signed 32-bit number. */
export function crc32(
  kind: "CRC-32" | "CRC-32C",
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): number {
  const table = tables[kind];
  let value = -1;
  for (let i = start; i < end; i++) value = (value >>> 8) ^ table[(value ^ bytes[i]!) & 255]!;
  return ~value;
}
