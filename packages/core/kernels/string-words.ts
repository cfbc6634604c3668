/**
 * The first sixteen bytes of a string as two words, zero behind its end. Bytes behind the end are read, and cut off by
 * `masks`: nine words, of which the n-th has its n lowest bytes set.
 */

@inline
export function lowBytes(p: i32, length: i32, masks: i32): u64 {
  return load<u64>(p) & load<u64>(masks + (length < 8 ? length << 3 : 64));
}

@inline
export function highBytes(p: i32, length: i32, masks: i32): u64 {
  return length <= 8 ? 0 : load<u64>(p, 8) & load<u64>(masks + (length < 16 ? (length - 8) << 3 : 64));
}
