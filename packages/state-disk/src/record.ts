/**
 * How an entry lies in memory and on disk, in words of 32 bits:
 *
 *     entry   hash of the key   bytes of the key   bytes of the value, -1: removed   key …   value …
 *
 * Keys, values and whole records begin at multiples of 8 bytes.
 */
export const headerBytes = 16;
/** Positions of the parts of the header, in words. */
export const hashAt = 1;
export const keyLengthAt = 2;
export const valueLengthAt = 3;
/** The length of the value of a removed key. */
export const absent = -1;

/** The next multiple of 8. */
export function padded(length: number): number {
  return (length + 7) & ~7;
}

/** Bytes of a record; of a removed key its header alone. */
export function recordBytes(keyLength: number, valueLength: number): number {
  return valueLength === absent ? headerBytes : headerBytes + padded(keyLength) + padded(valueLength);
}

/** The same memory in words. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}

/** Copies a range; the memories may be the same. */
export function copyRange(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  const length = end - start;
  if (length > 32) return target.set(source.subarray(start, end), at);
  for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
}
